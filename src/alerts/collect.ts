/**
 * The causes that one `alert` block knows of, as a machine: a state, an event or the time, the next
 * state and the messages that follow.
 *
 *   begins ──> reported at once ──────── again after `repeat`, while it lasts
 *     │  ends                            once more when it was seen to come and go FLAPPING times
 *     v
 *   ended ── begins within `settle`: the same cause, counted
 *     │  `settle` is over
 *     v
 *   "resolved", with how often and how long
 *
 * A moment (a change of state) has no end: it is reported at once; what follows within `settle` of
 * the last one is counted, and reported together when there is no more. Of noise (a refused packet
 * each minute) the first is reported, and then every `repeat` how many there were.
 */
import { EVENT_SEVERITIES, type EventSeverity, type Unnumbered } from "#events/record";
import { assert } from "#units/assert";
import {
  after,
  earliest,
  elapsed,
  fromSeconds,
  type Instant,
  type Micros,
  micros,
  toSeconds,
} from "#units/time";
import { type Sign, signsOf } from "./cause.ts";
import type { AlertMessage } from "./message.ts";

export interface CollectPolicy {
  /** Undefined: every kind. */
  readonly on: readonly Sign["kind"][] | undefined;
  readonly minSeverity: EventSeverity;
  /** 0: never again. */
  readonly repeat: Micros;
  readonly resolved: boolean;
  readonly settle: Micros;
}

interface Cause {
  readonly phase: Exclude<Sign["phase"], "ends">;
  readonly first: Unnumbered;
  readonly since: Instant;
  readonly last: Unnumbered;
  readonly severity: EventSeverity;
  readonly count: number;
  /** Undefined: it lasts. Of a moment: when it last happened. */
  readonly endedAt: Instant | undefined;
  readonly reportedAt: Instant;
  readonly reportedCount: number;
}

export interface Collected {
  readonly causes: ReadonlyMap<string, Cause>;
  /** Causes that there was no room for. */
  readonly leftOut: number;
}

export const NOTHING_COLLECTED: Collected = { causes: new Map(), leftOut: 0 };

export interface CollectStep {
  readonly state: Collected;
  readonly messages: readonly AlertMessage[];
}

/** A thousand instances with two causes each. */
export const CAUSES_MAX = 2_000;
/** So often in a row it begins again before that is reported once more. */
export const FLAPPING = 5;

export function collectEvent(
  state: Collected,
  policy: CollectPolicy,
  event: Unnumbered,
  now: Instant,
): CollectStep {
  let next = state;
  const messages: AlertMessage[] = [];
  for (const sign of signsOf(event)) {
    if (policy.on !== undefined && !isAskedFor(policy.on, sign)) continue;
    if (sign.phase === "ends") {
      next = ended(next, sign.cause, event, now);
      continue;
    }
    const known = next.causes.get(sign.cause);
    if (rank(sign.severity) < rank(policy.minSeverity)) continue;
    if (known === undefined && next.causes.size >= CAUSES_MAX) {
      next = { ...next, leftOut: next.leftOut + 1 };
      continue;
    }
    const { cause, isReported } = happened(known, sign, event, now);
    next = withCause(next, sign.cause, isReported ? reported(cause, now) : cause);
    const isRepeat = known !== undefined;
    if (isReported) messages.push(messageOf(sign.cause, cause, { now, isRepeat, isOver: false }));
  }
  return { state: next, messages };
}

function ended(state: Collected, cause: string, event: Unnumbered, now: Instant): Collected {
  const names = cause.endsWith("/")
    ? [...state.causes.keys()].filter((name) => name.startsWith(cause))
    : [cause];
  let next = state;
  for (const name of names) {
    const known = next.causes.get(name);
    if (known?.phase === "begins" && known.endedAt === undefined)
      next = withCause(next, name, { ...known, last: event, endedAt: now });
  }
  return next;
}

/** A reload has removed what some causes are about: they are over, and nobody is notified. */
export function collectGone(state: Collected, isThere: (event: Unnumbered) => boolean): Collected {
  const causes = new Map([...state.causes].filter(([, { first }]) => isThere(first)));
  return causes.size === state.causes.size ? state : { ...state, causes };
}

const withCause = (state: Collected, name: string, cause: Cause): Collected => ({
  ...state,
  causes: new Map(state.causes).set(name, cause),
});

