/** What is counted of acknowledged writes, by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Acknowledged,
  countFailures,
  longestGap,
  lostOf,
  rowKey,
  takenByBoth,
} from "#lab/database/ledger";
import type { Instant } from "#units/time";

/** `1@100`: acknowledged by server 1 after 100 µs; the numbers are given in order. */
const acknowledged = (text: string): readonly Acknowledged[] =>
  text.split(" ").map((one, index) => {
    const [server = 0, at = 0] = one.split("@").map(Number);
    return { writer: 0, seq: index + 1, server, at: at as Instant };
  });
const at = (micros: number): Instant => micros as Instant;

test("a gap begins with the last answer before the window", () => {
  const list = acknowledged("1@80 1@100 2@400 2@450");
  assert.deepEqual(longestGap(list, at(150), at(500)), { total: 300, isOpen: false, to: 400 });
});

test("answers that came in another order are sorted", () => {
  const list = acknowledged("1@400 1@100 1@300 1@200");
  assert.deepEqual(longestGap(list, at(90), at(400)), { total: 100, isOpen: false, to: 200 });
});

test("a gap that is still going on at the end is open", () => {
  assert.deepEqual(longestGap(acknowledged("1@100 1@150"), at(120), at(900)), {
    total: 750,
    isOpen: true,
    to: 900,
  });
});

test("without any answer the whole window is a gap", () => {
  assert.deepEqual(longestGap([], at(100), at(300)), { total: 200, isOpen: true, to: 300 });
});

test("after a move the old primary's answers are counted, and nothing before it", () => {
  const [from, to] = [at(50), at(900)];
  assert.equal(takenByBoth(acknowledged("1@10 1@100 1@200 2@300 2@400"), from, to), 0);
  assert.equal(takenByBoth(acknowledged("1@10 1@100 2@300 1@310 2@400 1@500"), from, to), 2);
  // Moved before the window: server 2 was the owner, and 1 took over within it.
  assert.equal(takenByBoth(acknowledged("2@10 1@100 1@200"), from, to), 0);
  assert.equal(takenByBoth(acknowledged("1@100 1@200"), from, to), 0);
  assert.equal(takenByBoth([], from, to), 0);
});

test("an acknowledged row that is not there is lost; one that nobody acknowledged is not", () => {
  const list = acknowledged("1@1 1@2 1@3");
  assert.equal(lostOf(list, new Set([rowKey(0, 1), rowKey(0, 3), rowKey(0, 4)])).length, 1);
  assert.equal(lostOf(list, new Set([rowKey(1, 1), rowKey(1, 2), rowKey(1, 3)])).length, 3);
});

test("rows have different keys", () => {
  const keys = new Set([rowKey(0, 1), rowKey(1, 0), rowKey(1, 1), rowKey(0, 2 ** 31)]);
  assert.equal(keys.size, 4);
});

test("failures are counted by their code", () => {
  const failed = ["read-only", "ECONNRESET", "read-only"].map((code) => ({ code, at: at(1) }));
  assert.deepEqual(countFailures(failed), { "read-only": 2, ECONNRESET: 1 });
});
