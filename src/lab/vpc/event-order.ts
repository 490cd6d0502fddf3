/**
 * What a claim causes at once is emitted after the claim itself, also when the claim fails
 * half-way.
 */
export class EventOrder<Event> {
  readonly #emit: (event: Event) => void;
  #held: Event[] | undefined;

  constructor(emit: (event: Event) => void) {
    this.#emit = emit;
  }

  emit(event: Event): void {
    if (this.#held === undefined) this.#emit(event);
    else this.#held.push(event);
  }

  /**
   * Emits what `work` gives back, then what was emitted meanwhile; `failed` makes an event of
   * an exception.
   */
  leading(work: () => Event | undefined, failed: (error: unknown) => Event): void {
    const held: Event[] = [];
    this.#held = held;
    let first: Event | undefined;
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
