/**
 * Events as a stream. One that begins earlier, or has a slow client, reads from the file,
 * page after page, as its client takes them; when it has reached the end it gets what is recorded
 * from then on. So nothing waits in memory, and nothing is left out.
 */

import type { ApiNode } from "#daemon/api-port";
import type { EventRecord } from "#events/record";
import { isSelected, type Selection } from "#events/selection";
import { encodeMessage, type Feeding, type Stream, type Streams } from "./streams.ts";

const PAGE = 200;

interface Follower {
  readonly selection: Selection;
  /** The number of the last event that was sent; undefined: none before the first one to come. */
  last: number | undefined;
  /** It gets events as they come, not from the file. */
  isLive: boolean;
  isReading: boolean;
  /** The number of the newest event that came and was not sent; 0: none. */
  missed: number;
}

export class EventFeed implements Feeding {
  readonly #node: ApiNode;
  readonly #streams: Streams;
  readonly #failed: (error: unknown) => void;
  readonly #followers = new Map<Stream, Follower>();
  #unfollow: (() => void) | undefined;

  constructor(node: ApiNode, streams: Streams, failed: (error: unknown) => void) {
    this.#node = node;
    this.#streams = streams;
    this.#failed = failed;
  }

  /**
   * Undefined: there are too many. Without `since` and `after` it begins with what comes next.
   */
  open(selection: Selection, drop?: () => void): Stream | undefined {
    const { since, after } = selection;
    const stream = this.#streams.open(this, drop);
    if (stream === undefined) return undefined;
    const isLive = since === undefined && after === undefined;
    const last = isLive ? undefined : (after ?? 0);
    this.#followers.set(stream, { selection, last, isLive, isReading: false, missed: 0 });
    this.#unfollow ??= this.#node.events.onKept((events) => this.#kept(events));
    this.more(stream);
    return stream;
  }

  more(stream: Stream): void {
    const follower = this.#followers.get(stream);
    if (follower === undefined || follower.isLive || follower.isReading) return;
    follower.isReading = true;
    this.#read(stream, follower).catch((error: unknown) => {
      this.#failed(error);
      this.#streams.end(stream);
    });
  }

  ended(stream: Stream): void {
    this.#followers.delete(stream);
    if (this.#followers.size > 0) return;
    this.#unfollow?.();
    this.#unfollow = undefined;
  }

  async #read(stream: Stream, follower: Follower): Promise<void> {
    const { selection } = follower;
    while (stream.isOpen && stream.hasRoom) {
      const { missed } = follower;
      const { events, next, isUnread } = await this.#node.events.find({
        ...selection,
        after: follower.last ?? 0,
        limit: PAGE,
        newest: undefined,
      });
      // The client sees the end, and asks again for what comes after the last one it has.
      if (isUnread === true) return this.#streams.end(stream);
      for (const event of events) this.#send(stream, follower, event);
      if (next !== undefined) continue;
      if (follower.missed > (follower.last ?? 0)) {
        // It came after the question was asked.
        if (follower.missed > missed) continue;
        // Nobody keeps a file, so it is lost: the client sees the end, and not a gap.
        return this.#streams.end(stream);
      }
      follower.isLive = true;
      break;
    }
    follower.isReading = false;
  }

  #kept(events: readonly EventRecord[]): void {
    for (const [stream, follower] of this.#followers) {
      for (const event of events) {
        if (!isSelected(event, { ...follower.selection, after: follower.last })) continue;
        if (follower.isLive && stream.hasRoom) this.#send(stream, follower, event);
        else {
          follower.last ??= event.id - 1;
          follower.isLive = false;
          follower.missed = event.id;
        }
      }
    }
  }

  #send(stream: Stream, follower: Follower, event: EventRecord): void {
    follower.last = event.id;
    if (stream.isOpen) stream.send(bytesOf(event));
  }
}

const known = new WeakMap<EventRecord, Uint8Array>();

function bytesOf(event: EventRecord): Uint8Array {
  let bytes = known.get(event);
  if (bytes === undefined) {
    bytes = encodeMessage({ event: "event", id: event.id, data: event });
    known.set(event, bytes);
  }
  return bytes;
}
