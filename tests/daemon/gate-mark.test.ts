/** The mark of a former primary, on the disk and in memory. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { type GateMark, markPath, readMark, writeMark } from "#daemon/gate-mark";
import { type Heard, UnitMark } from "#daemon/gate-unit-mark";
import { keepLog, makeFolder } from "../support/daemon-bench.ts";

const MARK: GateMark = { epoch: 7, wasPrimary: true, since: "2026-11-30T17:00:00.000Z" };

test("what is kept is read again, by nobody but the daemon's user, and nothing else is left", async (context) => {
  const state = join(makeFolder(context).path, "state");
  assert.deepEqual(readMark(state, "VI_1"), { kind: "none" });
  assert.equal(await writeMark(state, "VI_1", { ...MARK, epoch: 6 }), undefined);
  assert.equal(await writeMark(state, "VI_1", MARK), undefined);
  assert.deepEqual(readMark(state, "VI_1"), { kind: "read", mark: MARK });
  assert.equal(statSync(markPath(state, "VI_1")).mode & 0o777, 0o600);
  assert.equal(statSync(join(state, "gate")).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(join(state, "gate")), ["VI_1.json"]);
});

test("any name is a file of its own in the folder, and no other place", async (context) => {
  const state = join(makeFolder(context).path, "state");
  const long = "数据库".repeat(200);
  const names = ["a/b", "../../x", "..", "", "a b", "A", "a", long, `${long}!`, `${long}?`];
  for (const [nth, name] of names.entries())
    assert.equal(await writeMark(state, name, { ...MARK, epoch: nth }), undefined, name);
  for (const [nth, name] of names.entries()) {
    assert.equal(dirname(markPath(state, name)), join(state, "gate"));
    assert.deepEqual(readMark(state, name), { kind: "read", mark: { ...MARK, epoch: nth } });
  }
  assert.equal(readdirSync(join(state, "gate")).length, names.length);
});

test("a file that somebody has spoiled counts as the mark of a primary", async (context) => {
  const state = join(makeFolder(context).path, "state");
  assert.equal(await writeMark(state, "VI_1", MARK), undefined);
  // A number after which there are no others.
  const last = `{"epoch":${Number.MAX_SAFE_INTEGER},"wasPrimary":false,"since":""}`;
  for (const text of ["", "{", '{"epoch":-1,"wasPrimary":false,"since":""}', "[]", last]) {
    writeFileSync(markPath(state, "VI_1"), text);
    assert.deepEqual(readMark(state, "VI_1"), { kind: "unreadable" }, text);
    const { log, lines } = keepLog();
    const mark = new UnitMark({ stateDir: state, unit: "VI_1", log, language: "en" });
    mark.read();
    assert.equal(mark.marked, "unreadable");
    assert.match(lines[0] ?? "", /^error: \(VI_1\) .*VI_1\.json cannot be read/);
  }
});

test("where it cannot be kept the old one stays, and the reason is said", async (context) => {
  const folder = makeFolder(context).path;
  const state = join(folder, "state");
  assert.equal(await writeMark(state, "VI_1", MARK), undefined);
  chmodSync(join(state, "gate"), 0o777);
  assert.match((await writeMark(state, "VI_1", { ...MARK, epoch: 8 })) ?? "", /writable-by-others/);
  chmodSync(join(state, "gate"), 0o700);
  assert.deepEqual(readMark(state, "VI_1"), { kind: "read", mark: MARK });
  mkdirSync(markPath(state, "VI_2"));
  assert.equal(await writeMark(state, "VI_2", MARK), "EISDIR");
  assert.ok(!existsSync(`${markPath(state, "VI_2")}.${process.pid}`));
});

test("epochs only grow: with the clock, beyond a clock that was set back, and over a restart", async (context) => {
  const stateDir = join(makeFolder(context).path, "state");
  const { log } = keepLog();
  const options = { stateDir, unit: "VI_1", log, language: "en" } as const;
  const first = new UnitMark(options);
  const before = Date.now();
  const one = first.next();
  assert.ok(one >= before);
  assert.equal(await first.keep(true), undefined);
  const future = { epoch: one + 3_600_000, wasPrimary: false, since: "" };
  assert.equal(await writeMark(stateDir, "VI_1", future), undefined);
  const second = new UnitMark(options);
  second.read();
  assert.equal(second.marked, undefined);
  assert.equal(second.next(), one + 3_600_001);
});

const noMaster: Heard = {
  isBackup: true,
  master: undefined,
  isMasterDown: true,
  advertSecondsAgo: undefined,
};

test("hearing no master shows that nobody else was promoted, if one could hear and was demoted", () => {
  const { log } = keepLog();
  const make = (): UnitMark =>
    new UnitMark({ stateDir: undefined, unit: "VI_1", log, language: "en" });
  const lost = make();
  lost.lost("fault");
  assert.equal(lost.demotionOwed, "fault");
  assert.equal(lost.isShownByNoMaster(noMaster), false, "not demoted yet");
  lost.demoted();
  assert.equal(lost.demotionOwed, undefined);
  assert.equal(lost.isShownByNoMaster(noMaster), true);
  assert.equal(lost.isShownByNoMaster({ ...noMaster, isMasterDown: false }), false);
  assert.equal(lost.isShownByNoMaster({ ...noMaster, isBackup: false }), false);
  assert.equal(lost.isShownByNoMaster({ ...noMaster, advertSecondsAgo: 3_600 }), true, "before it");
  assert.equal(
    lost.isShownByNoMaster({ ...noMaster, advertSecondsAgo: 0 }),
    false,
    "somebody since",
  );
  lost.couldNotHear();
  assert.equal(lost.isShownByNoMaster(noMaster), false, "the link was down");
  for (const reason of ["stalled", "rival", "group"]) {
    const other = make();
    other.lost(reason);
    other.demoted();
    assert.equal(other.isShownByNoMaster(noMaster), false, reason);
  }
});
