/**
 * Two routers never both make room for each other.
 *
 * The counts of a contest are in step only as long as nothing of it is lost. Where something was, both may lose patience; then
 * whoever hears the other's farewell is owner again after its skew time at the latest, and this is asked for instead. (If
 * the farewells are lost too it takes a detection time: check-backup.)
 */
import { YIELDS } from "./check-seat.ts";
import type { MachineView } from "./cluster-view.ts";
import type { ClusterFacts, Seat } from "./facts.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

interface Doubtful {
  readonly pair: readonly [Seat, Seat];
  readonly at: number;
  readonly within: number;
  readonly check: string;
  readonly text: string;
}

export function checkYield(cluster: SimulatedCluster, facts: ClusterFacts): Observer {
  let doubtful: readonly Doubtful[] = [];
  /** By router: the address it made room for last. */
  const yieldedTo = new WeakMap<Seat, number>();

  /** By somebody who runs, keepalived too. */
  const isOwned = (vrid: number, machine: MachineView): boolean => {
    const addresses = facts.addressesOf(machine, vrid);
    return (
      facts.seats(vrid).some((one) => one.state === "MASTER" && one.machine.engineRuns) ||
      cluster.rivals.some((rival) => addresses.some((address) => rival.owns(address)))
    );
  };

  const wasLossy = (vrid: number, since: number): boolean => {
    const ids = facts.seats(vrid).map(({ machine }) => machine.id);
    return ids.some((from) => ids.some((to) => facts.lostAt(from, to) >= since));
  };

  /**
   * Who `yielder` made room for is a third one, and has gone since without making room for anybody: it could not have the
   * address, or died. Its successors take over after the skew time (seed 20477: three at once, the strongest refused by its kernel).
   */
  const hasFallen = (yielder: Seat, since: number): boolean => {
    const to = yieldedTo.get(yielder);
    const third = facts.seats(yielder.vrid).find((one) => one.machine.address === to);
    if (third === undefined) return false;
    const isGone = third.state !== "MASTER" && third.since >= since;
    return (isGone && !YIELDS.includes(third.reason)) || third.machine.engine === undefined;
  };

  const yielded = (seat: Seat, to: number): void => {
    const { machine, vrid, reason } = seat;
    if (!YIELDS.includes(reason)) return;
    yieldedTo.set(seat, to);
    const other = facts.seats(vrid).find((one) => one.machine.address === to);
    if (other === undefined || other.state !== "BACKUP" || !other.machine.engineRuns) return;
    if (!YIELDS.includes(other.reason) || isOwned(vrid, machine)) return;
    if (hasFallen(other, Math.min(seat.ownerSince, other.ownerSince))) return;
    if (facts.deceivedAt > facts.now - facts.detection(vrid)) return;
    const { scenario, network } = cluster;
    // Frames that take longer than a few rounds of the contest arrive after their sender has gone.
    if (facts.slowAt > facts.now - facts.detection(vrid) || network.extraLatency > 0) return;
    const { reordering, duplication } = scenario.network;
    if (reordering > 0 || duplication > 0 || network.extraReordering > 0) return;
    if (facts.unwellAt(machine) > other.since || machine.extraLate > 0) return;
    if (machine.kernel.faults.slowMicros > 0) return;
    // Something of it may have been on the way or in the socket when it went.
    const late = 2 * facts.latency() + 4 * (scenario.wakeLateMicros + 100);
    const ago = facts.now - other.since;
    const check = ago <= late ? "both-yielded" : "yielded-to-nobody";
    const text = `vrid ${vrid}: machine ${machine.id} (${reason}) to ${other.machine.id}, BACKUP since ${ago} us (${other.reason})`;
    if (!wasLossy(vrid, Math.max(seat.ownerSince, other.ownerSince)))
      return cluster.violate(check, text);
    // Version 2: a part of a second, version 3: of an interval.
    const skew = seat.router.version === 2 ? 1_000_000 : facts.interval(vrid);
    const one = { pair: [seat, other], at: facts.now, within: skew + late, check, text } as const;
    doubtful = [...doubtful.filter(({ at }) => at > facts.now - facts.detection(vrid)), one];
  };

  const look = (one: Doubtful, seat: Seat, heardAt: number): void => {
    const { machine, vrid } = seat;
    if (facts.seat(machine, vrid) !== seat || !machine.engineRuns) return;
    if (seat.state !== "BACKUP" || seat.since > one.at || isOwned(vrid, machine)) return;
    // Woken late, or advertised to since: that is a matter of its own.
    if (facts.unwellAt(machine) >= one.at || machine.extraLate > 0) return;
    if ((seat.heardAt ?? Number.NEGATIVE_INFINITY) >= heardAt) return;
    const waited = facts.now - heardAt;
    cluster.violate(one.check, `${one.text}; ${machine.id} heard so ${waited} us ago`);
  };

  return {
    transition: (machine, { instance, to, reason }) => {
      const seat = facts.seatNamed(machine, instance);
      if (seat === undefined || to !== "BACKUP" || !("from" in reason)) return;
      if (reason.from !== undefined) yielded(seat, reason.from);
    },
    advertArrived: (machine, from, vrid, priority) => {
      if (priority !== 0) return;
      for (const one of doubtful) {
        const [a, b] = one.pair;
        if (a.vrid !== vrid) continue;
        for (const [seat, other] of [
          [a, b],
          [b, a],
        ] as const) {
          if (seat.machine !== machine || other.machine.id !== from) continue;
          const heardAt = facts.now;
          cluster.queue.in(one.within, () => look(one, seat, heardAt));
        }
      }
    },
  };
}
