/**
 * What is found again and again at the speed of packets (two masters that never yield) is reported
 * a few times and then once a minute.
 */
import type { Instant } from "#units/time";
import type { What } from "./finding.ts";

const FREE = 5;
const WINDOW = 60_000_000;
const KINDS_MAX = 1_024;

interface Known {
  since: Instant;
  count: number;
}

export class Repetitions {
  readonly #known = new Map<string, Known>();
  /** Findings that were not reported. */
  suppressed = 0;

  isNew(key: string, what: What, at: Instant): boolean {
    // The engine itself reports refusals once a minute.
    if (what.kind === "refused") return true;
    const known = this.#known.get(key);
    if (known === undefined || at - known.since > WINDOW) {
      if (this.#known.size >= KINDS_MAX) this.#known.clear();
      this.#known.set(key, { since: at, count: 1 });
      return true;
    }
    known.count += 1;
    if (known.count <= FREE) return true;
    this.suppressed += 1;
    return false;
  }
}
