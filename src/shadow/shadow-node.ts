/**
 * One node as Baton would run it: an engine in a world without effects, and a comparison for each
 * of its routers. Time is what the observations say: the engine is never late.
 */
import { type IpAddress, isMulticast } from "#units/address";
import { earliestOf, type Instant, type Micros } from "#units/time";
import { Engine } from "#vrrp/engine/engine";
import type { GroupConfig, TrackerResult } from "#vrrp/engine/engine-link";
import type { Instance } from "#vrrp/engine/instance";
import type { AddressInfo, LinkInfo, WorldEvent } from "#vrrp/engine/world";
import { ANY_DEVICE } from "#vrrp/engine/world";
import type { InstanceConfig } from "#vrrp/router/config";
import type { Advert } from "#vrrp/wire/vrrp-packet";
import { toleranceOf } from "./adopt.ts";
import { Comparison, type SeenAdvert } from "./comparison.ts";
import type { What } from "./finding.ts";
import { addressesOf, mismatchOf } from "./own-advert.ts";
import { PassiveWorld } from "./passive-world.ts";
import type { VerdictContext } from "./verdict.ts";

/** What keepalived on this node was configured with, and what the machine is like. */
export interface NodePlan {
  readonly instances: readonly InstanceConfig[];
  readonly groups: readonly GroupConfig[];
  readonly trackers: readonly TrackerResult[];
  readonly links: readonly LinkInfo[];
  readonly addresses: readonly AddressInfo[];
  /**
   * How far apart the results of one check may be here and in keepalived, which run it at different
   * moments; 0: it is not run here.
   */
  readonly checkPeriod: Micros;
}

export type NodeReport = (
  at: Instant,
  instance: string,
  what: What,
  packets: readonly number[],
  context: VerdictContext,
) => void;

interface RecentPacket {
  readonly bytes: Uint8Array;
  readonly advert: Advert;
  readonly at: Instant;
  readonly packet: number | undefined;
}

const RECENT_MAX = 64;
const NO_WAIT = 0 as Micros;

/** Nobody here may promote or demote; keepalived, which is compared with, does not ask either. */
function withoutGate(config: InstanceConfig): InstanceConfig {
  const { fence: _fence, router, ...rest } = config;
  const { gate, ...plain } = router;
  return gate === undefined ? config : { ...rest, router: plain };
}

/** A capture has no calendar that could be compared with the one of a signature. */
function withoutCalendar(config: InstanceConfig): InstanceConfig {
  const { signing } = config;
  return signing === undefined
    ? config
    : { ...config, signing: { ...signing, antiReplay: "monotonic" } };
}

export class ShadowNode {
  readonly #plan: NodePlan;
  readonly #tolerance: Micros | undefined;
  readonly #report: NodeReport;
  #world = new PassiveWorld();
  #engine: Engine;
  readonly #comparisons = new Map<string, Comparison>();
  /** By router, the last known: also while its link is down. */
  readonly #sources = new Map<string, IpAddress>();
  readonly #virtual: ReadonlySet<IpAddress>;
  /** Every link and address of the machine, by what was reported. */
  readonly #links = new Map<number, LinkInfo>();
  #addresses: AddressInfo[];
  /** Packets from before a start was noticed. */
  #recent: RecentPacket[] = [];
  readonly #trackers = new Map<string, TrackerResult>();

