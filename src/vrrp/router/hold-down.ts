/**
 * Hold-down (`hold_down FIRST MAX`, off unless configured): a router that keeps failing does not
 * preempt each time it has recovered, because every return moves the address once more.
 *
 * Involuntary losses are counted: from MASTER to BACKUP or FAULT, and from BACKUP to FAULT. From
 * the third in a row on (each less than a quiet period after the one before) a weaker master is not
 * preempted for FIRST, for twice that after the fourth, and so on up to MAX, as `preempt_delay`
 * would. An address that nobody owns is still taken: when the master's advertisements stop, or at
 * priority 0.
 */
import { type Instant, type Micros, micros } from "#units/time";
import type { RouterConfig } from "./config.ts";
import type { PhaseKind, RouterState } from "./state.ts";
import type { Step } from "./step.ts";

/** Losses in a row without a consequence. */
const FREE = 2;
/** Microseconds without a loss, in addition to twice MAX, after which none is remembered. */
const QUIET = 60_000_000;

/** Adds the loss that this step was, if it was one, to the state it returns. */
export function countLoss(
  config: RouterConfig,
  before: RouterState,
  after: Step,
  now: Instant,
): Step {
  const { state } = after;
  if (config.holdDown === undefined || !isLoss(before.phase.kind, state.phase.kind)) return after;
  const count = recentLosses(config, before, now) + 1;
  return { ...after, state: { ...state, losses: { count, lastAt: now } } };
}

const isLoss = (from: PhaseKind, to: PhaseKind): boolean =>
  (from === "master" && (to === "backup" || to === "fault")) ||
  (from === "backup" && to === "fault");

/** Losses in a row so far; 0 when the last one is longer ago than a quiet period. */
export function recentLosses(config: RouterConfig, { losses }: RouterState, now: Instant): number {
  if (config.holdDown === undefined || losses === undefined) return 0;
  return now - losses.lastAt < QUIET + 2 * config.holdDown.max ? losses.count : 0;
}

/** How long a weaker master is not preempted because of them; 0: not held down. */
export function holdDown(config: RouterConfig, state: RouterState, now: Instant): Micros {
  const more = recentLosses(config, state, now) - FREE - 1;
  if (config.holdDown === undefined || more < 0) return micros(0);
  const { first, max } = config.holdDown;
  return micros(Math.min(max, first * 2 ** more));
}
