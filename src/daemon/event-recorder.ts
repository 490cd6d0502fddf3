/**
 * What happened, on its way from the supervisor to the file. Another thread writes
 * (event-writer-main.ts); here is a bounded queue, of which one batch at a time is under way.
 *
 *   record ─> onRecorded          kept ─> onKept, settled
 *        └──> queue ─> the writer's thread ┘
 */
import { Worker } from "node:worker_threads";
import type { Language } from "#diagnostics/diagnostic";
import type { EventBounds } from "#events/bounds";
import { type EventLog, type Found, UNREAD } from "#events/event-log";
import { FloodGuard } from "#events/flood";
import { printMoment } from "#events/moment";
import type { EventRecord, NewEvent, Unnumbered } from "#events/record";
import type { Selection } from "#events/selection";
import { wallClock } from "#linux/clock";
import { programUrl } from "#units/installation";
import { contain } from "./contain.ts";
import type { EventsStatus } from "./control-protocol.ts";
import type { FromWriter, ToWriter, WriterData } from "./event-protocol.ts";
import { type EventRow, recordOf, rowOf, unnumbered } from "./event-row.ts";
import { asideText, keptAgainText, lostText, notKeptText, standsFor } from "./event-texts.ts";
import type { Log } from "./log.ts";

/** What may wait for the disk. */
const ROWS_MAX = 10_000;
const CHARACTERS_MAX = 4_000_000;
const BATCH = 500;
const RETRY_MS = 5_000;
const REPEATED_MS = 60_000;
const SETTLED_MS = 2_000;
const FIND_MS = 5_000;
/** Questions that wait; each may read the whole file. */
const QUESTIONS_MAX = 32;
/** Megabytes of V8's heap in the writer's thread: a batch, and the largest answer. */
const HEAP = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 64, stackSizeMb: 1 };

/** The thread, as far as it is used here. */
export interface WriterThread {
  postMessage(message: ToWriter): void;
  terminate(): unknown;
}
export interface WriterListener {
  readonly message: (message: FromWriter) => void;
  /** It has ended, or could not be started. */
  readonly ended: (why: string) => void;
}

export interface RecorderOptions {
  /** The state directory. */
  readonly folder: string;
  /** Undefined: nothing is kept. */
  readonly bounds: EventBounds | undefined;
  /** May read the file. */
  readonly group: number | undefined;
  readonly node: string;
  readonly log: Log;
  readonly language: Language;
  /** The thread has freed memory that the process could give back. */
  readonly onCollected?: () => void;
  readonly startThread?: (data: WriterData, listener: WriterListener) => WriterThread;
  /** Microseconds since 1970. */
  readonly clock?: () => number;
}

interface Question {
  readonly selection: Selection;
  readonly answer: (found: Found) => void;
}

interface Waiter {
  /** Of the rows recorded since the start, all up to this one. */
  readonly upTo: number;
  readonly resolve: (isKept: boolean) => void;
}

