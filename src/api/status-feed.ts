/** The status as a stream: at every change, at most four times a second, always the newest. */

import type { ApiNode } from "#daemon/api-port";
import type { Status } from "#daemon/control-protocol";
import { encodeMessage, type Feeding, type Stream, type Streams } from "./streams.ts";

const PAUSE_MS = 250;

export class StatusFeed implements Feeding {
  readonly #node: ApiNode;
  readonly #streams: Streams;
  readonly #all = new Set<Stream>();
  /** Those that have not got the newest status. */
  readonly #behind = new Set<Stream>();
  /** Those that wait for their first one. */
  readonly #opening = new Set<Stream>();
  #unfollow: (() => void) | undefined;
  #newest: Uint8Array | undefined;
  #next: Status | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(node: ApiNode, streams: Streams) {
    this.#node = node;
    this.#streams = streams;
  }

  /** Undefined: there are too many. Rejects if the node cannot be asked. */
  async open(drop?: () => void): Promise<Stream | undefined> {
    const stream = this.#streams.open(this, drop);
    if (stream === undefined) return undefined;
    this.#all.add(stream);
    this.#behind.add(stream);
    this.#opening.add(stream);
    this.#unfollow ??= this.#node.follow((status) => this.#changed(status));
    try {
      const status = await this.#node.status();
      this.#opening.delete(stream);
      // A change may have been sent meanwhile, and is newer.
      if (this.#behind.has(stream))
        this.#send(stream, encodeMessage({ event: "status", data: status }));
    } catch (error) {
      this.#streams.end(stream);
      throw error;
    }
    return stream;
  }

  more(stream: Stream): void {
    const isDue = this.#behind.has(stream) && !this.#opening.has(stream);
    if (isDue && this.#newest !== undefined) this.#send(stream, this.#newest);
  }

  ended(stream: Stream): void {
    this.#all.delete(stream);
    this.#behind.delete(stream);
    this.#opening.delete(stream);
    if (this.#all.size > 0) return;
    this.#unfollow?.();
    this.#unfollow = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#newest = undefined;
    this.#next = undefined;
  }

  #send(stream: Stream, bytes: Uint8Array): void {
    if (!stream.isOpen) return;
    this.#behind.delete(stream);
    stream.send(bytes);
  }

  #changed(status: Status): void {
    this.#next = status;
    if (this.#timer !== undefined) return;
    this.#flush();
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#next === undefined) return;
    this.#newest = encodeMessage({ event: "status", data: this.#next });
    this.#next = undefined;
    for (const stream of this.#all) {
      if (stream.hasRoom) this.#send(stream, this.#newest);
      else this.#behind.add(stream);
    }
    this.#timer = setTimeout(() => this.#flush(), PAUSE_MS);
  }
}
