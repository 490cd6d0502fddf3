/**
 * The engine's process: started, asked whether it is alive, killed when it is not, started again.
 *
 *   none -> starting -> running -> waiting (back-off) -> starting -> ...
 *
 * A dead engine is noticed at once by the end of its pipe. The questions are for one that hangs:
 * the lease has taken its addresses away by then, and a new engine is better than none. They are
 * counted, not timed: after the whole machine was paused, the engine has as many chances as before.
 */
import { after, earliest, fromSeconds, type Instant, type Micros, micros } from "#units/time";
import type { SupervisorEffect } from "./event.ts";
import { holdsFor, removeUnconfigured } from "./hand-over.ts";
import { closeFences } from "./promotions.ts";
import { routersWithoutEngine } from "./routers.ts";
import {
  FIRST_DELAY,
  type Step,
  type SupervisorConfig,
  type SupervisorState,
  unchanged,
} from "./state.ts";

const DELAY_FACTOR = 4;
const LAST_DELAY = fromSeconds(10);
/** An engine that ran this long was all right: the back-off begins anew. */
const HEALTHY = fromSeconds(10);
/** The usual hand-over is over in 2 s; an interval and a skew time are 40.95 s each at the most. */
const STOP_WITHIN = fromSeconds(10);
const REPORT_AFTER = 3;
const KILL_AFTER = 15;

export const engineDeadline = ({ engine, questions }: SupervisorState): Instant | undefined =>
  earliest(
    engine.kind === "waiting" ? engine.startAt : undefined,
    engine.kind === "running" ? engine.killAt : undefined,
    questions.askAt,
  );

export function startAsked(config: SupervisorConfig, state: SupervisorState, now: Instant): Step {
  if (state.stop !== "not-asked" || state.engine.kind !== "none") return unchanged(state);
  const questions = { ...state.questions, askAt: after(now, config.questionPeriod) };
  const { state: next, effects } = startEngine({ ...state, questions }, FIRST_DELAY, now);
  return { state: next, effects: [...closeFences(state.wanted.instances), ...effects] };
}

const startEngine = (state: SupervisorState, delay: Micros, now: Instant): Step => ({
  state: { ...state, engine: { kind: "starting", since: now, delay } },
  effects: [{ kind: "startEngine" }],
});

export function engineStarted(state: SupervisorState): Step {
  const { engine } = state;
  if (engine.kind !== "starting") return unchanged(state);
  const { since, delay } = engine;
  return configureEngine(
    { ...state, engine: { kind: "running", since, delay, killAt: undefined } },
    false,
  );
}

/** The configuration as last read, to an engine that runs. */
export function configureEngine(state: SupervisorState, isReload: boolean): Step {
  if (state.engine.kind !== "running") return unchanged(state);
  const { revision, instances } = state.wanted;
  const resumed = holdsFor(state, instances);
  const resume = [...resumed.keys()].map(({ router }) => router.name);
  const ids = new Set(resumed.values());
  const spared = state.holds.filter(({ id }) => ids.has(id)).flatMap((one) => one.spared.places);
  const removed = removeUnconfigured(state, instances, resumed);
  const sent = [...state.sent, { revision, instances, isReload, resumed }];
  return {
    state: { ...removed.state, sent },
    effects: [
      ...removed.effects,
      { kind: "configureEngine", revision, isReload, instances, resume, spared },
    ],
  };
}

/**
 * It is gone, or could not be started: the next one waits, the longer the more often this happens.
 */
export function engineGone(state: SupervisorState, now: Instant): SupervisorState {
  const { engine } = state;
  const gone = { ...state, ...routersWithoutEngine(state) };
  if (engine.kind === "none" || engine.kind === "waiting") return gone;
  if (state.stop !== "not-asked") return { ...gone, engine: { kind: "none" } };
  const wait = now - engine.since > HEALTHY ? FIRST_DELAY : engine.delay;
  const delay = micros(Math.min(LAST_DELAY, wait * DELAY_FACTOR));
  return {
    ...gone,
    engine: { kind: "waiting", startAt: after(now, wait), delay },
    restarts: state.restarts + 1,
  };
}

export function stopAsked(state: SupervisorState, now: Instant): Step {
  if (state.stop !== "not-asked") return unchanged(state);
  const next: SupervisorState = {
    ...state,
    stop: "asked",
    questions: { ...state.questions, askAt: undefined },
  };
  if (next.engine.kind !== "running") return unchanged({ ...next, engine: { kind: "none" } });
  const killAt = after(now, micros(STOP_WITHIN + waitForPlatform(state) + demotion(state)));
  return {
    state: { ...next, engine: { ...next.engine, killAt } },
    effects: [{ kind: "stopEngine" }],
  };
}

/** So may a gate: its connections end, and it is demoted first. */
const demotion = ({ wanted }: SupervisorState): number =>
  Math.max(
    0,
    ...wanted.instances.map(({ router: { gate } }) =>
      gate === undefined ? 0 : gate.drain + gate.demoteTimeout + gate.promoteTimeout,
    ),
  );

/** `havip` may make a hand-over longer. */
const waitForPlatform = ({ wanted }: SupervisorState): number =>
  Math.max(0, ...wanted.instances.map(({ router }) => router.handoverWait ?? 0));

export function engineAnswered(
  config: SupervisorConfig,
  state: SupervisorState,
  now: Instant,
): Step {
  if (state.stop !== "not-asked") return unchanged(state);
  const { unanswered } = state.questions;
  const questions = { askAt: after(now, config.questionPeriod), unanswered: 0 };
  const effects: SupervisorEffect[] = [];
  if (unanswered >= REPORT_AFTER)
    effects.push({ kind: "report", report: { kind: "engine-answers-again" } });
  effects.push({ kind: "engineIsAlive" });
  return { state: { ...state, questions }, effects };
}

export function engineDidNotAnswer(
  config: SupervisorConfig,
  state: SupervisorState,
  now: Instant,
): Step {
  if (state.stop !== "not-asked") return unchanged(state);
  const unanswered = state.questions.unanswered + 1;
  const isOver = unanswered === KILL_AFTER;
  const askAt = after(now, config.questionPeriod);
  const effects: SupervisorEffect[] = [];
  if (unanswered === REPORT_AFTER)
    effects.push({ kind: "report", report: { kind: "engine-unresponsive" } });
  if (isOver) {
    const report = { kind: "engine-unresponsive-for-long" } as const;
    effects.push({ kind: "report", report }, { kind: "killEngine" });
  }
  return {
    state: { ...state, questions: { askAt, unanswered: isOver ? 0 : unanswered } },
    effects,
  };
}

/** What of the process is due: it is started, killed, asked. */
export function engineDue(state: SupervisorState, now: Instant): Step {
  const { engine, questions } = state;
  const effects: SupervisorEffect[] = [];
  let next = state;
  if (engine.kind === "waiting" && now >= engine.startAt) {
    const started = startEngine(state, engine.delay, now);
    next = started.state;
    effects.push(...started.effects);
  }
  if (engine.kind === "running" && engine.killAt !== undefined && now >= engine.killAt) {
    next = { ...next, engine: { ...engine, killAt: undefined } };
    const report = { kind: "engine-does-not-stop" } as const;
    effects.push({ kind: "report", report }, { kind: "killEngine" });
  }
  if (questions.askAt !== undefined && now >= questions.askAt) {
    next = { ...next, questions: { ...questions, askAt: undefined } };
    effects.push({ kind: "askEngine" });
  }
  return { state: next, effects };
}
