/**
 * `garp_master_refresh`: an owner announces each address once a period, by the configuration it has now; later by its turn in
 * the budget at most. Not while a rival is heard: who may have to yield says nothing.
 */
import { type Ipv4, printIpv4 } from "#units/address";
import { announceBoundOf } from "./announce-budget.ts";
import type { MachineView } from "./cluster-view.ts";
import type { ClusterFacts, Seat } from "./facts.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";
import { Woken } from "./woken.ts";

export function checkRefresh(cluster: SimulatedCluster, facts: ClusterFacts): Observer {
  const announcedAt = new Map<string, number>();
  /** By seat: how often it was looked at anew; an older look is void. */
  const rounds = new Map<Seat, number>();
  const reloadedAt = new Map<number, number>();
  const woken = new Woken(facts);

  const key = (machine: MachineView, address: Ipv4): string => `${machine.id}/${address}`;

  const begin = (seat: Seat): void => {
    const round = (rounds.get(seat) ?? 0) + 1;
    rounds.set(seat, round);
    const { refresh } = seat.router.announce;
    if (seat.state === "MASTER" && refresh > 0) cluster.queue.in(refresh, () => look(seat, round));
  };

  const look = (seat: Seat, round: number): void => {
    const { machine, vrid, router } = seat;
    if (rounds.get(seat) !== round || facts.seat(machine, vrid) !== seat) return;
    const { refresh } = router.announce;
    const late = announceBoundOf(facts, machine) + 4 * (cluster.scenario.wakeLateMicros + 100);
    // Four intervals after a rival's last word it is forgotten, and the next period counts.
    const rivalUntil =
      seat.heardAt === undefined ? 0 : seat.heardAt + 4 * facts.interval(vrid) + refresh;
    const since = Math.max(
      seat.since,
      rivalUntil,
      reloadedAt.get(machine.id) ?? 0,
      woken.at(machine) ?? facts.now,
    );
    const isJudged =
      machine.engineRuns &&
      machine.kernel.linkUp &&
      machine.extraLate === 0 &&
      machine.kernel.faults.slowMicros === 0;
    const limit = refresh + late;
    for (const address of isJudged ? facts.addressesOf(machine, vrid) : []) {
      const silent = facts.now - Math.max(since, announcedAt.get(key(machine, address)) ?? 0);
      if (silent <= limit) continue;
      cluster.violate(
        "not-refreshed",
        `machine ${machine.id} has not announced ${printIpv4(address)} for ${silent} us (limit ${limit})`,
      );
    }
    cluster.queue.in(refresh, () => look(seat, round));
  };

  return {
    loopDone: (machine) => woken.loopDone(machine),
    arpSent: (machine, address) => announcedAt.set(key(machine, address), facts.now),
    transition: (machine, { instance }) => {
      const seat = facts.seatNamed(machine, instance);
      if (seat !== undefined) begin(seat);
    },
    afterReload: (machine) => {
      reloadedAt.set(machine.id, facts.now);
      for (const { router } of facts.instances(machine)) {
        const seat = facts.seat(machine, router.vrid);
        if (seat !== undefined) begin(seat);
      }
    },
  };
}
