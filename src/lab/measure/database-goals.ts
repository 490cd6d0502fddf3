/**
 * How long nothing may be acknowledged, for each fault. Pure; from the settings in use, so that a
 * figure is compared with what these settings can give.
 */
import type { Detection } from "./database-config.ts";
import type { DatabaseFaultName } from "./database-fault-names.ts";

/** A move that both nodes take part in. */
const PLANNED_MS = 250;
/** From the moment a fault is noticed until the other node has acknowledged a write. */
const TAKE_OVER_MS = 300;
/** What `slow-promotion` adds to a promotion, and `stall` to a move. */
export const SLOW_SECONDS = 5;
export const STALL_MS = 400;

/** What is detected, and how fast. */
export interface Detections {
  /** By VRRP: the time after which a master that is not heard counts as gone. */
  readonly masterDownSeconds: number;
  readonly check: Detection;
}

/** Milliseconds; undefined: nobody is to take over, or what that takes is not measured. */
export function outageGoal(
  fault: DatabaseFaultName,
  { masterDownSeconds, check }: Detections,
): number | undefined {
  const { intervalSeconds, timeoutSeconds, fall } = check;
  switch (fault) {
    case "stop":
    case "restart":
    case "move":
    // The last of its moves.
    case "failback":
      return PLANNED_MS;
    case "slow-promotion":
      return PLANNED_MS + SLOW_SECONDS * 1_000;
    case "stall":
      return PLANNED_MS + STALL_MS;
    case "kill":
    case "kill-engine":
    case "link":
    case "host":
    case "double":
      return masterDownSeconds * 1_000 + TAKE_OVER_MS;
    case "server-kill":
      return intervalSeconds * fall * 1_000 + TAKE_OVER_MS;
    case "server-hang":
      return (timeoutSeconds + intervalSeconds * (fall - 1)) * 1_000 + TAKE_OVER_MS;
    case "vrrp-cut":
    case "lagging":
    case "stopped-replica":
      return undefined;
  }
}
