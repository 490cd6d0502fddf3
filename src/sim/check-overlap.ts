/**
 * At most one owner. Two machines that answer for an address while they hear each other are allowed only:
 *
 *  - during a hand-over (the old owner has said that it goes), for the hand-over's bound;
 *  - during an election among masters that run and hear each other, for the bound of the grace period;
 *  - where the old owner is dead or hung: never, if the new one had heard its last advertisement and the lease is more than a
 *    backstop. (Advertisements lost before it died let the new one take over earlier than any lease can know.)
 *
 * Machines that do not hear each other may both own it: plain VRRP cannot prevent that, and this check does not ask for it.
 */

import { type Ipv4, printIpv4 } from "#units/address";
import { fromCentis } from "#units/time";
import { leaseFor } from "#vrrp/router/lease";
import { LINGER, skew } from "#vrrp/router/timing";
import type { MachineView } from "./cluster-view.ts";
import type { ClusterFacts, Seat } from "./facts.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/**
 * How long two masters that hear each other may both own the address: up to an interval until they have heard each other,
 * then at most 35 rounds of 25 ms or an eighth of an interval. Microseconds; what is late in this world comes on top.
 */
export const electionBound = (interval: number): number =>
  1.2 * interval + ROUNDS * Math.min(25_000, Math.max(2_000, interval / 8)) + 20_000;

const ROUNDS = 35;

type Excuse = "hand-over" | "election" | "lease-in-flight" | "none";

interface Episode {
  readonly address: Ipv4;
  readonly a: MachineView;
  readonly b: MachineView;
  excuse: Excuse;
  /** Start of the present excuse. */
  since: number;
  /** Which of both answered first. */
  readonly first: MachineView;
}

export interface OverlapTotals {
  /** Microseconds with two owners that hear each other, by excuse. */
  readonly micros: Record<Excuse, number>;
  longest: Record<Excuse, number>;
}

