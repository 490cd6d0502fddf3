/**
 * A router at fault that hears nobody own the address for two detection times says so ("no-owner"), once for each silence; and
 * not while an owner is heard.
 */
import { masterDown } from "#vrrp/router/timing";
import type { MachineView } from "./cluster-view.ts";
import type { ClusterFacts, Seat } from "./facts.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

const TIMEOUT = 2;

export function checkAlarm(cluster: SimulatedCluster, facts: ClusterFacts): Observer {
  const raisedAt = new Map<Seat, number>();
  const watched = new Set<Seat>();

  const isCurrent = (seat: Seat): boolean =>
    facts.seat(seat.machine, seat.vrid) === seat && seat.state === "FAULT";

  const lateOf = (machine: MachineView): number =>
    4 * (cluster.scenario.wakeLateMicros + 100) +
    4 * (machine.extraLate + machine.kernel.faults.slowMicros) +
    1_000;

  /** Anything that may have been an owner's word, and time in which the machine or its clock did not run, do not count. */
  const quietSince = (seat: Seat): number =>
    Math.max(
      seat.since,
      seat.heardAt ?? 0,
      facts.runsSince(seat.machine),
      facts.unwellAt(seat.machine),
    );

  /** An unknown peer's packet may have been refused; a node's own is an owner's word. */
  const ownersWordAt = (seat: Seat): number => {
    let heardAt = Number.NEGATIVE_INFINITY;
    for (const [node, heard] of seat.heard) if (node >= 0) heardAt = Math.max(heardAt, heard.at);
    return heardAt;
  };

  const look = (seat: Seat): void => {
    watched.delete(seat);
    if (!isCurrent(seat)) return;
    const { machine } = seat;
    const since = quietSince(seat);
    const silent = machine.engineRuns ? facts.now - since : 0;
    const limit = TIMEOUT * facts.detection(seat.vrid) + lateOf(machine);
    // One alarm is for the whole silence, which an unknown peer's packet may have ended or not (seed 35959).
    const raisedLast = raisedAt.get(seat) ?? Number.NEGATIVE_INFINITY;
    if (raisedLast >= Math.max(seat.since, ownersWordAt(seat))) return;
    if (silent <= limit) return watch(seat, limit - silent);
    cluster.violate(
      "no-alarm",
      `machine ${machine.id} ${seat.name} is at fault, has heard nobody for ${silent} us and says nothing (limit ${limit})`,
    );
  };

  const watch = (seat: Seat, delay: number): void => {
    if (watched.has(seat)) return;
    watched.add(seat);
    cluster.queue.in(delay + 1, () => look(seat));
  };

  const raised = (machine: MachineView, name: string): void => {
    const seat = facts.seatNamed(machine, name);
    if (seat === undefined) return;
    raisedAt.set(seat, facts.now);
    if (seat.state !== "FAULT")
      cluster.violate("false-alarm", `machine ${machine.id} ${name} is ${seat.state}`);
    const heardAt = ownersWordAt(seat);
    if (facts.unwellAt(machine) > heardAt) return;
    const { router } = seat;
    const soonest = TIMEOUT * masterDown(router, router.advertInterval, 255);
    if (facts.now - heardAt < soonest)
      cluster.violate(
        "false-alarm",
        `machine ${machine.id} ${name} heard an owner ${facts.now - heardAt} us ago`,
      );
  };

  return {
    transition: (machine, { instance, to }) => {
      const seat = to === "FAULT" ? facts.seatNamed(machine, instance) : undefined;
      if (seat !== undefined) watch(seat, 0);
    },
    advertArrived: (machine, _, vrid) => {
      const seat = facts.seat(machine, vrid);
      if (seat?.state === "FAULT") watch(seat, 0);
    },
    engineMessage: (machine, message) => {
      if (message.type === "report" && message.report.kind === "no-owner")
        raised(machine, message.instance);
    },
  };
}
