/**
 * "Nobody owns it": a router that cannot take the address itself (FAULT, or INIT while it waits for the first result of a check)
 * listens, and says so when nobody has advertised for two detection times. If it could not have heard anybody, it says that.
 */
import { after, type Instant, micros } from "#units/time";
import type { RouterConfig } from "./config.ts";
import type { PhaseEvent } from "./event.ts";
import type { FaultCause } from "./reason.ts";
import type { FaultPhase, InitPhase, Listening, RouterState } from "./state.ts";
import { inPhase, type Step, unchanged } from "./step.ts";
import { masterDown } from "./timing.ts";
import { faultCauses } from "./tracking.ts";

/** Armed now. `noMasterSince` is earlier where the silence is known to have begun before. */
export function listen(
  config: RouterConfig,
  state: RouterState,
  now: Instant,
  noMasterSince: Instant = now,
): Listening {
  const wait = 2 * masterDown(config, config.advertInterval, state.effectivePriority);
  return { noMasterSince, alarmAt: after(now, micros(wait)) };
}

/** Once; an advertisement arms it again, and is not obeyed here. */
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

/** Without carrier, sockets or the address that peers send to nothing is heard, whoever owns the address. */
function whyNothingIsHeard(
  config: RouterConfig,
  state: RouterState,
): FaultCause["kind"] | undefined {
  const cause = faultCauses(config, state).find(({ kind }) => HEARS_NOTHING.includes(kind));
  // Also where `dont_track_primary` makes it no fault.
  return cause?.kind ?? (state.linkUp ? undefined : "link-down");
}

const HEARS_NOTHING: readonly FaultCause["kind"][] = [
  "interface-missing",
  "cannot-listen",
  "source-missing",
  "no-source-address",
];
