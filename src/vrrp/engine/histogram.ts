/**
 * Durations counted in a fixed number of buckets: always on, and nothing is allocated by a
 * measurement. Pure.
 */

/** Eight buckets for each power of two: a quantile is at most an eighth too large. */
const STEPS = 8;
const STEP_BITS = 3;
/** 2^27 µs, two minutes: what lasted longer counts as that. */
const BUCKETS = (27 - STEP_BITS + 1) * STEPS;

/** Microseconds; 0 when nothing was recorded. */
export interface DurationFigures {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** From the beginning on: two readings can be compared, and those of two engines added. */
export interface DurationCounts {
  /** How many durations were at most as long as the bound at the same place. */
  readonly atMost: readonly number[];
  readonly count: number;
  /** Microseconds of all together. */
  readonly total: number;
}

/**
 * Bounds that `counts` can answer exactly, in whole microseconds: one below each power of two from
 * 2^first to 2^last.
 *
 * @param first at least 3; @param last at most 27
 */
export const durationBounds = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, place) => 2 ** (first + place) - 1);

export class DurationHistogram {
  readonly #buckets = new Uint32Array(BUCKETS);
  count = 0;
  /** Microseconds. */
  max = 0;
  /** Microseconds of all together. */
  total = 0;

  /** @param micros negative counts as 0 */
  record(micros: number): void {
    const value = Math.max(0, micros);
    const bucket = bucketOf(value);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.count += 1;
    this.total += value;
    if (value > this.max) this.max = value;
  }

  /** @param bounds of `durationBounds` */
  counts(bounds: readonly number[]): DurationCounts {
    let bucket = 0;
    let sum = 0;
    const atMost = bounds.map((bound) => {
      for (const last = bucketOf(bound); bucket <= last; bucket++)
        sum += this.#buckets[bucket] ?? 0;
      return sum;
    });
    return { atMost, count: this.count, total: this.total };
  }

  /** Microseconds that a part (0 to 1) of all was at most; 0 when nothing was recorded. */
  quantile(part: number): number {
    let left = Math.ceil(this.count * part);
    for (let bucket = 0; bucket < BUCKETS && left > 0; bucket++) {
      left -= this.#buckets[bucket] ?? 0;
      if (left <= 0) return Math.min(this.max, upperEnd(bucket));
    }
    return 0;
  }

  read(): DurationFigures {
    const { count, max } = this;
    return {
      count,
      p50: this.quantile(0.5),
      p99: this.quantile(0.99),
      p999: this.quantile(0.999),
      max,
    };
  }
}

/** Values below 8 have a bucket each. */
function bucketOf(value: number): number {
  const whole = Math.min(Math.floor(value), 0x7ff_ffff);
  if (whole < STEPS) return whole;
  const shift = 31 - Math.clz32(whole) - STEP_BITS;
  return shift * STEPS + (whole >>> shift);
}

function upperEnd(bucket: number): number {
  if (bucket < STEPS) return bucket;
  const shift = Math.floor(bucket / STEPS) - 1;
  return ((bucket % STEPS) + STEPS + 1) * 2 ** shift - 1;
}
