/**
 * Announcements of one interface: all its addresses share the budget, because switches and clouds limit ARP per port.
 *
 * Round-robin: every address gets one frame before any gets its second, and each round begins with another address, so that
 * a switch that lets only the first of a burst through starves nobody. The first round leaves at once; later rounds keep `ROUND_GAP`, since a frame lost to a full queue or a port that is not ready yet is
 * lost for its immediate successors too. keepalived sends all repeats of a block within a millisecond.
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
  /** Bursts that have left: the next one begins elsewhere. */
  readonly bursts: number;
}

/** Of a burst's length: with the golden section the beginnings of any number of bursts lie evenly. */
const TURN = 0.618_034;

const ROUND_GAP = micros(50_000);

/** Tokens are added up in fractions; without this the last bit of one may be missing for ever. */
const WHOLE = 1 - 1e-6;

export function emptyAnnouncer<Target>(pacing: PacingConfig, now: Instant): AnnouncerState<Target> {
  return { queue: [], tokens: pacing.burst, filledAt: now, lastAt: undefined, bursts: 0 };
}

/** Asking again for what is already waiting raises its count to the larger of both and makes it due now. */
export function request<Target>(
  state: AnnouncerState<Target>,
  wanted: readonly { readonly key: string; readonly target: Target }[],
  repeat: number,
  now: Instant,
): AnnouncerState<Target> {
  const queue = [...state.queue];
  for (const { key, target } of wanted) {
    const place = queue.findIndex((item) => item.key === key);
    const waiting = place === -1 ? 0 : (queue[place]?.remaining ?? 0);
    const item = { key, target, remaining: Math.max(waiting, repeat), notBefore: now };
    if (place === -1) queue.push(item);
    else queue[place] = item;
  }
  return { ...state, queue };
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
  // With a budget whoever waits is first: nothing is lost that would have to be made up for.
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
  // In the order in which they were asked for, so that every turn is counted from the same beginning.
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

/** When something waiting may leave. */
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
