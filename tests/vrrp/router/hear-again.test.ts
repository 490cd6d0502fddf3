/** A master heard again: what is worked out from the last instant is what every step would give. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { centis, type Instant, instant, micros } from "#units/time";
import { priority } from "#units/vrrp";
import type { RouterConfig } from "#vrrp/router/config";
import { again, dueAgain, heardAgain } from "#vrrp/router/hear-again";
import { deadline, initialState, step } from "#vrrp/router/router";
import { ip } from "../../support/fake-world.ts";
import { CONFIG } from "../../support/vector.ts";

const intervals = fc.constantFrom(1, 10, 100, 400).map(centis);
const configs: fc.Arbitrary<RouterConfig> = fc
  .record({
    version: fc.constantFrom(2 as const, 3 as const),
    preempt: fc.boolean(),
    advertInterval: intervals,
    downTimerAdverts: fc.constantFrom(1, 3, 10),
    startupDelay: fc.constantFrom(0, 0, 300_000).map(micros),
    preemptDelay: fc.constantFrom(0, 2_000_000).map(micros),
    priority: fc.constantFrom(1, 100, 254).map(priority),
  })
  .map((drawn) => ({ ...CONFIG, ...drawn }));
/** What comes first, and after how much of an interval. */
const events = fc.array(
  fc.record({
    kind: fc.constantFrom("advert", "advert", "advert", "time", "release"),
    wait: fc.constantFrom(0, 1, 0.3, 0.9, 1.2, 1.6, 4),
    prio: fc.constantFrom(1, 100, 101, 255).map(priority),
  }),
  { minLength: 1, maxLength: 12 },
);
/** Afterwards: the same again and again, and wake-ups. */
const waits = fc.array(
  fc.record({ part: fc.constantFrom(0, 0.5, 0.99, 1, 1.01, 1.3, 1.49), hears: fc.boolean() }),
  { maxLength: 12 },
);

let compared = 0;

test("of many that say the same, the last one's instant suffices", () => {
  const property = fc.property(
    configs,
    intervals,
    events,
    waits,
    (config, interval, before, after) => {
      const from = ip("192.0.2.2");
      const span = (part: number): number => Math.round(part * interval * 10_000);
      let now = instant(1_000_000_000);
      let { state } = step(
        config,
        initialState(config, true, ip("192.0.2.1")),
        { kind: "startup" },
        now,
      );
      for (const { kind, wait, prio } of before) {
        now = (now + span(wait)) as Instant;
        const event =
          kind === "time"
            ? ({ kind: "timeReached" } as const)
            : ({
                kind: "advertReceived",
                priority: kind === "release" ? priority(0) : prio,
                interval: config.version === 2 ? config.advertInterval : interval,
                from,
              } as const);
        ({ state } = step(config, state, event, now));
        const known = again(state, event, now);
        if (known === undefined) continue;
        const first = state;
        let each = state;
        let [heardAt, awakeAt] = [now, now];
        assert.equal(dueAgain(known, now, now), deadline(state));
        for (const { part, hears } of after) {
          const at = (awakeAt + span(part)) as Instant;
          if (at > dueAgain(known, heardAt, awakeAt) + known.late) break;
          if (!hears && at >= heardAt + known.masterDown) break;
          const next = step(config, each, hears ? event : { kind: "timeReached" }, at);
          assert.deepEqual(next.effects, []);
          each = next.state;
          awakeAt = at;
          if (hears) heardAt = at;
          assert.deepEqual(heardAgain(first, known, heardAt, awakeAt), each);
          assert.equal(dueAgain(known, heardAt, awakeAt), deadline(each));
          if (hears) assert.deepEqual(again(each, event, at), known);
          compared += 1;
        }
      }
    },
  );
  fc.assert(property, { numRuns: 3_000 });
  assert.ok(compared > 3_000, `${compared} compared`);
});

test("later than that, a router has stalled, and reports it", () => {
  const config = { ...CONFIG, version: 3, preempt: true } as const;
  const event = {
    kind: "advertReceived",
    priority: priority(200),
    interval: centis(100),
    from: ip("192.0.2.2"),
  } as const;
  const begin = step(
    config,
    initialState(config, true, ip("192.0.2.1")),
    { kind: "startup" },
    instant(0),
  );
  const { state } = step(config, begin.state, event, instant(0));
  const known = again(state, event, instant(0));
  assert.ok(known !== undefined);
  const last = dueAgain(known, instant(0), instant(0)) + known.late;
  const effects = (late: number): number =>
    step(config, state, event, instant(last + late)).effects.length;
  assert.deepEqual([effects(0), effects(1)], [0, 1]);
});
