/**
 * When a check script runs and what its results mean, as a pure machine.
 *
 *   beat ──> start ──> finished ─────────────────> rise / fall ──> up, down
 *              └─> timeout ──> terminate (counts as failure now) ──> 2 s ──> kill ──> finished
 *
 * The period is from start to start, on a fixed grid. A beat that falls into a run that is still
 * going is skipped, as keepalived does from 2.3.3 on (older versions start a second copy). The
 * first result after start counts at once in both directions; from then on `rise` successes or
 * `fall` failures in a row are needed.
 *
 * A check that hangs is found `timeout + (fall - 1) * max(interval, timeout)` after the first
 * run that hangs began; where `timeout >= interval`, the time that those runs take to end is
 * added. Therefore a run that timed out is followed at once by the next if a beat fell into it,
 * even at the same moment; and a later beat that finds it still running counts as a failure,
 * since no other run can be started.
 */
import { after, earliest, elapsed, type Instant, type Micros, micros } from "#units/time";

export interface CheckConfig {
  /** From start to start. */
  readonly interval: Micros;
  readonly timeout: Micros;
  readonly rise: number;
  readonly fall: number;
  /** Down until the first result, instead of unknown. */
  readonly initFail: boolean;
}

export type CheckResult = "unknown" | "up" | "down";

export interface CheckState {
  readonly result: CheckResult;
  /** The outcome of the last run that ended or timed out. */
  readonly lastOk: boolean | undefined;
  /** How many runs in a row have had that outcome. */
  readonly consecutive: number;
  readonly nextAt: Instant;
  readonly run: Run | undefined;
  /** The number of beats that fell into a run that was still going. */
  readonly skipped: number;
}

interface Run {
  /**
   * "terminating" since SIGTERM, "killed" since SIGKILL; from then on the machine only waits
   * for its end.
   */
  readonly kind: "running" | "terminating" | "killed";
  readonly actAt: Instant | undefined;
  /** When it timed out; undefined until then. */
  readonly overAt: Instant | undefined;
  /** True if a beat fell into it. */
  readonly hasMissedBeat: boolean;
}

export type CheckEvent =
  /**
   * `isExcused`: if the run has timed out, that says nothing about what is checked. It is ended,
   * without a result.
   */
  | { readonly kind: "timeReached"; readonly isExcused?: boolean }
  | { readonly kind: "finished"; readonly ok: boolean }
  /** It could not even be started: that is a failure, and there is nothing to wait for. */
  | { readonly kind: "notStarted" }
  /**
   * What is checked has stopped answering at `since`: the next run begins now, and its time counts
   * from then.
   */
  | { readonly kind: "doubted"; readonly since: Instant }
  /**
   * This machine lacked the resources to start it. That says nothing about what is checked, so
   * there is no result.
   */
  | { readonly kind: "unable" };

export type CheckEffect =
  | { readonly kind: "start" }
  /** Send SIGTERM to the process group. */
  | { readonly kind: "terminate" }
  /** Send SIGKILL to the process group. */
  | { readonly kind: "kill" }
  /** The result has changed. */
  | { readonly kind: "result"; readonly result: CheckResult };

export interface CheckStep {
  readonly state: CheckState;
  readonly effects: readonly CheckEffect[];
}

/** From SIGTERM to SIGKILL, as in keepalived. */
export const KILL_AFTER: Micros = micros(2_000_000);

export function startCheck(config: CheckConfig, now: Instant): CheckState {
  return {
    result: config.initFail ? "down" : "unknown",
    lastOk: undefined,
    consecutive: 0,
    nextAt: now,
    run: undefined,
    skipped: 0,
  };
}

/**
 * Called after a reload that changed only numbers: results stay, and if the period became
 * shorter the next beat is immediate.
 */
export function rescheduleCheck(config: CheckConfig, state: CheckState, now: Instant): CheckState {
  const latest = after(now, config.interval);
  return state.nextAt <= latest ? state : { ...state, nextAt: latest };
}

