/**
 * The queue of notify scripts of one instance or one sync group, as a pure machine.
 *
 * keepalived forks every script at once and waits for none, so a slow MASTER script may end after the BACKUP script of
 * the next change. Here one runs at a time, in the order of the changes. What has become untrue while it waited is
 * dropped: of several changes of state only the last is told; the end (STOP, DELETED) is always told.
 */
import { after, earliest, type Instant, type Micros, micros } from "#units/time";
import type { NotifyJob, PreparedCommand } from "./notify-command.ts";

export interface QueueState {
  readonly running: RunningJob | undefined;
  readonly waiting: readonly NotifyJob[];
  /** Jobs that were dropped because a later one replaced them. */
  readonly replaced: number;
}

export interface RunningJob {
  readonly job: NotifyJob;
  /** Which of the job's commands. */
  readonly index: number;
  readonly kind: "running" | "terminating" | "killed";
  readonly actAt: Instant | undefined;
}

export type QueueEvent =
  | { readonly kind: "add"; readonly job: NotifyJob }
  /** The running command has ended, or could not be started. */
  | { readonly kind: "finished" }
  | { readonly kind: "timeReached" }
  /** The daemon cannot wait any longer: end what runs, forget the rest. */
  | { readonly kind: "abandon" };

export type QueueEffect =
  | { readonly kind: "start"; readonly job: NotifyJob; readonly command: PreparedCommand }
  /** SIGTERM to the process group; `afterMicros` of patience were over. */
  | { readonly kind: "terminate" }
  | { readonly kind: "kill" };

export interface QueueStep {
  readonly state: QueueState;
  readonly effects: readonly QueueEffect[];
}

/** For a command without a timeout of its own. */
export const NOTIFY_TIMEOUT: Micros = micros(30_000_000);
/** A script that runs when the end comes gets this long, so that the STOP script still has its turn. */
export const END_PATIENCE: Micros = micros(2_500_000);
export const KILL_AFTER: Micros = micros(2_000_000);

export const emptyQueue: QueueState = { running: undefined, waiting: [], replaced: 0 };

export const isIdle = (state: QueueState): boolean =>
  state.running === undefined && state.waiting.length === 0;

export const queueDeadline = (state: QueueState): Instant | undefined =>
  earliest(state.running?.actAt);

export function stepQueue(state: QueueState, event: QueueEvent, now: Instant): QueueStep {
  switch (event.kind) {
    case "add":
      return add(state, event.job, now);
    case "finished":
      return finished(state, now);
    case "timeReached":
      return timeReached(state, now);
    case "abandon":
      return abandon(state, now);
  }
}

function add(state: QueueState, job: NotifyJob, now: Instant): QueueStep {
  const kept = state.waiting.filter((other) => other.topic !== job.topic);
  const next = {
    ...state,
    waiting: job.commands.length === 0 ? kept : [...kept, job],
    replaced: state.replaced + state.waiting.length - kept.length,
  };
  if (next.running === undefined) return startNext(next, now);
  const { running } = next;
  if (!job.isEnd || running.kind !== "running" || job.commands.length === 0) {
    return { state: next, effects: [] };
  }
  const actAt = earliest(running.actAt, after(now, END_PATIENCE));
  return { state: { ...next, running: { ...running, actAt } }, effects: [] };
}

function finished(state: QueueState, now: Instant): QueueStep {
  const { running } = state;
  if (running === undefined) return { state, effects: [] };
  const index = running.index + 1;
  const command = running.job.commands[index];
  if (command === undefined) return startNext({ ...state, running: undefined }, now);
  // When the end is near, the second command of an older job would only keep it from its turn.
  const isEndNear = !running.job.isEnd && state.waiting.some((job) => job.isEnd);
  if (isEndNear) return startNext({ ...state, running: undefined }, now);
  return begin(state, running.job, index, command, now);
}

function startNext(state: QueueState, now: Instant): QueueStep {
  const [job, ...waiting] = state.waiting;
  const command = job?.commands[0];
  if (job === undefined || command === undefined) return { state, effects: [] };
  return begin({ ...state, waiting }, job, 0, command, now);
}

function begin(
  state: QueueState,
  job: NotifyJob,
  index: number,
  command: PreparedCommand,
  now: Instant,
): QueueStep {
  const actAt = after(now, command.timeout ?? NOTIFY_TIMEOUT);
  return {
    state: { ...state, running: { job, index, kind: "running", actAt } },
    effects: [{ kind: "start", job, command }],
  };
}

function timeReached(state: QueueState, now: Instant): QueueStep {
  const { running } = state;
  if (running?.actAt === undefined || now < running.actAt) return { state, effects: [] };
  if (running.kind === "terminating") {
    const killed: RunningJob = { ...running, kind: "killed", actAt: undefined };
    return { state: { ...state, running: killed }, effects: [{ kind: "kill" }] };
  }
  return terminate(state, running, now);
}

function terminate(state: QueueState, running: RunningJob, now: Instant): QueueStep {
  const actAt = after(now, KILL_AFTER);
  const next = { ...state, running: { ...running, kind: "terminating", actAt } } as const;
  return { state: next, effects: [{ kind: "terminate" }] };
}

function abandon(state: QueueState, now: Instant): QueueStep {
  const next = { ...state, waiting: [] };
  const { running } = state;
  // Its other commands would start when this one ends.
  const last = running && {
    ...running,
    job: { ...running.job, commands: running.job.commands.slice(0, running.index + 1) },
  };
  if (last === undefined || last.kind !== "running") {
    return { state: { ...next, running: last }, effects: [] };
  }
  return terminate(next, last, now);
}
