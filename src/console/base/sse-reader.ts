/**
 * The text of an event stream to its events (HTML Living Standard, 9.2.6 "Interpreting an event
 * stream"), in pieces as they arrive. Pure.
 */
export interface StreamEvent {
  /** `message` if the stream names none. */
  readonly type: string;
  readonly data: string;
  readonly id: string | undefined;
}

/** An event of our servers has one status or record; more than this is no event of theirs. */
const LENGTH_MAX = 8_000_000;

export class SseReader {
  #rest = "";
  #type = "";
  #data: string[] = [];
  #length = 0;
  /** Of the last event that was complete. */
  lastEventId: string | undefined;
  #id: string | undefined;

  /** A new connection: what the old one left unfinished is never finished. */
  restart(): void {
    this.#rest = "";
    this.#forget();
  }

  /** The events that this piece completes. */
  read(piece: string): readonly StreamEvent[] {
    const lines = (this.#rest + piece).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > LENGTH_MAX) this.restart();
    return lines.flatMap((line) => this.#line(line) ?? []);
  }

  #line(line: string): StreamEvent | undefined {
    if (line === "") return this.#dispatch();
    const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "event") this.#type = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "data" && this.#length <= LENGTH_MAX) {
      this.#data.push(value);
      this.#length += value.length;
    }
    return undefined;
  }

  #dispatch(): StreamEvent | undefined {
    this.lastEventId = this.#id ?? this.lastEventId;
    const isEvent = this.#data.length > 0 && this.#length <= LENGTH_MAX;
    const event = { type: this.#type || "message", data: this.#data.join("\n"), id: this.#id };
    this.#forget();
    return isEvent ? event : undefined;
  }

  #forget(): void {
    this.#type = "";
    this.#data = [];
    this.#length = 0;
    this.#id = undefined;
  }
}
