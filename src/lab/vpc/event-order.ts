/**
 * The immediate effects of a claim are emitted after the claim itself, even if the claim fails
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
   * Emits what `work` returns, and then what was emitted meanwhile. `failed` turns an exception
   * into an event.
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
