/** A sender keeps to its budget: never more announcements than its token bucket and its smallest gap allow. */

import { type Ipv4, printIpv4 } from "#units/address";
import type { PacingConfig } from "#vrrp/router/config";
import { budgetOf, isLimited } from "./announce-budget.ts";
import type { MachineView } from "./cluster-view.ts";
import type { ClusterFacts } from "./facts.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** Rounding of fractions of tokens. */
const ALMOST = 1e-3;

interface Bucket {
  budget: PacingConfig;
  readonly linkIndex: number;
  tokens: number;
  /** MachineView time. */
  filledAt: number;
  lastAt: number;
  /** How much later than decided the last frame left, because of slow system calls. */
  lag: number;
}

export function checkBudget(cluster: SimulatedCluster, facts: ClusterFacts): Observer {
  const buckets = new Map<number, Bucket>();

  /** By the machine's own clock, which jumps and stands still with the sender's. */
  const clockOf = (machine: MachineView): number => cluster.queue.now + machine.clockOffset;

  const bucketOf = (machine: MachineView): Bucket => {
    const known = buckets.get(machine.id);
    const { linkIndex } = machine.kernel;
    // Another device is another port of a switch.
    if (known?.linkIndex === linkIndex) return known;
    const budget = budgetOf(facts.instances(machine));
    const now = clockOf(machine);
    const lastAt = Number.NEGATIVE_INFINITY;
    const bucket = { budget, linkIndex, tokens: budget.burst, filledAt: now, lastAt, lag: 0 };
    buckets.set(machine.id, bucket);
    return bucket;
  };

  const refill = (bucket: Bucket, now: number): void => {
    const gained = (Math.max(0, now - bucket.filledAt) * bucket.budget.perSecond) / 1_000_000;
    bucket.tokens = Math.min(bucket.budget.burst, bucket.tokens + gained);
    bucket.filledAt = now;
  };

  const spend = (machine: MachineView, address: Ipv4): void => {
    const bucket = bucketOf(machine);
    const { budget } = bucket;
    const now = clockOf(machine);
    const lag = Math.max(bucket.lag, machine.kernel.lag);
    bucket.lag = machine.kernel.lag;
    const gap = now - bucket.lastAt;
    bucket.lastAt = now;
    if (gap + lag < budget.gap) complain(machine, address, budget, `${gap} us after the last one`);
    if (!isLimited(budget)) return;
    refill(bucket, now);
    bucket.tokens -= 1;
    if (bucket.tokens + (lag * budget.perSecond) / 1_000_000 >= -ALMOST) return;
    complain(machine, address, budget, `${(bucket.tokens + 1).toFixed(3)} tokens`);
  };

  const complain = (
    machine: MachineView,
    address: Ipv4,
    budget: PacingConfig,
    how: string,
  ): void => {
    const allowed = `burst ${budget.burst}, ${budget.perSecond}/s, gap ${budget.gap} us`;
    cluster.violate(
      "announces-too-much",
      `machine ${machine.id} ${printIpv4(address)} with ${how} (${allowed})`,
    );
  };

  return {
    arpSent: spend,
    /** A stricter budget starts with what was left, one where there was none starts full. */
    afterReload: (machine) => {
      const bucket = buckets.get(machine.id);
      if (bucket === undefined) return;
      const budget = budgetOf(facts.instances(machine));
      refill(bucket, clockOf(machine));
      bucket.tokens = isLimited(bucket.budget)
        ? Math.min(bucket.tokens, budget.burst)
        : budget.burst;
      bucket.budget = budget;
    },
    engineStarted: (machine) => {
      buckets.delete(machine.id);
    },
  };
}
