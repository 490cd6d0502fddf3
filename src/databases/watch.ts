/**
 * Whether a server still answers between the runs of a check. Without it a server that hangs just
 * after a run is noticed an interval later than one that hangs just before it.
 *
 * A question without an answer is a doubt and no result: the check's own run, which then begins at
 * once, decides. The connection is not the check's, so that neither has to wait for the other.
 */
import type { DatabaseCheck } from "./port/database.ts";

/** So many questions within a check's time-out. */
const QUESTIONS = 8;
const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 500;
/** Without an answer for so large a part of the time-out. */
const DOUBT_PART = 0.25;
const DOUBT_MIN_MS = 20;
/** A timer that fires so late belongs to a process that could not read the answer either. */
const LATE_MS = 100;

export interface WatchTime {
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Returns what ends it early. */
  readonly wait: (ms: number, act: () => void) => () => void;
}

const REAL_TIME: WatchTime = {
  now: () => performance.now(),
  wait: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

export class Watch {
  readonly #check: DatabaseCheck;
  readonly #onDoubt: (ageMs: number) => void;
  readonly #time: WatchTime;
  #timeoutMs = 0;
  #isOn = false;
  #isRunning = false;
  #isClosed = false;
  #wake: () => void = () => undefined;

  /**
   * @param check with a connection of its own; closed here
   * @param onDoubt with the age of the question that was not answered, or not well
   */
  constructor(check: DatabaseCheck, onDoubt: (ageMs: number) => void, time: WatchTime = REAL_TIME) {
    this.#check = check;
    this.#onDoubt = onDoubt;
    this.#time = time;
  }

  /** After a run with a good result. Goes on until there is a doubt. */
  keep(timeoutMs: number): void {
    if (this.#isClosed) return;
    this.#timeoutMs = timeoutMs;
    this.#isOn = true;
    if (!this.#isRunning) this.#start();
  }

  /** Nothing is learned from a server that is known to be down. */
  pause(): void {
    this.#isOn = false;
    this.#wake();
  }

  close(): void {
    this.#isClosed = true;
    this.pause();
    this.#check.close();
  }

  #start(): void {
    this.#isRunning = true;
    void this.#run().finally(() => {
      this.#isRunning = false;
      // It was asked for again while it ended.
      if (this.#isOn) this.#start();
    });
  }

  async #run(): Promise<void> {
    await this.#sleep(this.#pauseMs);
    while (this.#isOn) {
      const beganAt = this.#time.now();
      await this.#ask();
      await this.#sleep(Math.max(1, this.#pauseMs - (this.#time.now() - beganAt)));
    }
  }

  get #pauseMs(): number {
    return Math.min(PAUSE_MAX_MS, Math.max(PAUSE_MIN_MS, this.#timeoutMs / QUESTIONS));
  }

  async #ask(): Promise<void> {
    const doubtMs = Math.max(DOUBT_MIN_MS, this.#timeoutMs * DOUBT_PART);
    const beganAt = this.#time.now();
    const answered = this.#check.run(undefined, this.#timeoutMs);
    const late = Promise.withResolvers<undefined>();
    const cancel = this.#time.wait(doubtMs, () => late.resolve(undefined));
    const outcome = await Promise.race([answered, late.promise]);
    const ageMs = this.#time.now() - beganAt;
    cancel();
    // Longer than the timer: it was this process that did not run.
    const isOurs = outcome === undefined && ageMs > doubtMs + LATE_MS;
    if (this.#isOn && outcome?.ok !== true && !isOurs) {
      this.#isOn = false;
      this.#onDoubt(ageMs);
    }
    // It ends by itself, and with it what it has opened.
    await answered;
  }

  async #sleep(ms: number): Promise<void> {
    const over = Promise.withResolvers<undefined>();
    const cancel = this.#time.wait(ms, () => over.resolve(undefined));
    this.#wake = () => {
      cancel();
      over.resolve(undefined);
    };
    await over.promise;
  }
}