/** `fault` is a change of state too. */
const isAskedFor = (on: readonly Sign["kind"][], { kind }: Sign): boolean =>
  on.includes(kind) || (kind === "fault" && on.includes("state"));

function happened(
  known: Cause | undefined,
  { phase, severity }: Sign,
  event: Unnumbered,
  now: Instant,
): { readonly cause: Cause; readonly isReported: boolean } {
  if (phase === "ends") assert(false, "an end begins nothing");
  const lasts = phase === "begins";
  const endedAt = lasts ? undefined : now;
  if (known === undefined) {
    const counts = { count: 1, reportedCount: 0, reportedAt: now };
    const cause = { phase, first: event, since: now, last: event, severity, endedAt, ...counts };
    return { cause, isReported: true };
  }
  const isWorse = rank(severity) > rank(known.severity);
  // What is only said again while it lasts has not begun again.
  const isAgain = !lasts || known.endedAt !== undefined;
  const count = known.count + (isAgain ? 1 : 0);
  const cause: Cause = {
    ...known,
    phase,
    last: event,
    severity: isWorse ? severity : known.severity,
    count,
    endedAt,
  };
  return { cause, isReported: isWorse || (phase !== "noise" && isAgain && count === FLAPPING) };
}

export function collectTime(state: Collected, policy: CollectPolicy, now: Instant): CollectStep {
  const messages: AlertMessage[] = [];
  const causes = new Map(state.causes);
  for (const [name, cause] of state.causes) {
    const over = overAt(cause, policy);
    if (over !== undefined && over <= now) {
      causes.delete(name);
      const isNew = cause.count > cause.reportedCount;
      if (cause.phase === "begins" ? policy.resolved : isNew)
        messages.push(messageOf(name, cause, { now, isRepeat: true, isOver: true }));
      continue;
    }
    const again = againAt(cause, policy);
    if (again === undefined || again > now) continue;
    causes.set(name, reported(cause, now));
    messages.push(messageOf(name, cause, { now, isRepeat: true, isOver: false }));
  }
  return { state: { ...state, causes }, messages };
}

/** When something is due; undefined: nothing is. */
export function collectDeadline(state: Collected, policy: CollectPolicy): Instant | undefined {
  let first: Instant | undefined;
  for (const cause of state.causes.values())
    first = earliest(first, earliest(overAt(cause, policy), againAt(cause, policy)));
  return first;
}

function overAt(cause: Cause, { settle, repeat }: CollectPolicy): Instant | undefined {
  const { phase, endedAt, reportedAt, count, reportedCount } = cause;
  if (phase !== "noise") return endedAt === undefined ? undefined : after(endedAt, settle);
  return count > reportedCount ? undefined : after(reportedAt, noiseWindow(repeat, settle));
}

/** One that comes and goes is repeated too; a moment only if it happened again. */
function againAt(cause: Cause, { repeat, settle }: CollectPolicy): Instant | undefined {
  const isQuiet = cause.endedAt !== undefined && cause.count === cause.reportedCount;
  if (isQuiet) return undefined;
  if (cause.phase === "noise") return after(cause.reportedAt, noiseWindow(repeat, settle));
  return repeat === 0 ? undefined : after(cause.reportedAt, repeat);
}

const DAY = fromSeconds(86_400);

const noiseWindow = (repeat: Micros, settle: Micros): Micros =>
  micros(Math.max(settle, repeat === 0 ? DAY : repeat));

const reported = (cause: Cause, now: Instant): Cause => ({
  ...cause,
  reportedAt: now,
  reportedCount: cause.count,
});

function messageOf(
  name: string,
  cause: Cause,
  { now, isRepeat, isOver }: { now: Instant; isRepeat: boolean; isOver: boolean },
): AlertMessage {
  const { severity, count, first, last, since, endedAt, phase } = cause;
  const lasts = isOver ? "resolved" : "firing";
  return {
    cause: name,
    status: phase === "begins" ? lasts : "event",
    isRepeat,
    severity,
    count,
    since: first.at,
    first: first.text,
    seconds: Math.round(toSeconds(elapsed(since, endedAt ?? now))),
    event: last,
  };
}

const rank = (severity: EventSeverity): number => EVENT_SEVERITIES.indexOf(severity);
