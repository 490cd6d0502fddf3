/** How long after a deadline the engine woke, and what the worst of it was caused by. Pure. */
import type { CollectionCount, Collections } from "./collections.ts";
import { ENGINE_BOUNDS, type EngineDurations } from "./engine-durations.ts";
import { type DurationFigures, DurationHistogram } from "./histogram.ts";

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

/** The same for what may delay a wake-up besides. */
export interface DelayCounters extends SchedulingCounters {
  /** Garbage was collected. */
  readonly collected: number;
}

export type LatenessCause =
  /** The hypervisor ran other machines. */
  | "steal"
  /** Other threads had the processor. */
  | "processor"
  /** Pages had to be read or freed first. */
  | "memory"
  /** The engine collected garbage. */
  | "collection"
  /** The engine's own work. */
  | "engine"
  /**
   * Nothing that is counted: SIGSTOP, a frozen control group, a suspended machine, or a call that
   * had to wait in the kernel for another program's.
   */
  | "stopped";

const NO_DELAY: DelayCounters = { ran: 0, waited: 0, stolen: 0, memory: 0, collected: 0 };

/**
 * The first that explains half of it. What is usual in such a time explains nothing: an engine that
 * always runs a fifth of the time was not late because of that.
 *
 * @param counted since the counters were read before
 * @param usual of the time before that, for as long
 */
export function causeOf(
  micros: number,
  counted: DelayCounters,
  usual: DelayCounters = NO_DELAY,
): LatenessCause {
  const explains = (counter: keyof DelayCounters): boolean =>
    counted[counter] - usual[counter] >= micros / 2;
  if (explains("stolen")) return "steal";
  if (explains("waited")) return "processor";
  if (explains("memory")) return "memory";
  if (explains("collected")) return "collection";
  return explains("ran") ? "engine" : "stopped";
}

/** Of `status`: microseconds after the deadline, since the engine's start. */
export interface Lateness extends DurationFigures {
  /** The latest of those that were at least a millisecond late. */
  readonly worst: WorstLateness | undefined;
}

/** Of `status`: how punctual the engine was, and what its collections of garbage took. */
export interface Pauses {
  readonly lateness: Lateness;
  readonly collections: Collections;
}

export interface WorstLateness {
  /** ISO 8601. */
  readonly at: string;
  readonly micros: number;
  readonly cause: LatenessCause;
}

/** Less is not worth asking the kernel why. */
const WORTH_A_CAUSE = 1_000;
/** Reading the counters takes some 50 µs: not when that matters. */
const IDLE = 1_000;
const PUT_OFF_MAX = 1_000_000;
/** Between two readings; the more garbage there is, the more often. */
const EVERY_MAX = 1_000_000;
const EVERY_MIN = 125_000;
const COLLECTIONS_FEW = 2;
const COLLECTIONS_MANY = 8;

export interface LatenessSources {
  readonly read: () => SchedulingCounters;
  readonly collections: CollectionCount;
  /** The time for people, ISO 8601. */
  readonly wall: () => string;
}

export class LatenessWatch {
  readonly #histogram = new DurationHistogram();
  readonly #sources: LatenessSources;
  #before: DelayCounters;
  /** Before that. */
  #earlier: DelayCounters;
  #readAt = 0;
  /** Between the two readings. */
  #took = 0;
  #every = EVERY_MAX;
  #worst: WorstLateness | undefined;
  /** It has no cause yet. */
  #unexplained: Omit<WorstLateness, "cause"> | undefined;

  constructor(sources: LatenessSources, now: number) {
    this.#sources = sources;
    this.#readAt = now;
    this.#before = this.#count();
    this.#earlier = this.#before;
  }

  /** A turn of the loop begins with what was due at `due`. */
  woke(due: number, now: number): void {
    const late = now - due;
    if (late >= WORTH_A_CAUSE && late > this.#histogram.max)
      this.#unexplained = { at: this.#sources.wall(), micros: late };
    this.#histogram.record(late);
  }

  /** Before the engine waits until `due`: if there is time, the counters are read. */
  rest(now: number, due: number | undefined): void {
    const since = now - this.#readAt;
    if (since < this.#every) return;
    const isIdle = due === undefined || due - now >= IDLE;
    if (isIdle || since >= this.#every + PUT_OFF_MAX) this.#look(now);
  }

  read(now: number): Pauses {
    const isOld = now - this.#readAt >= EVERY_MIN;
    if (isOld || this.#unexplained !== undefined) this.#look(now);
    const lateness = { ...this.#histogram.read(), worst: this.#worst };
    return { lateness, collections: this.#sources.collections.read() };
  }

  counts(): Pick<EngineDurations, "lateness" | "collections"> {
    const lateness = this.#histogram.counts(ENGINE_BOUNDS);
    return { lateness, collections: this.#sources.collections.counts() };
  }

  #look(now: number): void {
    const counters = this.#count();
    const since = now - this.#readAt;
    if (this.#unexplained !== undefined) {
      const counted = difference(this.#before, counters, 1);
      const share = this.#took > 0 ? since / this.#took : 0;
      const usual = difference(this.#earlier, this.#before, share);
      const cause = causeOf(this.#unexplained.micros, counted, usual);
      this.#worst = { ...this.#unexplained, cause };
      this.#unexplained = undefined;
    }
    this.#earlier = this.#before;
    this.#before = counters;
    this.#took = since;
    this.#readAt = now;
  }

  #count(): DelayCounters {
    const { collections, read } = this.#sources;
    const taken = collections.take();
    if (taken > COLLECTIONS_MANY) this.#every = Math.max(EVERY_MIN, this.#every / 2);
    else if (taken < COLLECTIONS_FEW) this.#every = Math.min(EVERY_MAX, this.#every * 2);
    const { ran, waited, stolen, memory } = read();
    return { ran, waited, stolen, memory, collected: collections.total };
  }
}

function difference(before: DelayCounters, after: DelayCounters, share: number): DelayCounters {
  return {
    ran: (after.ran - before.ran) * share,
    waited: (after.waited - before.waited) * share,
    stolen: (after.stolen - before.stolen) * share,
    memory: (after.memory - before.memory) * share,
    collected: (after.collected - before.collected) * share,
  };
}
