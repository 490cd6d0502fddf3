/**
 * What the network refuses comes again every second for as long as a fault lasts. Said once, then
 * only counted: at ten, a hundred, a thousand. Pure.
 */
import type { Language } from "#diagnostics/diagnostic";
import { elapsed, fromMillis, type Instant, type Micros } from "#units/time";

/** After so long without it, the same is said anew. */
const QUIET: Micros = fromMillis(60_000);
const STEP = 10;

interface Counted {
  total: number;
  nextAt: number;
  lastAt: Instant;
}

export class RefusalLog {
  readonly #language: Language;
  readonly #counted = new Map<string, Counted>();

  constructor(language: Language = "en") {
    this.#language = language;
  }

  /**
   * @param text who was refused, and why
   * @param count how often since the last call with it
   * @returns the line to say; undefined: it has been said, and is counted
   */
  take(text: string, count: number, now: Instant): string | undefined {
    const known = this.#counted.get(text);
    if (known === undefined || elapsed(known.lastAt, now) > QUIET) {
      this.#counted.set(text, { total: count, nextAt: nextStep(count), lastAt: now });
      if (count === 1) return text;
      return this.#language === "en" ? `${text} (${count} times)` : `${text}（${count} 次）`;
    }
    known.total += count;
    known.lastAt = now;
    if (known.total < known.nextAt) return undefined;
    known.nextAt = nextStep(known.total);
    return this.#language === "en"
      ? `${text} (${known.total} times so far)`
      : `${text}（累计 ${known.total} 次）`;
  }
}

/** The power of ten above it. */
const nextStep = (total: number): number => STEP ** (Math.floor(Math.log10(total)) + 1);
