/**
 * nopreempt: no schedule moves an address away from a healthy owner.
 *
 * When a second master appears beside one that runs, it is an intruder of one of three kinds:
 *  - newcomer: in this life it never heard anybody (it just started; its switch port forwards late);
 *  - resumed: a former owner that was stopped or paused while its successor took over, and whose clock went on;
 *  - deaf: it had heard the owner, then did not for a detection time (lost packets, partition).
 * An established owner (it has heard a peer, was handed the address, or has had it for a minute) keeps it against a newcomer; any
 * owner of two intervals keeps it against a resumed one, and against a deaf one if the two hear each other again within
 * two intervals. After a longer separation both were owners, and either may keep it.
 */

import { centis, fromCentis } from "#units/time";
import { masterDown, UNCONFIRMED } from "#vrrp/router/timing";
import type { MachineView } from "./cluster-view.ts";
import type { ClusterFacts, Seat } from "./facts.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

interface Intrusion {
  readonly kind: "newcomer" | "resumed" | "deaf";
  readonly owner: Seat;
  readonly intruder: Seat;
  readonly at: number;
  /** When the intruder first heard the owner after `at`, and the owner the intruder. */
  heardAt: number | undefined;
  heardByOwnerAt: number | undefined;
}

/** Intervals of tenure from which on one is clearly longer than another (core/master-conflict.ts). */
const TENURE_STEPS = [2, 16, 256];

export const YIELDS: readonly string[] = [
  "higher-priority",
  "higher-address",
  "unconfirmed-yields",
  "master-was-alive",
  "successor-stays",
];

