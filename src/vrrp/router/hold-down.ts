/**
 * Hold-down (`hold_down FIRST MAX`, off unless configured): a router that keeps failing does not take the address back each time
 * it is well again, because every return is a move too.
 *
 * Counted are involuntary losses: MASTER that had to go, and FAULT. From the third one on, each less than a quiet period
 * after the one before, the router leaves a weaker master alone for FIRST, twice that at the fourth, up to MAX, as
 * `preempt_delay` would. It still takes an address that nobody owns: a silent master or priority 0 is answered as ever.
 */
import { type Instant, type Micros, micros } from "#units/time";
import type { RouterConfig } from "./config.ts";
import type { PhaseKind, RouterState } from "./state.ts";
import type { Step } from "./step.ts";

/** Losses that are an accident each. */
const FREE = 2;
/** So long without a loss, beyond what was held down, and everything is forgotten. */
const QUIET = 60_000_000;

/** What a step has lost is remembered in its state. */
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

/** Losses in a row, none of them a quiet period after the one before; 0 when the last one is that long ago. */
export function recentLosses(config: RouterConfig, { losses }: RouterState, now: Instant): number {
  if (config.holdDown === undefined || losses === undefined) return 0;
  return now - losses.lastAt < QUIET + 2 * config.holdDown.max ? losses.count : 0;
}

/** How long a weaker master is left alone because of them; 0 is not at all. */
export function holdDown(config: RouterConfig, state: RouterState, now: Instant): Micros {
  const more = recentLosses(config, state, now) - FREE - 1;
  if (config.holdDown === undefined || more < 0) return micros(0);
  const { first, max } = config.holdDown;
  return micros(Math.min(max, first * 2 ** more));
}