export function checkOverlap(
  cluster: SimulatedCluster,
  facts: ClusterFacts,
): { readonly observer: Observer; readonly totals: OverlapTotals } {
  const episodes = new Map<string, Episode>();
  const ownedSince = new Map<string, number>();
  const totals: OverlapTotals = {
    micros: { "hand-over": 0, election: 0, "lease-in-flight": 0, none: 0 },
    longest: { "hand-over": 0, election: 0, "lease-in-flight": 0, none: 0 },
  };
  /** Whether its kernel has the sub-second lease, and has never refused it. */
  const hasGuard = (machine: MachineView): boolean =>
    cluster.scenario.hasGuard && !facts.isGuardRefused(machine);
  const key = (address: Ipv4, a: MachineView, b: MachineView): string =>
    `${address}/${a.id}/${b.id}`;

  const seatOf = (machine: MachineView, address: Ipv4): Seat | undefined => {
    const instance = machine.instances.find((one) =>
      [...one.addresses, ...one.excludedAddresses].some((virtual) => virtual.address === address),
    );
    return instance === undefined ? undefined : facts.seat(machine, instance.router.vrid);
  };

  const isLeaving = (machine: MachineView, seat: Seat | undefined): boolean =>
    machine.supervisor.isTakingOver ||
    (seat !== undefined && (seat.state === "STOP" || machine.supervisor.isHolding(seat.name)));

  /** Did `heir` base its take-over on the very last advertisement of `old`? */
  const wasHeardToTheEnd = (heir: Seat, old: Seat): boolean => {
    const heard = heir.heard.get(old.machine.id);
    return (
      heard !== undefined && old.advertSentAt !== undefined && heard.sentAt >= old.advertSentAt
    );
  };

  const excuseOf = (address: Ipv4, first: MachineView, second: MachineView): Excuse => {
    const old = seatOf(first, address);
    const heir = seatOf(second, address);
    if (old === undefined || heir === undefined) return "election";
    if (isLeaving(first, old) || isLeaving(second, heir)) return "hand-over";
    const bothRun = first.engineRuns && second.engineRuns;
    if (bothRun && old.state === "MASTER" && heir.state === "MASTER") return "election";
    // Told, but the machine has not got to its loop yet: a few wake-ups.
    const [dead, alive] = first.engineRuns ? [heir, old] : [old, heir];
    if (bothRun) return dead.state === "MASTER" || alive.state === "MASTER" ? "election" : "none";
    const lease = leaseFor(dead.router, dead.router.priority, hasGuard(dead.machine));
    if (lease.guarantee === "backstop") return "lease-in-flight";
    if (alive.since > (ownedSince.get(`${address}/${dead.machine.id}`) ?? 0) && dead === old) {
      const deceived = facts.deceivedAt > facts.now - 3 * facts.detection(old.vrid);
      const blind = dead.machine.clockOffsetFellAt > facts.now - 3 * facts.detection(old.vrid);
      if (deceived || blind || !wasHeardToTheEnd(alive, dead)) return "lease-in-flight";
      // A pause of the whole machine stops the kernel's timers too, and with them the lease.
      if (facts.pausedAt(dead.machine) >= (dead.advertSentAt ?? 0)) return "lease-in-flight";
      // It was asked to take over, or the two had met before the old one fell.
      if (alive.reason === "master-released" || alive.since < facts.unwellAt(dead.machine))
        return "lease-in-flight";
      // Preemption looks at priorities only: it may happen at any moment, also while the old owner hangs. The owner of the
      // address does so always, and who is stronger may be decided by a check on either side.
      if (alive.reason === "preempts" || alive.reason === "address-owner") return "lease-in-flight";
      if (alive.router.preempt && alive.router.priority > dead.router.priority)
        return "lease-in-flight";
      return "none";
    }
    return "lease-in-flight";
  };

  /** Longest time an excuse may last. */
  const bound = (episode: Episode): number => {
    const seat = seatOf(episode.a, episode.address) ?? seatOf(episode.b, episode.address);
    if (seat === undefined) return Number.POSITIVE_INFINITY;
    const { router, vrid } = seat;
    const interval = facts.interval(vrid);
    const late =
      8 * facts.latency() +
      8 * (cluster.scenario.wakeLateMicros + 100) +
      4 * Math.max(episode.a.extraLate, episode.b.extraLate) +
      8 * Math.max(episode.a.kernel.faults.slowMicros, episode.b.kernel.faults.slowMicros);
    switch (episode.excuse) {
      case "hand-over": {
        const waits = [episode.a, episode.b].map((machine) => {
          const leaving = seatOf(machine, episode.address)?.router ?? router;
          return skew(leaving, leaving.advertInterval, 1) + fromCentis(leaving.advertInterval);
        });
        // A hand-over that hangs is ended by the kernel: whole seconds, up to a second late.
        const hangs = [episode.a, episode.b].some(
          (one) => !one.engineRuns || facts.unwellAt(one) >= episode.since,
        );
        const { supervisorLateMicros } = cluster.scenario;
        return Math.max(...waits) + LINGER + (hangs ? 2_000_000 : 0) + supervisorLateMicros + late;
      }
      case "election": {
        // A question prolongs the lease of every address first, with a system call for each.
        const calls = [episode.a, episode.b].map(
          (one) => one.kernel.faults.slowMicros * facts.addressesOf(one, vrid).length,
        );
        // Woken later than the rounds are long, each side may miss its turn once more (seed 80959).
        const busy = 2 * Math.max(episode.a.extraLate, episode.b.extraLate);
        return electionBound(interval) + ROUNDS * Math.max(...calls) + busy + late;
      }
      case "lease-in-flight": {
        const leases = [episode.a, episode.b].map((machine) => {
          const dead = seatOf(machine, episode.address)?.router ?? router;
          return leaseFor(dead, dead.priority, hasGuard(machine)).addressSeconds;
        });
        return Math.max(...leases) * 1_000_000 + 1_250_000 + late;
      }
      case "none":
        return 0;
    }
  };

  const close = (episode: Episode): void => {
    const lasted = facts.now - episode.since;
    totals.micros[episode.excuse] += lasted;
    totals.longest[episode.excuse] = Math.max(totals.longest[episode.excuse], lasted);
    judge(episode);
  };

  const judge = (episode: Episode): void => {
    const { a, b, excuse } = episode;
    let { since } = episode;
    if (excuse === "election") {
      // An election needs both to be heard; each lost advertisement and each change of the network starts it anew.
      since = Math.max(
        since,
        facts.lostAt(a.id, b.id),
        facts.lostAt(b.id, a.id),
        facts.networkChangedAt,
        facts.deceivedAt,
        facts.unwellAt(a),
        facts.unwellAt(b),
      );
    }
    const lasted = facts.now - since;
    const limit = bound(episode);
    if (lasted > limit)
      cluster.violate(
        excuse === "none" ? "two-owners" : `two-owners-too-long-${excuse}`,
        `${printIpv4(episode.address)} on machines ${a.id} and ${b.id} for ${lasted} us (limit ${limit})`,
      );
  };

  const look = (address: Ipv4): void => {
    const { machines } = cluster;
    for (const a of machines) {
      for (const b of machines) {
        if (a.id >= b.id) continue;
        const name = key(address, a, b);
        const known = episodes.get(name);
        const both = a.owns(address) && b.owns(address) && cluster.areConnected(a, b);
        if (known === undefined && !both) continue;
        if (known !== undefined && !both) {
          close(known);
          episodes.delete(name);
          continue;
        }
        const aSince = ownedSince.get(`${address}/${a.id}`) ?? 0;
        const bSince = ownedSince.get(`${address}/${b.id}`) ?? 0;
        const [first, second] = aSince <= bSince ? [a, b] : [b, a];
        const excuse = excuseOf(address, first, second);
        if (known === undefined) {
          episodes.set(name, { address, a, b, excuse, since: facts.now, first });
          if (excuse === "none") pend(name);
        } else if (known.excuse !== excuse) {
          close(known);
          known.excuse = excuse;
          known.since = facts.now;
          if (excuse === "none") pend(name);
        } else {
          judge(known);
        }
      }
    }
  };

  /** Several things happen at one instant (an address goes as another comes): judged a moment later. */
  const pend = (name: string): void => {
    cluster.queue.in(1, () => {
      const episode = episodes.get(name);
      if (episode?.excuse === "none") judge(episode);
    });
  };

  const lookAtAll = (): void => {
    for (const address of cluster.addresses) look(address);
  };
  const lookWhileOpen = (): void => {
    if (episodes.size > 0) lookAtAll();
  };
  return {
    totals,
    observer: {
      ownership: (machine, address, owns) => {
        if (owns) ownedSince.set(`${address}/${machine.id}`, facts.now);
        look(address);
      },
      connectivity: lookAtAll,
      transition: lookAtAll,
      fault: lookAtAll,
      runs: lookAtAll,
      engineEnded: lookAtAll,
      engineStarted: lookAtAll,
      advertSent: lookWhileOpen,
      loopDone: lookWhileOpen,
      settled: () => {
        lookAtAll();
        for (const episode of episodes.values())
          cluster.violate("two-owners-in-the-end", printIpv4(episode.address));
      },
    },
  };
}