export function checkDeadline(state: CheckState): Instant | undefined {
  return earliest(state.nextAt, state.run?.actAt);
}

export function stepCheck(
  config: CheckConfig,
  state: CheckState,
  event: CheckEvent,
  now: Instant,
): CheckStep {
  switch (event.kind) {
    case "timeReached":
      return timeReached(config, state, event.isExcused === true, now);
    case "finished":
      return finished(config, state, event.ok, now);
    case "doubted":
      return doubted(config, state, event.since);
    case "unable":
      return { state: { ...state, run: undefined }, effects: [] };
    case "notStarted":
      return count(config, { ...state, run: undefined }, false);
  }
}

function finished(config: CheckConfig, state: CheckState, ok: boolean, now: Instant): CheckStep {
  const { run } = state;
  const ended = { ...state, run: undefined };
  if (run === undefined || run.kind === "running") {
    return run === undefined ? { state, effects: [] } : count(config, ended, ok);
  }
  // A run that timed out has already been counted as a failure, however it ends.
  return run.hasMissedBeat ? start(config, ended, now) : { state: ended, effects: [] };
}

function start(config: CheckConfig, state: CheckState, now: Instant): CheckStep {
  const actAt = after(now, config.timeout);
  const run: Run = { kind: "running", actAt, overAt: undefined, hasMissedBeat: false };
  return { state: { ...state, run }, effects: [{ kind: "start" }] };
}

function doubted(config: CheckConfig, state: CheckState, since: Instant): CheckStep {
  if (state.run !== undefined) return { state, effects: [] };
  return start(config, { ...state, nextAt: after(since, config.interval) }, since);
}

function timeReached(
  config: CheckConfig,
  state: CheckState,
  isExcused: boolean,
  now: Instant,
): CheckStep {
  const first =
    state.run === undefined ? { state, effects: [] } : hurry(config, state, isExcused, now);
  const beatAt = first.state.nextAt;
  if (now < beatAt) return first;
  const beats = Math.floor(elapsed(beatAt, now) / config.interval) + 1;
  const nextAt = after(beatAt, micros(beats * config.interval));
  const { run } = first.state;
  if (run === undefined) return start(config, { ...first.state, nextAt }, now);
  const skipped = first.state.skipped + beats;
  const next = { ...first.state, nextAt, skipped, run: { ...run, hasMissedBeat: true } };
  if (run.overAt === undefined || beatAt <= run.overAt) {
    return { state: next, effects: first.effects };
  }
  const counted = count(config, next, false);
  return { state: counted.state, effects: [...first.effects, ...counted.effects] };
}

function hurry(
  config: CheckConfig,
  state: CheckState,
  isExcused: boolean,
  now: Instant,
): CheckStep {
  const { run } = state;
  if (run?.actAt === undefined || now < run.actAt) return { state, effects: [] };
  if (run.kind === "terminating") {
    const killed: Run = { ...run, kind: "killed", actAt: undefined };
    return { state: { ...state, run: killed }, effects: [{ kind: "kill" }] };
  }
  const actAt = after(now, KILL_AFTER);
  const terminating: Run = { ...run, kind: "terminating", actAt, overAt: now };
  if (isExcused) return { state: { ...state, run: terminating }, effects: [{ kind: "terminate" }] };
  const counted = count(config, { ...state, run: terminating }, false);
  return { state: counted.state, effects: [{ kind: "terminate" }, ...counted.effects] };
}

function count(config: CheckConfig, state: CheckState, ok: boolean): CheckStep {
  const consecutive = state.lastOk === ok ? state.consecutive + 1 : 1;
  const isFirst = state.lastOk === undefined;
  const next = { ...state, lastOk: ok, consecutive };
  const result = ok ? "up" : "down";
  const needed = isFirst ? 1 : ok ? config.rise : config.fall;
  if (state.result === result || consecutive < needed) return { state: next, effects: [] };
  return { state: { ...next, result }, effects: [{ kind: "result", result }] };
}
