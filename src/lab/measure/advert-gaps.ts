/** Times between the advertisements of each router, and their percentiles. Pure. */

export interface GapFigures {
  readonly count: number;
  /** Microseconds; undefined if there is no gap. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly p999: number | undefined;
  readonly longest: number | undefined;
  /** The number of routers that were heard. */
  readonly routers: number;
  readonly adverts: number;
}

/** Enough for a minute of 100,000 a second; more are counted but not kept. */
const KEPT_MAX = 6_000_000;

export class AdvertGaps {
  readonly #last: Float64Array;
  #gaps = new Float64Array(65_536);
  #count = 0;
  #adverts = 0;

  /** @param routers numbered from 0 */
  constructor(routers: number) {
    this.#last = new Float64Array(routers);
  }

  clear(): void {
    this.#last.fill(0);
    this.#count = 0;
    this.#adverts = 0;
  }

  /** @param at in microseconds, in the order of arrival for each router */
  record(router: number, at: number): void {
    this.#adverts += 1;
    const last = this.#last[router] ?? 0;
    this.#last[router] = at;
    if (last === 0 || this.#count === KEPT_MAX) return;
    if (this.#count === this.#gaps.length) {
      const larger = new Float64Array(Math.min(this.#count * 2, KEPT_MAX));
      larger.set(this.#gaps);
      this.#gaps = larger;
    }
    this.#gaps[this.#count] = at - last;
    this.#count += 1;
  }

  read(): GapFigures {
    const sorted = this.#gaps.slice(0, this.#count).sort();
    const part = (share: number): number | undefined =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
    return {
      count: sorted.length,
      p50: part(0.5),
      p99: part(0.99),
      p999: part(0.999),
      longest: sorted.at(-1),
      routers: this.#last.reduce((sum, at) => sum + (at > 0 ? 1 : 0), 0),
      adverts: this.#adverts,
    };
  }
}
