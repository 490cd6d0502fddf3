/**
 * What is found again and again at the speed of packets (two masters that never yield) is shown
 * some times a minute, and counted always.
 */
import type { Instant } from "#units/time";

const FREE = 20;
const WINDOW = 60_000_000;
const KINDS_MAX = 1_024;

interface Known {
  readonly since: Instant;
  count: number;
}

export class Repetitions {
  readonly #known = new Map<string, Known>();

  isRepeated(key: string, at: Instant): boolean {
    const known = this.#known.get(key);
    if (known === undefined || at - known.since > WINDOW) {
      if (this.#known.size >= KINDS_MAX) this.#known.clear();
      this.#known.set(key, { since: at, count: 1 });
      return false;
    }
    known.count += 1;
    return known.count > FREE;
  }
}
