/**
 * nopreempt: no schedule moves an address away from a healthy owner.
 *
 * When a second master appears beside one that runs, it is an intruder of one of three kinds:
 *  - unconfirmed: in this life it never heard anybody (it just started; its switch port forwards
 *    late);
 *  - resumed: a former owner that was stopped or paused while its successor took over, while
 *    its clock went on;
 *  - separated: it had heard the owner, then did not for a detection time (lost packets,
 *    partition).
 *
 * An established owner (it has heard a peer, was handed the address, or has had it for a minute)
 * keeps it against an unconfirmed one; any owner of two intervals keeps it against a resumed one,
 * and against a separated one if the two hear each other again within two intervals. After a longer
 * separation both were owners, and either may keep it.
 */

import type { IpAddress } from "#units/address";
import { centis, fromCentis } from "#units/time";
import { masterDown, UNCONFIRMED } from "#vrrp/router/timing";
import type { MachineView } from "./cluster-view.ts";
import { type ClusterFacts, NEVER, type ObservedRouter } from "./facts.ts";
import type { Observer, TransitionMessage } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

interface Intrusion {
  readonly kind: "unconfirmed" | "resumed" | "separated";
  readonly owner: ObservedRouter;
  readonly intruder: ObservedRouter;
  readonly at: number;
  /**
   * When the intruder first heard the owner after `at`, and when the owner first heard the
   * intruder.
   */
  heardAt: number | undefined;
  heardByOwnerAt: number | undefined;
}

/**
 * Tenures in intervals: a tenure that has reached more of these is clearly longer than the
 * other (vrrp/router/master-conflict.ts).
 */
const TENURE_STEPS = [2, 16, 256];

/** The reasons for which a master yields to another one. */
export const YIELDS: readonly string[] = [
  "higher-priority",
  "higher-address",
  "unconfirmed-yields",
  "master-was-alive",
  "successor-stays",
];

export class OwnershipChecker {
  readonly #cluster: SimulatedCluster;
  readonly #facts: ClusterFacts;
  #intrusions: Intrusion[] = [];
  /** The difference between the machine's clock and ours when the router became owner. */
  readonly #offsets = new WeakMap<ObservedRouter, number>();

  constructor(cluster: SimulatedCluster, facts: ClusterFacts) {
    this.#cluster = cluster;
    this.#facts = facts;
  }

  observer(): Observer {
    return {
      transition: (machine, message) => this.#transition(machine, message),
      runs: (machine, runs) => {
        if (runs) this.#resumed(machine);
      },
      advertArrived: (machine, from, vrid, priority) => {
        if (priority > 0) this.#heard(machine, from, vrid);
      },
      engineEnded: () => this.#tidy(),
      engineStarted: () => this.#tidy(),
    };
  }

