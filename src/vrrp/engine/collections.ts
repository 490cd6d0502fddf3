/** How long the engine's garbage collections took. Pure: who measures them is passed in. */
import { ENGINE_BOUNDS } from "./engine-durations.ts";
import { type DurationCounts, type DurationFigures, DurationHistogram } from "./histogram.ts";

export interface Collection {
  /** V8's name, for example Scavenge (young objects) or MarkCompact (all). */
  readonly kind: string;
  /** Microseconds for which nothing else ran. */
  readonly micros: number;
}

/** Of `status`: pauses since the engine's start, microseconds. */
export interface Collections extends DurationFigures {
  /** Of all together. */
  readonly total: number;
  /** The number of each kind. */
  readonly kinds: Readonly<Record<string, number>>;
}

export class CollectionCount {
  readonly #take: () => readonly Collection[];
  readonly #histogram = new DurationHistogram();
  readonly #kinds = new Map<string, number>();

  /** @param take the collections since the last call */
  constructor(take: () => readonly Collection[]) {
    this.#take = take;
  }

  /** How many there were since the last call. */
  take(): number {
    const taken = this.#take();
    for (const { kind, micros } of taken) {
      this.#histogram.record(micros);
      this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
    }
    return taken.length;
  }

  get total(): number {
    return this.#histogram.total;
  }

  counts(): DurationCounts {
    return this.#histogram.counts(ENGINE_BOUNDS);
  }

  read(): Collections {
    const kinds = Object.fromEntries(this.#kinds);
    return { ...this.#histogram.read(), total: this.total, kinds };
  }
}
