/**
 * The queue of one kind of notify script (the states' own, or `notify`) of one instance or sync
 * group, as a pure machine.
 *
 * keepalived forks every script at once and waits for none, so a slow MASTER script may end
 * after the BACKUP script of the next change. Here they run one after the other, in the order
 * of the changes. A job that has become outdated while it waited is dropped: of several changes
 * of state only the last is notified; the end (STOP, DELETED) is always notified. A script that
 * takes longer than `WAIT` (or `END_WAIT`, if the end is waiting) is not ended for that reason:
 * the next one starts beside it. Only a script with a timeout of its own (`notify_timeout`) is
 * ended.
 */
import { after, earliest, earliestOf, type Instant, type Micros, micros } from "#units/time";
import type { NotifyJob } from "./notify-command.ts";

export interface QueueState {
  readonly running: readonly RunningJob[];
  readonly waiting: readonly WaitingJob[];
  /** The number of jobs that were dropped because a later one replaced them. */
  readonly replaced: number;
  readonly nextId: number;
}

export interface RunningJob {
  readonly id: number;
  readonly job: NotifyJob;
  readonly kind: "running" | "terminating" | "killed";
  /** When it is to be terminated or killed; undefined for never. */
  readonly actAt: Instant | undefined;
  readonly why: EndReason;
}

/** Why a script is ended: its own timeout has expired, or the daemon ends. */
export type EndReason = "timeout" | "end";

export interface WaitingJob {
  readonly job: NotifyJob;
  /** The time from which on it no longer waits for earlier ones. */
  readonly startBy: Instant;
}

export type QueueEvent =
  | { readonly kind: "add"; readonly job: NotifyJob }
  /** The state has changed to one without a script: an older waiting job is outdated. */
  | { readonly kind: "passed" }
  /** It has ended, or could not be started. */
  | { readonly kind: "finished"; readonly id: number }
  | { readonly kind: "timeReached" }
  /**
   * The daemon cannot wait any longer: running scripts are to be ended, and the rest forgotten.
   */
  | { readonly kind: "abandon" };

export type QueueEffect =
  | {
      readonly kind: "start";
      readonly id: number;
      readonly job: NotifyJob;
      /** The number of earlier scripts that still run. */
      readonly beside: number;
    }
  /** SIGTERM, and `KILL_AFTER` later SIGKILL for what is still there. */
  | { readonly kind: "terminate" | "kill"; readonly id: number; readonly why: EndReason };

export interface QueueStep {
  readonly state: QueueState;
  readonly effects: readonly QueueEffect[];
}

/** How long a script waits for an earlier one. */
export const WAIT: Micros = micros(30_000_000);
/** How long STOP and DELETED wait for an earlier one. */
export const END_WAIT: Micros = micros(2_500_000);
export const KILL_AFTER: Micros = micros(2_000_000);
/**
 * Scripts that never end must not fill the process table: beyond this number the next one waits
 * for one to end.
 */
export const RUNNING_MAX = 16;

export const emptyQueue: QueueState = { running: [], waiting: [], replaced: 0, nextId: 1 };

export const isIdle = (state: QueueState): boolean =>
  state.running.length === 0 && state.waiting.length === 0;

export function queueDeadline(state: QueueState): Instant | undefined {
  const [next] = state.waiting;
  const canStart = state.running.length < RUNNING_MAX;
  return earliest(
    earliestOf(state.running.map(({ actAt }) => actAt)),
    canStart ? next?.startBy : undefined,
  );
}

export function stepQueue(state: QueueState, event: QueueEvent, now: Instant): QueueStep {
  switch (event.kind) {
    case "add":
      return startNext(add(state, event.job, now), [], now);
    case "passed": {
      const waiting = state.waiting.filter(({ job }) => job.topic !== "state");
      const replaced = state.replaced + state.waiting.length - waiting.length;
      return { state: { ...state, waiting, replaced }, effects: [] };
    }
    case "finished": {
      const running = state.running.filter(({ id }) => id !== event.id);
      return startNext({ ...state, running }, [], now);
    }
    case "timeReached":
      return timeReached(state, now);
    case "abandon":
      return abandon(state, now);
  }
}

function add(state: QueueState, job: NotifyJob, now: Instant): QueueState {
  const kept = state.waiting.filter((other) => other.job.topic !== job.topic);
  const old = state.waiting.find((other) => other.job.topic === job.topic);
  // A job that replaces another waits no longer than that one would have, so that a series of
  // changes cannot delay it for ever.
  const startBy = earliest(old?.startBy, after(now, job.isEnd ? END_WAIT : WAIT)) ?? now;
  // No job that waits ahead of the end may delay it.
  const before = job.isEnd
    ? kept.map((one) => ({ ...one, startBy: earliest(one.startBy, startBy) ?? startBy }))
    : kept;
  return {
    ...state,
    waiting: [...before, { job, startBy }],
    replaced: state.replaced + (old === undefined ? 0 : 1),
  };
}

function startNext(state: QueueState, before: readonly QueueEffect[], now: Instant): QueueStep {
  const effects = [...before];
  let next = state;
  for (;;) {
    const [head, ...waiting] = next.waiting;
    const beside = next.running.length;
    const isDue = beside === 0 || (head !== undefined && now >= head.startBy);
    if (head === undefined || !isDue || beside >= RUNNING_MAX) return { state: next, effects };
    const { job } = head;
    const id = next.nextId;
    const { timeout } = job.command;
    const actAt = timeout === undefined ? undefined : after(now, timeout);
    const started: RunningJob = { id, job, kind: "running", actAt, why: "timeout" };
    next = { ...next, waiting, running: [...next.running, started], nextId: id + 1 };
    effects.push({ kind: "start", id, job, beside });
  }
}

function timeReached(state: QueueState, now: Instant): QueueStep {
  const effects: QueueEffect[] = [];
  const running = state.running.map((one): RunningJob => {
    if (one.actAt === undefined || now < one.actAt) return one;
    if (one.kind === "running") {
      effects.push({ kind: "terminate", id: one.id, why: "timeout" });
      return { ...one, kind: "terminating", actAt: after(now, KILL_AFTER) };
    }
    effects.push({ kind: "kill", id: one.id, why: one.why });
    return { ...one, kind: "killed", actAt: undefined };
  });
  return startNext({ ...state, running }, effects, now);
}

function abandon(state: QueueState, now: Instant): QueueStep {
  const effects: QueueEffect[] = [];
  const running = state.running.map((one): RunningJob => {
    if (one.kind !== "running") return one;
    effects.push({ kind: "terminate", id: one.id, why: "end" });
    return { ...one, kind: "terminating", actAt: after(now, KILL_AFTER), why: "end" };
  });
  return { state: { ...state, running, waiting: [] }, effects };
}
