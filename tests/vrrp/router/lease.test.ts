/** The lease: shorter than any peer's detection time, longer than our own interval. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { centis, fromCentis, instant } from "#units/time";
import { priority } from "#units/vrrp";
import type { RouterConfig } from "#vrrp/router/config";
import {
  type Lease,
  leaseFor,
  lifetimeLeft,
  mustProlong,
  mustRefresh,
  mustRefreshNow,
} from "#vrrp/router/lease";
import { masterDown, skew } from "#vrrp/router/timing";
import { CONFIG } from "../../support/vector.ts";

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
    // 3.008 s until the least patient peer takes over, less a hundredth; Linux may end a lifetime a
    // second late.
    [{}, 100, true, "nftables", 2_977_735, 3],
    [{}, 100, false, "address-lifetime", 2_000_000, 2],
    [{}, 254, true, "nftables", 2_977_735, 2],
    [{}, 254, false, "address-lifetime", 2_000_000, 2],
    [{ priority: priority(255) }, 255, true, "nftables", 2_977_735, 2],
    [{ advertInterval: centis(50) }, 100, true, "nftables", 1_488_867, 1],
    [{ advertInterval: centis(50) }, 100, false, "backstop", 2_000_000, 2],
    [{ advertInterval: centis(500) }, 100, false, "address-lifetime", 17_000_000, 17],
    [{ version: 2, advertInterval: centis(500) }, 100, false, "address-lifetime", 14_000_000, 14],
    // No whole second fits: 300.781 ms less 4 ms.
    [{ advertInterval: centis(10) }, 100, true, "nftables", 296_781, 2],
    [{ advertInterval: centis(10) }, 100, false, "backstop", 2_000_000, 2],
    [{ advertInterval: centis(1) }, 100, true, "nftables", 26_078, 2],
    // One lost advertisement is enough: no lease below 1.008 s outlasts an interval and a late
    // wake-up.
    [{ downTimerAdverts: 1 }, 100, true, "backstop", 2_000_000, 2],
    [{ downTimerAdverts: 1 }, 100, false, "backstop", 2_000_000, 2],
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
      assert.ok(lease.micros < takeOver, "shorter than the peer's detection time");
      if (lease.guarantee === "address-lifetime") {
        assert.equal(lease.micros, lease.addressSeconds * 1_000_000);
        assert.ok(lease.micros + 1_000_000 <= takeOver, "Linux may be a second late");
      } else assert.ok(guard);
    },
  );
  fc.assert(property, { numRuns: 2000 });
});

test("a lifetime that is set between two advertisements ends before a peer takes over, and outlasts the next", () => {
  const between = fc.record({
    interval: fc.integer({ min: 100, max: 25_500 }),
    peer: fc.integer({ min: 1, max: 254 }),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(between, ({ interval, peer, part }) => {
      const lease = leaseFor(config({ advertInterval: centis(interval) }), peer, false);
      if (lease.guarantee !== "address-lifetime") return;
      const every = fromCentis(centis(interval));
      const since = part * every;
      const ends = since + lifetimeLeft(lease, since) * 1_000_000;
      assert.ok(ends + 1_000_000 <= lease.takeOverMicros, `${ends} of ${lease.takeOverMicros}`);
      assert.ok(ends >= every, "it lasts until the next advertisement");
    }),
  );
  const guarded = leaseFor(config({}), 100, true);
  assert.equal(lifetimeLeft(guarded, 900_000), guarded.addressSeconds);
});

test("when a lifetime is set anew: the guarantee always, a backstop while it outlasts guard and interval", () => {
  const rows: readonly [Partial<RouterConfig>, boolean, number, boolean][] = [
    // A lifetime of 2 s is the guarantee.
    [{}, false, 1, true],
    // 3 s beside a guard of 2.98 s: with every advertisement, early or not.
    [{}, true, 499_000, true],
    [{}, true, 498_999, false],
    [{}, true, 1_000_000, true],
    // 1 s, half a second between advertisements.
    [{ advertInterval: centis(50) }, true, 499_000, true],
    [{ advertInterval: centis(50) }, true, 374_999, false],
    [{ advertInterval: centis(50) }, true, 375_000, true],
    [{ advertInterval: centis(49) }, true, 490_000, true],
    // 2 s, a tenth.
    [{ advertInterval: centis(10) }, true, 999_999, false],
    [{ advertInterval: centis(10) }, true, 1_000_000, true],
    [{ advertInterval: centis(10) }, false, 999_999, false],
    [{ advertInterval: centis(10) }, false, 1_000_000, true],
  ];
  for (const [change, guard, sinceSet, expected] of rows) {
    const config = { ...CONFIG, ...change };
    const lease = leaseFor(config, 100, guard);
    const text = `${JSON.stringify(change)} ${guard} ${sinceSet}`;
    assert.equal(mustRefresh(lease, config.advertInterval, sinceSet), expected, text);
  }
});

test("a lifetime that was not set anew lasts until the next advertisement, also if that is late", () => {
  const advertisements = fc.record({
    version: fc.constantFrom(2 as const, 3 as const),
    interval: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 100, max: 4_095 })),
    downTimerAdverts: fc.constantFrom(1, 3, 3, 5),
    peer: fc.integer({ min: 1, max: 254 }),
    guard: fc.boolean(),
    // Whether there is time for what may be left to the next advertisement.
    hasTime: fc.boolean(),
    // Parts of an interval: routers that are spread advertise sooner, busy ones a quarter later.
    gaps: fc.array(fc.constantFrom(1 / 32, 0.5, 30 / 32, 31 / 32, 0.99, 1, 1.24), {
      minLength: 1,
      maxLength: 40,
    }),
  });
  const property = fc.property(
    advertisements,
    ({ interval, peer, guard, gaps, hasTime, ...timers }) => {
      const advertInterval = centis(interval);
      const all = config({ ...timers, advertInterval });
      const lease = leaseFor(all, peer, guard);
      let since = 0;
      for (const gap of gaps) {
        since += gap * fromCentis(advertInterval);
        assert.ok(
          since <= lease.addressSeconds * 1_000_000,
          `${since} us of ${lease.addressSeconds} s`,
        );
        const must = hasTime ? mustRefresh : mustRefreshNow;
        if (must(lease, advertInterval, since)) since = 0;
      }
    },
  );
  fc.assert(property, { numRuns: 5_000 });
});

/** Interval and `down_timer_adverts` of those that can do without some prolongations. */
const PROLONGED_LESS: readonly string[] = [
  "1 cs, 10",
  "2 cs, 10",
  "5 cs, 10",
  "8 cs, 3",
  "8 cs, 10",
  "10 cs, 3",
  "10 cs, 10",
  "12 cs, 3",
  "12 cs, 10",
];

