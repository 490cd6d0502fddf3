/**
 * Which of a thousand routers is due next: a heap, so that a packet or an advertisement costs a
 * handful of comparisons and not a look at every router. Equal deadlines keep the order in which
 * the items were made.
 *
 * Deadlines lie in one array in the order of the heap, each with four below it, and not in the
 * items: a router that has just been heard goes from the top to the bottom, and on its way nothing
 * else of the others is touched.
 */
import type { Instant } from "#units/time";

/** Kept in the item; `DueQueue` alone writes it. */
export interface Due {
  readonly order: number;
  /** Its number in the queue; -1 when not in it. */
  slot: number;
}

export const newDue = (order: number): Due => ({ order, slot: -1 });

interface Queued {
  readonly due: Due;
}

const BELOW = 4;
const FIRST_ROOM = 16;

export class DueQueue<T extends Queued> {
  /** By place in the heap. */
  #deadlines = new Float64Array(FIRST_ROOM);
  #slots = new Int32Array(FIRST_ROOM);
  /** By slot. */
  #places = new Int32Array(FIRST_ROOM);
  readonly #items: (T | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  #length = 0;

  first(): Instant | undefined {
    return this.#length === 0 ? undefined : (this.#deadlines[0] as Instant);
  }

  /** `at` undefined: not due at any time. */
  set(item: T, at: Instant | undefined): void {
    const { slot } = item.due;
    if (at === undefined) return this.remove(item);
    if (slot === -1) return this.#insert(item, at);
    const place = this.#places[slot] as number;
    const before = this.#deadlines[place] as number;
    if (at > before) this.#down(place, slot, at);
    else if (at < before) this.#up(place, slot, at);
  }

  remove(item: T): void {
    const { due } = item;
    if (due.slot === -1) return;
    const place = this.#places[due.slot] as number;
    this.#freeSlots.push(due.slot);
    this.#items[due.slot] = undefined;
    due.slot = -1;
    const last = --this.#length;
    if (place === last) return;
    const slot = this.#slots[last] as number;
    const at = this.#deadlines[last] as number;
    this.#up(place, slot, at);
    this.#down(this.#places[slot] as number, slot, at);
  }

  /** Takes out those that are due, earliest first, `most` of them; each is to be `set` again. */
  take(now: Instant, most: number): T[] {
    const taken: T[] = [];
    while (taken.length < most && this.#length > 0 && (this.#deadlines[0] as number) <= now) {
      const item = this.#items[this.#slots[0] as number] as T;
      this.remove(item);
      taken.push(item);
    }
    return taken;
  }

  #insert(item: T, at: Instant): void {
    const slot = this.#freeSlots.pop() ?? this.#items.length;
    this.#items[slot] = item;
    item.due.slot = slot;
    if (slot === this.#places.length) this.#grow();
    this.#length += 1;
    this.#up(this.#length - 1, slot, at);
  }

  #grow(): void {
    const room = this.#places.length * 2;
    const [deadlines, slots, places] = [this.#deadlines, this.#slots, this.#places];
    this.#deadlines = new Float64Array(room);
    this.#slots = new Int32Array(room);
    this.#places = new Int32Array(room);
    this.#deadlines.set(deadlines);
    this.#slots.set(slots);
    this.#places.set(places);
  }

  #put(place: number, slot: number, at: number): void {
    this.#deadlines[place] = at;
    this.#slots[place] = slot;
    this.#places[slot] = place;
  }

  /** Looks for the place of a deadline from `from` to the top. */
  #up(from: number, slot: number, at: number): void {
    let place = from;
    while (place > 0) {
      const above = Math.trunc((place - 1) / BELOW);
      const other = this.#deadlines[above] as number;
      const its = this.#slots[above] as number;
      if (other < at || (other === at && this.#isFirst(its, slot))) break;
      this.#put(place, its, other);
      place = above;
    }
    this.#put(place, slot, at);
  }

  /** The same to the bottom. */
  #down(from: number, slot: number, at: number): void {
    const length = this.#length;
    const deadlines = this.#deadlines;
    const slots = this.#slots;
    let place = from;
    for (;;) {
      const below = place * BELOW + 1;
      if (below >= length) break;
      const end = Math.min(below + BELOW, length);
      let next = below;
      let earliest = deadlines[below] as number;
      for (let one = below + 1; one < end; one++) {
        const other = deadlines[one] as number;
        if (other > earliest) continue;
        if (other === earliest && this.#isFirst(slots[next] as number, slots[one] as number))
          continue;
        next = one;
        earliest = other;
      }
      const its = slots[next] as number;
      if (at < earliest || (at === earliest && this.#isFirst(slot, its))) break;
      this.#put(place, its, earliest);
      place = next;
    }
    this.#put(place, slot, at);
  }

  #isFirst(slot: number, than: number): boolean {
    const [one, other] = [this.#items[slot] as T, this.#items[than] as T];
    return one.due.order < other.due.order;
  }
}
