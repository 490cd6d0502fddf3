/** Too many due together: turns are bounded, and the routers are spread over their interval. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { centis, instant, micros } from "#units/time";
import { Crowd, PARTS, TAKE_OVER_MAX, TURN_MAX } from "#vrrp/engine/crowd";
import { Engine, type EngineOptions } from "#vrrp/engine/engine";
import { alignToPart, beyondPart } from "#vrrp/router/advertise";
import { Bench, instance } from "../../support/bench.ts";
import { FakeWorld } from "../../support/fake-world.ts";

const COUNT = 200;
const INTERVAL = 100_000;

interface Sent {
  readonly vrid: number;
  readonly at: number;
}

/** Routers that become master at the same moment, and what they advertise from then on. */
function crowded(
  options?: EngineOptions,
  priorityOf: (place: number) => number = () => 100,
): { readonly bench: Bench; readonly sent: Sent[] } {
  const world = new FakeWorld();
  world.addGuard();
  const engine = new Engine(world, undefined, options);
  const bench = new Bench(undefined, undefined, world, engine);
  const sent: Sent[] = [];
  world.carry = (kind, _index, bytes) => {
    if (kind === "packet") sent.push({ vrid: bytes[21] ?? 0, at: bench.now });
  };
  bench.configure(
    Array.from({ length: COUNT }, (_, place) =>
      instance({
        vrid: place + 1,
        priority: priorityOf(place),
        addresses: [`198.51.100.${place + 1}`],
        router: {
          name: `VI_${place + 1}`,
          advertInterval: centis(10),
        },
      }),
    ),
  );
  return { bench, sent };
}

const masters = ({ engine }: Bench): number =>
  engine.instances.filter(({ state }) => state.phase.kind === "master").length;

/** One turn, of which each take-over costs so much time, in microseconds. */
function turn(bench: Bench, takeOverMicros = 0): void {
  const before = masters(bench);
  const due = bench.engine.deadline() ?? Number.POSITIVE_INFINITY;
  bench.world.now = instant(Math.max(due, bench.now));
  bench.engine.onTime(bench.now);
  bench.world.now = instant(bench.now + (masters(bench) - before) * takeOverMicros);
  bench.drain();
}

/** The longest time between two advertisements of one router, in microseconds. */
function longestGap(sent: readonly Sent[]): number {
  const last = new Map<number, number>();
  let longest = 0;
  for (const { vrid, at } of sent) {
    longest = Math.max(longest, at - (last.get(vrid) ?? at));
    last.set(vrid, at);
  }
  return longest;
}

test("a turn takes over so many addresses, and inputs are read before the next one", () => {
  const { bench } = crowded();
  const due = (): number => bench.engine.deadline() ?? Number.POSITIVE_INFINITY;
  while (masters(bench) === 0) turn(bench);
  for (let count = TAKE_OVER_MAX; count < COUNT; count += TAKE_OVER_MAX) {
    assert.equal(masters(bench), count);
    assert.ok(due() <= bench.now);
    turn(bench);
  }
  assert.equal(masters(bench), COUNT);
  assert.ok(due() > bench.now);
});

test("a turn takes so many owners", () => {
  const { bench, sent } = crowded();
  while (masters(bench) < COUNT) turn(bench);
  sent.length = 0;
  turn(bench);
  assert.equal(sent.length, TURN_MAX);
  turn(bench);
  assert.equal(sent.length, 2 * TURN_MAX);
});

test("an owner waits for one turn of take-overs and not for all of them", () => {
  const cost = 2_000;
  const { bench, sent } = crowded();
  while (masters(bench) < COUNT) turn(bench, cost);
  // They took four intervals, in which the first of them advertised four times.
  const firsts = sent.filter(({ vrid }) => vrid === 1);
  assert.ok(firsts.length >= 4, `${firsts.length} advertisements`);
  const longest = longestGap(sent);
  assert.ok(longest <= INTERVAL + TAKE_OVER_MAX * cost, `${longest} us`);
  bench.until(3);
  assert.ok(longestGap(sent) <= INTERVAL + TAKE_OVER_MAX * cost);
});

test("however many owners are due, the others have a part of each turn", () => {
  const { bench, sent } = crowded({ turnMax: 8 });
  while (masters(bench) === 0) turn(bench);
  let most = 0;
  while (masters(bench) < COUNT) {
    const before = { masters: masters(bench), sent: sent.length };
    turn(bench, 2_000);
    assert.ok(masters(bench) >= before.masters + 2, `${before.masters} owners`);
    most = Math.max(most, sent.length - before.sent);
  }
  assert.equal(most, 8 + 2, "as many owners as a turn takes, and take-overs");
});

test("take-overs that wait for others are late, and not put off as if this node had not run", () => {
  const cost = 2_000;
  const { bench } = crowded();
  while (masters(bench) === 0) turn(bench);
  const begin = bench.now;
  while (masters(bench) < COUNT) turn(bench, cost);
  assert.ok(bench.now - begin <= COUNT * cost, `${bench.now - begin} us`);
  const stalls = bench
    .emitted("report")
    .filter(({ report }) => report.kind === "stalled-as-backup");
  assert.equal(stalls.length, 0);
});

