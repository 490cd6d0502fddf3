/** One engine in a fake world, driven by hand: what comes in, how far time goes, what came out. */

import type { Mac } from "#units/address";
import { type Instant, instant, micros } from "#units/time";
import { priority, vrid } from "#units/vrrp";
import { Engine } from "#vrrp/engine/engine";
import type {
  FromEngine,
  GroupConfig,
  Leftover,
  ToEngine,
  TrackerResult,
} from "#vrrp/engine/engine-link";
import { printToEngine, readToEngine } from "#vrrp/engine/engine-link-lines";
import type { AddressInfo, LinkInfo, WorldEvent } from "#vrrp/engine/world";
import type { InstanceConfig, LinkDelay, RouterConfig, VirtualAddress } from "#vrrp/router/config";
import { ARP_FRAME_LENGTH, emitArp, gratuitousArp } from "#vrrp/wire/arp";
import { type AdvertFields, emitAdvert } from "#vrrp/wire/emit-advert";
import { ADVERT_LENGTH_MAX } from "#vrrp/wire/vrrp-packet";
import { ETH0, FakeWorld, ip, mac, own } from "./fake-world.ts";
import { CONFIG } from "./vector.ts";

export const PEER = "192.0.2.2";
const OTHER_MAC = mac("02:00:00:00:00:02");

type InstanceOptions = Partial<
  Omit<InstanceConfig, "router" | "addresses" | "excludedAddresses">
> & {
  readonly router?: Partial<Omit<RouterConfig, "vrid" | "priority">>;
  readonly vrid?: number;
  readonly priority?: number;
  readonly addresses?: readonly string[];
  readonly excluded?: readonly string[];
};

export type AdvertOptions = Partial<Omit<AdvertFields, "vrid" | "priority">> & {
  readonly vrid?: number;
  readonly priority?: number;
};

export const virtual = (text: string): VirtualAddress => ({
  address: ip(text),
  prefix: 24,
  scope: 0,
});

/**
 * VI_1 on eth0, VRID 1, priority 100, version 3, unicast to `PEER`, one address, no second block of
 * announcements.
 */
export function instance(options: InstanceOptions = {}): InstanceConfig {
  const { router, addresses, excluded, vrid: id, priority: prio, ...rest } = options;
  return {
    router: {
      ...CONFIG,
      peerCount: 1,
      announce: { ...CONFIG.announce, delay: micros(0), repeat: 1 },
      ...router,
      vrid: vrid(id ?? 1),
      priority: priority(prio ?? 100),
    },
    interface: "eth0",
    transport: { kind: "unicast", peers: [{ address: ip(PEER) }], ttl: 255, checkSource: true },
    checksum: "pseudo-header",
    addresses: (addresses ?? ["192.0.2.100"]).map(virtual),
    excludedAddresses: (excluded ?? []).map(virtual),
    skipCheckAdvAddr: false,
    arp: "request",
    pacing: { burst: 0, perSecond: 0, gap: micros(0) },
    ...rest,
  };
}

export class Bench {
  readonly world: FakeWorld;
  readonly engine: Engine;
  /** As last configured. */
  groups: readonly GroupConfig[] = [];
  /** What the supervisor answers to a message of the engine, as soon as that has run. */
  answer: ((message: FromEngine) => ToEngine | undefined) | undefined;
  readonly #unanswered: ToEngine[] = [];
  #packetId = 0;

  /** eth0 with 192.0.2.1, if nothing else is given. */
  constructor(
    links: readonly LinkInfo[] = [ETH0],
    addresses: readonly AddressInfo[] = [own(2, "192.0.2.1")],
    world: FakeWorld = new FakeWorld(),
    engine: Engine = new Engine(world),
  ) {
    this.world = world;
    this.engine = engine;
    world.heard = (message) => {
      const answer = this.answer?.(message);
      if (answer !== undefined) this.#unanswered.push(answer);
    };
    this.event({ kind: "resync", links, addresses });
  }

  get now(): Instant {
    return this.world.now;
  }

  event(event: WorldEvent): void {
    this.engine.onWorld(event, this.now);
    this.drain();
  }

  supervisor(message: ToEngine): void {
    this.engine.onSupervisor(message, this.now);
    this.drain();
  }

