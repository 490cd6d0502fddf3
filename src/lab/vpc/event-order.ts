/** What a claim causes at once is told after the claim itself, and told also when the claim fails half-way. */
export class EventOrder<Event> {
  readonly #tell: (event: Event) => void;
  #held: Event[] | undefined;

  constructor(tell: (event: Event) => void) {
    this.#tell = tell;
  }

  emit(event: Event): void {
    if (this.#held === undefined) this.#tell(event);
    else this.#held.push(event);
  }

  /** Tells what `work` gives back, then what was emitted meanwhile; `failed` puts an exception into words. */
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
    if (first !== undefined) this.#tell(first);
    for (const event of held) this.#tell(event);
  }
}
