/** How late the engine woke: counted within an eighth, and the cause that explains half of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { openScheduling, processorsIn, stalledIn, stolenIn } from "#linux/scheduling";
import { type Collection, CollectionCount } from "#vrrp/engine/collections";
import { DurationHistogram, durationBounds } from "#vrrp/engine/histogram";
import {
  causeOf,
  type DelayCounters,
  LatenessWatch,
  type SchedulingCounters,
} from "#vrrp/engine/lateness";

const SCHEDULING: SchedulingCounters = { ran: 0, waited: 0, stolen: 0, memory: 0 };
const NOTHING: DelayCounters = { ...SCHEDULING, collected: 0 };
const SECOND = 1_000_000;

test("a quantile is the value of that rank, or up to an eighth more, and never above the largest", () => {
  const values = fc.array(fc.integer({ min: 0, max: 100_000_000 }), { minLength: 1 });
  fc.assert(
    fc.property(values, fc.constantFrom(0.5, 0.99, 0.999), (all, part) => {
      const histogram = new DurationHistogram();
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
  const histogram = new DurationHistogram();
  assert.equal(histogram.quantile(0.5), 0);
  histogram.record(-3);
  histogram.record(1e12);
  assert.equal(histogram.count, 2);
  assert.equal(histogram.quantile(0.5), 0);
  assert.equal(histogram.max, 1e12);
  assert.ok(histogram.quantile(1) >= 2 ** 27 - 1);
});

test("the cause is the first that explains half", () => {
  const cause = (counted: Partial<DelayCounters>, usual: Partial<DelayCounters> = {}): string =>
    causeOf(10_000, { ...NOTHING, ...counted }, { ...NOTHING, ...usual });
  assert.equal(cause({ stolen: 5_000, ran: 10_000 }), "steal");
  assert.equal(cause({ waited: 6_000, memory: 6_000 }), "processor");
  assert.equal(cause({ memory: 5_000, ran: 9_000 }), "memory");
  assert.equal(cause({ collected: 5_000, ran: 9_000 }), "collection");
  assert.equal(cause({ ran: 9_000, waited: 4_999 }), "engine");
  assert.equal(cause({ ran: 10 }), "stopped");
  assert.equal(cause({ ran: 201_000 }, { ran: 200_000 }), "stopped");
  assert.equal(cause({ ran: 206_000 }, { ran: 200_000 }), "engine");
});

interface Watched {
  readonly watch: LatenessWatch;
  readonly reads: () => number;
  scheduling: SchedulingCounters;
  collections: readonly Collection[];
}

/** A watch made at instant 0 among counters that a test moves. */
function watched(): Watched {
  let reads = 0;
  const one: Omit<Watched, "watch"> = {
    reads: () => reads,
    scheduling: SCHEDULING,
    collections: [],
  };
  const read = (): SchedulingCounters => {
    reads += 1;
    return one.scheduling;
  };
  const collections = new CollectionCount(() => one.collections);
  const watch = new LatenessWatch({ read, collections, wall: () => "now" }, 0);
  return Object.assign(one, { watch });
}

test("counters are read once a second, and only when the engine has time", () => {
  const one = watched();
  const { watch, reads } = one;
  assert.equal(reads(), 1);
  watch.rest(SECOND - 1, undefined);
  assert.equal(reads(), 1);
  watch.rest(SECOND, SECOND + 999);
  assert.equal(reads(), 1);
  watch.rest(SECOND + 10, SECOND + 1_010);
  assert.equal(reads(), 2);
  // An engine that never has time reads them all the same.
  watch.rest(3 * SECOND, 3 * SECOND);
  assert.equal(reads(), 2);
  watch.rest(3 * SECOND + 10, 3 * SECOND);
  assert.equal(reads(), 3);
});

