/** What `status` and `metrics` get: in parts that put nobody's advertisement off. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { centis, micros } from "#units/time";
import { ENGINE_BOUNDS } from "#vrrp/engine/engine-durations";
import type { FromEngine, InstanceSnapshot } from "#vrrp/engine/engine-link";
import { SNAPSHOT_MAX } from "#vrrp/engine/snapshot";
import { Bench, instance } from "../../support/bench.ts";
import { ip } from "../../support/fake-world.ts";

type Snapshot = Extract<FromEngine, { type: "snapshot" }>;

const many = (count: number): ReturnType<typeof instance>[] =>
  Array.from({ length: count }, (_, place) =>
    instance({ vrid: place + 1, addresses: [`192.0.2.${place + 1}`] }),
  );

function ask(bench: Bench, question: { from?: number; empty?: true }): Snapshot {
  bench.world.takeEmitted();
  bench.supervisor({ type: "snapshot", id: 7, ...question });
  const [answer, ...others] = bench.world.takeEmitted();
  assert.equal(others.length, 0);
  assert.ok(answer?.type === "snapshot" && answer.id === 7);
  return answer;
}

test("a snapshot comes in parts, and each says how many come after it", () => {
  const bench = new Bench();
  const count = 2 * SNAPSHOT_MAX + 3;
  bench.configure(many(count));
  const seen: number[] = [];
  let from = 0;
  for (let more: number | undefined = count; more !== undefined; ) {
    const part = ask(bench, from === 0 ? {} : { from });
    assert.ok(part.instances.length <= SNAPSHOT_MAX);
    seen.push(...part.instances.map(({ vrid }) => vrid));
    from += part.instances.length;
    assert.equal(part.more ?? 0, count - from);
    more = part.more;
  }
  assert.deepEqual(
    seen,
    many(count).map(({ router }) => router.vrid),
  );
  assert.deepEqual(ask(bench, { from: count }).instances, []);
  assert.equal(ask(bench, { empty: true }).more, undefined);
});

test("a brief one has the same parts and members, without trackers and counters", () => {
  const bench = new Bench();
  bench.configure(many(SNAPSHOT_MAX + 3));
  const whole = ask(bench, { from: 2 });
  bench.supervisor({ type: "snapshot", id: 8, from: 2, brief: true });
  const [answer, ...others] = bench.world.takeEmitted();
  assert.equal(others.length, 0);
  assert.ok(answer?.type === "brief" && answer.id === 8);
  assert.deepEqual([answer.at, answer.more], [whole.at, whole.more]);
  const left = new Set(["trackers", "counters", "refused"]);
  const without = whole.instances.map((one) =>
    Object.fromEntries(Object.entries(one).filter(([name]) => !left.has(name))),
  );
  assert.deepEqual(answer.instances, without);
});

test("a few instances are one part", () => {
  const bench = new Bench();
  bench.configure(many(SNAPSHOT_MAX));
  const { instances, more } = ask(bench, {});
  assert.equal(instances.length, SNAPSHOT_MAX);
  assert.equal(more, undefined);
});

const only = (bench: Bench): InstanceSnapshot => {
  const [first] = bench.engine.snapshot(bench.now);
  assert.ok(first !== undefined);
  return first;
};

test("refused packets are counted by reason", () => {
  const bench = new Bench();
  bench.configure([instance()]);
  assert.equal(only(bench).refused, undefined);
  bench.hear({ priority: 200, source: ip("192.0.2.77") });
  bench.hear({ priority: 200, source: ip("192.0.2.77") });
  bench.hear({ priority: 200, version: 2 });
  assert.deepEqual(only(bench).refused, { "not-a-peer": 2, "bad-version": 1 });
});

test("a master's lease: what is left of it", () => {
  const bench = new Bench();
  bench.configure([instance()]);
  assert.equal(only(bench).lease.leftMicros, undefined);
  bench.until(8);
  const { lease, state } = only(bench);
  assert.equal(state, "MASTER");
  const left = lease.leftMicros;
  assert.ok(left !== undefined && left > 0 && left <= lease.micros, `${left} of ${lease.micros}`);
});

test("jitter: by how much the time between two advertisements differs from the interval", () => {
  const bench = new Bench();
  bench.configure([instance()]);
  const at = (seconds: number): void => {
    bench.until(seconds);
    bench.hear({ priority: 200, interval: centis(100) });
  };
  // The first has none before it; then 0, 20 ms early, 40 ms late; then somebody who was away.
  for (const seconds of [1, 2, 2.98, 4.02, 19]) at(seconds);
  const { count, total, atMost } = bench.engine.jitter.counts(ENGINE_BOUNDS);
  assert.equal(count, 3);
  assert.equal(total, micros(60_000));
  assert.equal(atMost[0], 1);
  assert.equal(atMost[ENGINE_BOUNDS.findIndex((bound) => bound >= 20_000)], 2);
  assert.equal(atMost[ENGINE_BOUNDS.findIndex((bound) => bound >= 40_000)], 3);
});
