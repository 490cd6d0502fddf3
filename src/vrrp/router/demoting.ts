/**
 * A planned release of a promoted router: it is demoted first, while it still is the master with
 * the address, so that its successor finds everything replicated. The fence is closed before the
 * demotion begins; with `drain`, for new connections first, until the running ones have ended.
 *
 * "done": the release goes on as without a gate (switch.ts, leave.ts), from a node that is not
 * promoted. Refused or late: a move that an operator asks for is taken back, by a promotion; a
 * stop, and a move that was forced, go on without.
 */
import { after, type Instant } from "#units/time";
import type { RouterConfig } from "./config.ts";
import { electAgain } from "./elect.ts";
import type { PhaseEvent, RouterEffect, TakenBack } from "./event.ts";
import { closeFence, demote, gateOf, inGate, tookOf } from "./gate.ts";
import { leaveForStop } from "./leave.ts";
import { stepMaster } from "./master.ts";
import type { GateEnd } from "./reason.ts";
import type { DemotingPhase, GateRun, RouterState, SwitchOrder } from "./state.ts";
import { inPhase, type Step, unchanged } from "./step.ts";
import { beginSwitch } from "./switch.ts";

type Goal = DemotingPhase["goal"];

/** What was asked for, after the demotion where there is one to wait for. */
export function releaseFor(
  config: RouterConfig,
  state: RouterState,
  goal: Goal,
  now: Instant,
): Step {
  const { phase } = state;
  if (phase.kind === "demoting") return changeGoal(state, phase, goal);
  const known = gateOf(config, state);
  if (phase.kind !== "master" || known?.gate.isPromoted !== true)
    return goOn(config, state, goal, now, now);
  const { settings, gate } = known;
  const { drain } = settings;
  const base = { kind: "demoting", master: phase, askedAt: now, goal } as const;
  // Where two masters compare their data nobody is served already.
  if (drain === 0 || gate.fence === "closed")
    return beginDemotion(config, state, { ...base, draining: undefined }, now);
  const run = gate.run + 1;
  const draining = { run, until: after(now, drain) };
  return {
    state: inPhase(inGate(state, { run, fence: "new" }), { ...base, draining }),
    effects: [
      { kind: "closeFence", only: "new" },
      { kind: "drain", run, micros: drain },
    ],
  };
}

/** A stop comes before a move, and a move that is forced before one that may be taken back. */
function changeGoal(state: RouterState, phase: DemotingPhase, goal: Goal): Step {
  const { goal: before } = phase;
  if (before.kind === "stop") return unchanged(state);
  const isLess = goal.kind === "switch" && goal.order.force !== true;
  return isLess ? unchanged(state) : unchanged(inPhase(state, { ...phase, goal }));
}

/** As without a gate. */
function goOn(
  config: RouterConfig,
  state: RouterState,
  goal: Goal,
  askedAt: Instant,
  now: Instant,
): Step {
  return goal.kind === "stop"
    ? leaveForStop(config, state, now)
    : beginSwitch(config, state, goal.order, now, askedAt);
}

/** The fence first: nothing is written any more that the successor would lack. */
function beginDemotion(
  config: RouterConfig,
  state: RouterState,
  phase: DemotingPhase,
  now: Instant,
): Step {
  const known = gateOf(config, state);
  if (known === undefined) return unchanged(state);
  const { goal } = phase;
  const reason = goal.kind === "stop" ? "stop" : goal.why;
  const began = demote(known, state, reason, true, now);
  const closed = inGate(began.state, { fence: "closed", conflict: undefined });
  return {
    state: inPhase(closed, { ...phase, draining: undefined }),
    effects: [...closeFence(known.gate), ...began.effects],
  };
}

/** On the wire it is a master still, and has the address. */
export function stepDemoting(
  config: RouterConfig,
  state: RouterState,
  phase: DemotingPhase,
  event: PhaseEvent,
  now: Instant,
): Step {
  const { master } = phase;
  const next = stepMaster(config, inPhase(state, master), master, event, now);
  const { phase: after } = next.state;
  if (after.kind !== "master") return next;
  return { ...next, state: inPhase(next.state, { ...phase, master: after }) };
}

/** No connection is left, or the time for them is over. */
export function drained(
  config: RouterConfig,
  state: RouterState,
  phase: DemotingPhase,
  now: Instant,
): Step {
  return beginDemotion(config, state, phase, now);
}

/** The planned demotion is over. */
export function demotionEnded(
  config: RouterConfig,
  state: RouterState,
  phase: DemotingPhase,
  running: GateRun,
  outcome: "done" | GateEnd,
  now: Instant,
): Step {
  const { run, since } = running;
  const took = tookOf(since, now);
  const effects: RouterEffect[] = [];
  if (outcome === "late") effects.push({ kind: "cancelGate", run });
  const report =
    outcome === "done"
      ? ({ kind: "demoted", isPlanned: true, run, took } as const)
      : ({ kind: "demotion-failed", isPlanned: true, run, outcome, took } as const);
  effects.push({ kind: "report", report });
  const over = inGate(state, { running: undefined });
  const { goal, askedAt, master } = phase;
  const isForced = goal.kind === "stop" || goal.order.force === true;
  const next =
    outcome === "done" || isForced
      ? goOn(config, inPhase(over, master), goal, askedAt, now)
      : takeBackDemotion(config, over, phase, `demotion-${outcome}`, now);
  return { state: next.state, effects: [...effects, ...next.effects] };
}

/**
 * The move is not wanted any more, or cannot be. While it only drains, nothing has happened to the
 * service; after that it is promoted again.
 */
export function takeBackDemotion(
  config: RouterConfig,
  state: RouterState,
  phase: DemotingPhase,
  why: TakenBack,
  now: Instant,
): Step {
  const known = gateOf(config, state);
  if (known === undefined || phase.goal.kind === "stop") return unchanged(state);
  const waited = tookOf(phase.askedAt, now);
  const report = { kind: "switch-taken-back", why, waited } as const;
  if (phase.draining !== undefined) {
    return {
      state: inPhase(inGate(state, { fence: "open" }), phase.master),
      effects: [{ kind: "openFence" }, { kind: "report", report }],
    };
  }
  const { running } = known.gate;
  const ended: readonly RouterEffect[] =
    running === undefined ? [] : [{ kind: "cancelGate", run: running.run }];
  const next = electAgain(config, known, state, phase.master, true, now);
  return { state: next.state, effects: [...ended, ...next.effects, { kind: "report", report }] };
}

/** The rest of the sync group moves: this one does not stay, whatever its demotion says. */
export function forced(state: RouterState, phase: DemotingPhase): Step {
  const { goal } = phase;
  if (goal.kind === "stop") return unchanged(state);
  const order: SwitchOrder = { ...goal.order, force: true };
  return unchanged(inPhase(state, { ...phase, goal: { ...goal, order } }));
}
