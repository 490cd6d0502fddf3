/**
 * JSON lines over a stream socket, without an event loop: the engine's end of the pipe to its keeper.
 *
 * Writing never blocks. What the other side does not take waits in a bounded queue; beyond the bound, messages that only
 * inform are dropped and counted, so that a keeper that has stopped reading cannot stop the engine.
 */
import { errnoName } from "./errno.ts";
import * as libc from "./ffi.ts";

const QUEUE_MAX = 1_048_576;
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
  dropped = 0;
  /** The other side is gone. */
  ended = false;

  constructor(fd: number) {
    this.fd = fd;
    libc.fcntl(fd, F_SETFL, O_NONBLOCK);
  }

  /** Everything complete that has arrived. */
  read(): readonly string[] {
    for (;;) {
      const length = libc.read(this.fd, this.#chunk, this.#chunk.length);
      if (length > 0) {
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

  /** @param droppable lost rather than queued without end */
  write(message: unknown, droppable: boolean): void {
    if (this.ended) return;
    if (droppable && this.#queued > QUEUE_MAX) {
      this.dropped += 1;
      return;
    }
    const bytes = this.#encoder.encode(`${JSON.stringify(message)}\n`);
    this.#outgoing.push(bytes);
    this.#queued += bytes.length;
    this.flush();
  }

  get waiting(): boolean {
    return this.#outgoing.length > 0 && !this.ended;
  }

  /** Writes as much as the other side takes now. */
  flush(): void {
    for (
      let first = this.#outgoing[0];
      first !== undefined && !this.ended;
      first = this.#outgoing[0]
    ) {
      const written = libc.write(this.fd, first, first.length);
      if (written < 0) {
        const error = errnoName(libc.errno());
        if (error === "EINTR") continue;
        // EPIPE and its kin: the keeper is gone; reading will say so too.
        if (error !== "EAGAIN") this.ended = true;
        return;
      }
      this.#queued -= written;
      if (written === first.length) this.#outgoing.shift();
      else this.#outgoing[0] = first.subarray(written);
    }
  }
}
