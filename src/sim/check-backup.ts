/**
 * The address always has an owner: a running backup that hears no master for the detection time
 * takes over.
 */
import type { RouterConfig } from "#vrrp/router/config";
import type { MachineView } from "./cluster-view.ts";
import { type ClusterFacts, NEVER, type ObservedRouter } from "./facts.ts";
import type { Observer } from "./observer.ts";
import type { ScenarioFault } from "./scenario.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** Events with effects that are noticed at the next wake-up only. */
const NOTICED_LATER: readonly ScenarioFault["kind"][] = [
  "busy",
  "clock-jump",
  "address-slow",
  "reload",
];

export class BackupChecker {
  readonly #cluster: SimulatedCluster;
  readonly #facts: ClusterFacts;
  /**
   * From when on time counts, by machine: time in which it was woken late or its clock moved
   * does not.
   */
  readonly #excusedUntil = new Map<number, number>();
  /** How late a wake-up may be that was set while the processor was busy, by machine. */
  readonly #wakesLate = new Map<number, number>();

  constructor(cluster: SimulatedCluster, facts: ClusterFacts) {
    this.#cluster = cluster;
    this.#facts = facts;
  }

  observer(): Observer {
    return {
      loopDone: (machine) => this.#look(machine),
      fault: (fault) => {
        if ("machine" in fault && NOTICED_LATER.includes(fault.kind))
          this.#excusedUntil.set(fault.machine, this.#facts.now);
      },
    };
  }

  #look(machine: MachineView): void {
    if (!machine.engineRuns) return;
    if (machine.extraLate > 0) {
      this.#excusedUntil.set(machine.id, this.#facts.now);
      this.#wakesLate.set(machine.id, machine.extraLate);
    }
    if (machine.groups.length > 0) return;
    for (const { router } of machine.instances) {
      const observed = this.#facts.routerOf(machine, router.vrid);
      // With a gate it is BACKUP also while it is promoted, or not eligible (check-gate.ts).
      if (observed?.state !== "BACKUP" || router.gate !== undefined) continue;
      // Its timer has fired for nothing, and runs once more when the operator is done.
      if (this.#facts.isHeldBack(observed)) this.#excusedUntil.set(machine.id, this.#facts.now);
      else this.#check(observed, router);
    }
  }

  #check({ machine, vrid, since, heardAt }: ObservedRouter, config: RouterConfig): void {
    const excused = this.#excusedUntil.get(machine.id);
    const from = Math.max(since, heardAt ?? 0, this.#facts.runsSince(machine), excused ?? 0);
    const wake = this.#cluster.scenario.wakeLateMicros + 100;
    const late = 4 * wake + 4 * machine.kernel.faults.slowMicros;
    // What happened to its clock or its processor is noticed at the next wake-up, an interval later
    // at the most; and later still where that wake-up was set while the processor was busy.
    const noticedWithin = this.#facts.interval(vrid) + (this.#wakesLate.get(machine.id) ?? 0);
    const noticed = from <= (excused ?? NEVER) + noticedWithin ? noticedWithin : 0;
    const limit = this.#facts.detection(vrid) + config.startupDelay + noticed + late + 1_000;
    const unheard = this.#facts.now - from;
    if (unheard > limit)
      this.#cluster.violate(
        "nobody-takes-over",
        `machine ${machine.id} is BACKUP and has heard nothing for ${unheard} us (limit ${limit})`,
      );
  }
}
