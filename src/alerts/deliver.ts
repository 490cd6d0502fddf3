/**
 * The messages to one destination, as a machine. One call at a time; what waits meanwhile goes
 * together in the next one, so that a thousand instances in FAULT are two calls. Of one cause only
 * the newest message waits: after an hour without a network nobody gets an hour of alerts, but what
 * is true now.
 *
 * A call that failed is made again after a doubled wait, until its oldest message is as old as the
 * deadline; one that was refused for good (a wrong key, a redirect) is not.
 */
import { after, earliest, elapsed, type Instant, type Micros, micros } from "#units/time";

export interface DeliverPolicy {
  /** How long to wait for others that come together with the first. */
  readonly gather: Micros;
  /** Between two calls: chat robots take twenty messages a minute. */
  readonly gap: Micros;
  readonly deadline: Micros;
  /** Messages in one call. */
  readonly batchMax: number;
  /** Messages that may wait. */
  readonly waitingMax: number;
}

/** `M` says under which name a newer one replaces it. */
export interface Deliverable {
  readonly cause: string;
}

interface Waiting<M> {
  readonly message: M;
  readonly at: Instant;
}

export interface Delivery<M extends Deliverable> {
  readonly waiting: readonly Waiting<M>[];
  /** Of the call that is being made. */
  readonly calling: readonly Waiting<M>[] | undefined;
  /** Calls that failed in a row. */
  readonly failures: number;
  /** Not to be called before. */
  readonly notBefore: Instant;
  /** Left out since the last call that arrived, for lack of room. */
  readonly leftOut: number;
  readonly counts: DeliveryCounts;
}

export interface DeliveryCounts {
  /** Messages that arrived. */
  readonly sent: number;
  /** Messages that were given up or had no room. */
  readonly failed: number;
}

export type DeliverEvent<M> =
  | { readonly kind: "offered"; readonly messages: readonly M[] }
  | { readonly kind: "arrived" }
  /** `retryAfter`: what the destination asked for. */
  | {
      readonly kind: "failed";
      readonly isForGood: boolean;
      readonly retryAfter?: Micros | undefined;
    }
  | { readonly kind: "timeReached" };

export type DeliverEffect<M> =
  | { readonly kind: "call"; readonly messages: readonly M[]; readonly leftOut: number }
  /** Not delivered, and not tried again. */
  | { readonly kind: "gaveUp"; readonly messages: readonly M[]; readonly why: "refused" | "late" };

export interface DeliverStep<M extends Deliverable> {
  readonly state: Delivery<M>;
  readonly effects: readonly DeliverEffect<M>[];
}

const BACKOFF_FIRST = micros(1_000_000);
const BACKOFF_MAX = micros(30_000_000);

export const emptyDelivery = <M extends Deliverable>(now: Instant): Delivery<M> => ({
  waiting: [],
  calling: undefined,
  failures: 0,
  notBefore: now,
  leftOut: 0,
  counts: { sent: 0, failed: 0 },
});

export function stepDelivery<M extends Deliverable>(
  state: Delivery<M>,
  policy: DeliverPolicy,
  event: DeliverEvent<M>,
  now: Instant,
): DeliverStep<M> {
  switch (event.kind) {
    case "offered":
      return proceed(offer(state, policy, event.messages, now), policy, now, []);
    case "arrived": {
      const sent = state.counts.sent + (state.calling?.length ?? 0);
      const counts = { ...state.counts, sent };
      const notBefore = after(now, policy.gap);
      const free = { ...state, calling: undefined, failures: 0, leftOut: 0, notBefore, counts };
      return proceed(free, policy, now, []);
    }
    case "failed":
      return failed(state, policy, event, now);
    case "timeReached":
      return proceed(state, policy, now, []);
  }
}

