/**
 * The emulator's clock: the real one, moved forward by hand. Only signatures use the real clock
 * itself.
 */
import type { Instant } from "#units/time";
import { instant } from "#units/time";

/** How far the clock may be moved: a hundred years. Dates stay dates, which `Date` bounds. */
export const OFFSET_SECONDS_MAX: number = 100 * 365 * 86_400;

export class CloudClock {
  readonly #realNow: () => number;
  #offsetSeconds = 0;

  /** `realNow` in milliseconds since 1970. */
  constructor(realNow: () => number) {
    this.#realNow = realNow;
  }

  now(): Instant {
    return instant((this.#realNow() + this.#offsetSeconds * 1000) * 1000);
  }

  realSeconds(): number {
    return Math.floor(this.#realNow() / 1000);
  }

  realMillis(): number {
    return this.#realNow();
  }

  get offsetSeconds(): number {
    return this.#offsetSeconds;
  }

  set offsetSeconds(seconds: number) {
    this.#offsetSeconds = seconds;
  }
}

const iso = (at: Instant): string => new Date(at / 1000).toISOString();

/** `YYYY-MM-DD hh:mm:ss`. The platform does not document the time zone; this is UTC. */
export const printTime = (at: Instant): string => iso(at).slice(0, 19).replace("T", " ");
/** `YYYY-MM-DDThh:mm:ssZ`, as elastic addresses have it. */
export const printIsoTime = (at: Instant): string => `${iso(at).slice(0, 19)}Z`;
/** The time of a HAVIP that was never claimed. */
export const NEVER = "0000-00-00 00:00:00";
