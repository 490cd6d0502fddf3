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

const QUEUE_MAX = 1_048_576;
/**
 * Queued lines are written in chunks of this size: the kernel accounts a whole buffer for each
 * write, however short, so that 280 single lines fill a socket with room for 200 kilobytes.
 */
const PIECE = 65_536;
const F_SETFL = 4;
const O_NONBLOCK = 0x800;

export class LinePipe {
  readonly fd: number;
  readonly #chunk = new Uint8Array(65_536);
  readonly #decoder = new TextDecoder();
  readonly #encoder = new TextEncoder();
  #incoming = "";
  #outgoing: Uint8Array[] = [];
  #queued = 0;
  /** The other side had no room for the first of what waits. */
  #isRefused = false;
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
    if (droppable && this.#queued > QUEUE_MAX) {
      this.dropped += 1;
      return;
    }
    const bytes = this.#encoder.encode(`${JSON.stringify(message)}\n`);
    this.#outgoing.push(bytes);
    this.#queued += bytes.length;
    this.traffic += bytes.length;
    this.flush();
  }

  get waiting(): boolean {
    return this.#outgoing.length > 0 && !this.ended;
  }

  /** Writes as much as the other side takes now. */
  flush(): void {
    for (let first = this.#piece(); first !== undefined && !this.ended; first = this.#piece()) {
      const written = libc.write(this.fd, first, first.length);
      if (written < 0) {
        const error = errnoName(libc.errno());
        if (error === "EINTR") continue;
        // EPIPE or a similar error: the supervisor is gone, which reading will show too.
        if (error !== "EAGAIN") this.ended = true;
        this.#isRefused = true;
        return;
      }
      this.#isRefused = false;
      this.#queued -= written;
      if (written === first.length) this.#outgoing.shift();
      else this.#outgoing[0] = first.subarray(written);
    }
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

  /**
   * The first of what waits, with as many behind it as are written in one go. One that was refused
   * is not put together anew with every message behind it: that costs a copy of all each time.
   */
  #piece(): Uint8Array | undefined {
    const [first, second] = this.#outgoing;
    if (first === undefined || second === undefined) return first;
    if (this.#isRefused || first.length >= PIECE) return first;
    let count = 0;
    let length = 0;
    for (const one of this.#outgoing) {
      if (count > 0 && length + one.length > PIECE) break;
      count += 1;
      length += one.length;
    }
    const piece = new Uint8Array(length);
    let place = 0;
    for (const one of this.#outgoing.splice(0, count)) {
      piece.set(one, place);
      place += one.length;
    }
    this.#outgoing.unshift(piece);
    return piece;
  }
}

/** For ppoll(2): seconds and nanoseconds, 64 bits each. */
function timeoutUntil(end: Instant): Int32Array {
  const micros = Math.max(0, end - now());
  const seconds = Math.floor(micros / 1_000_000);
  return Int32Array.of(seconds, 0, (micros - seconds * 1_000_000) * 1_000, 0);
}
