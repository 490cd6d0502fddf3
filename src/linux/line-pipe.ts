/**
 * JSON lines over a stream socket, without an event loop: the engine's end of the pipe to its
 * supervisor.
 *
 * Writing never blocks. What the other side does not take waits in a bounded queue; beyond the
 * bound, messages that only inform are dropped and counted, so that a supervisor that has stopped
 * reading cannot stop the engine.
 */
import { after, type Instant, type Micros } from "#units/time";
import { POLLOUT } from "./abi.ts";
import { now } from "./clock.ts";
import { errnoName } from "./errno.ts";
import * as libc from "./ffi.ts";
import { discardPages } from "./memory.ts";

const QUEUE_MAX = 1_048_576;
/** What waits is written in pieces of this size, many lines with one call. */
const PIECE = 65_536;
const F_SETFL = 4;
const O_NONBLOCK = 0x800;
const NEWLINE = 10;

export class LinePipe {
  readonly fd: number;
  readonly #chunk = new Uint8Array(65_536);
  readonly #decoder = new TextDecoder();
  #incoming = "";
  /**
   * What waits lies between `#begin` and `#end`. One array for all of it: lines that wait outlive
   * the collections of young objects, and with an array for each of them a thousand routers that
   * moved left megabytes outside of V8's heap, until old objects were collected.
   */
  #outgoing = Buffer.alloc(PIECE);
  #begin = 0;
  #end = 0;
  dropped = 0;
  /** Bytes read, and bytes that were to be written. */
  traffic = 0;
  /** The other side is gone. */
  ended = false;

  constructor(fd: number) {
    this.fd = fd;
    libc.fcntl(fd, F_SETFL, O_NONBLOCK);
  }

  /** All complete lines that have arrived. */
  read(): readonly string[] {
    for (;;) {
      const length = libc.read(this.fd, this.#chunk, this.#chunk.length);
      if (length > 0) {
        this.traffic += length;
        this.#incoming += this.#decoder.decode(this.#chunk.subarray(0, length), { stream: true });
        continue;
      }
      const error = length === 0 ? "end" : errnoName(libc.errno());
      if (error === "EINTR") continue;
      if (error !== "EAGAIN") this.ended = true;
      break;
    }
    const lines = this.#incoming.split("\n");
    this.#incoming = lines.pop() ?? "";
    return lines.filter((line) => line !== "");
  }

  /** @param droppable the line may be lost rather than queued without bound */
  write(message: unknown, droppable: boolean): void {
    if (this.ended) return;
    if (droppable && this.#end - this.#begin > QUEUE_MAX) {
      this.dropped += 1;
      return;
    }
    const text = JSON.stringify(message);
    const length = Buffer.byteLength(text) + 1;
    this.#reserve(length);
    this.#outgoing.write(text, this.#end);
    this.#end += length;
    this.#outgoing[this.#end - 1] = NEWLINE;
    this.traffic += length;
    this.flush();
  }

  /** Room behind what waits. */
  #reserve(length: number): void {
    if (this.#end + length <= this.#outgoing.length) return;
    const waiting = this.#end - this.#begin;
    const needed = waiting + length;
    // Moving less than half of the room to its beginning makes as much room as it costs.
    const hasRoom = needed * 2 <= this.#outgoing.length;
    const to = hasRoom ? this.#outgoing : Buffer.alloc(Math.max(PIECE, needed * 2));
    this.#outgoing.copy(to, 0, this.#begin, this.#end);
    this.#outgoing = to;
    this.#begin = 0;
    this.#end = waiting;
  }

  get waiting(): boolean {
    return this.#end > this.#begin && !this.ended;
  }

  /** Writes as much as the other side takes now. */
  flush(): void {
    while (this.waiting) {
      const to = Math.min(this.#end, this.#begin + PIECE);
      const piece = this.#outgoing.subarray(this.#begin, to);
      const written = libc.write(this.fd, piece, piece.length);
      if (written < 0) {
        const error = errnoName(libc.errno());
        if (error === "EINTR") continue;
        // EPIPE or a similar error: the supervisor is gone, which reading will show too.
        if (error !== "EAGAIN") this.ended = true;
        return;
      }
      this.#begin += written;
    }
    this.#begin = 0;
    this.#end = 0;
  }

  /** Gives back the pages of what waited, when nothing does; the room stays. */
  release(): void {
    if (!this.waiting && this.#outgoing.length > PIECE) discardPages(this.#outgoing);
  }

  /**
   * Called before the process ends: waits until the other side has taken everything, but no
   * longer than this. What is still queued here would be lost, and the other side would take
   * our exit for a crash.
   */
  finish(wait: Micros): void {
    const end = after(now(), wait);
    const table = Int32Array.of(this.fd, POLLOUT);
    for (this.flush(); this.waiting && now() < end; this.flush())
      libc.ppoll(table, 1, timeoutUntil(end), null);
  }
}

/** For ppoll(2): seconds and nanoseconds, 64 bits each. */
function timeoutUntil(end: Instant): Int32Array {
  const micros = Math.max(0, end - now());
  const seconds = Math.floor(micros / 1_000_000);
  return Int32Array.of(seconds, 0, (micros - seconds * 1_000_000) * 1_000, 0);
}
