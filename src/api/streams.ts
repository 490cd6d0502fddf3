/**
 * Server-sent events (HTML Living Standard, 9.2), bounded: so many streams, and of each so many
 * bytes that its client has not taken yet. Whoever feeds a stream asks whether it has room, and is
 * called when it has again; a client that takes nothing for a while is dropped.
 */

export interface Feeding {
  /** It has room: at the start, and whenever the client has taken what waited. */
  more(stream: Stream): void;
  ended(stream: Stream): void;
}

export interface StreamsOptions {
  readonly most: number;
  /** Milliseconds; undefined for 15 s. */
  readonly heartbeat?: number;
  /** Bytes; undefined for 64 KB. */
  readonly room?: number;
}

const HEARTBEAT_MS = 15_000;
const ROOM_BYTES = 65_536;
const HEARTBEAT = new TextEncoder().encode(":\n\n");
const encoder = new TextEncoder();

export interface Message {
  readonly event: string;
  readonly id?: number;
  readonly data: unknown;
}

/** Encoded once, for as many streams as there are: what waits is in memory once. */
export function encodeMessage({ event, id, data }: Message): Uint8Array {
  const head = id === undefined ? "" : `id: ${id}\n`;
  return encoder.encode(`${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

export class Stream {
  readonly body: ReadableStream<Uint8Array>;
  readonly #drop: (() => void) | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** Since the last heartbeat it had no room. */
  isStuck = false;

  constructor(room: number, feeding: Feeding, drop: (() => void) | undefined) {
    this.#drop = drop;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => {
          this.isStuck = false;
          // Resolved, whoever feeds it: it is called again only when something was sent.
          feeding.more(this);
        },
        cancel: () => {
          this.#controller = undefined;
          feeding.ended(this);
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: room }),
    );
  }

  get isOpen(): boolean {
    return this.#controller !== undefined;
  }

  get hasRoom(): boolean {
    return (this.#controller?.desiredSize ?? 0) > 0;
  }

  send(bytes: Uint8Array): void {
    this.#controller?.enqueue(bytes);
  }

  /** After what waits has been sent. */
  end(): void {
    this.#controller?.close();
    this.#controller = undefined;
  }

  /** At once: what waits is not sent. */
  drop(): void {
    this.end();
    this.#drop?.();
  }
}

export class Streams {
  readonly #options: StreamsOptions;
  readonly #open = new Map<Stream, Feeding>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: StreamsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#open.size;
  }

  /**
   * Undefined: there are too many.
   *
   * @param drop ends the connection
   */
  open(feeding: Feeding, drop?: () => void): Stream | undefined {
    if (this.#open.size >= this.#options.most) return undefined;
    const ended = (stream: Stream): void => this.#remove(stream);
    const room = this.#options.room ?? ROOM_BYTES;
    const stream = new Stream(room, { more: (one) => feeding.more(one), ended }, drop);
    this.#open.set(stream, feeding);
    this.#timer ??= setInterval(() => this.#beat(), this.#options.heartbeat ?? HEARTBEAT_MS);
    this.#timer.unref();
    return stream;
  }

  /** Ends one that its feeder cannot go on with. */
  end(stream: Stream): void {
    stream.end();
    this.#remove(stream);
  }

  endAll(): void {
    for (const stream of this.#open.keys()) this.end(stream);
  }

  #remove(stream: Stream): void {
    const feeding = this.#open.get(stream);
    if (feeding === undefined) return;
    this.#open.delete(stream);
    feeding.ended(stream);
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #beat(): void {
    for (const stream of this.#open.keys()) {
      if (stream.hasRoom) stream.send(HEARTBEAT);
      else if (stream.isStuck) {
        stream.drop();
        this.#remove(stream);
      } else stream.isStuck = true;
    }
  }
}
