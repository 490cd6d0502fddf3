/**
 * Answers that their clients have not taken yet. Whoever asks and does not read keeps an answer in
 * memory and a connection from others, for as long as it likes: so there are so many bytes of them
 * in all, and each has so much time. What makes room is what has waited the longest.
 */

/** As far as it is used here: a response of node:http. */
export interface Outgoing {
  destroy(): unknown;
  once(event: "close", listener: () => void): unknown;
}

export interface UnsentOptions {
  /** Bytes in all; undefined for 16 MB. A single answer may have more. */
  readonly most?: number;
  /** Milliseconds for each; undefined for a minute. */
  readonly timeMs?: number;
  readonly clock?: () => number;
}

interface Entry {
  readonly bytes: number;
  readonly since: number;
}

const BYTES_MAX = 16 * 1_048_576;
const TIME_MS = 60_000;
/** Where somebody else waits for a connection. */
const HURRY_MS = 2_000;

export class Unsent {
  readonly #most: number;
  readonly #timeMs: number;
  readonly #clock: () => number;
  /** The oldest first. */
  readonly #entries = new Map<Outgoing, Entry>();
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor({ most, timeMs, clock }: UnsentOptions = {}) {
    this.#most = most ?? BYTES_MAX;
    this.#timeMs = timeMs ?? TIME_MS;
    this.#clock = clock ?? (() => performance.now());
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Called before the answer is given to the connection. */
  add(outgoing: Outgoing, bytes: number): void {
    for (const [oldest] of this.#entries) {
      if (this.#bytes + bytes <= this.#most) break;
      this.#drop(oldest);
    }
    this.#entries.set(outgoing, { bytes, since: this.#clock() });
    this.#bytes += bytes;
    outgoing.once("close", () => this.#remove(outgoing));
    this.#arm();
  }

  /** Somebody could not be let in: whoever has taken nothing for a moment goes. */
  makeRoom(): void {
    this.#dropSince(this.#clock() - Math.min(HURRY_MS, this.#timeMs));
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#entries.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#dropSince(this.#clock() - this.#timeMs);
      this.#arm();
    }, this.#timeMs);
    this.#timer.unref();
  }

  #dropSince(latest: number): void {
    for (const [outgoing, { since }] of this.#entries) {
      if (since > latest) return;
      this.#drop(outgoing);
    }
  }

  #drop(outgoing: Outgoing): void {
    this.#remove(outgoing);
    outgoing.destroy();
  }

  #remove(outgoing: Outgoing): void {
    const entry = this.#entries.get(outgoing);
    if (entry === undefined) return;
    this.#entries.delete(outgoing);
    this.#bytes -= entry.bytes;
  }
}
