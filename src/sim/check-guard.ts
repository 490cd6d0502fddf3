/**
 * A rule of the sub-second lease that outlives its address makes the address unreachable for
 * whoever has it next on this machine. While an engine runs, check-engine.ts looks at each
 * turn; this file checks the supervisor's part: after it has taken over for a dead engine,
 * after each hand-over, and when the daemon has ended.
 */
import { type IpAddress, printIp } from "#units/address";
import type { MachineView } from "./cluster-view.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

export interface GuardTotals {
  /** How many times a rule could have been left behind. */
  checks: number;
}

export class GuardChecker {
  readonly totals: GuardTotals = { checks: 0 };
  readonly #cluster: SimulatedCluster;
  /**
   * Machines on which an engine has removed what an earlier daemon left, so that what is there
   * now belongs to this daemon.
   */
  readonly #swept = new Set<number>();
  /**
   * Machines on which the kernel may refuse to remove a rule: then it stays, and is reported.
   */
  readonly #refusing: ReadonlySet<number>;

  constructor(cluster: SimulatedCluster) {
    this.#cluster = cluster;
    this.#refusing = new Set(
      cluster.scenario.faults.flatMap((fault) =>
        fault.kind === "guard-fails" && fault.calls.includes("close") ? [fault.machine] : [],
      ),
    );
  }

  observer(): Observer {
    return {
      supervisorStarted: (machine) => {
        this.#swept.delete(machine.id);
      },
      afterReload: (machine) => {
        if (machine.supervisor.isAlive) this.#swept.add(machine.id);
      },
      supervisorActed: (machine) => {
        const { engine, kernel, supervisor } = machine;
        // The death of an engine that has just died has not been noticed yet.
        if (engine !== undefined || supervisor.isTakingOver) return;
        this.#check(machine, (address) => kernel.hasAnywhere(address) || supervisor.holds(address));
      },
      daemonStopped: (machine) => this.#check(machine, () => false),
    };
  }

  #check(machine: MachineView, mayHaveRule: (address: IpAddress) => boolean): void {
    if (!this.#swept.has(machine.id) || this.#refusing.has(machine.id)) return;
    this.totals.checks += 1;
    for (const address of machine.kernel.guardedAddresses()) {
      if (mayHaveRule(address)) continue;
      const text = `machine ${machine.id}: the rule of ${printIp(address)} was left behind`;
      this.#cluster.violate("stale-guard", text);
    }
  }
}
