/** What concerns a gate alone: answers, time-outs, eligibility, and what a person asks for. */
import type { Instant } from "#units/time";
import { backupElected, probed } from "./backup.ts";
import type { RouterConfig } from "./config.ts";
import { demotionEnded, drained } from "./demoting.ts";
import type { RouterEffect, RouterEvent } from "./event.ts";
import { release, withoutOwnership } from "./fault.ts";
import { gateOf, inGate, tookOf } from "./gate.ts";
import { compared, settle } from "./gate-conflict.ts";
import { successorAnnounces } from "./leave.ts";
import { promoted, promotionFailed } from "./promoting.ts";
import type { GateEnd } from "./reason.ts";
import type { GateRun, GateState, RouterState } from "./state.ts";
import { inPhase, type Step, unchanged } from "./step.ts";

export type GateEvent = Extract<
  RouterEvent,
  {
    readonly kind:
      | "gateAnswered"
      | "eligibleChanged"
      | "probeAnswered"
      | "dataCompared"
      | "drained"
      | "successorServes"
      | "unitDemoted"
      | "promoteAsked";
  }
>;

export function stepGate(
  config: RouterConfig,
  state: RouterState,
  event: GateEvent,
  now: Instant,
): Step {
  const gate = gateOf(config, state)?.gate;
  if (gate === undefined) return unchanged(state);
  const { phase } = state;
  switch (event.kind) {
    case "gateAnswered":
      return gate.running?.run === event.run
        ? ended(config, state, gate.running, event.outcome, now)
        : unchanged(state);
    case "probeAnswered":
      return phase.kind === "backup" && phase.probing?.run === event.run
        ? probed(config, state, phase, event.by, now)
        : unchanged(state);
    case "dataCompared": {
      const { conflict } = gate;
      if (phase.kind !== "master" || conflict?.run !== event.run) return unchanged(state);
      return conflict.result === "comparing"
        ? compared(config, state, phase, conflict, event.result, now)
        : unchanged(state);
    }
    case "drained":
      return phase.kind === "demoting" && phase.draining?.run === event.run
        ? drained(config, state, phase, now)
        : unchanged(state);
    case "successorServes":
      // Its address comes in a moment: connections are reset with the removal, and not before.
      return phase.kind === "switching" || phase.kind === "handover"
        ? successorAnnounces(config, state, phase, now, [])
        : unchanged(state);
    case "unitDemoted":
      return unitDemoted(config, state, gate, now);
    case "eligibleChanged":
      return eligibleNow(config, inGate(state, { eligible: event.eligible ? "yes" : "no" }), now);
    case "promoteAsked":
      return promoteAsked(config, state, event.isForced === true, now);
  }
}

/** The running promotion or demotion has ended, one way or the other. */
function ended(
  config: RouterConfig,
  state: RouterState,
  running: GateRun,
  outcome: "done" | GateEnd,
  now: Instant,
): Step {
  const known = gateOf(config, state);
  const { phase } = state;
  if (known === undefined) return unchanged(state);
  if (phase.kind === "promoting") {
    return outcome === "done"
      ? promoted(config, known, state, phase, running, now)
      : promotionFailed(config, known, state, phase, running, outcome, now);
  }
  if (phase.kind === "demoting") return demotionEnded(config, state, phase, running, outcome, now);
  // One that nobody waits for.
  const { run, since, isPlanned } = running;
  const took = tookOf(since, now);
  const effects: RouterEffect[] = outcome === "late" ? [{ kind: "cancelGate", run }] : [];
  const report =
    outcome === "done"
      ? ({ kind: "demoted", isPlanned, run, took } as const)
      : ({ kind: "demotion-failed", isPlanned, run, outcome, took } as const);
  effects.push({ kind: "report", report });
  return { state: inGate(state, { running: undefined }), effects };
}

/**
 * A link that may be back in time does not bring back what is demoted (seed 204073: of two members
 * with different intervals the ownership window of one ended before the other's link was back).
 * Who still lets connections end is demoted with it, and is not served again without a promotion if
 * the move is called back (seed 249770).
 */
function unitDemoted(
  config: RouterConfig,
  state: RouterState,
  gate: GateState,
  now: Instant,
): Step {
  const { phase } = state;
  if (phase.kind === "demoting" && phase.draining !== undefined)
    return drained(config, state, phase, now);
  if (phase.kind !== "fault" || !gate.isPromoted) return unchanged(state);
  const lost = inGate(inPhase(state, withoutOwnership(phase)), { isPromoted: false });
  return { state: lost, effects: release(state, phase) };
}

/** A backup that was held back while nobody owned the address is elected at once. */
function eligibleNow(config: RouterConfig, state: RouterState, now: Instant): Step {
  const { phase } = state;
  return phase.kind === "backup" && phase.missed !== undefined
    ? backupElected(config, state, phase, now)
    : unchanged(state);
}

/** By a person. */
const DECIDED = { againAt: undefined, undecided: undefined } as const;

function promoteAsked(
  config: RouterConfig,
  state: RouterState,
  isForced: boolean,
  now: Instant,
): Step {
  const { phase, gate } = state;
  if (phase.kind === "master") {
    const conflict = gate?.conflict;
    return conflict === undefined
      ? unchanged(state)
      : settle(config, state, phase, { ...conflict, ...DECIDED, isAsked: true }, now);
  }
  if (phase.kind === "promoting" || phase.kind === "demoting") return unchanged(state);
  const asked = inGate(state, { heldUntil: undefined, isAsked: true });
  return phase.kind === "backup" && isForced
    ? eligibleNow(config, inPhase(asked, { ...phase, skipsProbe: true }), now)
    : eligibleNow(config, asked, now);
}

/** What is over at this moment without an answer; undefined: nothing is. */
export function gateOnTime(
  config: RouterConfig,
  state: RouterState,
  now: Instant,
): Step | undefined {
  const gate = gateOf(config, state)?.gate;
  const { phase } = state;
  if (gate === undefined || phase.kind === "stopped") return undefined;
  const { running, conflict } = gate;
  if (running !== undefined && now >= running.until)
    return ended(config, state, running, "late", now);
  if (phase.kind === "demoting" && phase.draining !== undefined && now >= phase.draining.until)
    return drained(config, state, phase, now);
  if (phase.kind === "master" && conflict?.result === "comparing" && now >= conflict.until)
    return compared(config, state, phase, conflict, "unknown", now);
  return undefined;
}
