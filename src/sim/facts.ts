/**
 * What checkers know about a run, gathered outside the product: who sent what when, who heard it,
 * and who was well.
 */

import type { IpAddress } from "#units/address";
import { centis, fromCentis } from "#units/time";
import type { InstanceConfig, RouterConfig } from "#vrrp/router/config";
import type { PublicState } from "#vrrp/router/state";
import { masterDown, UNCONFIRMED } from "#vrrp/router/timing";
import type { MachineView } from "./cluster-view.ts";
import type { Observer, TransitionMessage } from "./observer.ts";
import { everyInstance, isDeceiving, type ScenarioFault, virtualsOf } from "./scenario.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/**
 * One router on one machine, in one life of its engine; a reload that brings it back begins
 * another.
 */
export interface ObservedRouter {
  readonly machine: MachineView;
  readonly name: string;
  readonly vrid: number;
  config: RouterConfig;
  state: PublicState;
  /** When it entered the state, and why. */
  since: number;
  reason: string;
  /** As master: since when, a link flap within the ownership window aside. */
  ownerSince: number;
  /**
   * As master: from when on it is confirmed, because it heard a peer before, was asked to take
   * over, or has long been there.
   */
  establishedAt: number;
  /** Last advertisement with a priority above 0. */
  advertSentAt: number | undefined;
  /**
   * By node, in this life: when the last advertisement heard from it was sent, when it came, and
   * when its last priority 0 did.
   */
  readonly heard: Map<number, { sentAt: number; at: number; releasedAt: number }>;
  /** Last advertisement above 0 from anybody. */
  heardAt: number | undefined;
  /** Last priority 0 from anybody, unknown peers too. */
  releaseHeardAt: number | undefined;
  /** An operator has asked it to give the address up, and it still answers for it. */
  isSwitching: boolean;
  switchBegunAt: number;
}

/** The time of what has not happened yet. */
export const NEVER: number = Number.NEGATIVE_INFINITY;

const NONE: readonly InstanceConfig[] = [];

/** Microseconds. */
interface Timers {
  readonly detection: number;
  readonly interval: number;
}

function timersOf(routers: readonly RouterConfig[]): Timers {
  const longest = centis(Math.max(...routers.map((one) => one.advertInterval)));
  const detections = routers.map((one) => masterDown(one, longest, 1));
  return { detection: Math.max(...detections), interval: fromCentis(longest) };
}

const routerKey = (machine: MachineView, vrid: number): number => machine.id * 256 + vrid;

/** Afterwards a router is one that has heard nobody. */
const REATTACHES: readonly ScenarioFault["kind"][] = [
  "link-flap",
  "interface-gone",
  "interface-renamed",
  "interface-replaced",
];

export class ClusterFacts {
  readonly cluster: SimulatedCluster;
  readonly #routers = new Map<number, ObservedRouter>();
  /** By machine: last moment something was wrong with it. */
  readonly #unwellAt = new Map<number, number>();
  readonly #runsSince = new Map<number, number>();
  readonly #pausedAt = new Map<number, number>();
  readonly #guardRefused = new Set<number>();
  readonly #stoppedAt = new Map<number, number>();
  readonly #lost = new Map<string, number>();
  readonly #lostTo = new Map<number, number>();
  /** Last forged or replayed packet. */
  deceivedAt: number = NEVER;
  /** Last moment at which frames took longer than the product's timers are made for. */
  slowAt: number = NEVER;
  /** Each time the network became slow or ceased to be: frames take so long at most, until then. */
  readonly #slow: { readonly latency: number; readonly until: number }[] = [];
  /** Last change of the network's conditions. */
  networkChangedAt: number = NEVER;

  /** By machine: the configuration its engine has been given. */
  readonly #instances = new Map<number, readonly InstanceConfig[]>();
  readonly #previous = new Map<number, readonly InstanceConfig[]>();
  /** By configuration, then by router: what was worked out once. */
  readonly #addresses = new WeakMap<readonly InstanceConfig[], Map<number, readonly IpAddress[]>>();
  /** Of every configuration of a virtual router in this run, reloads and rivals included. */
  readonly #timers = new Map<number, Timers>();

  constructor(cluster: SimulatedCluster) {
    this.cluster = cluster;
    const routers = new Map<number, RouterConfig[]>();
    for (const { router } of everyInstance(cluster.scenario)) {
      const known = routers.get(router.vrid);
      if (known === undefined) routers.set(router.vrid, [router]);
      else known.push(router);
    }
    for (const [vrid, known] of routers) this.#timers.set(vrid, timersOf(known));
  }

  get now(): number {
    return this.cluster.queue.now;
  }

  routerOf(machine: MachineView, vrid: number): ObservedRouter | undefined {
    return this.#routers.get(routerKey(machine, vrid));
  }

  routerNamed(machine: MachineView, name: string): ObservedRouter | undefined {
    for (const observed of this.#routers.values()) {
      if (observed.machine === machine && observed.name === name) return observed;
    }
    return undefined;
  }

