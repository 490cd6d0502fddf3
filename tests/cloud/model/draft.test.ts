import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { applyChanges, emptyCloud, openDraft, tablesOf } from "#cloud/model/cloud-state";
import { guestMac, idTail } from "#cloud/model/ids";
import { takeToken } from "#cloud/model/limiter";
import type { CounterRow } from "#cloud/model/rows";
import { ROWS } from "#cloud/server/row-shapes";
import { printMac } from "#units/address";
import { createRng } from "#units/rng";
import { fromMillis, instant } from "#units/time";

const counter = (id: string, value: number): CounterRow => ({ id, value });

test("a draft reads what it wrote, the world does not until the changes are applied", () => {
  const world = emptyCloud();
  applyChanges(world, [
    { region: "r", table: "counters", id: "a", row: counter("a", 1) },
    { region: "r", table: "counters", id: "b", row: counter("b", 2) },
  ]);
  const draft = openDraft(world, "r");
  draft.put("counters", counter("c", 3));
  draft.put("counters", counter("a", 9));
  draft.remove("counters", "b");
  assert.equal(draft.get("counters", "a")?.value, 9);
  assert.equal(draft.get("counters", "b"), undefined);
  assert.equal(draft.count("counters"), 2);
  assert.equal(draft.oldest("counters"), "a");
  assert.deepEqual(
    draft.list("counters").map(({ id }) => id),
    ["a", "c"],
  );
  assert.deepEqual(
    [...tablesOf(world, "r").counters.values()].map(({ value }) => value),
    [1, 2],
  );
  applyChanges(world, draft.changes());
  assert.deepEqual(
    [...tablesOf(world, "r").counters.values()].map(({ value }) => value),
    [9, 3],
  );
});

test("rows of one region are not seen in another", () => {
  const world = emptyCloud();
  applyChanges(world, [{ region: "r", table: "counters", id: "a", row: counter("a", 1) }]);
  assert.equal(openDraft(world, "s").get("counters", "a"), undefined);
  assert.deepEqual(openDraft(world, "s").list("counters"), []);
});

test("a bucket lets its burst through, then its rate, and a clock set back adds nothing", () => {
  const draft = openDraft(emptyCloud(), "r");
  const rate = { burst: 3, perSecond: 10 };
  const take = (milliseconds: number): boolean =>
    takeToken(draft, "x", rate, instant(1e15 + fromMillis(milliseconds)));
  assert.deepEqual([take(0), take(0), take(0), take(0)], [true, true, true, false]);
  assert.equal(take(99), false);
  assert.equal(take(100), true);
  assert.equal(take(-1_000_000), false);
  assert.deepEqual(
    [take(60_000), take(60_000), take(60_000), take(60_000)],
    [true, true, true, false],
  );
});

test("over a long time no more than the rate gets through", () => {
  const draft = openDraft(emptyCloud(), "r");
  let passed = 0;
  for (let milliseconds = 0; milliseconds < 10_000; milliseconds++) {
    if (takeToken(draft, "x", { burst: 20, perSecond: 10 }, instant(milliseconds * 1_000)))
      passed += 1;
  }
  assert.ok(passed >= 119 && passed <= 120, `${passed}`);
});

test("rng ids and hardware addresses have their form, and seeds differ", () => {
  const rng = createRng(1);
  const tails = Array.from({ length: 1_000 }, () => idTail(rng));
  for (const tail of tails) assert.match(tail, /^[a-z0-9]{8}$/);
  assert.equal(new Set(tails).size, 1_000);
  assert.match(printMac(guestMac(rng)), /^52:54:00:/);
  assert.notEqual(idTail(createRng(2)), idTail(createRng(3)));
});

test("a row has all its fields and no other", () => {
  const row = { id: "task", value: 1 };
  assert.equal(v.is(ROWS.counters, row), true);
  assert.equal(v.is(ROWS.counters, { id: "task" }), false);
  assert.equal(v.is(ROWS.counters, { ...row, more: 1 }), false);
  assert.equal(v.is(ROWS.counters, { ...row, value: "1" }), false);
  assert.equal(v.is(ROWS.counters, null), false);
  const work = { id: "w", dueAt: 1, work: { kind: "deleteHavip", havipId: "havip-aaaaaaaa" } };
  assert.equal(v.is(ROWS.works, work), true);
  assert.equal(v.is(ROWS.works, { ...work, work: { kind: "constructor" } }), false);
  assert.equal(v.is(ROWS.works, { ...work, work: { kind: "bindEip", havipId: "x" } }), false);
});
