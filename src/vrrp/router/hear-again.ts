/**
 * A backup hears its master say the same once more: three instants of its state change, and nothing
 * else. With a thousand backups that is ten thousand steps a second, so the engine notes the
 * instant and has the state made when somebody asks for it. It is the one that `step` would have
 * come to, one advertisement after the other.
 */
import { assert } from "#units/assert";
import { elapsed, type Instant, type Micros } from "#units/time";
import { RELEASE } from "#units/vrrp";
import { backupDeadline } from "./backup.ts";
import type { RouterEvent } from "./event.ts";
import type { RouterState } from "./state.ts";
import { stallThreshold } from "./timing.ts";

/** What holds from one such advertisement to the next. */
export interface Again {
  /** From an advertisement to the deadline of the router. */
  readonly wait: Micros;
  /** Later than this after the one before, it finds a router that has stalled: `step` decides. */
  readonly late: Micros;
}

/**
 * @param state after `event` at `now`
 * @returns undefined if the same event may change more than instants, or have an effect
 */
export function again(
  { phase, heard }: RouterState,
  event: RouterEvent,
  now: Instant,
): Again | undefined {
  if (event.kind !== "advertReceived" || event.priority === RELEASE) return undefined;
  if (phase.kind !== "backup" || heard?.at !== now || phase.awakeAt !== now) return undefined;
  // `preemptAt`: it is weaker than we are, and will be preempted.
  const { startupDelayUntil, preemptAt, resend } = phase;
  const isStarting = startupDelayUntil !== undefined && now < startupDelayUntil;
  if (isStarting || preemptAt !== undefined || resend !== undefined) return undefined;
  const wait = elapsed(now, backupDeadline(phase) ?? now);
  return { wait, late: (wait + stallThreshold(phase.masterInterval)) as Micros };
}

/** The state after the last of them. */
export function heardAgain(state: RouterState, at: Instant): RouterState {
  const { phase, heard } = state;
  assert(
    phase.kind === "backup" && heard !== undefined,
    "heard again by a router that is no backup",
  );
  const masterDownAt = (at + phase.masterDownAt - phase.awakeAt) as Instant;
  return {
    ...state,
    heard: { ...heard, at },
    phase: { ...phase, awakeAt: at, masterDownAt },
  };
}
