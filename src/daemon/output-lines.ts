/**
 * Splits what a long-running program writes into lines for the log. Long lines are cut, and a
 * flood is counted instead of logged.
 */
const LINE_MAX = 1_000;
const LINES_MAX = 100;
const WINDOW_MS = 60_000;

export class OutputLines {
  readonly #emit: (line: string) => void;
  readonly #lost: (lines: number) => void;
  readonly #decoder = new TextDecoder();
  #line = "";
  #emitted = 0;
  #dropped = 0;
  #windowAt = Number.NEGATIVE_INFINITY;

  constructor(emit: (line: string) => void, lost: (lines: number) => void) {
    this.#emit = emit;
    this.#lost = lost;
  }

  add(chunk: Uint8Array): void {
    const [first = "", ...others] = this.#decoder.decode(chunk, { stream: true }).split("\n");
    this.#append(first);
    for (const part of others) {
      this.#flush();
      this.#append(part);
    }
  }

  /** The program has ended: text without a line end counts as a line too. */
  end(): void {
    this.#flush();
    this.#emitLost();
  }

  #append(text: string): void {
    if (this.#line.length < LINE_MAX) this.#line += text.slice(0, LINE_MAX - this.#line.length);
  }

  #flush(): void {
    const line = this.#line.replace(/\p{Cc}/gu, "").trimEnd();
    this.#line = "";
    if (line === "") return;
    if (performance.now() - this.#windowAt >= WINDOW_MS) {
      this.#emitLost();
      this.#windowAt = performance.now();
      this.#emitted = 0;
    }
    this.#emitted += 1;
    if (this.#emitted <= LINES_MAX) this.#emit(line);
    else this.#dropped += 1;
  }

  #emitLost(): void {
    if (this.#dropped > 0) this.#lost(this.#dropped);
    this.#dropped = 0;
  }
}
