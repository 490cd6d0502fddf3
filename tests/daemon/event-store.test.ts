/** The file of events: what is kept stays, within bounds, whatever stands in the file's place. */
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { APPLICATION_ID } from "#daemon/event-file";
import type { EventRow } from "#daemon/event-row";
import { EventStore, migrate, STEPS, type StoreOptions } from "#daemon/event-store";
import { DEFAULT_BOUNDS } from "#events/bounds";
import { makeFolder } from "../support/daemon-bench.ts";

const DAY = 86_400_000_000;
const NOW = 20_000 * DAY;

const row = (more: Partial<EventRow> = {}): EventRow => ({
  at: NOW,
  node: "db1",
  kind: "state",
  severity: 0,
  instance: "VI_1",
  group: null,
  en: "BACKUP → MASTER: no advertisement for 3.6 s",
  zh: "BACKUP → MASTER：3.6 秒未收到通告",
  data: '{"from":"BACKUP"}',
  ...more,
});
const rows = (count: number, more: Partial<EventRow> = {}): EventRow[] =>
  Array.from({ length: count }, () => row(more));

interface Bench {
  readonly folder: string;
  readonly path: string;
  readonly open: (more?: Partial<StoreOptions>) => ReturnType<typeof EventStore.open>;
}

function bench(context: TestContext): Bench {
  const folder = makeFolder(context).path;
  const path = join(folder, "events.db");
  return {
    folder,
    path,
    open: (more = {}) => {
      const options = { bounds: DEFAULT_BOUNDS, group: undefined, clock: () => NOW, ...more };
      const opened = EventStore.open(path, options);
      context.after(() => opened.store.close());
      return opened;
    },
  };
}

test("what was appended is found by another who opens the file, with numbers that go on", (context) => {
  const { path, open } = bench(context);
  const { store, aside } = open();
  assert.equal(aside, undefined);
  assert.equal(store.append([row(), row({ kind: "check", severity: 1, instance: null })]), 1);
  const second = open().store;
  assert.equal(second.append([row({ instance: "VI_2", group: "VG" })]), 3);
  const { events, next } = store.find({});
  assert.equal(next, undefined);
  assert.deepEqual(
    events.map(({ id, kind, severity, instance, group }) => [id, kind, severity, instance, group]),
    [
      [1, "state", "info", "VI_1", undefined],
      [2, "check", "warning", undefined, undefined],
      [3, "state", "info", "VI_2", "VG"],
    ],
  );
  assert.equal(events[0]?.at, "2024-10-04T00:00:00.000000Z");
  assert.equal(events[0]?.text["zh-CN"], "BACKUP → MASTER：3.6 秒未收到通告");
  assert.deepEqual(events[0]?.data, { from: "BACKUP" });
  assert.equal(statSync(path).mode & 0o777, 0o640);
  assert.equal(statSync(`${path}-wal`).mode & 0o777, 0o640);
});

test("selections", (context) => {
  const { store } = bench(context).open();
  store.append(
    Array.from({ length: 20 }, (_, nth) =>
      row({
        at: NOW + nth * 1_000_000,
        instance: nth % 2 === 0 ? "VI_1" : "VI_2",
        kind: nth % 5 === 0 ? "check" : "state",
        severity: nth % 3,
      }),
    ),
  );
  const ids = (selection: Parameters<EventStore["find"]>[0]): readonly number[] =>
    store.find(selection).events.map(({ id }) => id);
  const millis = NOW / 1_000;
  assert.deepEqual(ids({ since: millis + 17_000 }), [18, 19, 20]);
  assert.deepEqual(ids({ until: millis + 2_000 }), [1, 2]);
  assert.deepEqual(ids({ instances: ["VI_2"], after: 15 }), [16, 18, 20]);
  assert.deepEqual(ids({ kinds: ["check"] }), [1, 6, 11, 16]);
  assert.deepEqual(ids({ severity: "error" }), [3, 6, 9, 12, 15, 18]);
  assert.deepEqual(ids({ severity: "info", after: 19 }), [20]);
  assert.deepEqual(store.find({ limit: 2 }).next, 2);
  assert.deepEqual(ids({ limit: 2, newest: true }), [19, 20]);
  assert.deepEqual(store.find({ limit: 2, newest: true }).next, 19);
  assert.deepEqual(ids({ limit: 2, newest: true, before: 19 }), [17, 18]);
  assert.deepEqual(ids({ instances: ["'; DROP TABLE events; --"] }), []);
  assert.deepEqual(ids({ limit: 0 }), []);
});

test("by number: the oldest go, and no number comes again", (context) => {
  const { store } = bench(context).open({ bounds: { ...DEFAULT_BOUNDS, entries: 1_000 } });
  for (let nth = 0; nth < 30; nth += 1) {
    store.append(rows(100));
    assert.ok(store.figures().count <= 1_000, String(store.figures().count));
  }
  const { events } = store.find({});
  assert.equal(events.at(-1)?.id, 3_000);
  assert.equal(events.length, store.figures().count);
  assert.ok(events.length >= 980, String(events.length));
});

test("by size: the file does not grow beyond it, and shrinks when less is allowed", (context) => {
  const { path, open } = bench(context);
  const { store } = open({ bounds: { ...DEFAULT_BOUNDS, bytes: 1_000_000 } });
  const tidy = (): void => {
    for (let turn = 0; store.tidy(); turn += 1) assert.ok(turn < 1_000, "it never ends");
  };
  for (let nth = 0; nth < 40; nth += 1) {
    store.append(rows(100, { data: JSON.stringify({ x: "y".repeat(500) }) }));
    tidy();
  }
  assert.ok(statSync(path).size <= 1_200_000, String(statSync(path).size));
  assert.equal(store.find({ newest: true, limit: 1 }).events[0]?.id, 4_000);
  store.bounds = { ...DEFAULT_BOUNDS, bytes: 300_000 };
  tidy();
  store.close();
  assert.ok(statSync(path).size <= 300_000, String(statSync(path).size));
  assert.equal(open().store.append([row()]), 4_001);
});

