/** Too many due together: turns are bounded, and the routers are spread over their interval. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { centis, instant } from "#units/time";
import { Crowd, TURN_MAX } from "#vrrp/engine/crowd";
import { Bench, instance } from "../../support/bench.ts";
import { FakeWorld } from "../../support/fake-world.ts";

const COUNT = 200;
const INTERVAL = 100_000;

interface Sent {
  readonly vrid: number;
  readonly at: number;
}

/** Routers that become master at the same moment, and what they advertise from then on. */
function crowded(): { readonly bench: Bench; readonly sent: Sent[] } {
  const world = new FakeWorld();
  world.addGuard();
  const bench = new Bench(undefined, undefined, world);
  const sent: Sent[] = [];
  world.carry = (kind, _index, bytes) => {
    if (kind === "packet") sent.push({ vrid: bytes[21] ?? 0, at: bench.now });
  };
  bench.configure(
    Array.from({ length: COUNT }, (_, place) =>
      instance({
        vrid: place + 1,
        addresses: [`198.51.100.${place + 1}`],
        router: { name: `VI_${place + 1}`, advertInterval: centis(10) },
      }),
    ),
  );
  return { bench, sent };
}

test("a turn takes so many, and its inputs are read before the next one", () => {
  const { bench } = crowded();
  const due = (): number => bench.engine.deadline() ?? Number.POSITIVE_INFINITY;
  const masters = (): number =>
    bench.engine.instances.filter(({ state }) => state.phase.kind === "master").length;
  while (masters() === 0) {
    bench.world.now = instant(Math.max(due(), bench.now));
    bench.engine.onTime(bench.now);
  }
  for (const count of [TURN_MAX, 2 * TURN_MAX, 3 * TURN_MAX]) {
    assert.equal(masters(), count);
    assert.ok(due() <= bench.now);
    bench.engine.onTime(bench.now);
  }
  assert.equal(masters(), COUNT);
  assert.ok(due() > bench.now);
});

test("routers that became master together advertise in turns of their own, and no gap is longer", () => {
  const { bench, sent } = crowded();
  bench.until(3);
  const last = new Map<number, number>();
  for (const { vrid, at } of sent) {
    const gap = at - (last.get(vrid) ?? at);
    assert.ok(gap <= INTERVAL, `${vrid}: ${gap} us`);
    last.set(vrid, at);
  }
  const turns = new Map<number, number>();
  for (const { at } of sent.filter(({ at }) => at >= 2_000_000 && at < 2_000_000 + INTERVAL))
    turns.set(at, (turns.get(at) ?? 0) + 1);
  const counts = [...turns.values()].toSorted((a, b) => a - b);
  assert.deepEqual(counts, [8, TURN_MAX, TURN_MAX, TURN_MAX]);
  const times = [...turns.keys()].toSorted((a, b) => a - b);
  for (let place = 1; place < times.length; place++) {
    assert.equal((times[place] ?? 0) - (times[place - 1] ?? 0), INTERVAL / 32);
  }
});

test("once spread they keep their interval", () => {
  const { bench, sent } = crowded();
  bench.until(2);
  sent.length = 0;
  bench.until(12);
  const gaps = new Set<number>();
  const last = new Map<number, number>();
  for (const { vrid, at } of sent) {
    const before = last.get(vrid);
    if (before !== undefined) gaps.add(at - before);
    last.set(vrid, at);
  }
  assert.deepEqual([...gaps], [INTERVAL]);
});

test("after all were late together they are spread anew", () => {
  const { bench, sent } = crowded();
  bench.until(2);
  bench.sleepUntil(2.25);
  bench.wake();
  sent.length = 0;
  bench.until(2.6);
  const times = new Set(
    sent.filter(({ at }) => at > 2_400_000 && at < 2_500_000).map(({ at }) => at),
  );
  assert.ok(times.size >= 4, `${times.size} turns`);
});

test("as many turns as the spread routers need are no crowd", () => {
  const parts = 32;
  const crowd = new Crowd(2);
  const heard: (number | undefined)[] = [];
  for (let turn = 0; turn < 6; turn++) {
    heard.push(crowd.event(2 * 2 * parts).sooner);
    crowd.turnEnded(true);
  }
  assert.deepEqual(heard, [undefined, undefined, 1 / parts, 1 / parts, 2 / parts, 2 / parts]);
  crowd.turnEnded(false);
  assert.equal(crowd.event(2 * 2 * parts).sooner, undefined);
});

test("lifetimes that only remove what a dead daemon left are prolonged behind the advertisements", () => {
  const world = new FakeWorld();
  world.addGuard();
  const bench = new Bench(undefined, undefined, world);
  bench.configure([
    instance({ addresses: ["198.51.100.1"], router: { advertInterval: centis(10) } }),
  ]);
  bench.until(2);
  world.take();
  bench.until(4);
  const kinds = world.take().map((call) => call.split(" ", 1)[0] ?? "");
  const sets = kinds.flatMap((kind, place) => (kind === "set" ? [place] : []));
  assert.ok(sets.length >= 1, kinds.join(" "));
  for (const place of sets) assert.deepEqual(kinds.slice(place - 2, place), ["guard", "advert"]);
});
