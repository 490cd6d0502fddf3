/** Counters over engines: whatever dies and whatever is reloaded, none goes back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { EngineTotals } from "#metrics/engine-totals";
import { ENGINE_BOUNDS, type EngineDurations } from "#vrrp/engine/engine-durations";
import type { InstanceSnapshot } from "#vrrp/engine/engine-link";
import { DurationHistogram } from "#vrrp/engine/histogram";
import { snapshots } from "../support/metrics-reading.ts";

const [BASE] = snapshots().all;
assert.ok(BASE !== undefined);
const base: InstanceSnapshot = BASE;

const one = (
  sent: number,
  refused: Readonly<Record<string, number>> = {},
  name = "VI_1",
): InstanceSnapshot => ({ ...base, name, counters: { advert_sent: sent }, refused });
const sentOf = (all: readonly InstanceSnapshot[]): (number | undefined)[] =>
  all.map(({ counters }) => counters["advert_sent"]);

test("another engine begins where the last was asked", () => {
  const totals = new EngineTotals();
  assert.deepEqual(sentOf(totals.instances(10, [one(5)])), [5]);
  assert.deepEqual(sentOf(totals.instances(10, [one(8)])), [8]);
  assert.deepEqual(sentOf(totals.instances(11, [one(2)])), [10]);
  assert.deepEqual(sentOf(totals.instances(11, [one(9)])), [17]);
  // It counts more than the one before did: the process is another one all the same.
  assert.deepEqual(sentOf(totals.instances(12, [one(20)])), [37]);
});

test("an engine that does not answer, or is being started, changes nothing", () => {
  const totals = new EngineTotals();
  totals.instances(10, [one(5)]);
  totals.instances(undefined, []);
  totals.instances(11, []);
  assert.deepEqual(sentOf(totals.instances(11, [one(1)])), [6]);
});

test("a name that a reload gave to another router goes on from where it was", () => {
  const totals = new EngineTotals();
  totals.instances(10, [one(500)]);
  assert.deepEqual(sentOf(totals.instances(10, [one(3)])), [503]);
});

test("what is gone is forgotten, and begins anew", () => {
  const totals = new EngineTotals();
  totals.instances(10, [one(5), one(6, {}, "VI_2")]);
  totals.instances(11, []);
  totals.forget((name) => name === "VI_1");
  assert.deepEqual(sentOf(totals.instances(11, [one(1), one(1, {}, "VI_2")])), [6, 1]);
});

test("refusals are added by reason, also those that the new engine has not seen", () => {
  const totals = new EngineTotals();
  totals.instances(10, [one(0, { "bad-version": 3, "not-a-peer": 1 })]);
  const [after] = totals.instances(11, [one(0, { "bad-version": 2 })]);
  assert.deepEqual(after?.refused, { "bad-version": 5, "not-a-peer": 1 });
});

function durationsOf(...values: readonly number[]): EngineDurations {
  const histogram = new DurationHistogram();
  for (const value of values) histogram.record(value);
  const counts = histogram.counts(ENGINE_BOUNDS);
  return { lateness: counts, collections: counts, jitter: counts };
}

test("histograms are those of all engines, and stay while none answers", () => {
  const totals = new EngineTotals();
  assert.equal(totals.durations(undefined, undefined), undefined);
  totals.durations(10, durationsOf(20, 40));
  assert.deepEqual(totals.durations(10, undefined), durationsOf(20, 40));
  assert.deepEqual(totals.durations(11, undefined), durationsOf(20, 40));
  assert.deepEqual(totals.durations(11, durationsOf(100)), durationsOf(20, 40, 100));
  assert.deepEqual(totals.durations(12, durationsOf(7)), durationsOf(20, 40, 100, 7));
});

test("no counter goes back, whatever engines, reloads and answers that are missing do", () => {
  const step = fc.record({
    engine: fc.constantFrom("same", "next", "none"),
    sent: fc.nat({ max: 100 }),
    isAnswered: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const totals = new EngineTotals();
      let engine = 1;
      let last = 0;
      for (const { engine: which, sent, isAnswered } of steps) {
        if (which === "next") engine += 1;
        const pid = which === "none" ? undefined : engine;
        const all = pid !== undefined && isAnswered ? [one(sent)] : [];
        const [found] = sentOf(totals.instances(pid, all));
        if (found === undefined) continue;
        assert.ok(found >= last, `${found} after ${last}`);
        last = found;
      }
    }),
  );
});
