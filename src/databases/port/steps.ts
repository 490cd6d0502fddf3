/** What a promotion or demotion spent its time with, for its answer; and how much is left. */
/** An answer needs its way back too. */
const ANSWER_MS = 20;

export class Steps {
  #deadline: number;
  readonly #took: string[] = [];
  readonly #begun = performance.now();

  /** @param deadline milliseconds since 1970, as in the ask */
  constructor(deadline: number) {
    this.#deadline = performance.now() + (deadline - Date.now()) - ANSWER_MS;
  }

  /** Milliseconds; at least 1, so that a time-out of it can be given to a call. */
  get left(): number {
    return Math.max(1, this.#deadline - performance.now());
  }

  /** Somebody else is to be served: nothing more is begun. */
  cancel(): void {
    this.#deadline = 0;
  }

  get isLate(): boolean {
    return performance.now() >= this.#deadline;
  }

  /** Rejects without beginning if there is no time left. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    if (this.isLate) throw new Error(`no time left for: ${name}`);
    const begun = performance.now();
    try {
      return await work();
    } finally {
      this.#took.push(`${name} ${Math.round(performance.now() - begun)} ms`);
    }
  }

  print(): string {
    return [...this.#took, `together ${Math.round(performance.now() - this.#begun)} ms`].join(", ");
  }
}
