/**
 * Text that comes in pieces → its lines. Only what is new is looked at, so that a line of megabytes
 * (the state of a thousand instances) costs its length, not the square of it.
 */
export class Lines {
  #parts: string[] = [];
  #pending = 0;

  /** The lines that this piece completes, without their ends. */
  add(text: string): string[] {
    const lines = text.split("\n");
    const rest = lines.pop() ?? "";
    const first = lines[0];
    if (first !== undefined && this.#pending > 0) {
      this.#parts.push(first);
      lines[0] = this.#parts.join("");
      this.clear();
    }
    if (rest !== "") {
      this.#parts.push(rest);
      this.#pending += rest.length;
    }
    return lines;
  }

  /** Characters of the line that has not ended yet. */
  get pending(): number {
    return this.#pending;
  }

  clear(): void {
    this.#parts = [];
    this.#pending = 0;
  }
}
