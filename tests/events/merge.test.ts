/** Events of several nodes as one sequence. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { clockDifference, isNotable, mergeEvents } from "#events/merge";
import { printMoment, readMoment } from "#events/moment";
import type { EventRecord } from "#events/record";

const BASE = 1_780_000_000_000_000;
const SECOND = 1_000_000;

const event = (node: string, id: number, after: number): EventRecord => ({
  id,
  at: printMoment(BASE + after),
  node,
  kind: "daemon",
  severity: "info",
  text: { en: "", "zh-CN": "" },
  data: { what: "started" },
});
const order = (merged: ReturnType<typeof mergeEvents>): readonly string[] =>
  merged.map(({ node, event: { id } }) => `${node}${id}`);

test("moments keep their microseconds", () => {
  assert.equal(printMoment(BASE + 123_456), "2026-05-28T20:26:40.123456Z");
  assert.equal(printMoment(BASE + 5), "2026-05-28T20:26:40.000005Z");
  assert.equal(readMoment("2026-05-28T20:26:40.123456Z"), BASE + 123_456);
  assert.equal(readMoment("2026-05-28T20:26:40.123Z"), BASE + 123_000);
  assert.equal(readMoment("2026-05-28T20:26:40Z"), BASE);
  assert.equal(readMoment("yesterday"), undefined);
});

test("by time, with equal times in the order of the nodes", () => {
  const merged = mergeEvents([
    { node: "a", clock: undefined, events: [event("a", 1, 0), event("a", 2, 2 * SECOND)] },
    { node: "b", clock: undefined, events: [event("b", 9, 0), event("b", 10, SECOND)] },
    { node: "c", clock: undefined, events: [] },
  ]);
  assert.deepEqual(order(merged), ["a1", "b9", "b10", "a2"]);
});

test("a clock that is ahead is allowed for, when it is certain; a node's own order stays", () => {
  const ahead = clockDifference(BASE, BASE + 20_000, BASE + 10_000 + 3 * SECOND);
  assert.deepEqual(ahead, { ahead: 3 * SECOND, give: 10_000 });
  assert.ok(isNotable(ahead));
  const merged = mergeEvents([
    { node: "a", clock: undefined, events: [event("a", 1, 1_500_000)] },
    {
      node: "b",
      clock: ahead,
      // Its clock was set back between the two.
      events: [event("b", 1, 5 * SECOND), event("b", 2, 4 * SECOND)],
    },
  ]);
  assert.deepEqual(order(merged), ["a1", "b1", "b2"]);
  assert.equal(merged[1]?.at, BASE + 2 * SECOND);
});

test("a difference that the way may explain, or that is small, changes nothing", () => {
  const slow = clockDifference(BASE, BASE + 2 * SECOND, BASE + 2 * SECOND);
  assert.deepEqual(slow, { ahead: SECOND, give: SECOND });
  assert.ok(!isNotable(slow));
  assert.ok(!isNotable(clockDifference(BASE, BASE + 1_000, BASE + 100_000)));
  assert.ok(isNotable(clockDifference(BASE, BASE + 1_000, BASE - SECOND)));
});
