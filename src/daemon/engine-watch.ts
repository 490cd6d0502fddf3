/**
 * Asks the engine again and again whether it is alive. A dead one is noticed at once by its pipe; this is for one that hangs:
 * the lease has taken its addresses away, and a new engine is better than none. systemd's watchdog is fed only when the
 * engine has answered.
 *
 * Counted in questions, not in seconds: after the machine itself was paused, the engine has as many chances as before.
 */
import type { Log } from "./log.ts";
import type { Words } from "./words.ts";

export interface EngineWatchOptions {
  readonly log: Log;
  readonly words: Words;
  /** Undefined: nobody waits for `answers`. */
  readonly milliseconds: number | undefined;
  readonly ask: (milliseconds: number) => Promise<boolean>;
  readonly answers: () => void;
  readonly isUnresponsive: () => void;
}

const PERIOD_MS = 2_000;
const ANSWER_MS = 1_000;
const SAID_AFTER = 3;
const UNRESPONSIVE_AFTER = 15;

export class EngineWatch {
  readonly #options: EngineWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #unanswered = 0;
  #isStopped = false;

  constructor(options: EngineWatchOptions) {
    this.#options = options;
  }

  start(): void {
    const period = Math.min(PERIOD_MS, this.#options.milliseconds ?? PERIOD_MS);
    this.#timer = setTimeout(() => void this.#look(period), period);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #look(period: number): Promise<void> {
    const { log, words, ask, answers, isUnresponsive } = this.#options;
    const isAlive = await ask(Math.min(ANSWER_MS, period));
    if (this.#isStopped) return;
    if (isAlive) {
      if (this.#unanswered >= SAID_AFTER) log("info", words.engineAnswersAgain);
      this.#unanswered = 0;
      answers();
    } else {
      this.#unanswered += 1;
      if (this.#unanswered === SAID_AFTER) log("error", words.engineUnresponsive);
      if (this.#unanswered === UNRESPONSIVE_AFTER) {
        log("error", words.engineUnresponsiveForLong);
        this.#unanswered = 0;
        isUnresponsive();
      }
    }
    this.#timer = setTimeout(() => void this.#look(period), period);
  }
}
