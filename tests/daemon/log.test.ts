import assert from "node:assert/strict";
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type LogOptions, openLog } from "#daemon/open-log";
import { openPipe } from "#linux/descriptors";
import { must } from "#linux/result";
import { makeFolder } from "../support/daemon-bench.ts";

function logged(
  context: TestContext,
  options: Partial<LogOptions>,
  use: (log: ReturnType<typeof openLog>) => void,
): string {
  const file = join(makeFolder(context).path, "log");
  const fd = openSync(file, "a");
  use(openLog({ format: "text", most: "info", fd, ...options }));
  closeSync(fd);
  return readFileSync(file, "utf8");
}

test("text: time, level where it matters, one entry one line", (context) => {
  const text = logged(context, {}, (log) => {
    log("info", "(VI_1) Entering MASTER STATE: no master was heard");
    log("debug", "not asked for");
    log("error", "first\nsecond");
  });
  assert.match(
    text,
    /^\d{4}-\d\d-\d\d [\d:.]+ [+-]\d\d:\d\d \(VI_1\) Entering MASTER STATE: no master was heard\n\S+ \S+ \S+ error: first\n {4}second\n$/,
  );
});

test("what a script or a cloud says steers nobody's terminal", (context) => {
  const said = "\u001b]0;title\u0007\u009b2J\u202e\rforged";
  const text = logged(context, {}, (log) => log("info", said));
  assert.match(text, /^\S+ \S+ \S+ ·\]0;title··2J··forged\n$/);
});

test("json: one object a line, with the numbers as they are", (context) => {
  const text = logged(context, { format: "json", most: "debug" }, (log) =>
    log("debug", "a\nb", { instance: "VI_1", priority: 100 }),
  );
  const { at, ...rest } = JSON.parse(text) as Record<string, unknown>;
  assert.equal(typeof at, "string");
  assert.deepEqual(rest, { level: "debug", message: "a\nb", instance: "VI_1", priority: 100 });
});

test("a line that a pipe would not take whole is cut, and stays a line of its format", (context) => {
  for (const said of ["x".repeat(100_000), "高".repeat(50_000), "\u0001".repeat(5_000)]) {
    const json = logged(context, { format: "json" }, (log) => log("info", said, { said }));
    assert.ok(Buffer.byteLength(json) <= 4_096);
    assert.ok(String((JSON.parse(json) as { message: string }).message).endsWith("…"));
    const text = logged(context, {}, (log) => log("info", said));
    assert.ok(Buffer.byteLength(text) <= 4_096);
    assert.ok(text.endsWith("…\n"));
  }
});

test("a full disk costs lines, counted", () => {
  const fd = openSync("/dev/full", "w");
  const log = openLog({ format: "text", most: "info", fd });
  for (let i = 0; i < 5; i++) log("error", "x");
  assert.equal(log.dropped(), 5);
  closeSync(fd);
});

test("a reader that stops reading costs lines, and is shown how many when it reads again", () => {
  const { read, write } = must(openPipe());
  const log = openLog({ format: "text", most: "info", fd: write });
  for (let i = 0; i < 1_000; i++) log("info", "x".repeat(1_000));
  assert.ok(log.dropped() > 0);
  const lost = log.dropped();
  const chunk = Buffer.alloc(1_048_576);
  const first = chunk.subarray(0, readSync(read, chunk)).toString();
  log("info", "again");
  const text = first + chunk.subarray(0, readSync(read, chunk)).toString();
  assert.ok(text.endsWith(" again\n"));
  const counts = [...text.matchAll(/warning: (\d+) log lines were lost/g)].map(([, count]) =>
    Number(count),
  );
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    lost,
  );
  closeSync(read);
  log("info", "nobody is there");
  assert.equal(log.dropped(), lost + 1);
  closeSync(write);
});

test("in the journal, its prefix says the level and there is no second time", (context) => {
  const file = join(makeFolder(context).path, "log");
  const fd = openSync(file, "a");
  const { dev, ino } = fstatSync(fd);
  const log = openLog({ format: "text", most: "info", fd, journalStream: `${dev}:${ino}` });
  log("warning", "two\nlines");
  closeSync(fd);
  assert.equal(readFileSync(file, "utf8"), "<4>two lines\n");
});
