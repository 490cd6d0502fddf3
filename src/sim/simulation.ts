/**
 * Runs a scenario: lets the faults happen at their times, ends them all when the storm is over, and
 * looks on while everything settles. The same scenario always gives the same run.
 *
 *   storm (faults) ──> calm (what was broken works again) ──> settled (every promise holds) ──> end
 */
import type { EngineRecord } from "#vrrp/engine/recording";
import { FaultInjector } from "./faults.ts";
import type { Scenario } from "./scenario.ts";
import { SimulatedCluster } from "./simulated-cluster.ts";

export class Simulation {
  readonly cluster: SimulatedCluster;
  readonly #faults: FaultInjector;

  constructor(scenario: Scenario, recorder?: (machine: number, record: EngineRecord) => void) {
    this.cluster = new SimulatedCluster(scenario, recorder);
    this.#faults = new FaultInjector(this.cluster);
  }

  /** Until the end, or the first violation. */
  run(): void {
    const { cluster } = this;
    const { scenario, queue, observers } = cluster;
    this.#schedule();
    if (!this.#runUntil(scenario.stormMicros)) return;
    this.#faults.endAll();
    cluster.unknownPeer.isQuiet = true;
    cluster.gates?.calm();
    cluster.phase = "calm";
    observers.emit("calm");
    if (!this.#runUntil(queue.now + scenario.settleMicros)) return;
    cluster.phase = "settled";
    observers.emit("settled");
    if (!this.#runUntil(queue.now + scenario.watchMicros)) return;
    observers.emit("end");
  }

  #schedule(): void {
    const { scenario, queue, machines, rivals } = this.cluster;
    for (const machine of machines)
      queue.at(machine.spec.startsAt, () => machine.supervisor.start());
    for (const rival of rivals) queue.at(rival.spec.startsAt, () => rival.start());
    for (const fault of scenario.faults) queue.at(fault.at, () => this.#faults.apply(fault));
  }

  /** False: a checker has complained. */
  #runUntil(limit: number): boolean {
    const { queue, violations } = this.cluster;
    const halted = (): boolean => violations.length > 0;
    queue.runUntil(limit, halted);
    return !halted();
  }
}
