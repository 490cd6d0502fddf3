/**
 * A sender keeps to its budget: never more announcements than its token bucket and its smallest gap
 * allow.
 */

import { type IpAddress, printIp } from "#units/address";
import type { PacingConfig } from "#vrrp/router/config";
import { budgetOf, isLimited } from "./announce-budget.ts";
import type { MachineView } from "./cluster-view.ts";
import { type ClusterFacts, NEVER } from "./facts.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** Rounding of fractions of tokens. */
const ALMOST = 1e-3;

interface Bucket {
  budget: PacingConfig;
  readonly linkIndex: number;
  tokens: number;
  /** An instant by the machine's clock. */
  filledAt: number;
  lastAt: number;
  /** How much later than decided the last frame left, because of slow system calls. */
  lag: number;
}

export class BudgetChecker {
  readonly #cluster: SimulatedCluster;
  readonly #facts: ClusterFacts;
  /** The buckets by machine. */
  readonly #buckets = new Map<number, Bucket>();

  constructor(cluster: SimulatedCluster, facts: ClusterFacts) {
    this.#cluster = cluster;
    this.#facts = facts;
  }

  observer(): Observer {
    return {
      arpSent: (machine, address) => this.#spend(machine, address),
      afterReload: (machine) => this.#reloaded(machine),
      engineStarted: (machine) => {
        this.#buckets.delete(machine.id);
      },
    };
  }

  #spend(machine: MachineView, address: IpAddress): void {
    const bucket = this.#bucketOf(machine);
    const { budget } = bucket;
    const now = this.#clockOf(machine);
    const lag = Math.max(bucket.lag, machine.kernel.lag);
    bucket.lag = machine.kernel.lag;
    const gap = now - bucket.lastAt;
    bucket.lastAt = now;
    if (gap + lag < budget.gap)
      this.#violate(machine, address, budget, `${gap} us after the last one`);
    if (!isLimited(budget)) return;
    refill(bucket, now);
    bucket.tokens -= 1;
    if (bucket.tokens + (lag * budget.perSecond) / 1_000_000 >= -ALMOST) return;
    this.#violate(machine, address, budget, `${(bucket.tokens + 1).toFixed(3)} tokens`);
  }

  #bucketOf(machine: MachineView): Bucket {
    const known = this.#buckets.get(machine.id);
    const { linkIndex } = machine.kernel;
    // Each device has its own port of a switch.
    if (known?.linkIndex === linkIndex) return known;
    const budget = budgetOf(this.#facts.instances(machine));
    const filledAt = this.#clockOf(machine);
    const bucket = { budget, linkIndex, tokens: budget.burst, filledAt, lastAt: NEVER, lag: 0 };
    this.#buckets.set(machine.id, bucket);
    return bucket;
  }

  /** A stricter budget starts with what was left, one where there was none starts full. */
  #reloaded(machine: MachineView): void {
    const bucket = this.#buckets.get(machine.id);
    if (bucket === undefined) return;
    const budget = budgetOf(this.#facts.instances(machine));
    refill(bucket, this.#clockOf(machine));
    bucket.tokens = isLimited(bucket.budget) ? Math.min(bucket.tokens, budget.burst) : budget.burst;
    bucket.budget = budget;
  }

  /**
   * The machine's own clock, which the sender uses too: it jumps and stands still with the
   * machine.
   */
  #clockOf(machine: MachineView): number {
    return this.#cluster.queue.now + machine.clockOffset;
  }

  #violate(machine: MachineView, address: IpAddress, budget: PacingConfig, how: string): void {
    const allowed = `burst ${budget.burst}, ${budget.perSecond}/s, gap ${budget.gap} us`;
    this.#cluster.violate(
      "announces-too-much",
      `machine ${machine.id} ${printIp(address)} with ${how} (${allowed})`,
    );
  }
}

function refill(bucket: Bucket, now: number): void {
  const gained = (Math.max(0, now - bucket.filledAt) * bucket.budget.perSecond) / 1_000_000;
  bucket.tokens = Math.min(bucket.budget.burst, bucket.tokens + gained);
  bucket.filledAt = now;
}
