/**
 * The supervisor's memory. A start, a reload, a thousand moves or a client that watches leave
 * garbage behind, which V8 would collect when it has much more of it: instead it is collected
 * when nothing happens.
 */
import { memoryUsage } from "node:process";
import { collectGarbage, releaseCode, trimAllocator } from "#linux/memory";

const PERIOD_MS = 5_000;
/** What has come since is worth the time. */
const GROWTH = 2 * 1_048_576;
/** At most this part of the time is spent with it. */
const SHARE = 1 / 500;

export interface Memory {
  /** Bytes of this process that are in RAM. */
  readonly resident: () => number;
  readonly giveBack: () => void;
  /** Milliseconds. */
  readonly clock: () => number;
}

const OWN: Memory = {
  resident: () => memoryUsage.rss(),
  giveBack: () => {
    collectGarbage();
    trimAllocator();
    releaseCode();
  },
  clock: () => performance.now(),
};

/** @param isQuiet nobody waits for this process */
export class Housekeeping {
  readonly #isQuiet: () => boolean;
  readonly #memory: Memory;
  /** After the last time, with what has run since. Undefined: to be read. */
  #settled: number | undefined = 0;
  #notBefore = 0;

  constructor(isQuiet: () => boolean, memory: Memory = OWN) {
    this.#isQuiet = isQuiet;
    this.#memory = memory;
  }

  /** Returns how to end it. */
  start(): () => void {
    const timer = setInterval(() => this.turn(), PERIOD_MS).unref();
    return () => clearInterval(timer);
  }

  turn(): void {
    const { resident, giveBack, clock } = this.#memory;
    const begin = clock();
    if (begin < this.#notBefore || !this.#isQuiet()) return;
    const now = resident();
    this.#settled ??= now;
    if (now - this.#settled < GROWTH) return;
    giveBack();
    this.#settled = undefined;
    const end = clock();
    this.#notBefore = end + (end - begin) / SHARE;
  }
}