test("by age: what is too old goes, but a wrong clock does not take the last thousand", (context) => {
  const { open } = bench(context);
  let now = NOW;
  const { store } = open({ clock: () => now, bounds: { ...DEFAULT_BOUNDS, hours: 720 } });
  const tidy = (): void => {
    for (let turn = 0; store.tidy(); turn += 1) assert.ok(turn < 1_000, "it never ends");
  };
  for (let nth = 0; nth < 4; nth += 1) store.append(rows(500));
  now += 20 * DAY;
  store.append(rows(500, { at: now }));
  tidy();
  assert.equal(store.figures().count, 2_500);
  now += 11 * DAY;
  tidy();
  assert.equal(store.figures().count, 1_000, "500 of the old ones are among the last thousand");
  now += 10_000 * DAY;
  tidy();
  assert.equal(store.figures().count, 1_000);
});

test("a foreign file, a damaged one and one of a later version are moved aside, and kept", (context) => {
  const { folder, path, open } = bench(context);
  const foreign = new DatabaseSync(path);
  foreign.exec("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)");
  foreign.close();
  const before = readFileSync(path);
  const first = open();
  assert.equal(first.aside?.why, "foreign");
  assert.equal(first.aside?.to, `${path}.foreign-20241004T000000Z`);
  assert.deepEqual(readFileSync(first.aside?.to ?? ""), before);
  const id = first.store.append([row()]);
  first.store.close();

  writeFileSync(path, "not a database, but long enough to be looked at by anybody\n".repeat(20));
  const second = open();
  assert.equal(second.aside?.why, "corrupt");
  assert.ok(second.store.append([row()]) >= id, "numbers do not go back");
  second.store.close();

  const later = new DatabaseSync(path);
  later.exec(`PRAGMA user_version = ${STEPS.length + 1}`);
  later.close();
  const third = open();
  assert.equal(third.aside?.why, "newer");
  assert.ok(third.store.append([row()]) > id);
  third.store.close();

  writeFileSync(path, "x".repeat(5_000));
  assert.equal(open().aside?.to, `${path}.corrupt-20241004T000000Z-2`);
  assert.equal(readdirSync(folder).filter((name) => /foreign|corrupt|newer/.test(name)).length, 4);
});

test("a disk that spoils every file is not filled with them", (context) => {
  const { path, open } = bench(context);
  for (let nth = 0; nth < 10; nth += 1) {
    writeFileSync(path, "x".repeat(5_000));
    open().store.close();
  }
  writeFileSync(path, "x".repeat(5_000));
  assert.throws(() => open(), /10 files aside/);
  assert.equal(readFileSync(path, "utf8").length, 5_000);
});

test("a file cut short is opened, or moved aside; it is never written over", (context) => {
  const { path, open } = bench(context);
  const { store } = open();
  store.append(rows(2_000));
  store.close();
  truncateSync(path, 50_000);
  const again = open();
  assert.equal(again.aside?.why, "corrupt");
  assert.equal(statSync(again.aside?.to ?? "").size, 50_000);
});

test("neither a link nor a folder is written through", (context) => {
  const { folder, path, open } = bench(context);
  const target = join(folder, "shadow");
  writeFileSync(target, "");
  symlinkSync(target, path);
  assert.throws(() => open(), { code: "ELOOP" });
  rmSync(path);
  mkdirSync(path);
  assert.throws(() => open());
  assert.equal(readFileSync(target, "utf8"), "");
});

test("a file that somebody deletes is noticed", (context) => {
  const { path, open } = bench(context);
  const { store } = open();
  store.append([row()]);
  assert.ok(!store.isElsewhere);
  rmSync(path);
  assert.ok(store.isElsewhere);
  writeFileSync(path, "");
  assert.ok(store.isElsewhere);
});

test("an older file gets the steps that it lacks, all or none", (context) => {
  const { path, open } = bench(context);
  open().store.close();
  const db = new DatabaseSync(path);
  context.after(() => db.close());
  const steps = [...STEPS, "ALTER TABLE events ADD COLUMN more TEXT"];
  assert.throws(() => migrate(db, [...steps, "CREATE nonsense"]));
  const versionOf = (): unknown => db.prepare("PRAGMA user_version").get()?.["user_version"];
  assert.equal(versionOf(), STEPS.length);
  migrate(db, steps);
  assert.equal(versionOf(), steps.length);
  assert.equal(db.prepare("PRAGMA application_id").get()?.["application_id"], APPLICATION_ID);
  assert.ok(db.prepare("SELECT more FROM events").all().length === 0);
});

test("a batch is in the file as a whole, or not at all", (context) => {
  const { store } = bench(context).open();
  store.append(rows(3));
  const broken = { ...row(), en: null } as unknown as EventRow;
  assert.throws(() => store.append([row(), broken]));
  assert.equal(store.figures().count, 3);
  assert.equal(store.append([row()]), 4);
});

test("what lies beside the file goes aside with it", (context) => {
  const { path, open } = bench(context);
  open().store.close();
  writeFileSync(path, "y".repeat(9_000));
  writeFileSync(`${path}-wal`, "z".repeat(100));
  const to = open().aside?.to ?? "";
  assert.ok(existsSync(`${to}-wal`));
  chmodSync(to, 0o600);
});
