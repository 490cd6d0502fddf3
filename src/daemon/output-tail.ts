/**
 * The last few kilobytes of what a script wrote, as text. Reading goes on beyond that, so that
 * a flood neither blocks the script nor fills memory.
 */
const TAIL_MAX = 4_096;

export class OutputTail {
  readonly #bytes = new Uint8Array(TAIL_MAX);
  #length = 0;
  total = 0;
  /** Called with every chunk, after it has been kept. */
  listener: ((chunk: Uint8Array) => void) | undefined;

  add(chunk: Uint8Array): void {
    this.total += chunk.length;
    const fresh = chunk.subarray(Math.max(0, chunk.length - TAIL_MAX));
    const kept = Math.min(this.#length, TAIL_MAX - fresh.length);
    this.#bytes.copyWithin(0, this.#length - kept, this.#length);
    this.#bytes.set(fresh, kept);
    this.#length = kept + fresh.length;
    this.listener?.(chunk);
  }

  /**
   * The text, without a character that was cut at the front and without control characters that
   * move a cursor.
   */
  text(): string {
    const isCut = this.total > this.#length;
    let from = 0;
    while (isCut && from < 4 && ((this.#bytes[from] ?? 0) & 0xc0) === 0x80) from += 1;
    const text = new TextDecoder().decode(this.#bytes.subarray(from, this.#length));
    const plain = text.replace(/(?![\n\t])\p{Cc}/gu, "").trimEnd();
    return isCut ? `…${plain}` : plain;
  }

  /** The last line, for a log line. */
  lastLine(): string {
    return this.text().split("\n").at(-1) ?? "";
  }
}
