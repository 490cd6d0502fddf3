/** The calendar clock (CLOCK_REALTIME) of one machine: never quite right, and it may be set. */
import type { Rng } from "#units/rng";

/** Begin of simulations: 2026, in microseconds since 1970. */
export const CALENDAR_START = 1_767_225_600_000_000;
/** With NTP clocks differ by milliseconds; without, by seconds. */
const SKEW_MAX = 1_000_000;

export class Calendar {
  /** How much it differs from the right one, microseconds. */
  offset: number;
  readonly #now: () => number;

  /** @param now time of the simulation, as the machine has it */
  constructor(rng: Rng, now: () => number) {
    this.offset = rng.between(-SKEW_MAX, SKEW_MAX);
    this.#now = now;
  }

  /** Microseconds since 1970. */
  unixTime(): number {
    return CALENDAR_START + this.#now() + this.offset;
  }
}
