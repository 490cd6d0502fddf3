/**
 * The alarm that nobody owns the address. A router that cannot take it itself (in FAULT, or in INIT
 * while it waits for the first result of a check) listens, and reports when nobody has advertised
 * for two detection times. The report says so if no advertisement could have been received here.
 */
import { after, type Instant, micros } from "#units/time";
import type { RouterConfig } from "./config.ts";
import type { PhaseEvent } from "./event.ts";
import type { FaultCause } from "./reason.ts";
import type { FaultPhase, InitPhase, Listening, RouterState } from "./state.ts";
import { inPhase, type Step, unchanged } from "./step.ts";
import { masterDown } from "./timing.ts";
import { faultCauses } from "./tracking.ts";

/**
 * Arms the alarm. `noMasterSince` is earlier than `now` where the last owner is known to have gone.
 */
export function listen(
  config: RouterConfig,
  state: RouterState,
  now: Instant,
  noMasterSince: Instant = now,
): Listening {
  const wait = 2 * masterDown(config, config.advertInterval, state.effectivePriority);
  return { noMasterSince, alarmAt: after(now, micros(wait)) };
}

/** Reports once. An advertisement arms the alarm again and changes nothing else. */
export function watchForOwner(
  config: RouterConfig,
  state: RouterState,
  phase: InitPhase | FaultPhase,
  event: PhaseEvent,
  now: Instant,
): Step {
  if (event.kind === "advertReceived") {
    if (event.priority === 0) return unchanged(state);
    const heard = { from: event.from, priority: event.priority, at: now };
    const next = { ...phase, ...listen(config, state, now) };
    return unchanged({ ...inPhase(state, next), heard });
  }
  if (phase.alarmAt === undefined || now < phase.alarmAt) return unchanged(state);
  const noMasterMicros = now - phase.noMasterSince;
  const cannotHear = whyNothingIsHeard(config, state);
  const report = {
    kind: "no-owner",
    noMasterMicros,
    ...(cannotHear === undefined ? {} : { cannotHear }),
  } as const;
  return {
    state: inPhase(state, { ...phase, alarmAt: undefined }),
    effects: [{ kind: "report", report }],
  };
}

/**
 * Why no advertisement can be received: no carrier, no socket, or no address that peers send to.
 */
function whyNothingIsHeard(
  config: RouterConfig,
  state: RouterState,
): FaultCause["kind"] | undefined {
  const cause = faultCauses(config, state).find(({ kind }) => HEARS_NOTHING.includes(kind));
  // A lost link that is no fault, because of `dont_track_primary`.
  return cause?.kind ?? (state.linkUp ? undefined : "link-down");
}

const HEARS_NOTHING: readonly FaultCause["kind"][] = [
  "interface-missing",
  "cannot-listen",
  "source-missing",
  "no-source-address",
];
