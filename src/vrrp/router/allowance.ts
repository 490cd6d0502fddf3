/**
 * Bounds on what others' packets can make a router do, since VRRP has no protection against forged
 * packets. Each kind of answer has a token bucket: so many at once, then one per period.
 *
 *   advertisements out of turn      `ANSWERS` at once, then one per eighth of an interval
 *   announcements of an address     `ANNOUNCEMENTS` frames at once, then one per half interval, at
 *                                   most 0.2 s apart; what exceeds it is sent later, so that the
 *                                   owner's frame is the last one clients see
 *   take-overs after priority 0     `TAKE_OVERS` at once, then one per detection time
 *
 * An allowance that was never used is undefined: the bucket is full.
 */
import type { Instant, Micros } from "#units/time";
import { fromCentis, micros } from "#units/time";
import type { RouterConfig } from "./config.ts";
import { masterDown } from "./timing.ts";

export interface Allowance {
  readonly left: number;
  readonly at: Instant;
}

interface Kind {
  readonly most: number;
  /** One more becomes available per this time. */
  readonly each: Micros;
}

const ANSWERS = 3;
const ANNOUNCEMENTS = 20;
const ANNOUNCEMENT_EACH = 200_000;
const TAKE_OVERS = 5;
const EIGHTH_MIN = 2_000;

/** Tokens are sums of fractions: rounding could keep the last one just below 1 for ever. */
const WHOLE = 1 - 1e-6;

export const answersOf = (config: RouterConfig): Kind => ({
  most: ANSWERS,
  each: micros(Math.max(EIGHTH_MIN, fromCentis(config.advertInterval) / 8)),
});

export const announcementsOf = (config: RouterConfig): Kind => ({
  most: ANNOUNCEMENTS,
  each: micros(Math.min(ANNOUNCEMENT_EACH, fromCentis(config.advertInterval) / 2)),
});

export const takeOversOf = (config: RouterConfig): Kind => ({
  most: TAKE_OVERS,
  each: masterDown(config, config.advertInterval, 1),
});

/** How many may be spent now. */
export function available(kind: Kind, allowance: Allowance | undefined, now: Instant): number {
  return Math.floor(leftAt(kind, allowance, now) + 1 - WHOLE);
}

export function spend(
  kind: Kind,
  allowance: Allowance | undefined,
  count: number,
  now: Instant,
): Allowance {
  return { left: leftAt(kind, allowance, now) - count, at: now };
}

/** When the next one may be spent. */
export function nextAt(kind: Kind, allowance: Allowance | undefined, now: Instant): Instant {
  const missing = Math.max(0, 1 - leftAt(kind, allowance, now));
  return (now + Math.ceil(missing * kind.each)) as Instant;
}

function leftAt({ most, each }: Kind, allowance: Allowance | undefined, now: Instant): number {
  if (allowance === undefined) return most;
  return Math.min(most, allowance.left + Math.max(0, now - allowance.at) / each);
}
