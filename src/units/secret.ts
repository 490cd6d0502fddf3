/**
 * A text that no log, error, `JSON.stringify` or `console.log` can print by mistake: passwords of
 * VRRP, keys of the cloud.
 *
 * Whoever has to put it on a wire or into a signature calls `reveal()`; that word is what a
 * reviewer looks for.
 */
export const HIDDEN_SECRET = "(hidden)";

export class Secret {
  // A private field: `inspect`, spread and `structuredClone` do not see it.
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  equals(other: Secret): boolean {
    return this.#text === other.#text;
  }

  /** Also cut after so many letters: who prints what it was sent may shorten it. */
  isIn(text: string, letters: number = this.#text.length): boolean {
    return this.#text !== "" && text.includes(this.#text.slice(0, letters));
  }

  toString(): string {
    return HIDDEN_SECRET;
  }

  toJSON(): string {
    return HIDDEN_SECRET;
  }
}