  configure(
    instances: readonly InstanceConfig[],
    more: {
      groups?: readonly GroupConfig[];
      resume?: readonly string[];
      trackers?: readonly TrackerResult[];
      logUnknownVrids?: boolean;
      linkDelays?: readonly LinkDelay[];
      leftovers?: readonly Leftover[];
      spared?: readonly Leftover[];
    } = {},
  ): void {
    const { groups = [], resume = [], trackers = [], logUnknownVrids = false } = more;
    const { leftovers = [], spared = [], linkDelays = [] } = more;
    this.groups = groups;
    // As it comes through the pipe.
    const known = { groups, resume, trackers, logUnknownVrids, leftovers, spared, linkDelays };
    const message: ToEngine = { type: "configure", instances, ...known };
    this.supervisor(readToEngine(printToEngine(message)));
  }

  /** The kernel's news and the supervisor's answers, until there are none. */
  drain(): void {
    for (;;) {
      for (let event = this.world.pending.shift(); event; event = this.world.pending.shift()) {
        this.engine.onWorld(event, this.now);
      }
      const answer = this.#unanswered.shift();
      if (answer === undefined) return;
      this.engine.onSupervisor(answer, this.now);
    }
  }

  /** Time passes; the engine is called at each of its deadlines. */
  until(seconds: number): void {
    const end = instant(seconds * 1_000_000);
    for (;;) {
      const due = this.engine.deadline();
      if (due === undefined || due > end) break;
      this.world.now = instant(Math.max(due, this.now));
      this.#wake();
    }
    this.world.now = end;
    this.world.expire();
    this.drain();
  }

  /** Time passes without the engine: it does not run until then. */
  sleepUntil(seconds: number): void {
    this.world.now = instant(seconds * 1_000_000);
    this.world.expire();
  }

  wake(): void {
    this.drain();
    this.#wake();
  }

  #wake(): void {
    this.world.expire();
    this.drain();
    this.engine.onTime(this.now);
    this.drain();
  }

  /** An advertisement of the peer, as `instance()` expects it, but for `fields`. */
  hear(fields: AdvertOptions = {}): void {
    this.event({ kind: "packet", interfaceIndex: 2, bytes: this.advert(fields) });
  }

  advert(fields: AdvertOptions = {}): Uint8Array {
    const { vrid: id = 1, priority: prio = 100, ...rest } = fields;
    const bytes = new Uint8Array(ADVERT_LENGTH_MAX);
    this.#packetId += 1;
    const length = emitAdvert(bytes, {
      source: ip(PEER),
      destination: ip("192.0.2.1"),
      ttl: 255,
      id: this.#packetId,
      version: 3,
      vrid: vrid(id),
      priority: priority(prio),
      interval: CONFIG.advertInterval,
      addresses: [ip("192.0.2.100")],
      password: undefined,
      checksum: "pseudo-header",
      ...rest,
    });
    return bytes.subarray(0, length);
  }

  hearArp(address: string, from: Mac = OTHER_MAC, interfaceIndex = 2): void {
    const bytes = new Uint8Array(ARP_FRAME_LENGTH);
    emitArp(bytes, gratuitousArp(from, ip(address), "request"));
    this.event({ kind: "neighbour", interfaceIndex, bytes });
  }

  /** Phase of an instance by name; undefined when there is none. */
  phase(name = "VI_1"): string | undefined {
    return this.engine.instances.find((one) => one.config.router.name === name)?.state.phase.kind;
  }

  counters(name = "VI_1"): Readonly<Record<string, number>> {
    const found = this.engine.instances.find((one) => one.config.router.name === name);
    return { ...found?.counters };
  }

  /** "BACKUP -> MASTER" and the like since the last call of `world.takeEmitted`. */
  transitions(): readonly string[] {
    return this.world
      .takeEmitted()
      .filter((one) => one.type === "transition")
      .map(({ instance: name, from, to, reason }) => `${name} ${from} -> ${to} ${reason.kind}`);
  }

  logs(): readonly string[] {
    return this.world.emitted.filter((one) => one.type === "log").map(({ text }) => text);
  }

  emitted<T extends FromEngine["type"]>(type: T): readonly Extract<FromEngine, { type: T }>[] {
    return this.world.emitted.filter(
      (one): one is Extract<FromEngine, { type: T }> => one.type === type,
    );
  }
}
