/**
 * What the process that watches the engine decides: step(config, state, event, now). No clock, no
 * socket, no text; the daemon (src/daemon/supervision.ts) and the simulator (src/sim/supervisor.ts)
 * perform the same effects.
 */
import { earliest, type Instant } from "#units/time";
import {
  configureEngine,
  engineAnswered,
  engineDeadline,
  engineDidNotAnswer,
  engineDue,
  engineGone,
  engineStarted,
  startAsked,
  stopAsked,
} from "./engine-life.ts";
import type { SupervisorEffect, SupervisorEvent } from "./event.ts";
import {
  addressesRemoved,
  holdsDeadline,
  holdsDue,
  kernelRead,
  kernelUnreadable,
  listening,
  listenRefused,
  peerHeard,
} from "./hand-over.ts";
import { closeGates } from "./promotions.ts";
import { engineSaid } from "./routers.ts";
import { type Step, type SupervisorConfig, type SupervisorState, unchanged } from "./state.ts";

/** When `timeReached` has to come at the latest; undefined: nothing is waited for. */
export const deadline = (state: SupervisorState): Instant | undefined =>
  earliest(engineDeadline(state), holdsDeadline(state));

export function step(
  config: SupervisorConfig,
  state: SupervisorState,
  event: SupervisorEvent,
  now: Instant,
): Step {
  return endOfStop(decide(config, state, event, now));
}

function decide(
  config: SupervisorConfig,
  state: SupervisorState,
  event: SupervisorEvent,
  now: Instant,
): Step {
  switch (event.kind) {
    case "configured": {
      const { revision, instances } = event;
      return configureEngine({ ...state, wanted: { revision, instances } }, true);
    }
    case "startAsked":
      return startAsked(config, state, now);
    case "stopAsked":
      return stopAsked(state, now);
    case "engineStarted":
      return engineStarted(state);
    case "engineNotStarted":
      return unchanged(engineGone(state, now));
    case "engineSaid":
      return engineSaid(state, event.message);
    case "engineExited":
      return engineExited(state, now);
    case "engineAnswered":
      return engineAnswered(config, state, now);
    case "engineDidNotAnswer":
      return engineDidNotAnswer(config, state, now);
    case "kernelRead":
      return kernelRead(state, event.kernel, now);
    case "kernelUnreadable":
      return kernelUnreadable(state, event.failure);
    case "listening":
      return listening(state, event.hold, now);
    case "listenRefused":
      return listenRefused(state, event.hold, event.failure);
    case "addressesRemoved":
      return addressesRemoved(state, event);
    case "peerHeard":
      return peerHeard(state, event.hold, now);
    case "timeReached":
      return timeReached(state, now);
  }
}

function engineExited(state: SupervisorState, now: Instant): Step {
  if (state.engine.kind !== "running") return unchanged(state);
  const next = engineGone(state, now);
  const effects: SupervisorEffect[] = [...closeGates(state)];
  if (next.orphans.length > 0) effects.push({ kind: "readKernel" });
  if (next.stop === "not-asked") effects.push({ kind: "report", report: { kind: "engine-gone" } });
  return { state: next, effects };
}

function timeReached(state: SupervisorState, now: Instant): Step {
  const removed = holdsDue(state, now);
  const engine = engineDue(removed.state, now);
  return { state: engine.state, effects: [...removed.effects, ...engine.effects] };
}

/** Asked to stop: over when there is no engine and nothing is held for one that died. */
function endOfStop(result: Step): Step {
  const { state, effects } = result;
  const { stop, engine, orphans, holds } = state;
  if (stop !== "asked" || engine.kind !== "none") return result;
  if (orphans.length > 0 || holds.length > 0) return result;
  return { state: { ...state, stop: "done" }, effects: [...effects, { kind: "stopped" }] };
}
