/**
 * One piece of work for all who ask for it meanwhile. Whoever asks gets the result of work that
 * began after the question, so nothing is older than the question; and however many ask, the work
 * takes a bounded part of the time.
 */
import { setTimeout as sleep } from "node:timers/promises";

/** The work may take a fifth of the time. */
const PAUSE_FACTOR = 4;
const PAUSE_MS_MAX = 500;

/** Pieces of work one after the other, each followed by a pause that it has to earn. */
export class Turns {
  readonly #clock: () => number;
  readonly #pause: (ms: number) => Promise<unknown>;
  #last: Promise<unknown> = Promise.resolve();
  #mayBeginAt = 0;

  /** @param clock milliseconds, as `pause` waits them */
  constructor(
    clock: () => number = () => performance.now(),
    pause: (ms: number) => Promise<unknown> = sleep,
  ) {
    this.#clock = clock;
    this.#pause = pause;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => await this.#begin(work));
    const over = (): void => undefined;
    this.#last = turn.then(over, over);
    return await turn;
  }

  async #begin<T>(work: () => Promise<T>): Promise<T> {
    const left = this.#mayBeginAt - this.#clock();
    if (left > 0) await this.#pause(left);
    const begunAt = this.#clock();
    try {
      return await work();
    } finally {
      const endedAt = this.#clock();
      this.#mayBeginAt = endedAt + Math.min(PAUSE_MS_MAX, (endedAt - begunAt) * PAUSE_FACTOR);
    }
  }
}

export class SharedWork<T> {
  readonly #work: () => Promise<T>;
  readonly #turns: Turns;
  /** It has not begun yet: who asks now shares it. */
  #next: Promise<T> | undefined;

  /** @param turns shared by works that take a fifth of the time together */
  constructor(work: () => Promise<T>, turns: Turns = new Turns()) {
    this.#work = work;
    this.#turns = turns;
  }

  async get(): Promise<T> {
    this.#next ??= this.#turns.run(async () => {
      this.#next = undefined;
      return await this.#work();
    });
    return await this.#next;
  }
}
