/** hold_down in the engine: what the snapshot shows of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromSeconds, instant } from "#units/time";
import type { InstanceSnapshot } from "#vrrp/engine/engine-link";
import { Bench, instance } from "../../support/bench.ts";

const HOLD_DOWN = { first: fromSeconds(5), max: fromSeconds(60) };

function snapshot(bench: Bench): InstanceSnapshot["holdDown"] {
  bench.world.takeEmitted();
  bench.supervisor({ type: "snapshot", id: 1 });
  return bench.emitted("snapshot")[0]?.instances[0]?.holdDown;
}

function flap(bench: Bench): void {
  for (const result of ["down", "up"] as const)
    bench.supervisor({ type: "tracker", kind: "script", name: "app", result });
}

test("losses are shown while they are remembered, and until when a weaker master is left alone", () => {
  const trackers = [{ kind: "script", name: "app", weight: 0, reverse: false }] as const;
  const bench = new Bench();
  bench.configure([instance({ router: { trackers, holdDown: HOLD_DOWN } })]);
  bench.supervisor({ type: "tracker", kind: "script", name: "app", result: "up" });
  assert.equal(snapshot(bench), undefined);
  flap(bench);
  assert.deepEqual(snapshot(bench), { losses: 1, micros: 0, until: undefined });
  flap(bench);
  flap(bench);
  assert.deepEqual(snapshot(bench), { losses: 3, micros: 5_000_000, until: undefined });
  bench.until(1);
  bench.hear({ priority: 50 });
  assert.deepEqual(snapshot(bench), { losses: 3, micros: 5_000_000, until: instant(6_000_000) });
  bench.until(200);
  assert.equal(snapshot(bench), undefined, "forgotten");
});