  constructor(plan: NodePlan, tolerance: Micros | undefined, report: NodeReport, at: Instant) {
    this.#plan = {
      ...plan,
      instances: plan.instances.map((one) => withoutCalendar(withoutGate(one))),
    };
    this.#tolerance = tolerance;
    this.#report = report;
    this.#virtual = new Set(plan.instances.flatMap(addressesOf));
    for (const link of plan.links) this.#links.set(link.index, link);
    for (const one of plan.trackers) this.#trackers.set(`${one.kind}/${one.name}`, one);
    this.#addresses = [...plan.addresses];
    this.#engine = this.#start(at);
  }

  get instances(): readonly Instance[] {
    return this.#engine.instances;
  }

  /** The address its advertisements come from. */
  get address(): IpAddress | undefined {
    return this.#sources.values().next().value;
  }

  get skipped(): number {
    let sum = 0;
    for (const one of this.#comparisons.values()) sum += one.skipped;
    return sum;
  }

  #start(at: Instant): Engine {
    this.#world = new PassiveWorld();
    const engine = new Engine(this.#world);
    this.#engine = engine;
    const links = [...this.#links.values()];
    const addresses = this.#addresses.filter(({ address }) => !this.#virtual.has(address));
    engine.onWorld({ kind: "resync", links, addresses }, at);
    const { instances, groups } = this.#plan;
    const trackers = [...this.#trackers.values()];
    engine.onSupervisor({ type: "configure", instances, groups, resume: [], trackers }, at);
    for (const instance of engine.instances) this.#compare(engine, instance, at);
    this.#settle();
    return engine;
  }

  #compare(engine: Engine, instance: Instance, at: Instant): void {
    const { name } = instance.config.router;
    this.#rememberSource(instance);
    const comparison = new Comparison(
      {
        instance,
        tolerance: toleranceOf(this.#tolerance, instance.config.router),
        checkPeriod: this.#plan.checkPeriod,
        adopt: (state) => engine.adopt(instance, state),
        report: (when, what, packets, context) => this.#report(when, name, what, packets, context),
      },
      at,
    );
    comparison.skipped = this.#comparisons.get(name)?.skipped ?? 0;
    this.#comparisons.set(name, comparison);
  }

  #rememberSource({ state, config }: Instance): void {
    if (state.source !== undefined) this.#sources.set(config.router.name, state.source);
  }

  /** keepalived runs here now: which of its routers own their address is seen by that. */
  begin(at: Instant): void {
    for (const instance of this.instances)
      this.#comparisons.get(instance.config.router.name)?.begin(this.#hasAddress(instance), at);
  }

  /** keepalived was started at this moment, which is noticed now: so is Baton. */
  started(at: Instant, now: Instant): void {
    for (const comparison of this.#comparisons.values())
      if (comparison.isOwner) comparison.ended(at);
    this.#start(at);
    for (const instance of this.instances)
      this.#comparisons.get(instance.config.router.name)?.started(this.#hasAddress(instance));
    // What it has heard since.
    const since = this.#recent.filter((one) => one.at >= at);
    this.#recent = [];
    for (const { bytes, advert, at: heardAt, packet } of since) {
      this.#catchUp(heardAt);
      this.packet(bytes, advert, heardAt, packet);
    }
    this.#catchUp(now);
  }

  #catchUp(until: Instant): void {
    for (let due = this.deadline(); due !== undefined && due < until; due = this.deadline()) {
      this.onTime(due);
      if (this.deadline() === due) return;
    }
  }

  ended(at: Instant): void {
    for (const comparison of this.#comparisons.values()) comparison.ended(at);
    this.#settle();
  }

  #hasAddress({ config }: Instance): boolean {
    const [first] = addressesOf(config);
    return this.#addresses.some(({ address }) => address === first);
  }

  deadline(): Instant | undefined {
    const own = [...this.#comparisons.values()].map((one) => one.deadline());
    return earliestOf([this.#engine.deadline(), ...own]);
  }

  onTime(now: Instant): void {
    const due = this.#engine.deadline();
    if (due !== undefined && now >= due) this.#engine.onTime(now);
    this.#settle();
    for (const comparison of this.#comparisons.values()) comparison.onTime(now);
  }

  /** Does this node receive it? By its destination: an address of its own, or a group. */
  #isFor(advert: Advert): boolean {
    return (
      isMulticast(advert.destination) || [...this.#sources.values()].includes(advert.destination)
    );
  }

  /** A packet seen on the network, with what is known of it. */
  packet(bytes: Uint8Array, advert: Advert, at: Instant, packet: number | undefined): void {
    const { source: from, priority, interval } = advert;
    const seen: SeenAdvert = { from, priority, interval, at, packet };
    this.#recent.push({ bytes, advert, at, packet });
    if (this.#recent.length > RECENT_MAX) this.#recent.shift();
    const instances = this.#routersOf(advert);
    const own = instances.filter((one) => this.#sources.get(one.config.router.name) === from);
    for (const { config } of own) {
      const mismatch = mismatchOf(config.router, advert);
      this.#comparisons.get(config.router.name)?.ownAdvert(seen, mismatch);
    }
    if (own.length > 0 || instances.length === 0 || !this.#isFor(advert)) return;
    for (const index of new Set(instances.map((one) => one.interfaceIndex ?? ANY_DEVICE)))
      this.#engine.onWorld({ kind: "packet", interfaceIndex: index, bytes }, at);
    const accepted = instances.map((one) => one.peers.get(from)?.heardAt === at);
    this.#settle();
    for (const [place, { config }] of instances.entries())
      this.#comparisons.get(config.router.name)?.otherAdvert(seen, accepted[place] === true);
  }

  /** One VRID on several interfaces: the router with the advertised addresses, if there is one. */
  #routersOf(advert: Advert): readonly Instance[] {
    const same = this.instances.filter(({ config }) => config.router.vrid === advert.vrid);
    if (same.length < 2) return same;
    const meant = same.filter(({ config }) =>
      addressesOf(config).some((address) => advert.addresses.includes(address)),
    );
    return meant.length > 0 ? meant : same;
  }

  /** Links and addresses of the machine; virtual ones are keepalived's doing. */
  world(event: WorldEvent, at: Instant): void {
    switch (event.kind) {
      case "link":
        this.#links.set(event.link.index, event.link);
        break;
      case "linkGone":
        this.#links.delete(event.index);
        break;
      case "address":
      case "addressGone":
        this.#forget(event.address);
        if (event.kind === "address") this.#addresses.push(event.address);
        break;
      case "resync":
        this.#links.clear();
        for (const link of event.links) this.#links.set(link.index, link);
        this.#addresses = [...event.addresses];
        break;
      case "packet":
      case "bfd":
      case "neighbour":
        return;
    }
    const forEngine = this.#withoutVirtual(event);
    if (forEngine !== undefined) this.#engine.onWorld(forEngine, at);
    for (const instance of this.instances) this.#rememberSource(instance);
    this.#settle();
    for (const instance of this.instances) {
      const comparison = this.#comparisons.get(instance.config.router.name);
      comparison?.addressChanged(this.#hasAddress(instance), at);
    }
  }

  #forget({ index, address, prefix }: AddressInfo): void {
    this.#addresses = this.#addresses.filter(
      (one) => one.index !== index || one.address !== address || one.prefix !== prefix,
    );
  }

  #withoutVirtual(event: WorldEvent): WorldEvent | undefined {
    if (event.kind === "address" || event.kind === "addressGone")
      return this.#virtual.has(event.address.address) ? undefined : event;
    if (event.kind !== "resync") return event;
    const addresses = event.addresses.filter(({ address }) => !this.#virtual.has(address));
    return { ...event, addresses };
  }

  tracker(result: TrackerResult, at: Instant): void {
    this.#trackers.set(`${result.kind}/${result.name}`, result);
    this.#engine.onSupervisor({ type: "tracker", ...result }, at);
    this.#settle();
  }

  /** Gives the comparisons what the engine has emitted. */
  #settle(): void {
    for (const one of this.#world.take()) {
      const comparison = this.#comparisons.get(one.instance);
      if (one.type === "transition") {
        comparison?.transition(one.from === "MASTER", one.to === "MASTER", one.reason, one.at);
        continue;
      }
      const instance = this.instances.find(({ config }) => config.router.name === one.instance);
      if (instance === undefined) continue;
      const what = { kind: "refused", why: one.drop, from: one.from, count: one.count } as const;
      const context = {
        config: instance.config.router,
        tolerance: toleranceOf(this.#tolerance, instance.config.router),
        leaseWait: NO_WAIT,
      };
      this.#report(this.#now, one.instance, what, [], context);
    }
  }

  /** When the present observation was made. */
  #now: Instant = 0 as Instant;
  set now(at: Instant) {
    this.#now = at;
  }
}
