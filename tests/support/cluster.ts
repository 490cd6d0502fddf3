/**
 * A few engines, a switch and a client in virtual time. The network is perfect (1 ms, nothing lost)
 * but for what a test breaks: links, ports, cuts. For readable conversations; the simulator
 * (src/sim) is the place for chance and malice.
 */

import { type IpAddress, isMulticast, printIp } from "#units/address";
import { assert } from "#units/assert";
import { type Instant, instant } from "#units/time";
import { Engine } from "#vrrp/engine/engine";
import type { FromEngine, GroupConfig } from "#vrrp/engine/engine-link";
import type { LinkInfo } from "#vrrp/engine/world";
import type { InstanceConfig } from "#vrrp/router/config";
import { parseArp } from "#vrrp/wire/arp";
import { parseAdvert } from "#vrrp/wire/parse-advert";
import { FakeWorld, ip, mac, own } from "./fake-world.ts";

const LATENCY = 1_000;
const INBOX_MAX = 10_000;
/** The nodes' networks by interface: 192.0.2.0/24 and 198.51.100.0/24. */
const NETWORKS: Readonly<Record<string, string>> = { eth0: "192.0.2", eth1: "198.51.100" };

export interface Plan {
  instances: readonly InstanceConfig[];
  groups: readonly GroupConfig[];
}

export interface Frame {
  readonly from: Node;
  readonly device: string;
  readonly kind: "packet" | "neighbour";
  readonly bytes: Uint8Array;
  /** Undefined: everybody. */
  readonly to: IpAddress | undefined;
}

export type News =
  | { readonly kind: "emitted"; readonly node: string; readonly message: FromEngine }
  | {
      readonly kind: "released";
      readonly node: string;
      readonly to: IpAddress;
      readonly vrid: number;
    };

/** What a client sees of one virtual address. */
export interface View {
  readonly address: string;
  /** Nodes with the address in their kernel. */
  readonly owners: readonly string[];
  /** Whom the client's ARP cache names and who really answers there. */
  readonly reaches: string | undefined;
}

export class Node {
  readonly name: string;
  readonly number: number;
  readonly world: FakeWorld;
  engine: Engine | undefined;
  isPaused = false;
  plan: Plan = { instances: [], groups: [] };
  readonly links: Map<string, LinkInfo>;
  /** Devices behind a switch port that does not forward. */
  readonly blocked: Set<string> = new Set();
  /** What waits in the sockets of a paused process. */
  readonly inbox: Frame[] = [];

  constructor(name: string, number: number) {
    this.name = name;
    this.number = number;
    this.world = new FakeWorld();
    this.links = new Map(
      Object.keys(NETWORKS).map((device, place) => {
        const link: LinkInfo = {
          index: 2 + place,
          name: device,
          mac: mac(`02:00:00:00:0${place}:0${number}`),
          mtu: 1500,
          up: true,
          arp: true,
          multicast: true,
        };
        return [device, link];
      }),
    );
  }

  addressOn(device: string): IpAddress {
    return ip(`${NETWORKS[device]}.${this.number}`);
  }

  get runs(): boolean {
    return this.engine !== undefined && !this.isPaused;
  }
}

export class Cluster {
  now: Instant = instant(0);
  readonly nodes: Map<string, Node> = new Map();
  /** "a b": nothing passes from a to b. */
  readonly cuts: Set<string> = new Set();
  readonly #flying: { readonly at: Instant; readonly frame: Frame }[] = [];
  /** The client's ARP cache. */
  readonly #cache = new Map<IpAddress, Node>();
  readonly #onNews: (news: News) => void;
  /** Called when all that happens at a moment has happened. */
  readonly #onSettled: () => void;

  constructor(onNews: (news: News) => void, onSettled: () => void) {
    this.#onNews = onNews;
    this.#onSettled = onSettled;
  }

  add(name: string): Node {
    const node = new Node(name, this.nodes.size + 1);
    this.nodes.set(name, node);
    node.world.carry = (kind, index, bytes, to) => this.#send(node, kind, index, bytes, to);
    return node;
  }

  node(name: string): Node {
    const found = this.nodes.get(name);
    assert(found !== undefined, `no node ${name}`);
    return found;
  }

  start(node: Node): void {
    assert(node.engine === undefined, `${node.name} runs already`);
    node.engine = new Engine(node.world);
    node.isPaused = false;
    const addresses = [...node.links.values()].map(({ index, name }) =>
      own(index, printIp(node.addressOn(name))),
    );
    const left = [...node.world.kernel.values()].map(({ info }) => info);
    node.world.pending.length = 0;
    node.engine.onWorld(
      { kind: "resync", links: [...node.links.values()], addresses: [...addresses, ...left] },
      this.now,
    );
    this.configure(node);
  }

  configure(node: Node): void {
    const { instances, groups } = node.plan;
    node.engine?.onSupervisor(
      { type: "configure", instances, groups, resume: [], trackers: [] },
      this.now,
    );
    this.settle();
  }

  stop(node: Node): void {
    node.engine?.onSupervisor({ type: "stop" }, this.now);
    this.settle();
  }

  /** Everything of it dies at once; what the kernel has stays until its lease ends. */
  kill(node: Node): void {
    node.engine = undefined;
    node.inbox.length = 0;
    this.settle();
  }

