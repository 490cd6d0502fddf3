/** Events on their way to the file: a bounded queue, and what is said when the disk refuses. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { FromWriter, ToWriter } from "#daemon/event-protocol";
import { EventRecorder, type RecorderOptions, type WriterListener } from "#daemon/event-recorder";
import { startedEvent } from "#daemon/event-texts";
import { DEFAULT_BOUNDS } from "#events/bounds";
import type { EventRecord, NewEvent } from "#events/record";
import { keepLog, makeFolder } from "../support/daemon-bench.ts";

const EVENT: NewEvent = startedEvent("1.0", "baton.conf");
const conflict = (nth: number): NewEvent => ({
  kind: "operator",
  severity: "info",
  text: { en: `number ${nth}`, "zh-CN": `第 ${nth} 条` },
  data: { action: "reload", by: { via: "signal", signal: "SIGHUP" }, outcome: "done" },
});

/** A thread that answers when the test says so. */
class FakeThread {
  readonly taken: ToWriter[] = [];
  listener: WriterListener | undefined;
  postMessage(message: ToWriter): void {
    this.taken.push(message);
  }
  terminate(): void {
    // Nothing runs.
  }
  get last(): ToWriter | undefined {
    return this.taken.at(-1);
  }
  get texts(): readonly string[] {
    const { last } = this;
    return last?.type === "append" ? last.rows.map(({ en }) => en) : [];
  }
  answer(message: FromWriter): void {
    this.listener?.message(message);
  }
  keep(first: number): void {
    this.answer({ type: "kept", first, figures: { count: first, oldest: 0 } });
  }
}

interface Bench {
  readonly recorder: EventRecorder;
  readonly threads: FakeThread[];
  readonly thread: FakeThread;
  readonly lines: readonly string[];
}

function bench(more: Partial<RecorderOptions> = {}): Bench {
  const { log, lines } = keepLog();
  const threads: FakeThread[] = [];
  const recorder = new EventRecorder({
    folder: "/state",
    bounds: DEFAULT_BOUNDS,
    group: undefined,
    node: "db1",
    log,
    language: "en",
    clock: () => 1_780_000_000_000_000,
    startThread: (_, listener) => {
      const thread = new FakeThread();
      thread.listener = listener;
      threads.push(thread);
      return thread;
    },
    ...more,
  });
  return {
    recorder,
    threads,
    lines,
    get thread() {
      return threads.at(-1) as FakeThread;
    },
  };
}

test("one batch is under way, what comes meanwhile is the next", async () => {
  const { recorder, thread: _, ...rest } = bench();
  const seen: EventRecord[] = [];
  recorder.onKept((events) => seen.push(...events));
  for (let nth = 1; nth <= 3; nth += 1) recorder.record(conflict(nth));
  const thread = rest.threads[0] as FakeThread;
  assert.deepEqual(thread.texts, ["number 1"]);
  const settled = recorder.settled();
  thread.keep(7);
  assert.deepEqual(thread.texts, ["number 2", "number 3"]);
  assert.deepEqual(
    seen.map(({ id, node, at }) => [id, node, at]),
    [[7, "db1", "2026-05-28T20:26:40.000000Z"]],
  );
  thread.keep(8);
  assert.equal(await settled, true);
  assert.deepEqual(
    seen.map(({ id }) => id),
    [7, 8, 9],
  );
  assert.equal(await recorder.settled(), true);
});

test("nothing is shown to a follower before it is in the file; alerts are earlier", () => {
  const { recorder, threads } = bench();
  const order: string[] = [];
  recorder.onRecorded(() => order.push("recorded"));
  recorder.onKept(() => order.push("kept"));
  recorder.record(EVENT);
  assert.deepEqual(order, ["recorded"]);
  threads[0]?.keep(1);
  assert.deepEqual(order, ["recorded", "kept"]);
});

