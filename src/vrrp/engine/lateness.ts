/**
 * How long after a deadline the engine woke, and what the worst of it was caused by. Pure. Counts
 * in buckets of fixed number: always on, and nothing is allocated by a measurement.
 */

/** Eight buckets for each power of two: a quantile is at most an eighth too large. */
const STEPS = 8;
const STEP_BITS = 3;
/** 2^27 µs, two minutes: what is later counts as that. */
const BUCKETS = (27 - STEP_BITS + 1) * STEPS;

export class LatenessHistogram {
  readonly #buckets = new Uint32Array(BUCKETS);
  count = 0;
  /** Microseconds. */
  max = 0;

  /** @param micros negative counts as 0 */
  record(micros: number): void {
    const value = Math.max(0, micros);
    const bucket = bucketOf(value);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.count += 1;
    if (value > this.max) this.max = value;
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

/** What the kernel counts, in microseconds since whenever; differences matter. */
export interface SchedulingCounters {
  /** The engine's thread was running. */
  readonly ran: number;
  /** It could run, and others did. */
  readonly waited: number;
  /** The hypervisor took the processors, on average of all. */
  readonly stolen: number;
  /** Somebody waited for memory (PSI). */
  readonly memory: number;
}

export type LatenessCause =
  /** The hypervisor ran other machines. */
  | "steal"
  /** Other threads had the processor. */
  | "processor"
  /** Pages had to be read or freed first. */
  | "memory"
  /** The engine itself: its work, or a garbage collection. */
  | "engine"
  /** Nothing that the kernel counts: SIGSTOP, a frozen control group, a suspended machine. */
  | "stopped";

/** The first that explains half of it. */
export function causeOf(
  micros: number,
  before: SchedulingCounters,
  after: SchedulingCounters,
): LatenessCause {
  const explains = (counter: keyof SchedulingCounters): boolean =>
    after[counter] - before[counter] >= micros / 2;
  if (explains("stolen")) return "steal";
  if (explains("waited")) return "processor";
  if (explains("memory")) return "memory";
  return explains("ran") ? "engine" : "stopped";
}

/** Of `status`: microseconds after the deadline, since the engine's start. */
export interface Lateness {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** The latest of those that were at least a millisecond late. */
  readonly worst: WorstLateness | undefined;
}

export interface WorstLateness {
  /** ISO 8601. */
  readonly at: string;
  readonly micros: number;
  readonly cause: LatenessCause;
}

/** Less is not worth asking the kernel why. */
const WORTH_A_CAUSE = 1_000;
/** Reading the counters costs some 50 µs. */
const COUNTERS_EVERY = 1_000_000;

export class LatenessWatch {
  readonly #histogram = new LatenessHistogram();
  readonly #read: () => SchedulingCounters;
  readonly #wall: () => string;
  #before: SchedulingCounters;
  #readAt = 0;
  #worst: WorstLateness | undefined;

  /** @param wall the time for people, ISO 8601 */
  constructor(read: () => SchedulingCounters, wall: () => string) {
    this.#read = read;
    this.#wall = wall;
    this.#before = read();
  }

  /**
   * A turn of the loop begins with what was due at `due`. A cause is sought among what happened
   * since the counters were read last, which is a second at most before the deadline.
   */
  woke(due: number, now: number): void {
    const late = now - due;
    const isWorst = late > this.#histogram.max && late >= WORTH_A_CAUSE;
    this.#histogram.record(late);
    if (!isWorst && now - this.#readAt < COUNTERS_EVERY) return;
    const counters = this.#read();
    if (isWorst) {
      const cause = causeOf(late, this.#before, counters);
      this.#worst = { at: this.#wall(), micros: late, cause };
    }
    this.#before = counters;
    this.#readAt = now;
  }

  read(): Lateness {
    const { count, max } = this.#histogram;
    const at = (part: number): number => this.#histogram.quantile(part);
    return { count, p50: at(0.5), p99: at(0.99), p999: at(0.999), max, worst: this.#worst };
  }
}
