/** Timelines and positions of PostgreSQL servers: who has what, and whether one may be promoted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DatabaseSettings } from "#databases/port/database";
import { Link } from "#databases/port/link";
import { ServerProblem } from "#databases/port/problem";
import { type Facts, parseFacts } from "#databases/postgresql/facts";
import {
  addMark,
  type History,
  hasAll,
  parseForks,
  parseLsn,
  parseMarks,
  printLsn,
} from "#databases/postgresql/history";
import { type Memory, needsRejoin, reasons, remember } from "#databases/postgresql/standing";
import { fromSeconds } from "#units/time";

const FORKS = parseForks("1\t0/3000000\tno recovery target specified\n\n2\t0/5000000\treason\n");

const at = (timeline: number, lsn: string, more: Partial<History> = {}): History => ({
  system: "7",
  timeline,
  lsn: parseLsn(lsn) ?? 0n,
  forks: new Map([...FORKS].filter(([one]) => one < timeline)),
  marks: new Map(),
  ...more,
});

test("positions and history files are read as the server writes them", () => {
  assert.equal(parseLsn("16/B374D848"), 0x16_b374_d848n);
  assert.equal(printLsn(0x16_b374_d848n), "16/B374D848");
  for (const text of ["", "16", "16/", "/1", "16/B374D848F", "x/1", "1/1/1"])
    assert.equal(parseLsn(text), undefined, text);
  assert.deepEqual(
    [...FORKS].map(([one, lsn]) => [one, printLsn(lsn)]),
    [
      [1, "0/3000000"],
      [2, "0/5000000"],
    ],
  );
  assert.equal(parseForks("nonsense\n-1\t0/1").size, 0);
});

test("who has everything of whom: one timeline, a fork, two forks, another cluster", () => {
  const both = (one: History, other: History) => [hasAll(one, other), hasAll(other, one)];
  assert.deepEqual(both(at(1, "0/2000000"), at(1, "0/2000000")), [true, true]);
  assert.deepEqual(both(at(1, "0/2000001"), at(1, "0/2000000")), [true, false]);
  assert.deepEqual(both(at(2, "0/3000100"), at(1, "0/3000000")), [true, false], "up to the fork");
  assert.deepEqual(both(at(2, "0/3000100"), at(1, "0/3000001")), [false, false], "beyond it");
  assert.deepEqual(both(at(3, "0/6000000"), at(1, "0/3000000")), [true, false]);
  assert.deepEqual(both(at(3, "0/6000000"), at(2, "0/5000001")), [false, false]);
  assert.deepEqual(both(at(1, "0/1"), at(1, "0/1", { system: "8" })), [undefined, undefined]);
  const lost = at(2, "0/3000100", { forks: undefined });
  assert.equal(hasAll(lost, at(1, "0/3000000")), undefined, "its history file is gone");
  const skipped = at(3, "0/6000000", { forks: parseForks("1\t0/3000000\tx") });
  assert.equal(hasAll(skipped, at(2, "0/4000000")), false, "2 is no ancestor of this 3");
});

test("two promotions with one number are kept apart by their marks", () => {
  const one = at(2, "0/3000100", { marks: parseMarks("2:aa") });
  const other = at(2, "0/3000200", { marks: parseMarks("2:bb") });
  assert.deepEqual([hasAll(one, other), hasAll(other, one)], [false, false]);
  const standby = at(2, "0/3000050");
  assert.equal(hasAll(one, standby), true, "one that has not got so far has no mark yet");
  const later = at(3, "0/6000000", { marks: parseMarks("2:bb 3:cc") });
  assert.equal(hasAll(later, one), false, "of another ancestor");
  assert.equal(addMark(parseMarks("2:aa 3:cc"), 3, "dd"), "2:aa 3:dd");
  const many = new Map(Array.from({ length: 40 }, (_, n) => [n + 1, "ff"] as const));
  assert.equal(addMark(many, 41, "ee").split(" ").length, 16);
  assert.equal(parseMarks("x 2:zz 3: :4 5:ab").size, 1);
});

const SETTINGS: DatabaseSettings = {
  kind: "postgresql",
  at: { host: "10.0.0.2", port: 5_432 },
  peers: [{ host: "10.0.0.1", port: 5_432 }],
  maxLag: fromSeconds(5),
  sync: "required",
  rejoin: "auto",
  interval: fromSeconds(1),
  timeout: fromSeconds(1),
  promoteTimeout: fromSeconds(10),
  demoteTimeout: fromSeconds(5),
};
const link = new Link({ host: "10.0.0.1", port: 5_432 }, undefined, () =>
  Promise.reject(new ServerProblem("unreachable", "nobody")),
);

function facts(history: History, more: Record<string, string> = {}): Facts {
  const identity = {
    systemid: history.system,
    timeline: String(history.timeline),
    xlogpos: printLsn(history.lsn),
  };
  const state = {
    recovering: "f",
    read_only: "off",
    names: "",
    streaming: "0",
    synchronous: "0",
    prepared: "0",
    server: String(Math.random()),
    ...more,
  };
  const content = [...(history.forks ?? [])].map(([one, lsn]) => `${one}\t${printLsn(lsn)}\tx`);
  return parseFacts(identity, state, content.join("\n"));
}

const WAITS = { names: "*", streaming: "1", synchronous: "1" };
const standbyAt = (lsn: string, timeline = 1) =>
  facts(at(timeline, lsn), { recovering: "t", receiver: "streaming", replayed: lsn });
const seen = (one: Facts) => [{ link, seen: { facts: one } }];
const gone = [{ link, seen: { problem: new ServerProblem("unreachable", "nobody") } }];

function looks(all: readonly (readonly [own: Facts, primary: Facts, at: number])[]) {
  let memory: Memory | undefined;
  for (const [own, primary, time] of all)
    memory = remember({ own, peers: seen(primary) }, memory, { beganAt: time });
  return memory;
}

test("sync required: synchronous for three seconds, and all from before is here", () => {
  const own = standbyAt("0/2000000");
  const why = (memory: Memory | undefined) =>
    reasons(SETTINGS, { own, peers: gone }, memory).map(({ en }) => en.split(":")[0]);
  assert.deepEqual(why(undefined), ["sync required"]);
  const waits = facts(at(1, "0/2000000"), WAITS);
  assert.deepEqual(why(looks([[own, waits, 0]])), ["sync required"], "seen once");
  assert.deepEqual(
    why(
      looks([
        [own, waits, 0],
        [own, waits, 4_000],
      ]),
    ),
    [],
  );
  const ahead = facts(at(1, "0/2000100"), WAITS);
  const behind = looks([
    [own, waits, 0],
    [own, ahead, 4_000],
  ]);
  assert.deepEqual(why(behind), ["sync required"], "what it had then may be acknowledged alone");
  const later = standbyAt("0/2000100");
  const caughtUp = remember({ own: later, peers: seen(ahead) }, behind, { beganAt: 5_000 });
  assert.deepEqual(reasons(SETTINGS, { own: later, peers: gone }, caughtUp), []);
  const anyOfTwo = facts(at(1, "0/2000100"), {
    ...WAITS,
    names: "ANY 1 (a, b)",
    streaming: "2",
    synchronous: "2",
  });
  assert.equal(anyOfTwo.waitsForAll, false, "the other one may be the one that has it");
  const lost = remember({ own: later, peers: seen(anyOfTwo) }, caughtUp, { beganAt: 6_000 });
  assert.equal(lost?.isSynchronous, false);
});

test("lag is counted from the look at which the primary was where the standby is", () => {
  const memory = looks([
    [standbyAt("0/1000000"), facts(at(1, "0/1000000")), 1_000],
    [standbyAt("0/1000000"), facts(at(1, "0/1000100")), 2_000],
    [standbyAt("0/1000000"), facts(at(1, "0/1000200")), 9_000],
  ]);
  assert.equal(memory?.lag, fromSeconds(8));
  const why = reasons(
    { ...SETTINGS, sync: "preferred" },
    { own: standbyAt("0/1000000"), peers: gone },
    memory,
  );
  assert.match(why.map(({ en }) => en).join(), /8 s behind, max_lag allows 5 s/);
});

test("a former primary needs a program; one that follows or has a wrong cluster does not", () => {
  const primary = seen(facts(at(2, "0/3000100")));
  const closed = facts(at(1, "0/3000050"), { read_only: "on" });
  assert.equal(needsRejoin({ own: closed, peers: primary }), true);
  assert.equal(needsRejoin({ own: closed, peers: gone }), false);
  assert.equal(needsRejoin({ own: standbyAt("0/3000000"), peers: primary }), false);
  const stuck = facts(at(1, "0/3000050"), { recovering: "t", replayed: "0/3000050" });
  assert.equal(needsRejoin({ own: stuck, peers: primary }), true, "records of its own");
  const waiting = facts(at(1, "0/3000000"), { recovering: "t", replayed: "0/3000000" });
  assert.equal(needsRejoin({ own: waiting, peers: primary }), false, "it connects by itself");
  const foreign = facts(at(1, "0/1", { system: "9" }), { read_only: "on" });
  assert.equal(needsRejoin({ own: foreign, peers: primary }), false);
});

test("a primary is not held back by the one that it has replaced, but by a newer one", () => {
  const own = facts(at(2, "0/3000100"));
  const past = seen(facts(at(1, "0/3000050"), { read_only: "on" }));
  assert.deepEqual(reasons(SETTINGS, { own, peers: past }, undefined), []);
  const newer = seen(facts(at(3, "0/6000000")));
  assert.match(
    reasons(SETTINGS, { own, peers: newer }, undefined)
      .map(({ en }) => en)
      .join(),
    /has data that this one has not/,
  );
});
