/** What repeats does not push everything else out of the file. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FloodGuard } from "#events/flood";
import type { NewEvent } from "#events/record";

const conflict = (instance: string, report: string): NewEvent => ({
  kind: "conflict",
  severity: "warning",
  instance,
  text: { en: "e", "zh-CN": "z" },
  data: { report },
});
const HOUR = 3_600_000;

test("of one cause some are kept at once, then one a minute that says how many it stands for", () => {
  const guard = new FloodGuard();
  let kept = 0;
  for (let nth = 0; nth < 1_000; nth += 1) kept += guard.admits(conflict("VI_1", "a"), 0) ? 1 : 0;
  assert.equal(kept, 20);
  assert.ok(guard.isHolding);
  assert.deepEqual(guard.due(30_000), [], "half a minute is too soon");
  const [one, ...others] = guard.due(60_000);
  assert.equal(others.length, 0);
  assert.equal(one?.skipped, 979);
  assert.ok(!guard.isHolding);
  assert.deepEqual(guard.due(HOUR), []);
});

test("a day of one a second is not more than 1,500 events", () => {
  const guard = new FloodGuard();
  let kept = 0;
  for (let second = 0; second < 86_400; second += 1) {
    if (guard.admits(conflict("VI_1", "a"), second * 1_000)) kept += 1;
    if (second % 60 === 0) kept += guard.due(second * 1_000).length;
  }
  assert.ok(kept <= 1_500, String(kept));
  assert.ok(kept >= 1_400, String(kept));
});

test("causes do not take each other's place, until there are too many of one kind", () => {
  const guard = new FloodGuard();
  for (let nth = 0; nth < 100; nth += 1) guard.admits(conflict("VI_1", "a"), 0);
  assert.ok(guard.admits(conflict("VI_1", "b"), 0));
  assert.ok(guard.admits(conflict("VI_2", "a"), 0));
  let kept = 0;
  for (let nth = 0; nth < 1_000; nth += 1)
    kept += guard.admits(conflict(`VI_${nth}`, "c"), 0) ? 1 : 0;
  assert.equal(kept, 500 - 22);
});

test("changes of state and what operators do are always kept", () => {
  const guard = new FloodGuard();
  const text = { en: "e", "zh-CN": "z" };
  const data = {
    from: "BACKUP",
    to: "MASTER",
    reason: { kind: "not-started" },
    priority: 1,
  } as const;
  for (let nth = 0; nth < 10_000; nth += 1)
    assert.ok(guard.admits({ kind: "state", severity: "info", instance: "VI_1", text, data }, 0));
});

test("causes that are remembered are bounded", () => {
  const guard = new FloodGuard();
  for (let nth = 0; nth < 20_000; nth += 1) guard.admits(conflict("VI_1", `r${nth}`), nth * HOUR);
  assert.ok(guard.admits(conflict("VI_1", "a"), 20_001 * HOUR));
});
