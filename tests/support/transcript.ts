/**
 * Conversations of a few nodes as text: a script, a line of dashes, and what followed.
 *
 *   nodes a b nopreempt          these, with instance VI_1 and these settings (see `SETTINGS`)
 *   instance VI_2 vrid=2 …       one more on every node
 *   group G VI_1 VI_2            a sync group on every node
 *   set a priority=150           settings of VI_1 on one node; `set a/VI_2 …` of another;
 *                                `drop a/VI_2` removes it
 *   start a b | stop a | kill a | pause a | resume a | reload a
 *   link a down | link a eth1 up         carrier
 *   port a blocked | port a open         the switch forwards nothing, the carrier stays
 *   cut a b | cut a->b | heal            nothing passes between them
 *   check a NAME down                    a result of a check
 *   switch a | switch a VI_2 to=b        an operator asks for a planned move; of all, or of one
 *   back a                               it may preempt again
 *   maintenance a on | a last-resort | a off
 *   delete a 192.0.2.100                 somebody else removes the address
 *   forge a from=192.0.2.66 priority=255
 *                                an advertisement out of nowhere, "damaged" with a wrong checksum
 *   run 5s | run-until a=master
 *
 * Of advertisements only priority 0 is printed. "192.0.2.100 on a, clients reach a": which kernels
 * have the address, and where a client's frames arrive that believes the last gratuitous ARP it
 * saw.
 */

import { printIp } from "#units/address";
import { assert } from "#units/assert";
import { centis, fromSeconds, instant, micros } from "#units/time";
import { priority, vrid } from "#units/vrrp";
import type { FromEngine, GroupConfig } from "#vrrp/engine/engine-link";
import type { InstanceConfig, RouterConfig, TrackerConfig } from "#vrrp/router/config";
import { emitAdvert } from "#vrrp/wire/emit-advert";
import { IPV4_HEADER_LENGTH } from "#vrrp/wire/ipv4-fields";
import { ADVERT_LENGTH_MAX, VRRP_OFFSET } from "#vrrp/wire/vrrp-packet";
import { instance, virtual } from "./bench.ts";
import { Cluster, deviceOf, type News, type Node } from "./cluster.ts";
import { ip } from "./fake-world.ts";
import { printReport } from "./print-core.ts";

const TIMEOUT = 120_000_000;

type Settings = ReadonlyMap<string, string>;
/** Names and `key=value` pairs; a name alone means "yes". */
const readSettings = (tokens: readonly string[]): Map<string, string> =>
  new Map(tokens.map((word) => [word.split("=")[0] ?? "", word.split("=")[1] ?? "yes"]));

