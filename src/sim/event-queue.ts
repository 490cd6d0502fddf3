/** Virtual time: what is to happen, in order of time and then of being asked for. A binary heap. */

interface Entry {
  readonly at: number;
  readonly sequence: number;
  readonly run: () => void;
}

export class EventQueue {
  readonly #heap: Entry[] = [];
  #sequence = 0;
  /** Microseconds since the start of the simulation. */
  now = 0;
  ran = 0;

  /** Runs `run` at `at`, or at once when that is past. */
  at(at: number, run: () => void): void {
    const heap = this.#heap;
    const entry = { at: at > this.now ? at : this.now, sequence: this.#sequence++, run };
    let place = heap.length;
    heap.push(entry);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent] as Entry;
      if (!isBefore(entry, above)) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = entry;
  }

  in(delay: number, run: () => void): void {
    this.at(this.now + delay, run);
  }

  /**
   * Runs everything up to and including `limit`, then sets the time to it. Stops early when
   * `halted` says so.
   */
  runUntil(limit: number, halted: () => boolean): void {
    const heap = this.#heap;
    for (let first = heap[0]; first !== undefined && first.at <= limit; first = heap[0]) {
      this.#pop();
      this.now = first.at;
      this.ran += 1;
      first.run();
      if (halted()) return;
    }
    this.now = Math.max(this.now, limit);
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    const size = heap.length;
    if (last === undefined || size === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= size) break;
      const right = child + 1;
      if (right < size && isBefore(heap[right] as Entry, heap[child] as Entry)) child = right;
      const below = heap[child] as Entry;
      if (!isBefore(below, last)) break;
      heap[place] = below;
      place = child;
    }
    heap[place] = last;
  }
}

const isBefore = (a: Entry, b: Entry): boolean =>
  a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
