/** How late the engine woke: counted within an eighth, and the cause that explains half of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { stalledIn, stolenIn } from "#linux/scheduling";
import {
  causeOf,
  LatenessHistogram,
  LatenessWatch,
  type SchedulingCounters,
} from "#vrrp/engine/lateness";

const NOTHING: SchedulingCounters = { ran: 0, waited: 0, stolen: 0, memory: 0 };

test("a quantile is the value of that rank, or up to an eighth more, and never above the largest", () => {
  const values = fc.array(fc.integer({ min: 0, max: 100_000_000 }), { minLength: 1 });
  fc.assert(
    fc.property(values, fc.constantFrom(0.5, 0.99, 0.999), (all, part) => {
      const histogram = new LatenessHistogram();
      for (const value of all) histogram.record(value);
      const sorted = all.toSorted((a, b) => a - b);
      const exact = sorted[Math.ceil(all.length * part) - 1] ?? 0;
      const found = histogram.quantile(part);
      assert.ok(found >= exact && found <= exact * 1.125 + 1, `${found} for ${exact}`);
      assert.ok(found <= histogram.max);
    }),
  );
});

test("nothing, what is early, and what is later than the last bucket", () => {
  const histogram = new LatenessHistogram();
  assert.equal(histogram.quantile(0.5), 0);
  histogram.record(-3);
  histogram.record(1e12);
  assert.equal(histogram.count, 2);
  assert.equal(histogram.quantile(0.5), 0);
  assert.equal(histogram.max, 1e12);
  assert.ok(histogram.quantile(1) >= 2 ** 27 - 1);
});

test("the cause is the first that explains half", () => {
  const cause = (after: Partial<SchedulingCounters>): string =>
    causeOf(10_000, NOTHING, { ...NOTHING, ...after });
  assert.equal(cause({ stolen: 5_000, ran: 10_000 }), "steal");
  assert.equal(cause({ waited: 6_000, memory: 6_000 }), "processor");
  assert.equal(cause({ memory: 5_000, ran: 9_000 }), "memory");
  assert.equal(cause({ ran: 9_000, waited: 4_999 }), "engine");
  assert.equal(cause({ ran: 10 }), "stopped");
});

test("counters are read once a second, and when it was later than ever by a millisecond", () => {
  let reads = 0;
  let counters = NOTHING;
  const read = (): SchedulingCounters => {
    reads += 1;
    return counters;
  };
  const watch = new LatenessWatch(read, () => "now");
  assert.equal(reads, 1);
  const start = 10_000_000;
  watch.woke(start, start + 100);
  assert.equal(reads, 2);
  for (let at = start; at < start + 900_000; at += 100_000) watch.woke(at, at + 50);
  assert.equal(reads, 2);
  assert.equal(watch.read().worst, undefined);
  counters = { ...NOTHING, waited: 20_000 };
  watch.woke(start + 900_000, start + 920_000);
  assert.deepEqual(watch.read().worst, { at: "now", micros: 20_000, cause: "processor" });
  // Less late than the worst: not asked about.
  watch.woke(start + 930_000, start + 940_000);
  assert.equal(reads, 3);
  const { count, max, p999 } = watch.read();
  assert.deepEqual({ count, max, p999 }, { count: 12, max: 20_000, p999: 20_000 });
});

test("steal is averaged over the processors; a kernel without PSI says nothing", () => {
  const stat =
    "cpu  10 0 20 30 0 0 0 400 0 0\ncpu0 5 0 10 15 0 0 0 200 0 0\ncpu1 5 0 10 15 0 0 0 200 0 0\nintr 1\n";
  assert.equal(stolenIn(stat), 2_000_000);
  assert.equal(stolenIn(""), 0);
  assert.equal(
    stalledIn("some avg10=0.00 avg60=0.00 avg300=0.00 total=1234\nfull total=9\n"),
    1234,
  );
  assert.equal(stalledIn(""), 0);
});
