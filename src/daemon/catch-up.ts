/**
 * What has to wait until the engine has taken over what it was sent: the report that a reload is
 * complete, and the next reload. Asked for again meanwhile, it is done once.
 */
export class CatchUp {
  readonly #isBehind: () => boolean;
  readonly #waiting = new Set<() => void>();

  /** @param isBehind the engine has not taken over all that it was sent */
  constructor(isBehind: () => boolean) {
    this.#isBehind = isBehind;
  }

  /** At once, if it is not behind. The same function is the same thing to do. */
  do(action: () => void): void {
    if (this.#isBehind()) this.#waiting.add(action);
    else action();
  }

  /** Called when the engine has taken something over, or is gone. */
  advanced(): void {
    if (this.#isBehind()) return;
    const actions = [...this.#waiting];
    this.#waiting.clear();
    for (const action of actions) this.do(action);
  }
}