  #transition(machine: MachineView, { instance, to, reason }: TransitionMessage): void {
    const router = this.#facts.routerNamed(machine, instance);
    if (router === undefined) return;
    const from = to === "BACKUP" && "from" in reason ? reason.from : undefined;
    if (to === "MASTER" && reason.kind !== "link-back-in-time")
      this.#offsets.set(router, machine.clockOffset);
    if (to === "MASTER") this.#becameMaster(router);
    else this.#left(router, from);
    this.#tidy();
  }

  #heard(machine: MachineView, from: number, vrid: number): void {
    const { now } = this.#facts;
    for (const one of this.#intrusions) {
      const { owner, intruder } = one;
      if (owner.vrid !== vrid) continue;
      if (intruder.machine === machine && owner.machine.id === from) one.heardAt ??= now;
      if (owner.machine === machine && intruder.machine.id === from) one.heardByOwnerAt ??= now;
    }
  }

  // ---- intrusions begin ------------------------------------------------------------------------

  #becameMaster(router: ObservedRouter): void {
    if (!this.#applies(router)) return;
    const { now } = this.#facts;
    for (const owner of this.#facts.routersOf(router.vrid)) {
      if (owner === router || !isHealthyOwner(owner)) continue;
      this.#checkTakeOver(router, owner);
      // With a gate its tenure began long before it was promoted; who may serve: check-gate.ts.
      if (router.config.gate !== undefined) continue;
      const tookOver = router.reason === "master-down" || router.reason === "master-released";
      if (!tookOver || !this.#hasOwnedLong(owner)) continue;
      const isUnconfirmed = router.heard.size === 0;
      if (isUnconfirmed && owner.establishedAt > now) continue;
      this.#begin(isUnconfirmed ? "unconfirmed" : "separated", owner, router);
    }
  }

  #turn({ extraLate }: MachineView): number {
    return 2 * (this.#cluster.scenario.wakeLateMicros + 100) + extraLate;
  }

  #checkTakeOver(router: ObservedRouter, owner: ObservedRouter): void {
    const { now, deceivedAt } = this.#facts;
    const heard = router.heard.get(owner.machine.id);
    const detection = this.#shortestDetection(router);
    const since = now - (heard?.at ?? NEVER);
    const wasAsked =
      deceivedAt > now - detection ||
      (router.releaseHeardAt !== undefined && now - router.releaseHeardAt < detection);
    // What came in the turn in which its gate answered was in the socket still (seed 200669).
    const isInTurn = router.config.gate !== undefined && since < this.#turn(router.machine);
    if (
      router.reason === "master-down" &&
      since < detection * 0.99 &&
      !isInTurn &&
      !wasAsked &&
      this.#facts.unwellAt(router.machine) < (heard?.at ?? 0)
    )
      this.#cluster.violate(
        "took-over-from-heard-master",
        `machine ${router.machine.id} heard ${owner.machine.id} ${since} us ago (detection ${detection})`,
      );
  }

  /**
   * The detection time follows the interval of the router heard last, which may be keepalived
   * (seed 8697). Intervals may differ in version 3, so the shortest one is used.
   */
  #shortestDetection({ vrid, config }: ObservedRouter): number {
    const ours = this.#facts.routersOf(vrid).map((one) => one.config);
    const theirs = this.#cluster.rivals
      .flatMap((one) => one.spec.instances)
      .map(({ router }) => router)
      .filter((one) => one.vrid === vrid);
    const shortest = Math.min(...[...ours, ...theirs].map((one) => one.advertInterval));
    return masterDown(config, centis(shortest), 254);
  }

  /** A machine runs again, and its router still considers itself master. */
  #resumed(machine: MachineView): void {
    for (const router of this.#facts.all()) {
      if (router.machine !== machine || router.state !== "MASTER" || !this.#applies(router))
        continue;
      for (const owner of this.#facts.routersOf(router.vrid)) {
        if (owner === router || !isHealthyOwner(owner) || !this.#hasOwnedLong(owner)) continue;
        const isUnaware = machine.clockOffsetFellAt > owner.since;
        const tookOver = owner.since > this.#facts.stoppedAt(machine);
        if (tookOver && !isUnaware) this.#begin("resumed", owner, router);
      }
    }
  }

  #begin(kind: Intrusion["kind"], owner: ObservedRouter, intruder: ObservedRouter): void {
    const at = this.#facts.now;
    this.#intrusions.push({
      kind,
      owner,
      intruder,
      at,
      heardAt: undefined,
      heardByOwnerAt: undefined,
    });
  }

  #applies({ vrid, machine }: ObservedRouter): boolean {
    const routers = this.#facts.routersOf(vrid);
    const isNopreempt = routers.every(({ config }) => !config.preempt && config.priority !== 255);
    return isNopreempt && machine.groups.length === 0;
  }

  /** Measured by its own clock: it cannot count a pause in which that clock stood still. */
  #hasOwnedLong(router: ObservedRouter): boolean {
    const { clockOffset } = router.machine;
    const unseen = Math.max(0, (this.#offsets.get(router) ?? clockOffset) - clockOffset);
    const owned = this.#facts.now - router.ownerSince - unseen;
    return owned > 2.1 * fromCentis(router.config.advertInterval);
  }

  // ---- and end ---------------------------------------------------------------------------------

  /** @param to the address of the router to which it yielded */
  #left(router: ObservedRouter, to: IpAddress | undefined): void {
    // Only what the owner did of its own accord counts.
    if (router.state !== "BACKUP" || !YIELDS.includes(router.reason)) return;
    for (const one of this.#intrusions) {
      if (one.owner !== router || one.intruder.machine.address !== to) continue;
      if (this.#isExcused(one) || this.#mayKeep(one)) continue;
      const { intruder, kind } = one;
      this.#cluster.violate(
        "moved-from-healthy-owner",
        `vrid ${router.vrid}: machine ${router.machine.id} gave way to ${kind} machine ${intruder.machine.id} (${router.reason})`,
      );
    }
  }

  /** Something was wrong with one of the two, or with the path between them. */
  #isExcused(one: Intrusion): boolean {
    const { owner, intruder, at, heardAt, heardByOwnerAt } = one;
    const facts = this.#facts;
    if (facts.unwellAt(owner.machine) >= at) return true;
    if (facts.deceivedAt >= at - facts.detection(owner.vrid)) return true;
    if (intruder.state !== "MASTER" || facts.unwellAt(intruder.machine) > at) return true;
    // The master conflict may have begun in a one-way cut: an owner that would lose the
    // tie-break counts against itself what it hears while nobody hears it ("one-way cut" is
    // among what is not promised).
    const conflictAt = Math.min(heardAt ?? facts.now, heardByOwnerAt ?? facts.now);
    if (facts.networkChangedAt > conflictAt) return true;
    if (this.#isDecidedUnanswered(one)) return true;
    // An intruder that heard the owner has to yield. One that never did, because every answer
    // was lost, is not to blame.
    return this.#lostBetween(one) >= (heardAt ?? at);
  }

  /**
   * The owner loses the tie-break, and counts each of the intruder's regular advertisements as a
   * whole step against itself: a rival need not answer. Where a question and its answer are under
   * way for an interval or longer, it has counted enough of them before the intruder, which heard
   * the first question as late, can yield (seed 130028: 3 s each way, an interval of 3 s).
   */
  #isDecidedUnanswered({ owner, intruder, at }: Intrusion): boolean {
    if (owner.reason !== "higher-priority" && owner.reason !== "higher-address") return false;
    return 2 * this.#facts.latencySince(at) >= fromCentis(intruder.config.advertInterval);
  }

  /** The intruder has been owner for so long that it need not yield. */
  #mayKeep(one: Intrusion): boolean {
    const { kind, owner, at } = one;
    if (kind === "unconfirmed") {
      // It has owned the address for a clearly longer time, behind its late port.
      if (this.#isOlder(one)) return true;
      // After a minute as owner it is confirmed, and two of one step are equals (seeds 56913,
      // 73829).
      return this.#hasGrownUp(one) && !this.#isYounger(one);
    }
    if (kind === "resumed") return false;
    // One that has just yielded is still counted as the one before where its priority 0 got lost
    // (seed 57913).
    const counted = at - this.#facts.detection(owner.vrid);
    return !(this.#isFresh(one) ? this.#lostBetween(one) < counted : this.#isYounger(one));
  }

  #lostBetween({ owner, intruder }: Intrusion): number {
    const [a, b] = [owner.machine.id, intruder.machine.id];
    return Math.max(this.#facts.lostAt(a, b), this.#facts.lostAt(b, a));
  }

  /** The intruder has been master for less than two intervals. */
  #isFresh({ intruder, at, heardAt }: Intrusion): boolean {
    const tenure = (heardAt ?? this.#facts.now) - at;
    return tenure <= 1.8 * fromCentis(intruder.config.advertInterval);
  }

  #hasGrownUp({ at, heardAt }: Intrusion): boolean {
    return (heardAt ?? this.#facts.now) - at >= UNCONFIRMED;
  }

  /** The intruder has been master for a clearly shorter time than the owner. */
  #isYounger(one: Intrusion): boolean {
    const [theirs, owners] = this.#tenures(one);
    return theirs < owners;
  }

  #isOlder(one: Intrusion): boolean {
    const [theirs, owners] = this.#tenures(one);
    return theirs > owners;
  }

  #tenures({ owner, intruder, heardAt, heardByOwnerAt }: Intrusion): readonly [number, number] {
    const { now } = this.#facts;
    const margin = 0.2 * fromCentis(intruder.config.advertInterval);
    return [
      this.#tenureStep(intruder, (heardAt ?? now) + margin),
      this.#tenureStep(owner, (heardByOwnerAt ?? now) - margin),
    ];
  }

  /** Each counts by its own clock, which stood still in some pauses (seed 272773), or jumped. */
  #tenureStep(router: ObservedRouter, at: number): number {
    const { clockOffset } = router.machine;
    const counted = clockOffset - (this.#offsets.get(router) ?? clockOffset);
    const owned = at - router.ownerSince + counted;
    const intervals = owned / fromCentis(router.config.advertInterval);
    return TENURE_STEPS.filter((step) => intervals >= step).length;
  }

  #tidy(): void {
    if (this.#intrusions.length === 0) return;
    const isMaster = (router: ObservedRouter): boolean =>
      router.state === "MASTER" && this.#facts.routerOf(router.machine, router.vrid) === router;
    this.#intrusions = this.#intrusions.filter(
      ({ owner, intruder }) => isMaster(owner) && isMaster(intruder),
    );
  }
}

const isHealthyOwner = ({ state, machine }: ObservedRouter): boolean =>
  state === "MASTER" && machine.engineRuns;