export function checkSeat(cluster: SimulatedCluster, facts: ClusterFacts): Observer {
  let intrusions: Intrusion[] = [];
  /** The machine's clock against ours when the router became owner. */
  const offsets = new WeakMap<Seat, number>();

  const applies = (seat: Seat): boolean =>
    facts.seats(seat.vrid).every(({ router }) => !router.preempt && router.priority !== 255) &&
    seat.machine.groups.length === 0;

  const isHealthyOwner = (seat: Seat): boolean =>
    seat.state === "MASTER" && seat.machine.engineRuns;
  /** By its own clock: it cannot count what it does not see, of a pause in which the clock stood still. */
  const hasOwnedLong = (seat: Seat): boolean => {
    const { clockOffset } = seat.machine;
    const unseen = Math.max(0, (offsets.get(seat) ?? clockOffset) - clockOffset);
    return facts.now - seat.ownerSince - unseen > 2.1 * fromCentis(seat.router.advertInterval);
  };

  const begin = (intrusion: Omit<Intrusion, "heardAt" | "heardByOwnerAt">): void => {
    intrusions.push({ ...intrusion, heardAt: undefined, heardByOwnerAt: undefined });
  };

  const becameMaster = (seat: Seat): void => {
    if (!applies(seat)) return;
    for (const owner of facts.seats(seat.vrid)) {
      if (owner === seat || !isHealthyOwner(owner)) continue;
      const heard = seat.heard.get(owner.machine.id);
      // By whoever was heard last, keepalived too (seed 8697); intervals may differ (version 3).
      const theirs = cluster.rivals.flatMap((one) => one.spec.instances);
      const routers = [...facts.seats(seat.vrid), ...theirs].map(({ router }) => router);
      const shortest = Math.min(
        ...routers.filter(({ vrid }) => vrid === seat.vrid).map((one) => one.advertInterval),
      );
      const detection = masterDown(seat.router, centis(shortest), 254);
      const tookOver = seat.reason === "master-down" || seat.reason === "master-released";
      const silent = facts.now - (heard?.at ?? Number.NEGATIVE_INFINITY);
      const wasTold =
        facts.deceivedAt > facts.now - detection ||
        (seat.releaseHeardAt !== undefined && facts.now - seat.releaseHeardAt < detection);
      if (
        seat.reason === "master-down" &&
        silent < detection * 0.99 &&
        !wasTold &&
        facts.unwellAt(seat.machine) < (heard?.at ?? 0)
      )
        cluster.violate(
          "took-over-from-heard-master",
          `machine ${seat.machine.id} heard ${owner.machine.id} ${silent} us ago (detection ${detection})`,
        );
      if (!tookOver || !hasOwnedLong(owner)) continue;
      const isUnconfirmed = seat.heard.size === 0;
      if (isUnconfirmed && owner.establishedAt > facts.now) continue;
      begin({ kind: isUnconfirmed ? "newcomer" : "deaf", owner, intruder: seat, at: facts.now });
    }
  };

  /** A machine runs again, and its router still thinks it is master. */
  const resumed = (machine: MachineView): void => {
    for (const seat of facts.all()) {
      if (seat.machine !== machine || seat.state !== "MASTER" || !applies(seat)) continue;
      for (const owner of facts.seats(seat.vrid)) {
        const isBlind = machine.clockOffsetFellAt > owner.since;
        const tookOver = owner.since > facts.stoppedAt(machine);
        if (owner !== seat && isHealthyOwner(owner) && hasOwnedLong(owner) && tookOver && !isBlind)
          begin({ kind: "resumed", owner, intruder: seat, at: facts.now });
      }
    }
  };

  /** The intruder has been master for less than two intervals. */
  const isFresh = ({ intruder, at, heardAt }: Intrusion): boolean =>
    (heardAt ?? facts.now) - at <= 1.8 * fromCentis(intruder.router.advertInterval);

  const hasGrownUp = ({ at, heardAt }: Intrusion): boolean =>
    (heardAt ?? facts.now) - at >= UNCONFIRMED;

  /** For a clearly shorter time than the owner. */
  const isYounger = ({ owner, intruder, heardAt, heardByOwnerAt }: Intrusion): boolean => {
    const margin = 0.2 * fromCentis(intruder.router.advertInterval);
    const theirs = tenureStep(intruder, (heardAt ?? facts.now) + margin);
    return theirs < tenureStep(owner, (heardByOwnerAt ?? facts.now) - margin);
  };

  const isOlder = ({ owner, intruder, heardAt, heardByOwnerAt }: Intrusion): boolean => {
    const margin = 0.2 * fromCentis(intruder.router.advertInterval);
    const theirs = tenureStep(intruder, (heardAt ?? facts.now) + margin);
    return theirs > tenureStep(owner, (heardByOwnerAt ?? facts.now) - margin);
  };

  const tenureStep = (seat: Seat, at: number): number => {
    const intervals = (at - seat.ownerSince) / fromCentis(seat.router.advertInterval);
    return TENURE_STEPS.filter((step) => intervals >= step).length;
  };

  const left = (seat: Seat, to: number | undefined): void => {
    for (const one of intrusions) {
      if (one.owner !== seat || one.intruder.machine.address !== to) continue;
      const { intruder, kind, at } = one;
      // Only what the owner did of its own accord, while nothing was wrong with it or with the way between both.
      if (seat.state !== "BACKUP" || !YIELDS.includes(seat.reason)) continue;
      if (facts.unwellAt(seat.machine) >= at || facts.deceivedAt >= at - facts.detection(seat.vrid))
        continue;
      if (intruder.state !== "MASTER" || facts.unwellAt(intruder.machine) > at) continue;
      const lost = Math.max(
        facts.lostAt(seat.machine.id, intruder.machine.id),
        facts.lostAt(intruder.machine.id, seat.machine.id),
      );
      // A contest that began on the other side of a cut: an owner that would lose the tie-break counts against itself what it
      // hears while nobody hears it ("one-way cut" among what is not promised).
      const metAt = Math.min(one.heardAt ?? facts.now, one.heardByOwnerAt ?? facts.now);
      if (facts.networkChangedAt > metAt) continue;
      // A newcomer that heard the owner has to go; one that never did (every answer lost) is not to blame.
      if (one.heardAt === undefined && lost >= at) continue;
      if (one.heardAt !== undefined && lost >= one.heardAt) continue;
      // It has owned the address for a clearly longer time, behind its late port.
      if (kind === "newcomer" && isOlder(one)) continue;
      // After a minute as owner it is no newcomer any more, and two of one step are equals (seeds 56913, 73829).
      if (kind === "newcomer" && hasGrownUp(one) && !isYounger(one)) continue;
      // One that has just yielded, and whose priority 0 got lost, is still counted as the one before (seed 57913).
      const counted = at - facts.detection(seat.vrid);
      if (kind === "deaf" && !(isFresh(one) ? lost < counted : isYounger(one))) continue;
      cluster.violate(
        "moved-from-healthy-owner",
        `vrid ${seat.vrid}: machine ${seat.machine.id} gave way to ${kind} machine ${intruder.machine.id} (${seat.reason})`,
      );
    }
  };

  const tidy = (): void => {
    intrusions = intrusions.filter(
      (one) =>
        one.owner.state === "MASTER" &&
        one.intruder.state === "MASTER" &&
        isCurrent(one.owner) &&
        isCurrent(one.intruder),
    );
  };
  const isCurrent = (seat: Seat): boolean => facts.seat(seat.machine, seat.vrid) === seat;

  return {
    transition: (machine, message) => {
      const seat = [...facts.all()].find(
        (one) => one.machine === machine && one.name === message.instance,
      );
      if (seat === undefined) return;
      const { reason } = message;
      const from = message.to === "BACKUP" && "from" in reason ? reason.from : undefined;
      if (message.to === "MASTER" && reason.kind !== "link-back-in-time")
        offsets.set(seat, machine.clockOffset);
      if (message.to === "MASTER") becameMaster(seat);
      else left(seat, from);
      tidy();
    },
    runs: (machine, runs) => {
      if (runs) resumed(machine);
    },
    advertArrived: (machine, from, vrid, priority) => {
      if (priority === 0) return;
      for (const one of intrusions) {
        const { owner, intruder } = one;
        if (owner.vrid !== vrid) continue;
        if (intruder.machine === machine && owner.machine.id === from) one.heardAt ??= facts.now;
        if (owner.machine === machine && intruder.machine.id === from)
          one.heardByOwnerAt ??= facts.now;
      }
    },
    engineEnded: tidy,
    engineStarted: tidy,
  };
}
