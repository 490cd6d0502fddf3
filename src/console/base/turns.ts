/**
 * A browser opens six connections to a server and lets every further request wait for one of them.
 * Streams stay open, so of many nodes the streams take turns, and questions always find a way.
 */

/** Two of six are left for questions and actions. */
const OPEN_MAX = 4;

export class Turns {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #open = 0;

  constructor(most: number = OPEN_MAX) {
    this.#most = most;
  }

  /** Whether somebody waits, so that who has had a turn gives way. */
  get isWanted(): boolean {
    return this.#waiting.length > 0;
  }

  /** Resolves when it is one's turn; `end` must be called after it. */
  async begin(): Promise<void> {
    if (this.#open < this.#most) {
      this.#open += 1;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  end(): void {
    const next = this.#waiting.shift();
    // The place goes to who waits the longest.
    if (next === undefined) this.#open -= 1;
    else next();
  }
}
