/** How often the configuration was read again, and when it was last taken. */
import type { ReloadReading } from "#metrics/reading";

export class ReloadCount {
  #taken = 0;
  #refused = 0;
  #wasLastTaken = true;
  /** Undefined: it is still the one of the start. */
  takenAt: Date | undefined;

  taken(at: Date): void {
    this.#taken += 1;
    this.#wasLastTaken = true;
    this.takenAt = at;
  }

  refused(): void {
    this.#refused += 1;
    this.#wasLastTaken = false;
  }

  reading(startedAt: Date): ReloadReading {
    return {
      taken: this.#taken,
      refused: this.#refused,
      lastTakenMs: (this.takenAt ?? startedAt).getTime(),
      wasLastTaken: this.#wasLastTaken,
    };
  }
}
