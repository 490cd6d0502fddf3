/**
 * When did this program itself not run? One that measures others notes it, so that what it saw late
 * because it looked late is not taken for what was late. Pure: it is called with the time.
 */

/** Milliseconds. A timer of 1 ms is that late on a busy machine without anything being wrong. */
export const LEAST_PAUSE = 20;

export class OwnPauses {
  #runAt: number;
  #longest = 0;
  readonly #pauses: { readonly from: number; readonly to: number }[] = [];

  /** @param now milliseconds, as in all other calls */
  constructor(now: number) {
    this.#runAt = now;
  }

  /** Called as often as the program can: it runs now. */
  ran(now: number): void {
    const pause = now - this.#runAt;
    if (pause >= LEAST_PAUSE) this.#pauses.push({ from: this.#runAt, to: now });
    this.#longest = Math.max(this.#longest, pause);
    this.#runAt = now;
  }

  get longest(): number {
    return this.#longest;
  }

  /** Milliseconds of a time that has passed in which it did not run, without those under 20 ms. */
  within(from: number, to: number): number {
    let all = 0;
    for (const pause of this.#pauses)
      all += Math.max(0, Math.min(pause.to, to) - Math.max(pause.from, from));
    return all;
  }
}