  resume(node: Node): void {
    node.isPaused = false;
    for (const frame of node.inbox.splice(0)) this.#receive(node, frame);
    this.#drain(node);
    node.engine?.onTime(this.now);
    this.settle();
  }

  setLink(node: Node, device: string, up: boolean): void {
    const link = node.links.get(device);
    assert(link !== undefined, `no device ${device}`);
    const changed = { ...link, up };
    node.links.set(device, changed);
    node.world.pending.push({ kind: "link", link: changed });
    this.settle();
  }

  /** A frame of nobody's: it comes from the switch. */
  inject(node: Node, bytes: Uint8Array): void {
    this.#receive(node, { from: node, device: "eth0", kind: "packet", bytes, to: undefined });
    this.settle();
  }

  /** Time passes until then, or until `isDone` at the end of some moment. */
  run(until: Instant, isDone: () => boolean = () => false): void {
    while (!isDone()) {
      const next = this.#next();
      if (next === undefined || next > until) break;
      this.#setNow(next);
      this.#deliver();
      for (const node of this.nodes.values()) {
        if (!node.runs) continue;
        this.#drain(node);
        const due = node.engine?.deadline();
        if (due !== undefined && due <= this.now) node.engine?.onTime(this.now);
      }
      this.settle();
    }
    if (!isDone()) this.#setNow(until);
    this.settle();
  }

  view(address: string): View {
    const all = [...this.nodes.values()];
    const owners = all.filter((node) => node.world.has(address)).map(({ name }) => name);
    const cached = this.#cache.get(ip(address));
    const answers =
      cached !== undefined &&
      owners.includes(cached.name) &&
      this.#isOnline(cached, deviceOf(address));
    return { address, owners, reaches: answers ? cached.name : undefined };
  }

  /** News of kernel and engines, until there is none. */
  settle(): void {
    for (const node of this.nodes.values()) {
      this.#drain(node);
      for (const message of node.world.takeEmitted())
        this.#onNews({ kind: "emitted", node: node.name, message });
      if (node.engine?.finished === true) node.engine = undefined;
    }
    this.#onSettled();
  }

  #setNow(now: Instant): void {
    this.now = now;
    for (const { world } of this.nodes.values()) {
      world.now = now;
      world.expire();
    }
  }

  #next(): Instant | undefined {
    const moments = this.#flying.map(({ at }) => at);
    for (const node of this.nodes.values()) {
      const due = node.runs ? node.engine?.deadline() : undefined;
      if (due !== undefined) moments.push(due);
      const expiry = node.world.nextExpiry();
      if (expiry !== undefined) moments.push(expiry);
    }
    return moments.length === 0 ? undefined : instant(Math.max(this.now, Math.min(...moments)));
  }

  #drain(node: Node): void {
    if (node.isPaused) return;
    const { pending } = node.world;
    for (let event = pending.shift(); event !== undefined; event = pending.shift())
      node.engine?.onWorld(event, this.now);
  }

  #send(from: Node, kind: Frame["kind"], index: number, bytes: Uint8Array, to?: IpAddress): void {
    const device = [...from.links.values()].find((link) => link.index === index)?.name ?? "";
    if (kind === "packet" && to !== undefined) {
      const parsed = parseAdvert(bytes);
      if (parsed.kind === "advert" && parsed.advert.priority === 0)
        this.#onNews({ kind: "released", node: from.name, to, vrid: parsed.advert.vrid });
    }
    if (!this.#isOnline(from, device)) return;
    const at = instant(this.now + LATENCY);
    this.#flying.push({ at, frame: { from, device, kind, bytes: bytes.slice(), to } });
  }

  #isOnline(node: Node, device: string): boolean {
    return node.links.get(device)?.up === true && !node.blocked.has(device);
  }

  #deliver(): void {
    while (this.#flying[0] !== undefined && this.#flying[0].at <= this.now) {
      const { frame } = this.#flying.shift() as { frame: Frame };
      if (frame.kind === "neighbour") {
        const parsed = parseArp(frame.bytes);
        if (parsed.kind === "arp") this.#cache.set(parsed.arp.senderAddress, frame.from);
      }
      for (const node of this.nodes.values()) {
        const isFor =
          frame.to === undefined ||
          frame.to === node.addressOn(frame.device) ||
          isMulticast(frame.to);
        if (node === frame.from || !isFor || this.cuts.has(`${frame.from.name} ${node.name}`))
          continue;
        if (this.#isOnline(node, frame.device)) this.#receive(node, frame);
      }
    }
  }

  #receive(node: Node, frame: Frame): void {
    if (node.engine === undefined) return;
    if (node.isPaused) {
      if (node.inbox.length < INBOX_MAX) node.inbox.push(frame);
      return;
    }
    this.#drain(node);
    const interfaceIndex = node.links.get(frame.device)?.index ?? 0;
    node.engine.onWorld({ kind: frame.kind, interfaceIndex, bytes: frame.bytes }, this.now);
    this.#drain(node);
  }
}

/** By the network an address is in. */
export const deviceOf = (address: string): string =>
  Object.entries(NETWORKS).find(([, network]) => address.startsWith(`${network}.`))?.[0] ?? "eth0";