test("a guard that is not prolonged with an advertisement outlasts the next one by 75 ms", () => {
  const skips: string[] = [];
  for (const interval of [1, 2, 5, 8, 10, 12, 15, 20, 50, 100])
    for (const downTimerAdverts of [1, 2, 3, 10]) {
      const lease = leaseFor(
        config({ advertInterval: centis(interval), downTimerAdverts }),
        100,
        true,
      );
      if (lease.guarantee !== "nftables") continue;
      const micros = fromCentis(centis(interval));
      let since = 0;
      while (!mustProlong(lease, centis(interval), since + micros, instant(micros)))
        since += micros;
      if (since > 0) skips.push(`${interval} cs, ${downTimerAdverts}`);
      // A head start makes it no less than it would be on time.
      if (since > 0) assert.ok(lease.micros - since - micros >= 75_000, `${interval} cs`);
      assert.ok(since < 150_000, `${interval} cs: ${since} us`);
      assert.ok(lease.micros > since + micros, "it never ends between two advertisements");
    }
  assert.deepEqual(skips, PROLONGED_LESS);
});

test("routers that are due together are prolonged in the same turns, whenever each began", () => {
  const lease = leaseFor(config({ advertInterval: centis(10) }), 100, true);
  for (const jitter of [-1_000, 0, 700])
    for (const begin of [0, 1]) {
      const prolonged: number[] = [];
      let guardedAt = -1_000_000;
      for (let turn = begin; turn < begin + 8; turn++) {
        const now = instant(1_000_000 + turn * 100_000 + (turn % 3 === 0 ? jitter : 0));
        if (!mustProlong(lease, centis(10), now - guardedAt, now)) continue;
        guardedAt = now;
        prolonged.push(turn);
      }
      const settled = prolonged.filter((turn) => turn >= begin + 2);
      assert.ok(
        settled.length >= 3 && settled.every((turn) => turn % 2 === 0),
        prolonged.join(" "),
      );
    }
});
