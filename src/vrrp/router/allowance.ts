/**
 * What others can make a router do is bounded, for VRRP has no protection against forged packets: each kind of answer has an
 * allowance of so many at once, and so many in a time after that (a token bucket).
 *
 *   advertisements out of turn      `ANSWERS` at once, then one in an eighth of an interval
 *   announcements of an address     `ANNOUNCEMENTS` frames at once, then one in half an interval, 0.2 s at most; what is due
 *                                   meanwhile waits, so that the owner's frame is the last one in the end
 *   take-overs after priority 0     `TAKE_OVERS` at once, then one in a detection time
 *
 * An allowance that was never used is undefined: full.
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
  /** One more comes in this time. */
  readonly each: Micros;
}

const ANSWERS = 3;
const ANNOUNCEMENTS = 20;
const ANNOUNCEMENT_EACH = 200_000;
const TAKE_OVERS = 5;
const EIGHTH_MIN = 2_000;

/** Tokens are added up in fractions; without this the last bit of one may be missing for ever. */
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

/** Whole ones that may be spent now. */
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

/** When the next whole one is there. */
export function nextAt(kind: Kind, allowance: Allowance | undefined, now: Instant): Instant {
  const missing = Math.max(0, 1 - leftAt(kind, allowance, now));
  return (now + Math.ceil(missing * kind.each)) as Instant;
}

function leftAt({ most, each }: Kind, allowance: Allowance | undefined, now: Instant): number {
  if (allowance === undefined) return most;
  return Math.min(most, allowance.left + Math.max(0, now - allowance.at) / each);
}