  /** The configuration the machine's engine works by; a file changed since is not read yet. */
  instances(machine: MachineView): readonly InstanceConfig[] {
    return this.#instances.get(machine.id) ?? NONE;
  }

  /** What it worked by before the last reload. */
  previousInstances(machine: MachineView): readonly InstanceConfig[] {
    return this.#previous.get(machine.id) ?? [];
  }

  /** Those of `instances` that have the address. */
  instancesWith(machine: MachineView, address: IpAddress): readonly InstanceConfig[] {
    return this.instances(machine).filter((one) => virtualsOf(one).includes(address));
  }

  addressesOf(machine: MachineView, vrid: number): readonly IpAddress[] {
    const instances = this.instances(machine);
    let known = this.#addresses.get(instances);
    if (known === undefined) {
      known = new Map();
      this.#addresses.set(instances, known);
    }
    let addresses = known.get(vrid);
    if (addresses === undefined) {
      addresses = instances.filter(({ router }) => router.vrid === vrid).flatMap(virtualsOf);
      known.set(vrid, addresses);
    }
    return addresses;
  }

  /** Of running and stopped engines: all that take part in this virtual router. */
  routersOf(vrid: number): readonly ObservedRouter[] {
    return [...this.#routers.values()].filter((observed) => observed.vrid === vrid);
  }

  all(): Iterable<ObservedRouter> {
    return this.#routers.values();
  }

  runsSince(machine: MachineView): number {
    return this.#runsSince.get(machine.id) ?? 0;
  }

  /** When it last ceased to run for a while. */
  stoppedAt(machine: MachineView): number {
    return this.#stoppedAt.get(machine.id) ?? NEVER;
  }

  /** When the whole machine, with its kernel's timers, last stood still. */
  pausedAt(machine: MachineView): number {
    return this.#pausedAt.get(machine.id) ?? NEVER;
  }

  /** Last time anything at all was wrong with this machine (not the network). */
  unwellAt(machine: MachineView): number {
    return this.#unwellAt.get(machine.id) ?? NEVER;
  }

  /** Its kernel has refused the sub-second lease in this run, so it may do without for a while. */
  isGuardRefused(machine: MachineView): boolean {
    return this.#guardRefused.has(machine.id);
  }

  /**
   * Last advertisement, or ARP frame it depends on, lost on the way from one machine to the other.
   */
  lostAt(from: number, to: number): number {
    return this.#lost.get(`${from}>${to}`) ?? NEVER;
  }

  /** Last advertisement lost on the way to this machine, whoever sent it. */
  lostOnWayTo(to: number): number {
    return this.#lostTo.get(to) ?? NEVER;
  }

  /** Longest detection time anybody may have for this router in this run. */
  detection(vrid: number): number {
    return this.#timers.get(vrid)?.detection ?? 0;
  }

  /** Longest interval. */
  interval(vrid: number): number {
    return this.#timers.get(vrid)?.interval ?? fromCentis(centis(1));
  }

  /** By an operator, who wants no address there. */
  isHeldBack({ machine, name }: ObservedRouter): boolean {
    const held = machine.engine?.instances.find(({ config }) => config.router.name === name);
    return held?.state.maintenance !== undefined;
  }

  /**
   * A reload has removed such an instance, or the daemon stops: it goes on as master until its gate
   * is demoted.
   */
  isDemoted({ engine }: MachineView, isMeant: (config: InstanceConfig) => boolean): boolean {
    const instances = engine?.instances ?? [];
    return instances.some(
      ({ leaving, config, state: { phase } }) =>
        phase.kind === "demoting" &&
        (leaving !== undefined || phase.goal.kind === "stop") &&
        isMeant(config),
    );
  }

  /** Upper bound of a frame's way, now. */
  latency(): number {
    const { base, extraLatency } = this.cluster.network;
    return base.latencyMax + extraLatency + base.reorderMicros;
  }

  /** The same for every frame that has come since then. */
  latencySince(from: number): number {
    const late = this.#slow.filter(({ until }) => until >= from).map(({ latency }) => latency);
    return Math.max(this.latency(), ...late);
  }

  observer(): Observer {
    return {
      engineStarted: (machine) => this.#engineStarted(machine),
      engineEnded: (machine) => this.#unwell(machine),
      runs: (machine, runs) => this.#runs(machine, runs),
      beforeReload: (machine, instances) => this.#beforeReload(machine, instances),
      afterReload: (machine) => this.#afterReload(machine),
      transition: (machine, message) => this.#transition(machine, message),
      advertSent: (machine, vrid, priority) => {
        const observed = this.routerOf(machine, vrid);
        // Slow system calls before it in the same turn of the loop have delayed it.
        if (observed !== undefined && priority > 0)
          observed.advertSentAt = this.now + machine.kernel.lag;
      },
      advertArrived: (machine, from, vrid, priority, sentAt) => {
        const observed = this.routerOf(machine, vrid);
        if (observed !== undefined) this.#heard(observed, from, priority, sentAt);
      },
      advertLost: (from, to) => this.#lostBetween(from, to),
      // Neither does the question reach the other then, nor the answer whoever asked.
      questionLost: (from, to) => {
        this.#lostBetween(from, to);
        this.#lostBetween(to, from);
      },
      engineMessage: (machine, message) => {
        if (message.type !== "report") return;
        const observed = this.routerNamed(machine, message.instance);
        if (observed === undefined) return;
        const { kind } = message.report;
        if (kind === "switch-begun") {
          observed.isSwitching = true;
          observed.switchBegunAt = this.now;
        }
        if (kind === "switched" || kind === "switch-taken-back") observed.isSwitching = false;
      },
      connectivity: () => {
        this.networkChangedAt = this.now;
      },
      fault: (fault) => this.#fault(fault),
    };
  }

  #engineStarted(machine: MachineView): void {
    this.#unwell(machine);
    this.#runsSince.set(machine.id, this.now);
    // Of a router that was configured away while no engine ran nobody says anything any more, and
    // its last state is no state (sim seed 202799).
    for (const [key, observed] of this.#routers)
      if (observed.machine === machine) this.#routers.delete(key);
    for (const { router } of machine.instances) this.#open(machine, router);
    this.#instances.set(machine.id, machine.instances);
  }

  #runs(machine: MachineView, runs: boolean): void {
    this.#unwell(machine);
    (runs ? this.#runsSince : this.#stoppedAt).set(machine.id, this.now);
    if (machine.isPaused) this.#pausedAt.set(machine.id, this.now);
  }

  #beforeReload(machine: MachineView, instances: readonly InstanceConfig[]): void {
    const before = this.instances(machine).map(({ router }) => router.vrid);
    for (const { router } of instances) {
      if (!before.includes(router.vrid)) this.#open(machine, router);
    }
    this.#previous.set(machine.id, this.instances(machine));
    this.#instances.set(machine.id, instances);
  }

