/**
 * The supervisor's memory. A start, a reload, a thousand moves or a client that watches leave
 * garbage behind, which V8 would collect when it has much more of it: instead it is collected
 * when nothing happens.
 */
import {
  collectGarbage,
  QuietTrim,
  readAnonymous,
  readCode,
  releaseCode,
  trimAllocator,
} from "#linux/memory";
import { fromSeconds, type Instant, instant } from "#units/time";

const PERIOD_MS = 5_000;
/** What has come since is worth the time. */
const GROWTH = 2 * 1_048_576;
/** The same while nothing happens: it was left behind, and does not come back. */
const GROWTH_IDLE = 1_048_576;
/** Between two trims while nothing happens. */
const REST_MAX = fromSeconds(640);
/** Whoever has had less than this part of a processor's time since the last look did nothing. */
const IDLE_SHARE = 1 / 500;
/** More than what whoever asks each second needs. */
const MUCH = 16 * 1_048_576;
/** What comes back as soon as it was given back is in use: it is left for so many times as long. */
const FACTOR = 4;
const FACTOR_MAX = 64;
/** At most this part of a processor's time is spent with it. */
const SHARE = 1 / 200;

export interface Memory {
  /** Bytes of this process's own that are in RAM. */
  readonly own: () => number;
  /** The same with the code that is mapped. */
  readonly all: () => number;
  readonly giveBack: () => void;
  /** What is free already, and code; without a collection. */
  readonly trim: () => void;
  /** Milliseconds. */
  readonly clock: () => number;
  /** Milliseconds for which this process, with all its threads, has had a processor. */
  readonly spent: () => number;
}

function trim(): void {
  trimAllocator();
  releaseCode(readCode());
}

const OWN: Memory = {
  own: readAnonymous,
  all: () => process.memoryUsage.rss(),
  giveBack: () => {
    collectGarbage();
    trim();
  },
  trim,
  clock: () => performance.now(),
  spent: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
};

/** @param isQuiet nobody waits for this process */
export class Housekeeping {
  readonly #isQuiet: () => boolean;
  readonly #memory: Memory;
  /** After the last time. */
  #settled = 0;
  #notBefore = 0;
  #factor = 1;
  /** Not before then for a little. */
  #littleNotBefore = 0;
  #littleUntil = 0;
  /** Not before then for a thread. */
  #threadNotBefore = 0;
  /** At the last turn. */
  #before: { readonly at: number; readonly spent: number };
  readonly #rest: QuietTrim;

  constructor(isQuiet: () => boolean, memory: Memory = OWN) {
    this.#isQuiet = isQuiet;
    this.#memory = memory;
    this.#before = { at: memory.clock(), spent: memory.spent() };
    const size = { read: memory.all, traffic: () => 0, trim: memory.trim };
    this.#rest = new QuietTrim(this.#now(), size, REST_MAX);
  }

  #now(): Instant {
    return instant(this.#memory.clock() * 1_000);
  }

  /** Returns how to end it. */
  start(): () => void {
    const timer = setInterval(() => this.turn(), PERIOD_MS).unref();
    return () => clearInterval(timer);
  }

  turn(): void {
    const isIdle = this.#wasIdle();
    if (!isIdle) this.#rest.restart(this.#now());
    if (!this.#isQuiet() || this.#memory.clock() < this.#notBefore) return;
    if (this.#isWorthIt(isIdle)) this.#collect();
    else if (isIdle) this.#rest.rest(this.#now(), undefined);
  }

  #wasIdle(): boolean {
    const { clock, spent } = this.#memory;
    const now = { at: clock(), spent: spent() };
    const { at, spent: before } = this.#before;
    this.#before = now;
    return now.spent - before < (now.at - at) * IDLE_SHARE;
  }

  #isWorthIt(isIdle: boolean): boolean {
    const { own, clock } = this.#memory;
    const grown = own() - this.#settled;
    if (isIdle) return grown >= GROWTH_IDLE;
    return grown >= MUCH || (grown >= GROWTH && clock() >= this.#littleNotBefore);
  }

  #collect(): void {
    const { own, giveBack, clock, spent } = this.#memory;
    this.#factor = clock() < this.#littleUntil ? Math.min(this.#factor * FACTOR, FACTOR_MAX) : 1;
    // Not by the clock: on a busy machine most of that time is others'.
    const before = spent();
    giveBack();
    this.#settled = own();
    const pause = (spent() - before) / SHARE;
    this.#notBefore = clock() + pause;
    this.#littleNotBefore = clock() + pause * this.#factor;
    this.#littleUntil = clock() + 2 * pause * this.#factor;
    // This is not what others made it do.
    this.#before = { at: clock(), spent: spent() };
  }

  /**
   * A thread has collected its own garbage, by code that nobody else runs, and the allocator is
   * everybody's.
   */
  threadCollected(): void {
    const { own, trim, clock, spent } = this.#memory;
    if (clock() < this.#threadNotBefore) return;
    const before = spent();
    trim();
    this.#settled = Math.min(this.#settled, own());
    this.#threadNotBefore = clock() + (spent() - before) / SHARE;
  }
}
