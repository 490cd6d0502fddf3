/**
 * The supervisor's memory. A start, a reload, a thousand moves or a client that watches leave
 * garbage behind, which V8 would collect when it has much more of it: instead it is collected
 * when nothing happens.
 */
import { collectGarbage, readAnonymous, readCode, releaseCode, trimAllocator } from "#linux/memory";

const PERIOD_MS = 5_000;
/** What has come since is worth the time. */
const GROWTH = 2 * 1_048_576;
/** At most this part of the time is spent with it. */
const SHARE = 1 / 200;

export interface Memory {
  /** Bytes of this process's own that are in RAM. */
  readonly own: () => number;
  readonly giveBack: () => void;
  /** Milliseconds. */
  readonly clock: () => number;
}

const OWN: Memory = {
  own: readAnonymous,
  giveBack: () => {
    collectGarbage();
    trimAllocator();
    releaseCode(readCode());
  },
  clock: () => performance.now(),
};

/** @param isQuiet nobody waits for this process */
export class Housekeeping {
  readonly #isQuiet: () => boolean;
  readonly #memory: Memory;
  /** After the last time. */
  #settled = 0;
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
    const { own, giveBack, clock } = this.#memory;
    const begin = clock();
    if (begin < this.#notBefore || !this.#isQuiet()) return;
    if (own() - this.#settled < GROWTH) return;
    giveBack();
    this.#settled = own();
    const end = clock();
    this.#notBefore = end + (end - begin) / SHARE;
  }
}