test("a full disk: said once, tried again, and what had waited is written", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { recorder, threads, lines } = bench();
  recorder.record(conflict(1));
  const settled = recorder.settled();
  const thread = threads[0] as FakeThread;
  thread.answer({ type: "failed", errno: "SQLITE_FULL" });
  assert.equal(await settled, false, "who waits for it is not left waiting");
  recorder.record(conflict(2));
  assert.equal(await recorder.settled(), false);
  context.mock.timers.tick(5_000);
  assert.deepEqual(thread.texts, ["number 1", "number 2"]);
  thread.answer({ type: "failed", errno: "SQLITE_FULL" });
  context.mock.timers.tick(5_000);
  thread.keep(1);
  assert.deepEqual(lines, [
    "warning: /state: SQLITE_FULL; events wait in memory, and beyond 10,000 they are counted only",
    "info: events are written again",
  ]);
  assert.equal(await recorder.settled(), true);
});

test("a disk that hangs costs events, which are counted, and recorded when it goes on", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { recorder, threads, lines } = bench();
  for (let nth = 1; nth <= 12_001; nth += 1) recorder.record(conflict(nth));
  const thread = threads[0] as FakeThread;
  assert.equal(thread.taken.length, 1);
  assert.equal(recorder.status?.lost, 2_000);
  assert.ok(recorder.isStuck);
  for (let first = 1; first < 20_000 && recorder.isStuck; first += 500) thread.keep(first);
  const texts = thread.taken.flatMap((one) =>
    one.type === "append" ? one.rows.map(({ en }) => en) : [],
  );
  assert.equal(texts.length, 10_002);
  assert.equal(texts.at(-1), "2000 events could not be written in time and are missing");
  assert.deepEqual(lines, ["warning: 2000 events could not be written in time and are missing"]);
});

test("a thread that ends is started again, with what it had", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { recorder, threads, lines } = bench();
  recorder.record(conflict(1));
  threads[0]?.listener?.ended("out of memory");
  assert.equal(threads.length, 1);
  context.mock.timers.tick(5_000);
  assert.equal(threads.length, 2);
  assert.deepEqual(threads[1]?.texts, ["number 1"]);
  threads[0]?.keep(1);
  assert.ok(recorder.isStuck, "what an earlier one says does not count");
  threads[1]?.keep(1);
  assert.ok(!recorder.isStuck);
  assert.match(lines[0] ?? "", /out of memory/);
});

test("one that cannot be started is no reason to end", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let tries = 0;
  const startThread = (): never => {
    tries += 1;
    throw new Error("no memory");
  };
  const { recorder, lines } = bench({ startThread });
  recorder.record(EVENT);
  recorder.record(EVENT);
  context.mock.timers.tick(5_000);
  assert.equal(tries, 2);
  assert.equal(lines.length, 1);
});

test("the end waits for the disk, but not for ever", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { recorder, threads } = bench();
  recorder.record(conflict(1));
  recorder.record(conflict(2));
  const closed = recorder.close(1_000);
  const thread = threads[0] as FakeThread;
  thread.keep(1);
  thread.keep(2);
  assert.equal(thread.last?.type, "close");
  thread.answer({ type: "closed" });
  await closed;
  assert.ok(!recorder.isStuck);

  const hanging = bench();
  hanging.recorder.record(EVENT);
  const late = hanging.recorder.close(1_000);
  context.mock.timers.tick(1_000);
  await late;
  assert.ok(hanging.recorder.isStuck);
});

test("off: no thread; who follows sees events all the same", async () => {
  const { recorder, threads } = bench({ bounds: undefined });
  const ids: number[] = [];
  recorder.onKept((events) => ids.push(...events.map(({ id }) => id)));
  recorder.record(EVENT);
  recorder.record(EVENT);
  assert.equal(threads.length, 0);
  assert.deepEqual(ids, [1_780_000_001, 1_780_000_002]);
  assert.equal(recorder.status, undefined);
  assert.deepEqual(await recorder.find({}), { events: [], next: undefined });
  assert.equal(await recorder.settled(), true);
});

