/** Promotions and demotions of one database: one at a time; a new one ends the one before it. */
import type { Answer } from "./database.ts";
import { Steps } from "./steps.ts";

interface Task {
  readonly steps: Steps;
  readonly ended: Promise<void>;
}

export interface TaskOptions {
  /** Ends what waits for an answer of the server. */
  readonly interrupt: () => void;
  readonly overtaken: Answer;
  /** What an error means; the steps say whether it is the time that was too short. */
  readonly failed: (error: unknown, steps: Steps) => Answer;
}

export class Tasks {
  readonly #options: TaskOptions;
  #task: Task | undefined;
  #begun = 0;

  constructor(options: TaskOptions) {
    this.#options = options;
  }

  get isBusy(): boolean {
    return this.#task !== undefined;
  }

  /** How many have begun: what was seen before the last of them is not so any more. */
  get begun(): number {
    return this.#begun;
  }

  /** Nothing rejects. */
  async run(deadline: number, work: (steps: Steps) => Promise<Answer>): Promise<Answer> {
    this.#begun += 1;
    const steps = new Steps(deadline);
    const done = this.#after(this.#task, steps, work);
    const task: Task = { steps, ended: done.then(() => undefined) };
    this.#task = task;
    try {
      return await done;
    } finally {
      if (this.#task === task) this.#task = undefined;
    }
  }

  async #after(
    before: Task | undefined,
    steps: Steps,
    work: (steps: Steps) => Promise<Answer>,
  ): Promise<Answer> {
    if (before !== undefined) {
      before.steps.cancel();
      this.#options.interrupt();
      await before.ended;
      if (steps.isLate) return this.#options.overtaken;
    }
    try {
      return await work(steps);
    } catch (error) {
      return this.#options.failed(error, steps);
    }
  }
}
