/** The lease: shorter than any peer's patience, longer than our own interval. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { RouterConfig } from "#core/config";
import { type Lease, leaseFor } from "#core/lease";
import { masterDown, skew } from "#core/timing";
import { centis, fromCentis } from "#units/time";
import { priority } from "#units/vrrp";
import { CONFIG } from "../support/vector.ts";

const config = (change: Partial<RouterConfig>): RouterConfig => ({ ...CONFIG, ...change });

/** RFC 3768 6.1 and RFC 9568 6.1, by hand. */
test("skew and detection time", () => {
  const rows = [
    [2, 100, 100, 609_375, 3_609_375],
    [2, 100, 254, 7_813, 3_007_813],
    [2, 500, 100, 609_375, 15_609_375],
    [3, 100, 100, 609_375, 3_609_375],
    [3, 500, 100, 3_046_875, 18_046_875],
    [3, 10, 100, 60_938, 360_938],
    [3, 1, 100, 6_094, 36_094],
    [3, 100, 1, 996_094, 3_996_094],
    [3, 100, 255, 3_906, 3_003_906],
  ] as const;
  for (const [version, interval, prio, skewMicros, downMicros] of rows) {
    assert.equal(skew({ version }, centis(interval), prio), skewMicros);
    assert.equal(masterDown({ version, downTimerAdverts: 3 }, centis(interval), prio), downMicros);
  }
});

test("the table", () => {
  const rows: readonly [Partial<RouterConfig>, number, boolean, string, number, number][] = [
    // The tutorial: 3.609 s until a peer takes over, 3 s of lifetime.
    [{}, 100, true, "address-lifetime", 3_000_000, 3],
    [{}, 100, false, "address-lifetime", 3_000_000, 3],
    // A peer at 254 takes over after 3.008 s; Linux ends a lifetime up to 0.2 s late.
    [{}, 254, true, "address-lifetime", 2_000_000, 2],
    [{ priority: priority(255) }, 255, true, "address-lifetime", 2_000_000, 2],
    [{ advertInterval: centis(50) }, 100, true, "address-lifetime", 1_000_000, 1],
    [{ advertInterval: centis(500) }, 100, true, "address-lifetime", 17_000_000, 17],
    [{ version: 2, advertInterval: centis(500) }, 100, true, "address-lifetime", 15_000_000, 15],
    // No whole second fits: 0.360938 s less a tenth.
    [{ advertInterval: centis(10) }, 100, true, "nftables", 324_844, 2],
    [{ advertInterval: centis(10) }, 100, false, "backstop", 2_000_000, 2],
    // 36.094 ms less 4 ms.
    [{ advertInterval: centis(1) }, 100, true, "nftables", 32_094, 2],
    // One lost advertisement is enough: 1.609 s, of which 1 s would be no more than the interval.
    [{ downTimerAdverts: 1 }, 100, true, "nftables", 1_448_438, 2],
    [{ downTimerAdverts: 1 }, 100, false, "backstop", 2_000_000, 2],
    // 10.078 s: a lease with a margin below would end before the next advertisement.
    [{ downTimerAdverts: 1, advertInterval: centis(1000) }, 254, true, "backstop", 20_000_000, 20],
  ];
  for (const [change, peer, guard, guarantee, micros, seconds] of rows) {
    const lease = leaseFor(config(change), peer, guard);
    assert.equal(lease.guarantee, guarantee, JSON.stringify(change));
    assert.equal(lease.micros, micros, JSON.stringify(change));
    assert.equal(lease.addressSeconds, seconds, JSON.stringify(change));
  }
});

test("any configuration: a guarantee ends before a peer takes over, and outlasts the interval", () => {
  const version2 = fc.record({
    version: fc.constant(2 as const),
    advertInterval: fc.integer({ min: 1, max: 255 }).map((seconds) => centis(seconds * 100)),
  });
  const version3 = fc.record({
    version: fc.constant(3 as const),
    advertInterval: fc.integer({ min: 1, max: 4095 }).map(centis),
  });
  const property = fc.property(
    fc.oneof(version2, version3),
    fc.integer({ min: 1, max: 100 }),
    fc.integer({ min: 1, max: 255 }),
    fc.boolean(),
    (timers, downTimerAdverts, peer, guard) => {
      const all = config({ ...timers, downTimerAdverts });
      const lease: Lease = leaseFor(all, peer, guard);
      const interval = fromCentis(all.advertInterval);
      // Whatever the peer's priority: 254 is the least patient one that is no owner.
      const takeOver = masterDown(all, all.advertInterval, Math.min(peer, 254));
      assert.equal(lease.takeOverMicros, takeOver);
      assert.ok(lease.micros > interval, "longer than an interval");
      assert.ok(lease.addressSeconds * 1_000_000 > interval);
      if (lease.guarantee === "backstop") return;
      assert.ok(lease.micros < takeOver, "shorter than the peer's patience");
      if (lease.guarantee === "address-lifetime") {
        assert.equal(lease.micros, lease.addressSeconds * 1_000_000);
        assert.ok(lease.micros + 200_000 < takeOver, "Linux may be 0.2 s late");
      } else assert.ok(guard);
    },
  );
  fc.assert(property, { numRuns: 2000 });
});
