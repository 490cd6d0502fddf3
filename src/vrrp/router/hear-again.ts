/**
 * A backup hears its master say the same once more, or wakes in between and has nothing to do: of
 * its state some instants change, and nothing else. With a thousand backups that is ten thousand
 * steps a second, so the engine notes the instants and has the state made when somebody asks for
 * it. It is the one that `step` would have come to, one event after the other.
 */
import { assert } from "#units/assert";
import { after, elapsed, fromCentis, type Instant, type Micros } from "#units/time";
import { RELEASE } from "#units/vrrp";
import type { RouterEvent } from "./event.ts";
import type { RouterState } from "./state.ts";
import { stallThreshold } from "./timing.ts";

/** What holds from one such advertisement to the next. */
export interface Again {
  /** From an advertisement to the end of the wait for the next one. */
  readonly masterDown: Micros;
  /** It wakes as often. */
  readonly interval: Micros;
  /** Later than this after its deadline, a router has stalled: `step` decides. */
  readonly late: Micros;
}

/**
 * @param state after `event` at `now`
 * @returns undefined if the same event may change more than instants, or have an effect
 */
export function again(
  { phase, heard, gate }: RouterState,
  event: RouterEvent,
  now: Instant,
): Again | undefined {
  if (event.kind !== "advertReceived" || event.priority === RELEASE) return undefined;
  if (phase.kind !== "backup" || heard?.at !== now || phase.awakeAt !== now) return undefined;
  // A demotion that is not over has a deadline of its own.
  if (gate?.running !== undefined) return undefined;
  // `preemptAt`: it is weaker than we are, and will be preempted.
  const { startupDelayUntil, preemptAt, resend, masterInterval } = phase;
  const isStarting = startupDelayUntil !== undefined && now < startupDelayUntil;
  if (isStarting || preemptAt !== undefined || resend !== undefined) return undefined;
  return {
    masterDown: elapsed(now, phase.masterDownAt),
    interval: fromCentis(masterInterval),
    late: stallThreshold(masterInterval),
  };
}

/** The deadline of a router that was last heard of then, and last ran then (`backupDeadline`). */
export const dueAgain = (
  { masterDown, interval }: Again,
  heardAt: Instant,
  awakeAt: Instant,
): Instant => Math.min(heardAt + masterDown, awakeAt + interval) as Instant;

/** The state after all of them. */
export function heardAgain(
  state: RouterState,
  { masterDown }: Again,
  heardAt: Instant,
  awakeAt: Instant,
): RouterState {
  const { phase, heard } = state;
  assert(phase.kind === "backup" && heard !== undefined, "a router that is no backup");
  return {
    ...state,
    heard: { ...heard, at: heardAt },
    phase: { ...phase, awakeAt, masterDownAt: after(heardAt, masterDown) },
  };
}
