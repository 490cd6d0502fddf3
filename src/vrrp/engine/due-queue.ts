/**
 * Which of a thousand routers is due next: a binary heap, so that a packet or an advertisement
 * costs a handful of comparisons and not a look at every router. Equal deadlines keep the order in
 * which the items were made.
 */
import type { Instant } from "#units/time";

/** Kept in the item; `DueQueue` alone writes it. */
export interface Due {
  readonly order: number;
  at: Instant | undefined;
  /** Position in the heap; -1 when not in it. */
  place: number;
}

export const newDue = (order: number): Due => ({ order, at: undefined, place: -1 });

interface Queued {
  readonly due: Due;
}

export class DueQueue<T extends Queued> {
  readonly #heap: T[] = [];

  first(): Instant | undefined {
    return this.#heap[0]?.due.at;
  }

  /** `at` undefined: not due at any time. */
  set(item: T, at: Instant | undefined): void {
    const { due } = item;
    if (due.place === -1) {
      if (at === undefined) return;
      due.at = at;
      due.place = this.#heap.length;
      this.#heap.push(item);
      return this.#up(item);
    }
    if (due.at === at) return;
    if (at === undefined) return this.remove(item);
    due.at = at;
    this.#up(item);
    this.#down(item);
  }

  remove(item: T): void {
    const { due } = item;
    if (due.place === -1) return;
    const last = this.#heap.pop() as T;
    if (last !== item) {
      this.#put(last, due.place);
      this.#up(last);
      this.#down(last);
    }
    due.place = -1;
    due.at = undefined;
  }

  /** Takes out those that are due, earliest first, `most` of them; each is to be `set` again. */
  take(now: Instant, most: number): T[] {
    const taken: T[] = [];
    while (taken.length < most) {
      const first = this.#heap[0];
      if (first === undefined) break;
      if (first.due.at === undefined || first.due.at > now) break;
      this.remove(first);
      taken.push(first);
    }
    return taken;
  }

  #put(item: T, place: number): void {
    this.#heap[place] = item;
    item.due.place = place;
  }

  #up(item: T): void {
    let { place } = item.due;
    while (place > 0) {
      const above = this.#heap[(place - 1) >> 1] as T;
      if (!isEarlier(item.due, above.due)) break;
      this.#put(above, place);
      place = (place - 1) >> 1;
    }
    this.#put(item, place);
  }

  #down(item: T): void {
    let { place } = item.due;
    for (;;) {
      const left = this.#heap[2 * place + 1];
      if (left === undefined) break;
      const right = this.#heap[2 * place + 2];
      const below = right !== undefined && isEarlier(right.due, left.due) ? right : left;
      if (!isEarlier(below.due, item.due)) break;
      const next = below.due.place;
      this.#put(below, place);
      place = next;
    }
    this.#put(item, place);
  }
}

function isEarlier(a: Due, b: Due): boolean {
  const first = a.at ?? Number.POSITIVE_INFINITY;
  const second = b.at ?? Number.POSITIVE_INFINITY;
  return first < second || (first === second && a.order < b.order);
}
