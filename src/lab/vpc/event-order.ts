/**
 * What a claim causes at once is emitted after the claim itself, also when the claim fails
 * half-way.
 */
export class EventOrder<T> {
  readonly #emit: (event: T) => void;
  #held: T[] | undefined;

  constructor(emit: (event: T) => void) {
    this.#emit = emit;
  }

  emit(event: T): void {
    if (this.#held === undefined) this.#emit(event);
    else this.#held.push(event);
  }

  /**
   * Emits what `work` gives back, then what was emitted meanwhile; `failed` makes an event of
   * an exception.
   */
  leading(work: () => T | undefined, failed: (error: unknown) => T): void {
    const held: T[] = [];
    this.#held = held;
    let first: T | undefined;
    try {
      first = work();
    } catch (error) {
      first = failed(error);
    } finally {
      this.#held = undefined;
    }
    if (first !== undefined) this.#emit(first);
    for (const event of held) this.#emit(event);
  }
}