export class EventRecorder implements EventLog {
  readonly #options: RecorderOptions;
  readonly #clock: () => number;
  readonly #recorded = new Set<(event: Unnumbered) => void>();
  readonly #kept = new Set<(events: readonly EventRecord[]) => void>();
  /** The oldest first, which is the one that the thread has. */
  readonly #asked = new Map<number, Question>();
  readonly #flood = new FloodGuard();
  #bounds: EventBounds | undefined;
  /** Until what a flood left out may be reported. */
  #repeated: NodeJS.Timeout | undefined;
  #thread: WriterThread | undefined;
  #queue: EventRow[] = [];
  #characters = 0;
  #batch: readonly EventRow[] = [];
  #retry: NodeJS.Timeout | undefined;
  /** Counted since the start, for those who wait. */
  #seen = 0;
  #done = 0;
  #waiters: Waiter[] = [];
  #nextQuestion = 1;
  /** Under way in the thread. */
  #asking: number | undefined;
  #closed: (() => void) | undefined;
  /** Without a file: the number of the last one. */
  #lastId: number;
  #count = 0;
  #oldest: number | undefined;
  #lost = 0;
  #unreportedLost = 0;
  /** Why it failed last, which was logged. */
  #failing: string | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? wallClock;
    this.#bounds = options.bounds;
    this.#lastId = Math.floor(this.#clock() / 1_000_000);
  }

  /** At a reload. */
  configure(bounds: EventBounds | undefined): void {
    this.#bounds = bounds;
    if (bounds !== undefined) return this.#thread?.postMessage({ type: "bounds", bounds });
    // What waits is still written: it happened before.
    if (this.#thread !== undefined && this.#batch.length + this.#queue.length === 0) this.#end();
  }

  get status(): EventsStatus | undefined {
    if (this.#bounds === undefined) return undefined;
    const oldest = this.#oldest === undefined ? undefined : printMoment(this.#oldest);
    const file = `${this.#options.folder}/events.db`;
    return { file, oldest, count: this.#count, lost: this.#lost };
  }

  /** The thread has not answered for long, or the disk refuses. */
  get isStuck(): boolean {
    return this.#batch.length > 0;
  }

  record(event: NewEvent): void {
    contain(this.#options.log, "event", () => {
      if (this.#flood.admits(event, performance.now())) this.#recordNow(event);
      else this.#reportRepeatedLater();
    });
  }

  #recordNow(event: NewEvent): void {
    const at = event.at === undefined ? this.#clock() : event.at.getTime() * 1_000;
    this.#add(rowOf(event, at, this.#options.node));
  }

  #reportRepeated(): void {
    this.#repeated = undefined;
    contain(this.#options.log, "event", () => {
      for (const { event, skipped } of this.#flood.due(performance.now()))
        this.#recordNow({ ...event, text: standsFor(event.text, skipped) });
      if (this.#flood.isHolding) this.#reportRepeatedLater();
    });
  }

  #reportRepeatedLater(): void {
    if (this.#repeated !== undefined) return;
    this.#repeated = setTimeout(() => this.#reportRepeated(), REPEATED_MS).unref();
  }

  async settled(): Promise<boolean> {
    const upTo = this.#seen;
    if (this.#done >= upTo) return true;
    if (this.#failing !== undefined) return false;
    return await new Promise((resolve) => {
      const waiter = { upTo, resolve };
      this.#waiters.push(waiter);
      setTimeout(() => this.#answer((one) => one === waiter, false), SETTLED_MS).unref();
    });
  }

  onRecorded(listener: (event: Unnumbered) => void): () => void {
    this.#recorded.add(listener);
    return () => void this.#recorded.delete(listener);
  }

  onKept(listener: (events: readonly EventRecord[]) => void): () => void {
    this.#kept.add(listener);
    return () => void this.#kept.delete(listener);
  }

  async find(selection: Selection): Promise<Found> {
    const nothing: Found = { events: [], next: undefined };
    if (this.#bounds === undefined || this.#closed !== undefined) return nothing;
    if (this.#asked.size >= QUESTIONS_MAX) return UNREAD;
    const id = this.#nextQuestion++;
    return await new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#asked.delete(id);
        resolve(UNREAD);
      }, FIND_MS).unref();
      const answer = (found: Found): void => {
        clearTimeout(timer);
        resolve(found);
      };
      this.#asked.set(id, { selection, answer });
      this.#askNext();
    });
  }

  /** Resolves when everything is in the file, or the time is over. */
  async close(milliseconds: number): Promise<void> {
    if (this.#thread === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    this.#closed = resolve;
    if (this.#batch.length === 0) this.#pump();
    await promise;
    clearTimeout(timer);
    clearTimeout(this.#retry);
  }

  #add(row: EventRow): void {
    if (this.#recorded.size > 0) {
      const event = unnumbered(row);
      for (const listener of this.#recorded)
        contain(this.#options.log, "event", () => listener(event));
    }
    this.#seen += 1;
    if (this.#bounds === undefined) {
      this.#done += 1;
      this.#lastId += 1;
      return this.#show([row], this.#lastId);
    }
    const size = sizeOf(row);
    if (this.#queue.length >= ROWS_MAX || this.#characters + size > CHARACTERS_MAX) {
      this.#done += 1;
      this.#lost += 1;
      this.#unreportedLost += 1;
      return;
    }
    this.#queue.push(row);
    this.#characters += size;
    if (this.#batch.length === 0) this.#pump();
  }

  #pump(): void {
    if (this.#retry !== undefined) return;
    if (this.#queue.length === 0) {
      if (this.#closed !== undefined) this.#thread?.postMessage({ type: "close" });
      else if (this.#bounds === undefined) this.#end();
      return;
    }
    this.#batch = this.#queue.splice(0, BATCH);
    for (const row of this.#batch) this.#characters -= sizeOf(row);
    this.#send({ type: "append", rows: this.#batch });
  }

  #send(message: ToWriter): void {
    const bounds = this.#bounds ?? this.#options.bounds;
    if (bounds === undefined) return;
    const { folder, group, startThread = startWriter } = this.#options;
    try {
      if (this.#thread === undefined) {
        const listener: WriterListener = {
          message: (one) => {
            if (this.#thread === thread) this.#take(one);
          },
          ended: (why) => {
            if (this.#thread === thread) this.#ended(why);
          },
        };
        const thread = startThread({ folder, group, bounds }, listener);
        this.#thread = thread;
      }
      this.#thread.postMessage(message);
    } catch (error) {
      this.#ended(messageOf(error));
    }
  }

  #take(message: FromWriter): void {
    switch (message.type) {
      case "kept":
        return this.#onKept(message);
      case "failed":
        return this.#onFailed(message.errno);
      case "found":
        return this.#found(message.id, message.found);
      case "figures":
        this.#count = message.figures.count;
        this.#oldest = message.figures.oldest;
        return;
      case "aside": {
        const text = asideText(message.aside);
        this.#options.log("error", text[this.#options.language], { ...message.aside });
        return this.record({
          kind: "daemon",
          severity: "error",
          text,
          data: { what: "events-aside", ...message.aside },
        });
      }
      case "collected":
        return this.#options.onCollected?.();
      case "closed":
        this.#thread = undefined;
        this.#closed?.();
        return;
    }
  }

  #onKept({ first, figures }: Extract<FromWriter, { type: "kept" }>): void {
    const rows = this.#batch;
    this.#batch = [];
    this.#done += rows.length;
    this.#count = figures.count;
    this.#oldest = figures.oldest;
    if (this.#failing !== undefined) {
      this.#failing = undefined;
      this.#options.log("info", keptAgainText()[this.#options.language]);
    }
    this.#answer(({ upTo }) => upTo <= this.#done, true);
    this.#show(rows, first);
    this.#reportLost();
    // A listener may have recorded something, and that has begun the next batch.
    if (this.#batch.length === 0) this.#pump();
  }

  #onFailed(errno: string): void {
    this.#queue.unshift(...this.#batch);
    for (const row of this.#batch) this.#characters += sizeOf(row);
    this.#batch = [];
    if (this.#failing !== errno) {
      const text = notKeptText(this.#options.folder, errno)[this.#options.language];
      this.#options.log("warning", text, { errno });
    }
    this.#failing = errno;
    this.#answer(() => true, false);
    if (this.#closed !== undefined) return this.#closed();
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      if (this.#batch.length === 0) this.#pump();
    }, RETRY_MS).unref();
  }

  #ended(why: string): void {
    this.#thread = undefined;
    this.#answerNobody();
    this.#onFailed(why);
  }

  #reportLost(): void {
    if (this.#unreportedLost === 0 || this.#queue.length > ROWS_MAX / 2) return;
    const count = this.#unreportedLost;
    this.#unreportedLost = 0;
    const text = lostText(count);
    this.#options.log("warning", text[this.#options.language], { lost: count });
    const data = { what: "events-lost", count };
    this.record({ kind: "daemon", severity: "warning", text, data });
  }

  #show(rows: readonly EventRow[], first: number): void {
    if (this.#kept.size === 0) return;
    const events = rows.map((row, nth) => recordOf({ id: first + nth, ...row }));
    for (const listener of this.#kept) contain(this.#options.log, "event", () => listener(events));
  }

  #answer(isMeant: (waiter: Waiter) => boolean, isKept: boolean): void {
    const meant = this.#waiters.filter(isMeant);
    if (meant.length === 0) return;
    this.#waiters = this.#waiters.filter((one) => !meant.includes(one));
    for (const { resolve } of meant) resolve(isKept);
  }

  #found(id: number, found: Found): void {
    const question = this.#asked.get(id);
    this.#asked.delete(id);
    question?.answer(found);
    if (id !== this.#asking) return;
    this.#asking = undefined;
    this.#askNext();
  }

  /** One at a time: events that are to be written wait for no more than one. */
  #askNext(): void {
    if (this.#asking !== undefined) return;
    const [next] = this.#asked;
    if (next === undefined) return;
    const [id, { selection }] = next;
    this.#asking = id;
    this.#send({ type: "find", id, selection });
  }

  /** There is no thread any more that could answer. */
  #answerNobody(): void {
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    this.#asking = undefined;
    for (const { answer } of asked) answer(UNREAD);
  }

  /** Events are off since a reload. */
  #end(): void {
    this.#thread?.postMessage({ type: "close" });
    this.#thread = undefined;
    this.#answerNobody();
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
const sizeOf = ({ en, zh, data }: EventRow): number => en.length + zh.length + data.length;

function startWriter(data: WriterData, { message, ended }: WriterListener): Worker {
  const worker = new Worker(programUrl("daemon/event-writer-main"), {
    workerData: data,
    resourceLimits: HEAP,
    env: {},
    name: "events",
  });
  worker.on("message", message);
  worker.on("error", (error) => ended(messageOf(error)));
  worker.on("exit", (code) => ended(`exit ${code}`));
  // A daemon that has nothing else to do ends.
  worker.unref();
  return worker;
}
