/**
 * Wrong tokens: each waits before it is refused, so many at once, and the others are refused at
 * once. Right tokens are never held up. How many there were is reported now and then.
 */
import { setTimeout as sleep } from "node:timers/promises";

export interface AttemptsOptions {
  /** `count` since the last report; `from` of the last one. */
  readonly report: (count: number, from: string) => void;
  readonly clock?: () => number;
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

export const DELAY_MS = 1_000;
export const WAITING_MAX = 16;
const REPORT_MS = 60_000;

export class Attempts {
  readonly #options: AttemptsOptions;
  readonly #clock: () => number;
  readonly #wait: (milliseconds: number) => Promise<unknown>;
  #waiting = 0;
  #unreported = 0;
  #reportedAt = -Infinity;

  constructor(options: AttemptsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? (() => performance.now());
    this.#wait = options.wait ?? (async (milliseconds) => await sleep(milliseconds));
  }

  /** Resolves when the refusal may be sent. "too-many": and the next one is not waited for. */
  async wrong(from: string): Promise<"refused" | "too-many"> {
    this.#unreported += 1;
    const now = this.#clock();
    if (now - this.#reportedAt >= REPORT_MS) {
      this.#reportedAt = now;
      this.#options.report(this.#unreported, from);
      this.#unreported = 0;
    }
    if (this.#waiting >= WAITING_MAX) return "too-many";
    this.#waiting += 1;
    try {
      await this.#wait(DELAY_MS);
    } finally {
      this.#waiting -= 1;
    }
    return "refused";
  }
}
