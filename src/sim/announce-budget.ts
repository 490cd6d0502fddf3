/**
 * What a machine may announce, and how long its turn may take: worked out from the configuration,
 * not from the product.
 */
import type { InstanceConfig, PacingConfig } from "#vrrp/router/config";
import type { MachineView } from "./cluster-view.ts";
import type { ClusterFacts } from "./facts.ts";
import { virtualsOf } from "./scenario.ts";

/** Of an interface: the strictest of its instances. */
export function budgetOf(instances: readonly InstanceConfig[]): PacingConfig {
  let [burst, perSecond, gap] = [0, 0, 0];
  for (const { pacing } of instances) {
    gap = Math.max(gap, pacing.gap);
    if (!isLimited(pacing) || (perSecond > 0 && pacing.perSecond >= perSecond)) continue;
    ({ burst, perSecond } = pacing);
  }
  return { burst, perSecond, gap: gap as PacingConfig["gap"] };
}

export const isLimited = ({ burst, perSecond }: PacingConfig): boolean =>
  burst > 0 && perSecond > 0;

/**
 * By when each of `count` addresses has had its turn, microseconds: at worst every other one comes
 * first, and each of their frames waits for a token of an empty bucket, or for the gap. `forms`:
 * frames to an announcement; `late`: how late the engine may be woken for one.
 */
export function announceBound(
  budget: PacingConfig,
  count: number,
  forms: number,
  late: number,
): number {
  const token = isLimited(budget) ? 1_000_000 / budget.perSecond : 0;
  const each = Math.max(token, budget.gap);
  return each === 0 ? late : (count * forms + 1) * (each + late);
}

/**
 * `announceBound` of everything this machine may have to announce now, by the configuration its
 * engine has.
 */
export function announceBoundOf(facts: ClusterFacts, machine: MachineView): number {
  const instances = facts.instances(machine);
  const forms = instances.some((one) => one.arp === "both") ? 2 : 1;
  const late = 2 * (facts.cluster.scenario.wakeLateMicros + 100) + 2 * machine.extraLate;
  const count = instances.flatMap(virtualsOf).length;
  return announceBound(budgetOf(instances), count, forms, late);
}
