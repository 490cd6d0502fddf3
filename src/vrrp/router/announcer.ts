/**
 * Paces the announcements (gratuitous ARP) of one interface. All its addresses share one budget,
 * because switches and clouds limit ARP per port.
 *
 * Round-robin: every address gets one frame before any gets its second, and each burst begins with
 * another address, so that a switch which forwards only the first frames of a burst starves none.
 * The first round leaves at once; later rounds keep `ROUND_GAP`, since what makes a port lose one
 * frame (a full queue, a port not forwarding yet) makes it lose the frames right behind it too.
 * keepalived sends all repeats of a block within a millisecond.
 *
 * A token bucket (`garp_rate`) and a smallest gap (`vrrp_garp_interval`) bound what leaves.
 */
import { after, earliest, type Instant, micros } from "#units/time";
import type { PacingConfig } from "./config.ts";

/** One address of one instance waiting to be announced. */
export interface Item<Target> {
  readonly key: string;
  readonly target: Target;
  readonly remaining: number;
  readonly notBefore: Instant;
}

export interface AnnouncerState<Target> {
  readonly queue: readonly Item<Target>[];
  readonly tokens: number;
  readonly filledAt: Instant;
  readonly lastAt: Instant | undefined;
  /** Bursts sent so far; decides which address begins the next one. */
  readonly bursts: number;
}

/**
 * Golden section of the queue's length: spreads the first addresses of successive bursts evenly.
 */
const TURN = 0.618_034;

const ROUND_GAP = micros(50_000);

/** Tokens are sums of fractions: rounding could keep the last one just below 1 for ever. */
const WHOLE = 1 - 1e-6;

export function emptyAnnouncer<Target>(pacing: PacingConfig, now: Instant): AnnouncerState<Target> {
  return { queue: [], tokens: pacing.burst, filledAt: now, lastAt: undefined, bursts: 0 };
}

/**
 * Requests for one address that wait for their turn together are so many frames together, at most:
 * each is there in case that the one before is lost, so a slow budget may not make one of three
 * (after a rival: 15, 150 and 1000 ms).
 */
const TOGETHER_MAX = 3;

/**
 * A second request for a queued address makes it due now. It keeps the larger of both counts; their
 * sum, up to `TOGETHER_MAX`, where the first one was due and has waited for the budget.
 */
export function request<Target>(
  state: AnnouncerState<Target>,
  wanted: readonly { readonly key: string; readonly target: Target }[],
  repeat: number,
  now: Instant,
): AnnouncerState<Target> {
  const queue = [...state.queue];
  for (const { key, target } of wanted) {
    const place = queue.findIndex((item) => item.key === key);
    const known = queue[place];
    const remaining = known === undefined ? repeat : together(known, repeat, now);
    const item = { key, target, remaining, notBefore: now };
    if (known === undefined) queue.push(item);
    else queue[place] = item;
  }
  return { ...state, queue };
}

function together<Target>(known: Item<Target>, repeat: number, now: Instant): number {
  const { remaining: waiting, notBefore } = known;
  const larger = Math.max(waiting, repeat);
  return notBefore < now ? Math.max(larger, Math.min(waiting + repeat, TOGETHER_MAX)) : larger;
}

export function cancel<Target>(
  state: AnnouncerState<Target>,
  keys: ReadonlySet<string>,
): AnnouncerState<Target> {
  return { ...state, queue: state.queue.filter((item) => !keys.has(item.key)) };
}

/** Takes what may leave now. */
export function take<Target>(
  pacing: PacingConfig,
  state: AnnouncerState<Target>,
  now: Instant,
): { readonly state: AnnouncerState<Target>; readonly send: readonly Target[] } {
  const limited = pacing.burst > 0 && pacing.perSecond > 0;
  let tokens = limited ? refill(pacing, state, now) : Number.POSITIVE_INFINITY;
  let { lastAt } = state;
  const send: Target[] = [];
  const waiting: Item<Target>[] = [];
  const served = new Map<Item<Target>, Item<Target>>();
  // With a budget the queue's order is kept: bursts are short enough for a switch.
  for (const item of limited ? state.queue : turned(state.queue, state.bursts)) {
    const gapOver = pacing.gap === 0 || lastAt === undefined || now >= lastAt + pacing.gap;
    if (item.notBefore > now || tokens < WHOLE || !gapOver) {
      waiting.push(item);
      continue;
    }
    send.push(item.target);
    tokens -= 1;
    lastAt = now;
    const remaining = item.remaining - 1;
    if (remaining > 0) served.set(item, { ...item, remaining, notBefore: after(now, ROUND_GAP) });
  }
  const bursts = state.bursts + (send.length > 1 ? 1 : 0);
  // In the order of the requests, so that every burst's first address is counted from the same one.
  const queue = [...waiting, ...state.queue.flatMap((item) => served.get(item) ?? [])];
  return { state: { queue, tokens: limited ? tokens : 0, filledAt: now, lastAt, bursts }, send };
}

function turned<Item>(queue: readonly Item[], bursts: number): readonly Item[] {
  if (bursts === 0 || queue.length < 2) return queue;
  const start = Math.floor(((bursts * TURN) % 1) * queue.length);
  return [...queue.slice(start), ...queue.slice(0, start)];
}

function refill<Target>(pacing: PacingConfig, state: AnnouncerState<Target>, now: Instant): number {
  const gained = ((now - state.filledAt) * pacing.perSecond) / 1_000_000;
  return Math.min(pacing.burst, state.tokens + gained);
}

/** When the next queued frame may leave. */
export function announcerDeadline<Target>(
  pacing: PacingConfig,
  state: AnnouncerState<Target>,
): Instant | undefined {
  let first: Instant | undefined;
  for (const item of state.queue) first = earliest(first, item.notBefore);
  if (first === undefined) return undefined;
  let at: number = first;
  if (pacing.gap > 0 && state.lastAt !== undefined) at = Math.max(at, state.lastAt + pacing.gap);
  if (pacing.burst > 0 && pacing.perSecond > 0 && state.tokens < WHOLE) {
    const missing = ((1 - state.tokens) * 1_000_000) / pacing.perSecond;
    at = Math.max(at, Math.ceil(state.filledAt + missing));
  }
  return at as Instant;
}