const STALL = INTERVAL / 2;

/** How many have stalled after turns with so much time between them, inputs read in each or not. */
function stalledAfter(between: number, isAllRead: boolean): number {
  const { bench } = crowded();
  while (masters(bench) === 0) turn(bench);
  for (let count = 0; count < 2; count++) {
    bench.world.now = instant(bench.now + between);
    bench.engine.onTime(bench.now, isAllRead);
  }
  const reports = bench.emitted("report").map(({ report }) => report.kind);
  return reports.filter((kind) => kind === "stalled-as-backup").length;
}

test("a node that stands still between two turns has not run, nor has one that could not read all", () => {
  assert.equal(stalledAfter(STALL * 0.8, true), 0);
  assert.ok(stalledAfter(STALL * 1.2, true) > 0);
  assert.ok(stalledAfter(STALL * 0.8, false) > 0);
});

test("after a stall none of them takes over for it, however many turns they need", () => {
  const { bench } = crowded();
  const due = bench.engine.deadline() ?? bench.now;
  bench.world.now = instant(due + 5 * INTERVAL);
  const begin = bench.now;
  while ((bench.engine.deadline() ?? Number.POSITIVE_INFINITY) <= bench.now) {
    bench.engine.onTime(bench.now);
    bench.world.now = instant(bench.now + 1_000);
  }
  assert.equal(masters(bench), 0);
  assert.ok(bench.now - begin < STALL);
  const reports = bench.emitted("report").map(({ report }) => report.kind);
  assert.equal(reports.filter((kind) => kind === "stalled-as-backup").length, COUNT);
});

test("a sync group takes over as one, and counts with all of its addresses", () => {
  const world = new FakeWorld();
  const bench = new Bench(undefined, undefined, world);
  const names = Array.from({ length: 3 * TAKE_OVER_MAX }, (_, place) => `VI_${place + 1}`);
  const grouped = names.slice(0, TAKE_OVER_MAX);
  bench.configure(
    names.map((name, place) =>
      instance({ vrid: place + 1, addresses: [`198.51.100.${place + 1}`], router: { name } }),
    ),
    { groups: [{ name: "G", members: grouped }] },
  );
  while (masters(bench) === 0) turn(bench);
  assert.equal(masters(bench), TAKE_OVER_MAX);
  assert.ok(grouped.every((name) => bench.phase(name) === "master"));
});

test("routers that became master together advertise in turns of their own, and no gap is longer", () => {
  const { bench, sent } = crowded();
  bench.until(3);
  assert.ok(longestGap(sent) <= INTERVAL);
  const turns = new Map<number, number>();
  for (const { at } of sent.filter(({ at }) => at >= 2_000_000 && at < 2_000_000 + INTERVAL))
    turns.set(at, (turns.get(at) ?? 0) + 1);
  const counts = [...turns.values()].toSorted((a, b) => a - b);
  assert.deepEqual(counts, [8, TURN_MAX, TURN_MAX, TURN_MAX]);
  const times = [...turns.keys()].toSorted((a, b) => a - b);
  for (let place = 1; place < times.length; place++) {
    assert.equal((times[place] ?? 0) - (times[place - 1] ?? 0), INTERVAL / PARTS);
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
    sent.filter(({ at }) => at >= 2_400_000 && at < 2_500_000).map(({ at }) => at),
  );
  assert.ok(times.size >= 4, `${times.size} turns`);
});

test("as many turns as the spread routers need are no crowd", () => {
  const parts = PARTS;
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
  for (const place of sets) assert.equal(kinds[place - 1], "advert");
});

test("owners that took over at 200 different moments share the turns of their interval", () => {
  const { bench, sent } = crowded(undefined, (place) => 54 + place);
  while (masters(bench) < COUNT) turn(bench);
  const inInterval = (): number => {
    sent.length = 0;
    bench.until((bench.now + INTERVAL) / 1_000_000);
    return new Set(sent.map(({ at }) => at)).size;
  };
  inInterval();
  inInterval();
  const turns = inInterval();
  assert.equal(sent.length, COUNT);
  assert.ok(turns <= PARTS, `${turns} turns`);
  bench.until((bench.now + 5 * INTERVAL) / 1_000_000);
  assert.equal(longestGap(sent), INTERVAL, "from then on each keeps its interval");
});

test("an instant is put on the beginning of its part, which is in that part itself", () => {
  for (const interval of [10_000, 70_000, 100_000, 1_000_000, 40_950_000])
    for (let at = 5 * interval; at < 6 * interval; at += 997 + Math.floor(interval / 800)) {
      const next = alignToPart(instant(at), micros(interval), PARTS, instant(0));
      assert.ok(next <= at && at - next <= interval / PARTS, `${at} of ${interval}: ${next}`);
      for (const turns of [0, 1, 7])
        assert.equal(beyondPart(instant(next + turns * interval), micros(interval), PARTS), 0);
    }
  assert.equal(alignToPart(instant(103_000), micros(100_000), PARTS, instant(101_000)), 103_000);
});
