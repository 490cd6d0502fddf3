/**
 * The supervisor's memory. A start, a reload, a thousand moves or a client that watches leave
 * garbage behind, which V8 would collect when it has much more of it: instead it is collected
 * when nothing happens.
 */
import { collectGarbage, readAnonymous, readCode, releaseCode, trimAllocator } from "#linux/memory";

const PERIOD_MS = 5_000;
/** What has come since is worth the time. */
const GROWTH = 2 * 1_048_576;
/** At most this part of a processor's time is spent with it. */
const SHARE = 1 / 200;

export interface Memory {
  /** Bytes of this process's own that are in RAM. */
  readonly own: () => number;
  readonly giveBack: () => void;
  /** Milliseconds. */
  readonly clock: () => number;
  /** Milliseconds for which this process, with all its threads, has had a processor. */
  readonly spent: () => number;
}

const OWN: Memory = {
  own: readAnonymous,
  giveBack: () => {
    collectGarbage();
    trimAllocator();
    releaseCode(readCode());
  },
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
    const { own, giveBack, clock, spent } = this.#memory;
    if (clock() < this.#notBefore || !this.#isQuiet()) return;
    if (own() - this.#settled < GROWTH) return;
    // Not by the clock: on a busy machine most of that time is others'.
    const before = spent();
    giveBack();
    this.#settled = own();
    this.#notBefore = clock() + (spent() - before) / SHARE;
  }
}
