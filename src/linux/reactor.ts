/**
 * One thread, one `ppoll`: waits until something is readable or a deadline is reached, then calls
 * handlers in order.
 *
 * The time to wait needs no rounding: instants are whole microseconds and `ppoll` takes
 * nanoseconds, so it is never early. How late it is depends on the thread's timer slack
 * (process.ts) and on the scheduler. The kernel's wait does not count a suspension of the machine,
 * while our clock does: after one, a deadline that has passed is noticed when the first packet
 * arrives or the rest of the wait is over.
 */

import { assert } from "#units/assert";
import { after, type Instant, type Micros, micros } from "#units/time";
import { POLLFD, POLLIN, POLLNVAL } from "./abi.ts";
import { now } from "./clock.ts";
import { errnoName } from "./errno.ts";
import * as libc from "./ffi.ts";

const PAST = 0 as Instant;
/** Unless `setPause` says another. */
const PAUSE: Micros = micros(2_000);
/** Packets in a row that came faster; below it (a question and its answer) each wakes us. */
const COALESCE_AFTER = 16;

/**
 * While packets keep coming faster than two in a pause, they are read once in a pause and not one
 * by one: a wake-up costs several times what a packet does. As a network card's interrupt
 * coalescing.
 */
export class Reactor {
  #fds: number[] = [];
  #handlers: (() => unknown)[] = [];
  /** Of the descriptors, those at the beginning that are never made to wait. */
  #urgent = 0;
  #table = new Int32Array(0);
  readonly #timeout = new Int32Array(4);
  /** Until then packets wait; if none has come a moment later, they are rare again. */
  #quietUntil = PAST;
  /** When packets were last read. */
  #readAt = PAST;
  #inRow = 0;
  #pause = PAUSE;

  readonly #clock: () => Instant;

  constructor(clock: () => Instant = now) {
    this.#clock = clock;
  }

  /** How long packets may wait while they are many. */
  setPause(pause: Micros): void {
    this.#pause = pause;
  }

  add(fd: number, onReadable: () => void): void {
    this.#fds = this.#fds.toSpliced(this.#urgent, 0, fd);
    this.#handlers = this.#handlers.toSpliced(this.#urgent, 0, onReadable);
    this.#urgent += 1;
    this.#rebuild();
  }

  /**
   * As `add`, for a socket with very many packets: they may wait for a pause, unless `onReadable`
   * has left some (true).
   */
  addPackets(fd: number, onReadable: () => boolean): void {
    this.#fds.push(fd);
    this.#handlers.push(onReadable);
    this.#rebuild();
  }

  remove(fd: number): void {
    const place = this.#fds.indexOf(fd);
    if (place === -1) return;
    if (place < this.#urgent) this.#urgent -= 1;
    this.#fds = this.#fds.toSpliced(place, 1);
    this.#handlers = this.#handlers.toSpliced(place, 1);
    this.#rebuild();
  }

  /**
   * After a wait, and before a timer is fired: while `isDue` and something is readable, handlers
   * are called again without waiting, for `most` at the longest. A handler takes a bounded number
   * of packets from a socket; no deadline shall decide while a packet that says otherwise waits
   * behind them, and no flood shall put off a deadline for ever.
   *
   * @returns nothing was readable at last
   */
  drain(isDue: () => boolean, most: Micros, clock: () => Instant = this.#clock): boolean {
    const end = after(clock(), most);
    while (isDue()) {
      if (!this.wait(PAST)) return true;
      if (clock() >= end) return false;
    }
    return false;
  }

  /**
   * One wait; `until` undefined waits for ever. Handlers may add and remove descriptors. False:
   * nothing was readable.
   */
  wait(until: Instant | undefined): boolean {
    const quiet = this.#quietUntil;
    const mayWait = this.#coalesces && until !== PAST && this.#clock() < quiet;
    if (!mayWait) return this.#waitFor(until, true);
    if (until !== undefined && until <= quiet) return this.#waitFor(until, false);
    return this.#waitFor(quiet, false) || this.#waitFor(until, true);
  }

  #waitFor(until: Instant | undefined, withPackets: boolean): boolean {
    const table = this.#table;
    const handlers = this.#handlers;
    const urgent = this.#urgent;
    const count = withPackets ? handlers.length : urgent;
    const timeout = until === undefined ? null : this.#relative(until);
    const ready = libc.ppoll(table, count, timeout, null);
    if (ready < 0) {
      const name = errnoName(libc.errno());
      if (name !== "EINTR") throw new Error(`ppoll: ${name}`);
      return false;
    }
    if (ready === 0) return false;
    let hasPackets = false;
    let hasMore = false;
    for (let i = 0; i < count; i++) {
      // Events and results share the second 32 bits: results are the upper half.
      const results = (table[i * 2 + 1] ?? 0) >>> 16;
      if (results === 0) continue;
      assert((results & POLLNVAL) === 0, "a descriptor was closed before it was removed");
      const handler = handlers[i];
      // An earlier handler may have removed this one, and its descriptor may be another's by now.
      if (handler === undefined || !this.#handlers.includes(handler)) continue;
      hasPackets ||= i >= urgent;
      if (handler() === true) hasMore = true;
    }
    if (hasPackets) this.#packetsCame(hasMore);
    return true;
  }

  get #coalesces(): boolean {
    return this.#inRow >= COALESCE_AFTER;
  }

  #packetsCame(hasMore: boolean): void {
    const at = this.#clock();
    const from = this.#coalesces ? this.#quietUntil : this.#readAt;
    this.#inRow = at < from + this.#pause / 2 ? this.#inRow + 1 : 0;
    this.#readAt = at;
    this.#quietUntil = hasMore ? at : after(at, this.#pause);
  }

  #relative(until: Instant): Int32Array {
    const micros = Math.max(0, until - this.#clock());
    const seconds = Math.floor(micros / 1_000_000);
    this.#timeout[0] = seconds;
    this.#timeout[1] = 0;
    this.#timeout[2] = (micros - seconds * 1_000_000) * 1_000;
    this.#timeout[3] = 0;
    return this.#timeout;
  }

  #rebuild(): void {
    this.#table = new Int32Array((this.#fds.length * POLLFD.size) / 4);
    for (const [place, fd] of this.#fds.entries()) {
      this.#table[place * 2] = fd;
      this.#table[place * 2 + 1] = POLLIN;
    }
  }
}
