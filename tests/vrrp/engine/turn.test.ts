/** What is due at nearly the same time leaves in one turn: leases first, then advertisements. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { printIp } from "#units/address";
import { centis, micros } from "#units/time";
import { priority } from "#units/vrrp";
import type { InstanceConfig } from "#vrrp/router/config";
import { HEAD_START_MAX } from "#vrrp/router/timing";
import { Bench, instance, PEER } from "../../support/bench.ts";
import { FakeWorld, ip } from "../../support/fake-world.ts";

const TENTH = centis(10);

/** VI_1, VI_2 … with a tenth of a second, each with an address. */
function many(count: number, startupDelay: (place: number) => number = () => 0): InstanceConfig[] {
  return Array.from({ length: count }, (_, place) =>
    instance({
      vrid: place + 1,
      addresses: [`192.0.2.${100 + place}`],
      router: {
        name: `VI_${place + 1}`,
        advertInterval: TENTH,
        startupDelay: micros(startupDelay(place)),
      },
    }),
  );
}

function started(instances: readonly InstanceConfig[]): Bench {
  const world = new FakeWorld();
  world.addGuard();
  const bench = new Bench(undefined, undefined, world);
  bench.configure(instances);
  bench.until(2);
  world.take();
  return bench;
}

const advertOf = (vrid: number, priority = 100): string =>
  `advert vrid ${vrid} priority ${priority} to ${PEER}`;

test("leases of all that are due with one request, then their advertisements", () => {
  const bench = started(many(3));
  const turns: string[][] = [];
  for (let place = 0; place < 10; place++) {
    bench.until(2 + (place + 1) / 10);
    turns.push(bench.world.take().filter((call) => !call.startsWith("set")));
  }
  const adverts = [advertOf(1), advertOf(2), advertOf(3)];
  // Two thirds of the guard are left at every second advertisement: it can do without then.
  const [even, odd] = [turns[0], turns[1]].toSorted((a, b) => (b?.length ?? 0) - (a?.length ?? 0));
  assert.deepEqual(even, ["guard prolong 296", ...adverts]);
  assert.deepEqual(odd, adverts);
  for (const [place, calls] of turns.entries()) assert.deepEqual(calls, turns[place % 2]);
});

test("a request that is refused for many is made for each: one is without its rule, and not the others", () => {
  const bench = started(many(3));
  const refused = ip("192.0.2.101");
  const guard = bench.world.guard;
  assert.ok(guard !== undefined);
  bench.world.guard = {
    ...guard,
    prolong: (addresses, milliseconds) =>
      addresses.includes(refused)
        ? { ok: false, errno: "ENOBUFS", call: "nf_tables" }
        : guard.prolong(addresses, milliseconds),
  };
  bench.until(2.1);
  const guarantees = bench.engine.instances.map(({ lease }) => lease.guarantee);
  assert.deepEqual(guarantees, ["nftables", "backstop", "nftables"]);
  const calls = bench.world.take().filter((call) => !call.startsWith("set"));
  assert.deepEqual(calls, [
    "guard prolong 296",
    "guard close",
    "guard prolong 296",
    ...[1, 2, 3].map((vrid) => advertOf(vrid)),
  ]);
});

test("who is refused the lease and its end gives up without an advertisement; the others go on", () => {
  const bench = started(many(3));
  bench.world.guardRefuses.set("close", "ENOMEM");
  const refused = ip("192.0.2.101");
  const guard = bench.world.guard;
  assert.ok(guard !== undefined);
  bench.world.guard = {
    ...guard,
    prolong: (addresses, milliseconds) =>
      addresses.includes(refused)
        ? { ok: false, errno: "ENOBUFS", call: "nf_tables" }
        : guard.prolong(addresses, milliseconds),
  };
  bench.until(2.1);
  const adverts = bench.world.take().filter((call) => call.startsWith("advert"));
  assert.deepEqual(adverts, [advertOf(1), advertOf(3), advertOf(2, 0)]);
  assert.deepEqual(
    ["VI_1", "VI_2", "VI_3"].map((name) => bench.phase(name)),
    ["master", "fault", "master"],
  );
});

