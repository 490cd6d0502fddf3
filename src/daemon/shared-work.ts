/**
 * One piece of work for all who ask for it meanwhile. Whoever asks gets the result of work that
 * began after the question, so nothing is older than the question; and however many ask, the work
 * takes a bounded part of the time.
 */
import { setTimeout as sleep } from "node:timers/promises";

/** The work may take a fifth of the time. */
const PAUSE_FACTOR = 4;
const PAUSE_MS_MAX = 500;

export class SharedWork<T> {
  readonly #work: () => Promise<T>;
  readonly #clock: () => number;
  readonly #pause: (ms: number) => Promise<unknown>;
  /** It has not begun yet: who asks now shares it. */
  #next: Promise<T> | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #mayBeginAt = 0;

  /** @param clock milliseconds, as `pause` waits them */
  constructor(
    work: () => Promise<T>,
    clock: () => number = () => performance.now(),
    pause: (ms: number) => Promise<unknown> = sleep,
  ) {
    this.#work = work;
    this.#clock = clock;
    this.#pause = pause;
  }

  async get(): Promise<T> {
    this.#next ??= this.#begin();
    return await this.#next;
  }

  async #begin(): Promise<T> {
    await this.#running;
    const left = this.#mayBeginAt - this.#clock();
    if (left > 0) await this.#pause(left);
    this.#next = undefined;
    const begunAt = this.#clock();
    const result = this.#work();
    const rest = (): void => {
      const endedAt = this.#clock();
      const pause = Math.min(PAUSE_MS_MAX, (endedAt - begunAt) * PAUSE_FACTOR);
      this.#mayBeginAt = endedAt + pause;
    };
    this.#running = result.then(rest, rest);
    return await result;
  }
}
