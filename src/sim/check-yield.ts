/**
 * Two routers never yield to each other.
 *
 * The two sides of a master conflict count in step only as long as no advertisement is lost. If
 * one was, both may reach their yield threshold; then whichever hears the other's priority 0 is
 * owner again after its skew time at the latest, and that is checked instead. (If the priority
 * 0 is lost too it takes a detection time: check-backup.ts.)
 */
import type { IpAddress } from "#units/address";
import { YIELDS } from "./check-ownership.ts";
import type { MachineView } from "./cluster-view.ts";
import { type ClusterFacts, NEVER, type ObservedRouter } from "./facts.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** Two routers that both yielded, and may have had a reason to. */
interface Doubtful {
  readonly pair: readonly [ObservedRouter, ObservedRouter];
  readonly at: number;
  /**
   * The time after which one of the two must be owner again, once it has heard the other's
   * priority 0.
   */
  readonly within: number;
  readonly check: string;
  readonly text: string;
}

export class YieldChecker {
  readonly #cluster: SimulatedCluster;
  readonly #facts: ClusterFacts;
  #doubtful: readonly Doubtful[] = [];
  /** The address to which each router yielded last. */
  readonly #yieldedTo = new WeakMap<ObservedRouter, IpAddress>();

  constructor(cluster: SimulatedCluster, facts: ClusterFacts) {
    this.#cluster = cluster;
    this.#facts = facts;
  }

  observer(): Observer {
    return {
      transition: (machine, { instance, to, reason }) => {
        const router = this.#facts.routerNamed(machine, instance);
        if (router === undefined || to !== "BACKUP" || !("from" in reason)) return;
        if (reason.from !== undefined) this.#yielded(router, reason.from);
      },
      advertArrived: (machine, from, vrid, priority) => {
        if (priority === 0) this.#heardRelease(machine, from, vrid);
      },
    };
  }

  #yielded(router: ObservedRouter, to: IpAddress): void {
    const { machine, vrid, reason } = router;
    if (!YIELDS.includes(reason)) return;
    this.#yieldedTo.set(router, to);
    const other = this.#facts.routersOf(vrid).find((one) => one.machine.address === to);
    if (other === undefined || other.state !== "BACKUP" || !other.machine.engineRuns) return;
    if (!YIELDS.includes(other.reason) || this.#isOwned(vrid, machine)) return;
    if (this.#hasFallen(other, Math.min(router.ownerSince, other.ownerSince))) return;
    if (this.#isExcused(router, other)) return;
    const { scenario } = this.#cluster;
    // Some of its packets may have been in transit or in the socket when it yielded.
    const late = 2 * this.#facts.latency() + 4 * (scenario.wakeLateMicros + 100);
    const { now } = this.#facts;
    const ago = now - other.since;
    const check = ago <= late ? "both-yielded" : "yielded-to-nobody";
    const text = `vrid ${vrid}: machine ${machine.id} (${reason}) to ${other.machine.id}, BACKUP since ${ago} us (${other.reason})`;
    if (!this.#wasLossy(vrid, Math.max(router.ownerSince, other.ownerSince)))
      return this.#cluster.violate(check, text);
    // With a gate both are demoted first, and then promoted: check-gate.ts.
    if (router.config.gate !== undefined) return;
    // Version 2: a part of a second, version 3: of an interval.
    const skew = router.config.version === 2 ? 1_000_000 : this.#facts.interval(vrid);
    const one = { pair: [router, other], at: now, within: skew + late, check, text } as const;
    const recent = this.#doubtful.filter(({ at }) => at > now - this.#facts.detection(vrid));
    this.#doubtful = [...recent, one];
  }

  #isExcused({ machine, vrid }: ObservedRouter, other: ObservedRouter): boolean {
    const { scenario, network } = this.#cluster;
    const recently = this.#facts.now - this.#facts.detection(vrid);
    if (this.#facts.deceivedAt > recently) return true;
    // Frames that take longer than a few rounds of the master conflict arrive after their sender
    // has gone.
    if (this.#facts.slowAt > recently || network.extraLatency > 0) return true;
    const { reordering, duplication } = scenario.network;
    if (reordering > 0 || duplication > 0 || network.extraReordering > 0) return true;
    if (this.#facts.unwellAt(machine) > other.since || machine.extraLate > 0) return true;
    return machine.kernel.faults.slowMicros > 0;
  }

  /** Whether a running node, which may be keepalived, owns the address. */
  #isOwned(vrid: number, machine: MachineView): boolean {
    const addresses = this.#facts.addressesOf(machine, vrid);
    const routers = this.#facts.routersOf(vrid);
    return (
      routers.some((one) => one.state === "MASTER" && one.machine.engineRuns) ||
      this.#cluster.rivals.some((rival) => addresses.some((address) => rival.owns(address)))
    );
  }

  #wasLossy(vrid: number, since: number): boolean {
    const ids = this.#facts.routersOf(vrid).map(({ machine }) => machine.id);
    return ids.some((from) => ids.some((to) => this.#facts.lostAt(from, to) >= since));
  }

  /**
   * The router to which `yielder` yielded is a third one, and has gone since without yielding
   * to anybody: it could not have the address, or died. Its successors take over after the skew
   * time (seed 20477: three at once, the strongest refused by its kernel).
   */
  #hasFallen(yielder: ObservedRouter, since: number): boolean {
    const to = this.#yieldedTo.get(yielder);
    const third = this.#facts.routersOf(yielder.vrid).find((one) => one.machine.address === to);
    if (third === undefined) return false;
    const isGone = third.state !== "MASTER" && third.since >= since;
    return (isGone && !YIELDS.includes(third.reason)) || third.machine.engine === undefined;
  }

  #heardRelease(machine: MachineView, from: number, vrid: number): void {
    const heardAt = this.#facts.now;
    for (const one of this.#doubtful) {
      const [a, b] = one.pair;
      if (a.vrid !== vrid) continue;
      for (const [router, other] of [[a, b] as const, [b, a] as const]) {
        if (router.machine !== machine || other.machine.id !== from) continue;
        this.#cluster.queue.in(one.within, () => this.#look(one, router, heardAt));
      }
    }
  }

  #look(one: Doubtful, router: ObservedRouter, heardAt: number): void {
    const { machine, vrid } = router;
    if (this.#facts.routerOf(machine, vrid) !== router || !machine.engineRuns) return;
    if (router.state !== "BACKUP" || router.since > one.at) return;
    if (this.#isOwned(vrid, machine)) return;
    // It was woken late or has been sent an advertisement since; other checks cover that.
    if (this.#facts.unwellAt(machine) >= one.at || machine.extraLate > 0) return;
    if ((router.heardAt ?? NEVER) >= heardAt) return;
    const waited = this.#facts.now - heardAt;
    this.#cluster.violate(one.check, `${one.text}; ${machine.id} heard it ${waited} us ago`);
  }
}
