/** Somebody owns the address: a backup that runs and hears no master for the detection time takes over. */

import type { MachineView } from "./cluster-view.ts";
import type { ClusterFacts } from "./facts.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

export function checkBackup(cluster: SimulatedCluster, facts: ClusterFacts): Observer {
  /** Time in which a machine was woken late or its clock moved does not count. */
  const excusedUntil = new Map<number, number>();
  /** By machine: how late a wake-up may still come that was set while the processor was busy. */
  const wakesLate = new Map<number, number>();
  const excuse = (machine: number): void => {
    excusedUntil.set(machine, facts.now);
  };
  const look = (machine: MachineView): void => {
    if (!machine.engineRuns) return;
    if (machine.extraLate > 0) {
      excuse(machine.id);
      wakesLate.set(machine.id, machine.extraLate);
    }
    for (const { router } of machine.instances) {
      const seat = facts.seat(machine, router.vrid);
      if (seat === undefined || seat.state !== "BACKUP" || machine.groups.length > 0) continue;
      const since = Math.max(
        seat.since,
        seat.heardAt ?? 0,
        facts.runsSince(machine),
        excusedUntil.get(machine.id) ?? 0,
      );
      const late =
        4 * (cluster.scenario.wakeLateMicros + 100) + 4 * machine.kernel.faults.slowMicros;
      // What happened to its clock or its processor is noticed at the next wake-up, an interval later at the most; and later
      // still where that wake-up was set while the processor was busy.
      const noticedWithin = facts.interval(router.vrid) + (wakesLate.get(machine.id) ?? 0);
      const noticedBy = (excusedUntil.get(machine.id) ?? Number.NEGATIVE_INFINITY) + noticedWithin;
      const noticed = since <= noticedBy ? noticedWithin : 0;
      const limit = facts.detection(router.vrid) + router.startupDelay + noticed + late + 1_000;
      if (facts.now - since > limit)
        cluster.violate(
          "nobody-takes-over",
          `machine ${machine.id} is BACKUP and has heard nothing for ${facts.now - since} us (limit ${limit})`,
        );
    }
  };
  return {
    loopDone: look,
    fault: (fault) => {
      if (
        fault.kind === "busy" ||
        fault.kind === "clock-jump" ||
        fault.kind === "address-slow" ||
        fault.kind === "reload"
      )
        excuse(fault.machine);
    },
  };
}
