/**
 * Whoever may ask can ask without end, and an answer that waits for nothing leaves no turn of the
 * event loop between itself and the next one: checks would be late, and count as failed. So answers
 * begin one after the other, with time for everything else in between.
 */

/** A thousand answers a second, of all clients together. */
const PAUSE_MS = 1;

interface Waiting {
  readonly isGone: () => boolean;
  readonly begin: () => void;
}

export class Pace {
  readonly #waiting: Waiting[] = [];
  #isResting = false;

  /**
   * Resolves when the caller may begin; in the order in which they asked.
   *
   * @param isGone whoever does not wait any more takes no time of the others
   */
  async turn(isGone: () => boolean): Promise<void> {
    await new Promise<void>((begin) => {
      this.#waiting.push({ isGone, begin });
      if (!this.#isResting) this.#next();
    });
  }

  #next(): void {
    this.#isResting = false;
    for (let one = this.#waiting.shift(); one !== undefined; one = this.#waiting.shift()) {
      one.begin();
      if (one.isGone()) continue;
      this.#isResting = true;
      setTimeout(() => this.#next(), PAUSE_MS);
      return;
    }
  }
}