  #afterReload(machine: MachineView): void {
    for (const { router } of this.instances(machine)) {
      const observed = this.routerOf(machine, router.vrid);
      if (observed !== undefined) observed.config = router;
    }
  }

  #transition(machine: MachineView, { instance, to, reason }: TransitionMessage): void {
    const observed = this.routerNamed(machine, instance);
    if (observed === undefined) return;
    observed.state = to;
    observed.since = this.now;
    observed.isSwitching = false;
    observed.reason = reason.kind;
    if (to !== "MASTER" || observed.reason === "link-back-in-time") return;
    observed.ownerSince = this.now;
    // An unknown peer does not count: its packet may have been refused.
    const hasHeard = [...observed.heard.keys()].some((node) => node >= 0);
    const isKnown = hasHeard || observed.releaseHeardAt !== undefined;
    observed.establishedAt = isKnown ? this.now : this.now + UNCONFIRMED;
  }

  #heard(observed: ObservedRouter, from: number, priority: number, sentAt: number): void {
    const known = observed.heard.get(from);
    if (priority === 0) {
      observed.releaseHeardAt = this.now;
      if (known !== undefined) known.releasedAt = this.now;
      return;
    }
    observed.heardAt = this.now;
    if (known === undefined) {
      const releasedAt = NEVER;
      observed.heard.set(from, { sentAt, at: this.now, releasedAt });
    } else {
      known.sentAt = Math.max(known.sentAt, sentAt);
      known.at = this.now;
    }
  }

  #open(machine: MachineView, router: RouterConfig): void {
    this.#routers.set(routerKey(machine, router.vrid), {
      machine,
      name: router.name,
      vrid: router.vrid,
      config: router,
      state: "INIT",
      since: this.now,
      reason: "not-started",
      ownerSince: this.now,
      establishedAt: this.now,
      advertSentAt: undefined,
      heard: new Map(),
      heardAt: undefined,
      releaseHeardAt: undefined,
      isSwitching: false,
      switchBegunAt: NEVER,
    });
  }

  #lostBetween(from: number, to: number): void {
    this.#lost.set(`${from}>${to}`, this.now);
    this.#lostTo.set(to, this.now);
  }

  #unwell(machine: MachineView): void {
    this.#unwellAt.set(machine.id, this.now);
  }

  #fault(fault: ScenarioFault): void {
    if (fault.kind === "hostile" && isDeceiving(fault.what))
      this.deceivedAt = this.now + fault.times * fault.every;
    if ("machine" in fault) this.#unwellAt.set(fault.machine, this.now);
    else this.networkChangedAt = this.now;
    if (fault.kind === "guard-fails") this.#guardRefused.add(fault.machine);
    // Behind a port that was down anybody may have come and gone.
    if (REATTACHES.includes(fault.kind) && "machine" in fault) {
      for (const observed of this.#routers.values()) {
        if (observed.machine.id !== fault.machine) continue;
        observed.heard.clear();
        observed.releaseHeardAt = undefined;
      }
    }
    if (fault.kind === "slow-network") {
      const { extraLatency } = this.cluster.network;
      this.slowAt = Math.max(this.slowAt, this.now + fault.latency + extraLatency);
      const latency = this.latency() + fault.latency;
      this.#slow.push({ latency, until: this.now + latency });
    }
  }
}