test("the cause of the worst is found when there is time, or when somebody asks", () => {
  const one = watched();
  const { watch } = one;
  watch.woke(100, 1_050);
  assert.equal(watch.read(2_000).lateness.worst, undefined);
  one.scheduling = { ...SCHEDULING, waited: 20_000 };
  watch.woke(900_000, 920_000);
  assert.deepEqual(watch.read(920_100).lateness.worst, {
    at: "now",
    micros: 20_000,
    cause: "processor",
  });
  // Less late than the worst: no cause is sought.
  const before = one.reads();
  watch.woke(930_000, 940_000);
  const { count, max, p999, worst } = watch.read(940_100).lateness;
  assert.deepEqual({ count, max, p999 }, { count: 3, max: 20_000, p999: 20_000 });
  assert.equal(worst?.cause, "processor");
  assert.equal(one.reads(), before);
  one.collections = [{ kind: "MarkCompact", micros: 30_000 }];
  watch.woke(1_500_000, 1_530_000);
  watch.rest(1_930_000, undefined);
  one.collections = [];
  assert.equal(watch.read(1_930_100).lateness.worst?.cause, "collection");
});

test("what an engine always does is not the cause of what happened once", () => {
  const one = watched();
  const { watch } = one;
  one.scheduling = { ...SCHEDULING, ran: 200_000 };
  watch.rest(SECOND, undefined);
  one.scheduling = { ...SCHEDULING, ran: 400_000 };
  watch.woke(1_900_000, 1_990_000);
  watch.rest(2 * SECOND, undefined);
  assert.equal(watch.read(2 * SECOND).lateness.worst?.cause, "stopped");
});

test("collections are counted by kind, and taken the more often the more there are", () => {
  const one = watched();
  const { watch, reads } = one;
  one.collections = Array.from({ length: 20 }, (_, place) => ({
    kind: place === 0 ? "MarkCompact" : "Scavenge",
    micros: place === 0 ? 9_000 : 300,
  }));
  watch.rest(SECOND, undefined);
  watch.rest(SECOND + 500_000, undefined);
  assert.equal(reads(), 3);
  watch.rest(SECOND + 750_000, undefined);
  assert.equal(reads(), 4);
  // Not more often than every eighth of a second.
  for (let at = 2 * SECOND; at < 3 * SECOND; at += 25_000) watch.rest(at, undefined);
  assert.equal(reads(), 12);
  one.collections = [];
  const { collections } = watch.read(3 * SECOND);
  assert.deepEqual(collections.kinds, { MarkCompact: 11, Scavenge: 209 });
  assert.deepEqual([collections.count, collections.max], [220, 9_000]);
  assert.equal(collections.total, 11 * 9_000 + 209 * 300);
  assert.ok(collections.p50 >= 300 && collections.p50 <= 340, String(collections.p50));
  assert.equal(collections.p99, 9_000);
});

test("steal is averaged over the processors; a kernel without PSI says nothing", () => {
  const stat =
    "cpu  10 0 20 30 0 0 0 400 0 0\ncpu0 5 0 10 15 0 0 0 200 0 0\ncpu1 5 0 10 15 0 0 0 200 0 0\nintr 1\n";
  assert.equal(stolenIn(stat, processorsIn(stat)), 2_000_000);
  assert.equal(stolenIn("", processorsIn("")), 0);
  assert.equal(
    stalledIn("some avg10=0.00 avg60=0.00 avg300=0.00 total=1234\nfull total=9\n"),
    1234,
  );
  assert.equal(stalledIn(""), 0);
});

test("the kernel's counters are read again and again, and grow", () => {
  const read = openScheduling();
  const first = read();
  assert.ok(first.ran > 0);
  let { ran } = read();
  while (ran === first.ran) ({ ran } = read());
  assert.ok(ran > first.ran);
});

test("what was at most as long as each bound is counted exactly, and the total is that of all", () => {
  const values = fc.array(fc.integer({ min: 0, max: 20_000_000 }));
  const bounds = durationBounds(4, 23);
  assert.deepEqual([bounds[0], bounds[1], bounds.at(-1)], [15, 31, 8_388_607]);
  fc.assert(
    fc.property(values, (all) => {
      const histogram = new DurationHistogram();
      for (const value of all) histogram.record(value);
      assert.deepEqual(histogram.counts(bounds), {
        atMost: bounds.map((bound) => all.filter((value) => value <= bound).length),
        count: all.length,
        total: all.reduce((sum, value) => sum + value, 0),
      });
    }),
  );
});
