/**
 * Signals that ask for dump files: DATA, STATS, STATS_CLEAR, JSON. What writes them is loaded with
 * the first one. Any number of signals that come while one is obeyed are one more, and all of them
 * take a fifth of the time at the most.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { background } from "./contain.ts";
import type { DumpFiles, DumpParts } from "./dump-files.ts";
import type { DumpKind } from "./dumps/reading.ts";

/** Of the time. */
const SHARE = 0.2;
/** Milliseconds that may be used at once: exporters wait some 10 ms for a file before reading. */
const SPARE_MS = 1_000;

export class DumpFeed {
  readonly #parts: () => DumpParts;
  readonly #waiting = new Set<DumpKind>();
  #isRunning = false;
  #files: Promise<DumpFiles> | undefined;
  #spareMs = SPARE_MS;
  #sparedAt = 0;

  constructor(parts: () => DumpParts) {
    this.#parts = parts;
  }

  ask(kind: DumpKind): void {
    this.#waiting.add(kind);
    if (this.#isRunning) return;
    this.#isRunning = true;
    background(this.#parts().log, "dump files", async () => await this.#run());
  }

  async #run(): Promise<void> {
    try {
      while (this.#waiting.size > 0) {
        const kinds = new Set(this.#waiting);
        this.#waiting.clear();
        const files = await this.#load();
        const begunAt = performance.now();
        await files.write(kinds);
        await this.#rest(begunAt, performance.now());
      }
    } finally {
      this.#isRunning = false;
    }
  }

  async #load(): Promise<DumpFiles> {
    this.#files ??= import("./dump-files.ts").then((all) => new all.DumpFiles(this.#parts));
    return await this.#files;
  }

  /** Only whoever asks without end has to wait. */
  async #rest(begunAt: number, endedAt: number): Promise<void> {
    const gained = (begunAt - this.#sparedAt) * SHARE;
    this.#spareMs = Math.min(SPARE_MS, this.#spareMs + gained) - (endedAt - begunAt);
    this.#sparedAt = endedAt;
    if (this.#spareMs < 0) await sleep(-this.#spareMs / SHARE, undefined, { ref: false });
  }
}
