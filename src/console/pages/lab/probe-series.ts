/**
 * The latest probes of one side, as the columns of a plot: a ring that forgets the oldest. Pure.
 */
import type { ProbePart } from "../../base/lab-shape.ts";

/** Seconds that are shown. */
export const SHOWN_S = 30;
/** Parts of ten milliseconds, and a little more than is shown. */
const MOST = 3_600;

/** Times in seconds since 1970, answers in milliseconds; null: there was none. */
export interface Columns {
  readonly at: readonly number[];
  readonly slowest: readonly (number | null)[];
  readonly fastest: readonly (number | null)[];
  /** 0 to 1: the part that was lost. */
  readonly lost: readonly (number | null)[];
}

/** An instance that answered, from a time to a time. */
export interface Turn {
  readonly by: string;
  readonly from: number;
  readonly to: number;
}

export class ProbeSeries {
  #parts: ProbePart[] = [];
  /** Counted up with every change, so that a plot knows whether there is something to draw. */
  version = 0;

  add(parts: readonly ProbePart[]): void {
    const last = this.#parts.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
    this.#parts.push(...parts.filter(({ at }) => at > last));
    if (this.#parts.length > MOST * 1.25) this.#parts = this.#parts.slice(-MOST);
    this.version += 1;
  }

  clear(): void {
    this.#parts = [];
    this.version += 1;
  }

  get lastAt(): number | undefined {
    return this.#parts.at(-1)?.at;
  }

  /** @param from milliseconds since 1970 */
  columns(from: number): Columns {
    const at: number[] = [];
    const slowest: (number | null)[] = [];
    const fastest: (number | null)[] = [];
    const lost: (number | null)[] = [];
    for (const part of this.#parts) {
      if (part.at < from) continue;
      at.push(part.at / 1_000);
      slowest.push(part.slowest === undefined ? null : part.slowest / 1_000);
      fastest.push(part.fastest === undefined ? null : part.fastest / 1_000);
      lost.push(part.lost === 0 ? null : part.lost / part.sent);
    }
    return { at, slowest, fastest, lost };
  }

  turns(from: number): readonly Turn[] {
    const turns: { by: string; from: number; to: number }[] = [];
    for (const { at, by } of this.#parts) {
      if (at < from || by === undefined) continue;
      const turn = turns.at(-1);
      if (turn?.by === by) turn.to = at / 1_000;
      else turns.push({ by, from: at / 1_000, to: at / 1_000 });
    }
    return turns;
  }

  /** Of the last second: what was lost, and the slowest answer in milliseconds. */
  latest(): { readonly lost: number; readonly sent: number; readonly slowest: number | undefined } {
    const from = (this.lastAt ?? 0) - 1_000;
    let [lost, sent] = [0, 0];
    let slowest: number | undefined;
    for (let index = this.#parts.length - 1; index >= 0; index -= 1) {
      const part = this.#parts[index];
      if (part === undefined || part.at < from) break;
      lost += part.lost;
      sent += part.sent;
      if (part.slowest !== undefined) slowest = Math.max(slowest ?? 0, part.slowest / 1_000);
    }
    return { lost, sent, slowest };
  }
}