export function runTranscript(script: string): string {
  const teller = new Teller();
  for (const line of script.split("\n")) {
    const tokens = line.replace(/#.*/, "").trim().split(/\s+/);
    if (tokens[0] !== "") teller.command(tokens);
  }
  return teller.lines.map((line) => `${line}\n`).join("");
}

class Teller {
  readonly lines: string[] = [];
  readonly #cluster: Cluster;
  /** Settings by "node/instance". */
  readonly #settings = new Map<string, Map<string, string>>();
  readonly #groups: GroupConfig[] = [];
  #shown = new Map<string, string>();

  constructor() {
    this.#cluster = new Cluster(
      (news) => this.#onNews(news),
      () => this.#show(),
    );
  }

  /** A line without its comment. */
  command(tokens: readonly string[]): void {
    const [verb = "", ...rest] = tokens;
    const cluster = this.#cluster;
    const [name = ""] = rest;
    switch (verb) {
      case "nodes": {
        const names = rest.filter((word) => /^[a-z]$/.test(word));
        const settings = rest.filter((word) => !names.includes(word));
        for (const one of names) cluster.add(one);
        return this.#instance("VI_1", settings);
      }
      case "instance":
        return this.#instance(name, rest.slice(1));
      case "group":
        this.#groups.push({ name, members: rest.slice(1) });
        return;
      case "set": {
        const key = name.includes("/") ? name : `${name}/VI_1`;
        const settings = this.#settings.get(key) ?? new Map<string, string>();
        for (const [one, value] of readSettings(rest.slice(1))) settings.set(one, value);
        this.#settings.set(key, settings);
        return;
      }
      case "drop":
        this.#settings.delete(name);
        return;
      case "run":
        return cluster.run(instant(cluster.now + seconds(name)));
      case "run-until":
        return this.#runUntil(name);
      case "heal":
        this.#say("network", "heal");
        cluster.cuts.clear();
        return;
      case "cut":
        this.#say("network", tokens.join(" "));
        return this.#cut(rest);
      default:
        this.#say(tokens.slice(0, 2).reverse().join(": "), tokens.slice(2).join(" "));
        return this.#onNode(verb, rest);
    }
  }

  #onNode(verb: string, rest: readonly string[]): void {
    const cluster = this.#cluster;
    const [name = "", second = "", third = ""] = rest;
    const node = cluster.node(name);
    switch (verb) {
      case "start":
        for (const one of rest) this.#start(cluster.node(one));
        return;
      case "reload":
        node.plan = this.#plan(node);
        return cluster.configure(node);
      case "stop":
        return cluster.stop(node);
      case "kill":
        return cluster.kill(node);
      case "pause":
        node.isPaused = true;
        return;
      case "resume":
        return cluster.resume(node);
      case "link":
        return cluster.setLink(node, third === "" ? "eth0" : second, rest.at(-1) === "up");
      case "port":
        if (rest.at(-1) === "open") node.blocked.delete("eth0");
        else node.blocked.add("eth0");
        return;
      case "check":
        node.engine?.onSupervisor(
          { type: "tracker", kind: "script", name: second, result: third === "up" ? "up" : "down" },
          cluster.now,
        );
        return cluster.settle();
      case "switch":
      case "back":
      case "maintenance":
        return this.#operate(verb, node, rest.slice(1));
      case "delete":
        node.world.deleteAddress(second);
        return cluster.settle();
      case "forge":
        return cluster.inject(node, forged(node, readSettings(rest.slice(1))));
      default:
        throw new Error(`no such command: ${verb}`);
    }
  }

  #operate(verb: "switch" | "back" | "maintenance", node: Node, rest: readonly string[]): void {
    const cluster = this.#cluster;
    const settings = readSettings(rest);
    const named = rest.filter((word) => !word.includes("="));
    const all = (node.plan?.instances ?? []).map(({ router }) => router.name);
    const instances = named.length > 0 ? named : all;
    const peer = settings.get("to");
    const to = peer === undefined ? {} : { to: cluster.node(peer).addressOn("eth0") };
    const [mode] = rest;
    node.engine?.onSupervisor(
      verb === "switch"
        ? { type: "switch", id: 1, instances, ...to }
        : verb === "back"
          ? { type: "switchBack", instances }
          : {
              type: "maintenance",
              mode: mode === "on" || mode === "last-resort" ? mode : undefined,
            },
      cluster.now,
    );
    cluster.settle();
  }

  #instance(name: string, tokens: readonly string[]): void {
    for (const node of this.#cluster.nodes.keys())
      this.#settings.set(`${node}/${name}`, readSettings(tokens));
  }

  #start(node: Node): void {
    node.plan = this.#plan(node);
    this.#cluster.start(node);
  }

  #plan(node: Node): Node["plan"] {
    const prefix = `${node.name}/`;
    const own = [...this.#settings].filter(([key]) => key.startsWith(prefix));
    const peers = [...this.#cluster.nodes.values()].filter((one) => one !== node);
    return {
      instances: own.map(([key, settings]) => configOf(key.slice(prefix.length), settings, peers)),
      groups: this.#groups,
    };
  }

  #cut(tokens: readonly string[]): void {
    const [from = "", to = ""] = tokens.length === 1 ? (tokens[0] ?? "").split("->") : tokens;
    this.#cluster.cuts.add(`${from} ${to}`);
    if (tokens.length === 2) this.#cluster.cuts.add(`${to} ${from}`);
  }

  #runUntil(condition: string): void {
    const [name = "", phase] = condition.split("=");
    const node = this.#cluster.node(name);
    const isDone = (): boolean => node.engine?.instances[0]?.state.phase.kind === phase;
    this.#cluster.run(instant(this.#cluster.now + TIMEOUT), isDone);
    assert(isDone(), `${condition} never came`);
  }

  #say(who: string, what: string): void {
    const at = (this.#cluster.now / 1_000_000).toFixed(3).padStart(8);
    this.lines.push(`${at}  ${who} ${what}`.trimEnd());
  }

  #onNews(news: News): void {
    if (news.kind === "released") {
      this.#say(news.node, `says priority 0 for VRID ${news.vrid} to ${printIp(news.to)}`);
      return;
    }
    const text = printMessage(news.message);
    if (text !== undefined) this.#say(news.node, text);
  }

  /** One line for each address of which something has changed. */
  #show(): void {
    const addresses = new Set<string>();
    for (const settings of this.#settings.values())
      for (const one of addressesOf(settings)) addresses.add(one);
    for (const address of [...addresses].toSorted()) {
      const { owners, reaches } = this.#cluster.view(address);
      const text = `on ${owners.join(" and ") || "nobody"}, clients reach ${reaches ?? "nobody"}`;
      const before = this.#shown.get(address) ?? "on nobody, clients reach nobody";
      if (text === before) continue;
      this.#shown.set(address, text);
      this.#say(`  = ${address}`, text);
    }
  }
}

