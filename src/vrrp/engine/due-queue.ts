/**
 * Which of a thousand routers is due next: a heap, so that a packet or an advertisement costs a
 * handful of comparisons and not a look at every router. Equal deadlines keep the order in which
 * the items were made.
 *
 * Deadlines lie in one array too, in the order of the heap, each with four below it, and not in the
 * items alone: a router that has just been heard goes from the top to the bottom, and nothing else
 * of those that it passes is touched.
 */
import type { Instant } from "#units/time";

/** Kept in the item; `DueQueue` alone writes it, except for `isOwner`. */
export interface Due {
  readonly order: number;
  at: Instant | undefined;
  /** Its number in the queue's arrays; -1 when it has none. */
  slot: number;
  /** Which of two queues it is in (instances.ts). */
  isOwner: boolean;
}

export const newDue = (order: number): Due => ({ order, at: undefined, slot: -1, isOwner: false });

interface Queued {
  readonly due: Due;
}

const BELOW = 4;
const FIRST_ROOM = 16;

export class DueQueue<T extends Queued> {
  /** By place in the heap. */
  #deadlines = new Float64Array(FIRST_ROOM);
  #slots = new Int32Array(FIRST_ROOM);
  /** By slot; -1: not in the heap. */
  #places = new Int32Array(FIRST_ROOM);
  /** By slot. Here and not in the items alone: a heap of equal deadlines asks for nothing else. */
  #orders = new Float64Array(FIRST_ROOM);
  readonly #items: (T | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  #length = 0;

  first(): Instant | undefined {
    return this.#length === 0 ? undefined : (this.#deadlines[0] as Instant);
  }

  /** `at` undefined: not due at any time. */
  set(item: T, at: Instant | undefined): void {
    const { due } = item;
    if (at === undefined) return this.remove(item);
    due.at = at;
    if (due.slot === -1) this.#giveSlot(item);
    const place = this.#places[due.slot] as number;
    if (place === -1) return this.#up(this.#length++, due.slot, at);
    const before = this.#deadlines[place] as number;
    if (at > before) this.#down(place, due.slot, at);
    else if (at < before) this.#up(place, due.slot, at);
  }

  remove(item: T): void {
    const { due } = item;
    if (due.slot === -1) return;
    this.#takeOut(due);
    this.#items[due.slot] = undefined;
    this.#freeSlots.push(due.slot);
    due.slot = -1;
  }

  /** Takes out those that are due, earliest first, `most` of them; each is to be `set` again. */
  take(now: Instant, most: number): T[] {
    const taken: T[] = [];
    while (taken.length < most && this.#length > 0 && (this.#deadlines[0] as number) <= now) {
      const item = this.#items[this.#slots[0] as number] as T;
      this.#takeOut(item.due);
      taken.push(item);
    }
    return taken;
  }

  /** It keeps its slot. */
  #takeOut(due: Due): void {
    const place = this.#places[due.slot] as number;
    due.at = undefined;
    if (place === -1) return;
    this.#places[due.slot] = -1;
    const last = --this.#length;
    if (place === last) return;
    const slot = this.#slots[last] as number;
    const at = this.#deadlines[last] as number;
    if (place > 0) this.#up(place, slot, at);
    this.#down(place === 0 ? 0 : (this.#places[slot] as number), slot, at);
  }

  #giveSlot(item: T): void {
    const slot = this.#freeSlots.pop() ?? this.#items.length;
    if (slot === this.#places.length) this.#grow();
    this.#items[slot] = item;
    this.#orders[slot] = item.due.order;
    this.#places[slot] = -1;
    item.due.slot = slot;
  }

  #grow(): void {
    const room = this.#places.length * 2;
    const [deadlines, slots] = [this.#deadlines, this.#slots];
    const [places, orders] = [this.#places, this.#orders];
    this.#deadlines = new Float64Array(room);
    this.#slots = new Int32Array(room);
    this.#places = new Int32Array(room);
    this.#orders = new Float64Array(room);
    this.#deadlines.set(deadlines);
    this.#slots.set(slots);
    this.#places.set(places);
    this.#orders.set(orders);
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
    return (this.#orders[slot] as number) < (this.#orders[than] as number);
  }
}