test("of many lifetimes that are prolonged together one is refused: its router gives up, and no other", () => {
  const bench = started(many(3));
  bench.world.refuses.set("192.0.2.101", "ENOBUFS");
  // They are prolonged every second and last for two: none has ended by then.
  bench.until(3.1);
  assert.deepEqual(
    ["VI_1", "VI_2", "VI_3"].map((name) => bench.phase(name)),
    ["master", "fault", "master"],
  );
});

test("lifetimes wait while somebody is due soon, as long as they last, and are then prolonged", () => {
  // Two routers, the second 1.5 ms behind the first: the first never has time.
  const bench = started(many(2, (place) => place * 1_500));
  const { world } = bench;
  const prolong = world.prolongAddresses.bind(world);
  const asked: string[] = [];
  world.prolongAddresses = (all, until) => {
    const isLate = until !== undefined && world.now >= until;
    for (const { address } of all)
      asked.push(`${printIp(address.address)} ${isLate ? "left" : "set"}`);
    return prolong(all, until);
  };
  bench.until(12);
  const of = (address: string, what: string): number =>
    asked.filter((one) => one === `${address} ${what}`).length;
  assert.equal(of("192.0.2.101", "left"), 0);
  assert.ok(of("192.0.2.101", "set") >= 8, asked.join("\n"));
  assert.ok(of("192.0.2.100", "left") > of("192.0.2.100", "set"), asked.join("\n"));
  assert.ok(of("192.0.2.100", "set") >= 5, asked.join("\n"));
  for (const name of ["VI_1", "VI_2"]) assert.equal(bench.phase(name), "master");
  for (const { expiresAt } of world.kernel.values())
    assert.ok(expiresAt === undefined || expiresAt > world.now);
});

/** When each router advertised, in microseconds, over so many seconds. */
function timesOf(bench: Bench, seconds: number): ReadonlyMap<number, readonly number[]> {
  const times = new Map<number, number[]>();
  bench.world.carry = (kind, _index, bytes) => {
    if (kind !== "packet") return;
    const vrid = bytes[21] ?? 0;
    times.set(vrid, [...(times.get(vrid) ?? []), bench.now]);
  };
  bench.until(2 + seconds);
  return times;
}

test("a head start is a hundredth of an interval at the most, and intervals do not get shorter by it", () => {
  const seconds = 60;
  const bench = started(many(40, (place) => place * 2_570));
  const times = timesOf(bench, seconds);
  assert.equal(times.size, 40);
  for (const [vrid, list] of times) {
    assert.ok(Math.abs(list.length - seconds * 10) <= 1, `${vrid}: ${list.length} advertisements`);
    for (let place = 1; place < list.length; place++) {
      const gap = (list[place] ?? 0) - (list[place - 1] ?? 0);
      assert.ok(Math.abs(gap - 100_000) <= HEAD_START_MAX, `${vrid}: ${gap} us`);
    }
  }
});

test("routers due within a millisecond share a turn, others do not", () => {
  const bench = started(many(3, (place) => [0, 700, 2_000][place] ?? 0));
  const turns = new Set([...timesOf(bench, 1).values()].flat());
  assert.equal(turns.size, 20);
  const due = bench.engine.instances.map(({ state }) =>
    state.phase.kind === "master" ? state.phase.advertAt : Number.NaN,
  );
  const [first = Number.NaN] = due;
  const phases = due.map((at) => (at - first + 100_000) % 100_000);
  assert.deepEqual(phases, [0, 700, 2_000], "each keeps its own phase");
});

test("one alone is never early", () => {
  const bench = started(many(1));
  const [times = []] = timesOf(bench, 10).values();
  const gaps = new Set(times.slice(1).map((at, place) => at - (times[place] ?? 0)));
  assert.deepEqual([...gaps], [100_000]);
});

test("with down_timer_adverts 1 an advertisement is never early: the next would be too late", () => {
  const [first, second] = many(2, (place) => place * 900).map((one) => ({
    ...one,
    router: { ...one.router, priority: priority(254), downTimerAdverts: 1 },
  }));
  assert.ok(first !== undefined && second !== undefined);
  const bench = started([first, second]);
  const before = bench.emitted("transition").length;
  // The first one no longer takes the second one with it.
  bench.configure([second]);
  bench.until(4);
  const after = bench.emitted("transition").slice(before);
  assert.deepEqual(
    after.filter((one) => one.instance === "VI_2"),
    [],
    "its own head start is no stall",
  );
});