function printMessage(message: FromEngine): string | undefined {
  switch (message.type) {
    case "transition":
      return `(${message.instance}) ${message.from} -> ${message.to}: ${message.reason.kind}`;
    case "groupTransition":
      return `[${message.group}] -> ${message.to}`;
    case "priorityChanged":
      return `(${message.instance}) priority ${message.from} -> ${message.to} by ${message.tracker ?? "reload"}`;
    case "report":
      return `(${message.instance}) reports ${printReport(message.report)}`;
    case "drop":
      return `(${message.instance}) hears from ${printIp(message.from)}: ${message.drop.kind}`;
    case "log":
      return `logs ${message.text}`;
    case "unknownVrid":
      return `hears router ${message.vrid} of ${printIp(message.from)} on ${message.interface}`;
    case "removed":
      return `(${message.instance}) is removed`;
    case "switchAnswer": {
      const why = message.refused.map((one) => `${one.instance} ${one.why.kind}`);
      return why.length === 0 ? undefined : `refuses to switch: ${why.join(", ")}`;
    }
    case "gate":
      return `(${message.instance}) asks the gate of ${message.unit} to ${message.request.kind}`;
    case "session":
      return `BFD session ${message.name}: ${message.from} -> ${message.to}`;
    case "sessionsClosed":
    case "sessionUnsent":
      return `BFD: ${message.call}: ${message.errno}`;
    case "stopped":
      return "has stopped";
    case "configuring":
    case "ready":
    case "snapshot":
    case "brief":
    case "pauses":
    case "sessions":
    case "record":
    case "announced":
    case "late":
      return undefined;
  }
}

const seconds = (text: string): number => {
  const match = /^([\d.]+)(ms|s|min)$/.exec(text);
  assert(match !== null, `${text} is no time`);
  const unit = { ms: 0.001, s: 1, min: 60 }[match[2] as "ms" | "s" | "min"];
  return fromSeconds(Number(match[1]) * unit);
};

const addressesOf = (settings: Settings): readonly string[] =>
  (settings.get("addresses") ?? "192.0.2.100").split(",");

function holdDownOf(settings: Settings): Pick<RouterConfig, "holdDown"> {
  const [first, max] = settings.get("hold-down")?.split(",").map(Number) ?? [];
  if (first === undefined || max === undefined) return {};
  return { holdDown: { first: fromSeconds(first), max: fromSeconds(max) } };
}

/**
 * SETTINGS: vrid, version, priority, interval (s), nopreempt, preempt-delay, startup-delay (s),
 * down-timer-adverts, break (before make), hold-down=FIRST,MAX (s), higher-prio-send-advert,
 * refresh (s), addresses (with commas), multicast, check=NAME or check=NAME:WEIGHT. The device
 * follows from the first address.
 */
function configOf(name: string, settings: Settings, peers: readonly Node[]): InstanceConfig {
  const number = (key: string, otherwise: number): number => Number(settings.get(key) ?? otherwise);
  const addresses = addressesOf(settings);
  const device = deviceOf(addresses[0] ?? "");
  const isMulticast = settings.has("multicast");
  const base = instance();
  const router: RouterConfig = {
    ...base.router,
    name,
    vrid: vrid(number("vrid", 1)),
    version: number("version", 3) === 2 ? 2 : 3,
    priority: priority(number("priority", 100)),
    advertInterval: centis(number("interval", 1) * 100),
    preempt: !settings.has("nopreempt"),
    preemptDelay: fromSeconds(number("preempt-delay", 0)),
    ...holdDownOf(settings),
    startupDelay: fromSeconds(number("startup-delay", 0)),
    downTimerAdverts: number("down-timer-adverts", 3),
    peerCount: isMulticast ? 0 : peers.length,
    handover: settings.has("break") ? "break-before-make" : "make-before-break",
    higherPrioSendAdvert: settings.has("higher-prio-send-advert"),
    trackers: trackersOf(settings),
    announce: {
      ...base.router.announce,
      delay: micros(5_000_000),
      repeat: 5,
      refresh: fromSeconds(number("refresh", 0)),
    },
  };
  return {
    ...base,
    router,
    interface: device,
    addresses: addresses.map(virtual),
    transport: isMulticast
      ? { kind: "multicast", group: ip("224.0.0.18") }
      : {
          kind: "unicast",
          peers: peers.map((peer) => ({ address: peer.addressOn(device) })),
          ttl: 255,
          checkSource: true,
        },
  };
}

function trackersOf(settings: Settings): readonly TrackerConfig[] {
  const [name, weight = "0"] = settings.get("check")?.split(":") ?? [];
  return name === undefined
    ? []
    : [{ kind: "script", name, weight: Number(weight), reverse: false }];
}

const CHECKSUM_AT = IPV4_HEADER_LENGTH + VRRP_OFFSET.checksum;

function forged(node: Node, settings: Settings): Uint8Array {
  const bytes = new Uint8Array(ADVERT_LENGTH_MAX);
  const length = emitAdvert(bytes, {
    source: ip(settings.get("from") ?? "192.0.2.66"),
    destination: node.addressOn("eth0"),
    ttl: 255,
    id: 1,
    version: 3,
    vrid: vrid(Number(settings.get("vrid") ?? 1)),
    priority: priority(Number(settings.get("priority") ?? 255)),
    interval: centis(100),
    addresses: [ip("192.0.2.100")],
    password: undefined,
    checksum: "pseudo-header",
  });
  if (settings.has("damaged")) bytes[CHECKSUM_AT] = (bytes[CHECKSUM_AT] ?? 0) ^ 0xff;
  return bytes.subarray(0, length);
}