/** When it is to be called with `timeReached`. */
export function deliveryDeadline<M extends Deliverable>(
  { waiting, calling, notBefore }: Delivery<M>,
  policy: DeliverPolicy,
): Instant | undefined {
  const [oldest] = waiting;
  if (oldest === undefined) return undefined;
  const late = after(oldest.at, policy.deadline);
  if (calling !== undefined) return late;
  const gathered = after(oldest.at, policy.gather);
  return earliest(gathered > notBefore ? gathered : notBefore, late);
}

function offer<M extends Deliverable>(
  state: Delivery<M>,
  policy: DeliverPolicy,
  messages: readonly M[],
  now: Instant,
): Delivery<M> {
  const waiting = new Map(state.waiting.map((one) => [one.message.cause, one]));
  for (const message of messages) {
    // It keeps the time of the one it replaces: the deadline counts from the first.
    const at = waiting.get(message.cause)?.at ?? now;
    waiting.set(message.cause, { message, at });
  }
  return bounded(state, policy, [...waiting.values()]);
}

/** The oldest have no room: what is newer is truer. */
function bounded<M extends Deliverable>(
  state: Delivery<M>,
  { waitingMax }: DeliverPolicy,
  waiting: readonly Waiting<M>[],
): Delivery<M> {
  const more = Math.max(0, waiting.length - waitingMax);
  return {
    ...state,
    waiting: waiting.slice(more),
    leftOut: state.leftOut + more,
    counts: { ...state.counts, failed: state.counts.failed + more },
  };
}

function failed<M extends Deliverable>(
  state: Delivery<M>,
  policy: DeliverPolicy,
  { isForGood, retryAfter }: Extract<DeliverEvent<M>, { kind: "failed" }>,
  now: Instant,
): DeliverStep<M> {
  const calling = state.calling ?? [];
  const failures = state.failures + 1;
  const doubled = micros(Math.min(BACKOFF_MAX, BACKOFF_FIRST * 2 ** Math.min(failures - 1, 10)));
  const wait = micros(Math.max(retryAfter ?? doubled, policy.gap));
  const free = { ...state, calling: undefined, failures, notBefore: after(now, wait) };
  if (isForGood) {
    const { state: given, effects } = giveUp(free, calling, "refused");
    // Others may be taken: it is the message, or will be for the next one too.
    return proceed(given, policy, now, effects);
  }
  const newer = new Set(free.waiting.map(({ message }) => message.cause));
  const back = calling.filter(({ message }) => !newer.has(message.cause));
  return proceed(bounded(free, policy, [...back, ...free.waiting]), policy, now, []);
}

function proceed<M extends Deliverable>(
  state: Delivery<M>,
  policy: DeliverPolicy,
  now: Instant,
  before: readonly DeliverEffect<M>[],
): DeliverStep<M> {
  const isLate = ({ at }: Waiting<M>): boolean => elapsed(at, now) >= policy.deadline;
  const late = state.waiting.filter(isLate);
  const { state: kept, effects } =
    late.length === 0
      ? { state, effects: [] }
      : giveUp({ ...state, waiting: state.waiting.filter((one) => !isLate(one)) }, late, "late");
  const all = [...before, ...effects];
  const due = deliveryDeadline(kept, policy);
  if (kept.calling !== undefined || due === undefined || due > now)
    return { state: kept, effects: all };
  const calling = kept.waiting.slice(0, policy.batchMax);
  const messages = calling.map(({ message }) => message);
  return {
    state: { ...kept, calling, waiting: kept.waiting.slice(policy.batchMax) },
    effects: [...all, { kind: "call", messages, leftOut: kept.leftOut }],
  };
}

function giveUp<M extends Deliverable>(
  state: Delivery<M>,
  lost: readonly Waiting<M>[],
  why: "refused" | "late",
): { readonly state: Delivery<M>; readonly effects: readonly DeliverEffect<M>[] } {
  const counts = { ...state.counts, failed: state.counts.failed + lost.length };
  const messages = lost.map(({ message }) => message);
  return { state: { ...state, counts }, effects: [{ kind: "gaveUp", messages, why }] };
}
