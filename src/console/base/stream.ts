/**
 * Server-sent events by `fetch`, because `EventSource` cannot send the access key. As
 * `EventSource` does, it connects again by itself and says which event came last.
 */
import type { Failure } from "./failure.ts";
import { failureOf, headersOf } from "./http.ts";
import { SseReader, type StreamEvent } from "./sse-reader.ts";
import { Turns } from "./turns.ts";

export interface StreamHandlers {
  /** Called for every event, in order. */
  onEvent(event: StreamEvent): void;
  /** The stream is open. */
  onOpen?(): void;
  /** It broke off or could not be opened; it is tried again unless `isFinal`. */
  onFailure?(failure: Failure, isFinal: boolean): void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
/** The server sends a comment every 15 s: without one for so long the connection is dead. */
const QUIET_MS = 40_000;
/** As long as this one has a connection while others wait for theirs. */
const TURN_MS = 1_500;

const turns = new Turns();

/** @returns closes the stream */
export function openStream(path: string, handlers: StreamHandlers): () => void {
  const closing = new AbortController();
  void run(path, handlers, closing.signal);
  return () => closing.abort();
}

async function run(path: string, handlers: StreamHandlers, closed: AbortSignal): Promise<void> {
  let wait = FIRST_WAIT_MS;
  const reader = new SseReader();
  while (!closed.aborted) {
    await turns.begin();
    const failure = await once(path, reader, closed, {
      ...handlers,
      onOpen: () => {
        wait = FIRST_WAIT_MS;
        handlers.onOpen?.();
      },
    }).finally(() => turns.end());
    if (closed.aborted) return;
    // What comes meanwhile is sent after the last identifier, or as a whole.
    if (failure === "gave way") continue;
    // What the server refuses now it refuses again: only another key or another server helps.
    const isFinal = failure.status !== undefined && failure.status < 500 && failure.status !== 429;
    handlers.onFailure?.(failure, isFinal);
    if (isFinal) return;
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}

/** Until the stream ends, or has had its turn. */
async function once(
  path: string,
  reader: SseReader,
  closed: AbortSignal,
  handlers: StreamHandlers,
): Promise<Failure | "gave way"> {
  const broken: Failure = { kind: "failed", status: undefined, message: "" };
  const quiet = new AbortController();
  const turn = new AbortController();
  let timer = setTimeout(() => quiet.abort(), QUIET_MS);
  const giveWay = setInterval(() => {
    if (turns.isWanted) turn.abort();
  }, TURN_MS);
  try {
    const last = reader.lastEventId;
    const response = await fetch(path, {
      headers: {
        ...headersOf("text/event-stream"),
        ...(last !== undefined && { "Last-Event-ID": last }),
      },
      credentials: "omit",
      cache: "no-store",
      signal: AbortSignal.any([closed, quiet.signal, turn.signal]),
    });
    if (!response.ok || response.body === null) {
      return failureOf(response.status, await response.json().catch(() => undefined));
    }
    handlers.onOpen?.();
    reader.restart();
    const decoder = new TextDecoder();
    for (const body = response.body.getReader(); ; ) {
      const { done, value } = await body.read();
      if (done) return broken;
      clearTimeout(timer);
      timer = setTimeout(() => quiet.abort(), QUIET_MS);
      for (const event of reader.read(decoder.decode(value, { stream: true })))
        handlers.onEvent(event);
    }
  } catch {
    return turn.signal.aborted ? "gave way" : broken;
  } finally {
    clearTimeout(timer);
    clearInterval(giveWay);
  }
}
