/** `kill -9` while events are written, and what happens to the thread's file while it runs. */
import assert from "node:assert/strict";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { FromWriter } from "#daemon/event-protocol";
import type { EventRow } from "#daemon/event-row";
import { EventWriter } from "#daemon/event-writer";
import { DEFAULT_BOUNDS } from "#events/bounds";
import { createRng } from "#units/rng";
import { makeFolder } from "../support/daemon-bench.ts";
import { killWhileWriting } from "../support/event-kills.ts";

const ROW: EventRow = {
  at: 1_780_000_000_000_000,
  node: "db1",
  kind: "daemon",
  severity: 0,
  instance: null,
  group: null,
  en: "x".repeat(500),
  zh: "",
  data: "{}",
};
const rows = (count: number): EventRow[] => Array.from({ length: count }, () => ROW);

function begin(folder: string): { writer: EventWriter; said: FromWriter[] } {
  const said: FromWriter[] = [];
  const data = { folder, group: undefined, bounds: DEFAULT_BOUNDS };
  const writer = new EventWriter(
    data,
    () => ROW.at,
    (message) => said.push(message),
  );
  return { writer, said };
}
const keep = (writer: EventWriter, count = 1): void =>
  writer.take({ type: "append", rows: rows(count) });
const kinds = (said: readonly FromWriter[]): readonly string[] => said.map(({ type }) => type);

test("killed five times while it writes: nothing acknowledged is lost, and the file opens", async (context) => {
  const folder = makeFolder(context).path;
  const { acknowledged, ...seen } = await killWhileWriting(folder, 5, createRng(29));
  assert.ok(acknowledged >= 5, String(acknowledged));
  assert.deepEqual(
    { ...seen, unacknowledged: 0 },
    { kills: 5, missing: [], doubled: [], others: [], unacknowledged: 0 },
  );
});

test("a page that is damaged while the daemon runs: the file goes aside, the event is kept", (context) => {
  const folder = makeFolder(context).path;
  const { writer, said } = begin(folder);
  keep(writer, 400);
  writer.take({ type: "close" });
  const path = join(folder, "events.db");
  const fd = openSync(path, "r+");
  // All but the first page, which says what file it is.
  writeSync(fd, Buffer.alloc(statSync(path).size - 4_096, 0xff), 0, undefined, 4_096);
  closeSync(fd);
  said.length = 0;
  keep(writer);
  assert.deepEqual(kinds(said), ["aside", "kept"]);
  assert.ok(said[0]?.type === "aside" && said[0].aside.why === "corrupt");
  writer.take({ type: "close" });
});

test("a file that somebody deletes is made again with the next event", (context) => {
  const folder = makeFolder(context).path;
  const { writer, said } = begin(folder);
  keep(writer);
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  keep(writer);
  assert.deepEqual(kinds(said), ["kept", "kept"]);
  const [before, after] = said.map((one) => (one.type === "kept" ? one.first : 0));
  assert.ok(
    (after ?? 0) > (before ?? 0),
    "whoever follows waits for what comes after the last one",
  );
  assert.ok(statSync(join(folder, "events.db")).size > 0 || readdirSync(folder).length > 1);
  writer.take({ type: "close" });
});

test("a folder that others may write to is not used, and neither is one that is a file", (context) => {
  const folder = join(makeFolder(context).path, "state");
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  const open = begin(folder);
  keep(open.writer);
  assert.deepEqual(open.said, [{ type: "failed", errno: "writable-by-others" }]);
  rmSync(folder, { recursive: true });
  writeFileSync(folder, "");
  const file = begin(folder);
  keep(file.writer);
  assert.deepEqual(file.said, [{ type: "failed", errno: "not-a-folder" }]);
  rmSync(folder);
  keep(file.writer);
  assert.equal(file.said.at(-1)?.type, "kept", "as soon as it can be used");
  file.writer.take({ type: "close" });
});