test("a reload changes bounds, ends the thread, and starts it again", () => {
  const { recorder, threads } = bench();
  recorder.record(EVENT);
  const thread = threads[0] as FakeThread;
  recorder.configure({ ...DEFAULT_BOUNDS, entries: 5 });
  assert.deepEqual(thread.last, { type: "bounds", bounds: { ...DEFAULT_BOUNDS, entries: 5 } });
  recorder.configure(undefined);
  assert.notEqual(thread.last?.type, "close", "the batch is still under way");
  thread.keep(1);
  assert.equal(thread.last?.type, "close");
  recorder.configure(DEFAULT_BOUNDS);
  recorder.record(EVENT);
  assert.equal(threads.length, 2);
});

test("a listener that throws costs nobody else anything", () => {
  const { recorder, threads, lines } = bench();
  let seen = 0;
  recorder.onRecorded(() => {
    throw new Error("theirs");
  });
  const end = recorder.onRecorded(() => {
    seen += 1;
  });
  recorder.record(EVENT);
  assert.equal(seen, 1);
  assert.equal(threads.length, 1);
  assert.match(lines[0] ?? "", /theirs/);
  end();
  recorder.record(EVENT);
  assert.equal(seen, 1);
});

/** With the real thread, and no time limit of ours: a busy machine may be slow. */
async function real(
  context: TestContext,
): Promise<{ folder: string; lines: readonly string[]; recorder: EventRecorder }> {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const folder = makeFolder(context).path;
  const { log, lines } = keepLog();
  const recorder = new EventRecorder({
    folder,
    bounds: DEFAULT_BOUNDS,
    group: undefined,
    node: "db1",
    log,
    language: "en",
  });
  context.after(async () => await recorder.close(5_000));
  return await Promise.resolve({ folder, lines, recorder });
}

test("the real thread keeps, finds, and closes the file", async (context) => {
  const { recorder, lines } = await real(context);
  for (let nth = 1; nth <= 1_200; nth += 1) recorder.record(conflict(nth));
  assert.equal(await recorder.settled(), true);
  const { events } = await recorder.find({ newest: true, limit: 1 });
  assert.equal(events[0]?.text.en, "number 1200");
  assert.equal(recorder.status?.count, 1_200);
  await recorder.close(5_000);
  assert.deepEqual(lines, []);
});

test("questions are asked one after the other, and no more wait than may", async () => {
  const { recorder, threads } = bench();
  const asked = Array.from({ length: 33 }, async (_, nth) => await recorder.find({ after: nth }));
  const thread = threads[0] as FakeThread;
  assert.equal(thread.taken.length, 1, "the thread has one of them");
  assert.equal((await asked.at(-1))?.isUnread, true, "nobody knows: it is not an empty answer");
  recorder.record(EVENT);
  assert.equal(thread.last?.type, "append", "what is to be written waits for one question");
  const ids: number[] = [];
  for (let nth = 0; nth < 3; nth += 1) {
    const question = thread.taken.findLast(({ type }) => type === "find");
    assert.ok(question?.type === "find");
    ids.push(question.id);
    thread.answer({ type: "found", id: question.id, found: { events: [], next: nth } });
  }
  assert.deepEqual(ids, [1, 2, 3]);
  assert.equal((await asked[1])?.next, 1);
  thread.listener?.ended("exit 1");
  assert.equal((await asked[20])?.isUnread, true);
});

test("a question that is not answered in time keeps the next ones until it is", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { recorder, threads } = bench();
  const first = recorder.find({});
  context.mock.timers.tick(4_000);
  const second = recorder.find({});
  context.mock.timers.tick(1_000);
  assert.equal((await first).isUnread, true);
  const thread = threads[0] as FakeThread;
  assert.equal(thread.taken.length, 1);
  thread.answer({ type: "found", id: 1, found: { events: [], next: undefined } });
  assert.equal(thread.taken.length, 2);
  thread.answer({ type: "found", id: 2, found: { events: [], next: 7 } });
  assert.equal((await second).next, 7);
});
