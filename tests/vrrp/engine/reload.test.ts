/**
 * Reload as a difference: what did not change is not touched, what moves does not blink, what goes
 * is handed over.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { centis, micros } from "#units/time";
import type { InstanceConfig } from "#vrrp/router/config";
import { Bench, instance, virtual } from "../../support/bench.ts";
import { ETH0, ip, own } from "../../support/fake-world.ts";

const ADVERT = "advert vrid 1 priority 100 to 192.0.2.2";

/** Two masters, vrid 1 with .100 and vrid 2 with .200. */
function masters(...configs: readonly InstanceConfig[]): Bench {
  const bench = new Bench();
  bench.configure(configs);
  bench.until(4);
  for (const { router } of configs) assert.equal(bench.phase(router.name), "master");
  bench.world.take();
  bench.world.takeEmitted();
  return bench;
}
const one = (addresses = ["192.0.2.100"], more: Parameters<typeof instance>[0] = {}) =>
  instance({ addresses, ...more });
const two = (addresses = ["192.0.2.200"], more: Parameters<typeof instance>[0] = {}) =>
  instance({ vrid: 2, addresses, ...more, router: { name: "VI_2", ...more.router } });

test("an unchanged instance is not touched: no call, no word, the same state", () => {
  const bench = masters(one(), two());
  const before = bench.engine.instances.map(({ state }) => state);
  bench.configure([one(), two()]);
  bench.configure([one(), two()]);
  assert.deepEqual(bench.world.take(), []);
  assert.deepEqual(bench.world.takeEmitted(), []);
  assert.deepEqual(
    bench.engine.instances.map(({ state }) => state),
    before,
  );
  assert.ok(bench.engine.instances.every(({ state }, index) => state === before[index]));
});

test("a change of one instance does not touch the other", () => {
  const bench = masters(one(), two());
  bench.configure([one(), two(["192.0.2.200", "192.0.2.201"])]);
  bench.wake();
  const calls = bench.world.take();
  assert.ok(calls.length > 0);
  assert.ok(
    calls.every((call) => !call.includes("vrid 1") && !call.includes(".100")),
    calls.join("\n"),
  );
});

test("a backup is changed without a word", () => {
  const bench = new Bench();
  bench.configure([one()]);
  bench.hear({ priority: 150 });
  bench.world.take();
  bench.world.takeEmitted();
  bench.configure([one(["192.0.2.101"])]);
  bench.wake();
  assert.deepEqual(bench.world.take(), [], "not even a removal: the address was never ours");
  assert.deepEqual(bench.world.takeEmitted(), []);
});

test("an added address is set and announced, the others are not; the new list goes out at once", () => {
  const bench = masters(one());
  bench.configure([one(["192.0.2.100", "192.0.2.101"])]);
  assert.deepEqual(bench.world.take(), ["set 192.0.2.101/24 for 2 s", "arp request 192.0.2.101"]);
  bench.wake();
  assert.deepEqual(bench.world.take(), [
    "set 192.0.2.100/24 for 2 s",
    "set 192.0.2.101/24 for 2 s",
    ADVERT,
  ]);
  assert.deepEqual(bench.world.takeEmitted(), [], "no transition, no log");
});

test("a removed address goes, and its pending announcements with it", () => {
  const repeating = { router: { announce: { ...one().router.announce, repeat: 5 } } };
  const bench = new Bench();
  bench.configure([one(["192.0.2.100", "192.0.2.101"], repeating)]);
  bench.until(3.61);
  bench.world.take();
  bench.configure([one(["192.0.2.100"], repeating)]);
  assert.deepEqual(bench.world.take(), ["remove 192.0.2.101/24"]);
  bench.until(4);
  const arps = bench.world.take().filter((call) => call.startsWith("arp"));
  assert.deepEqual(new Set(arps), new Set(["arp request 192.0.2.100"]));
  assert.equal(arps.length, 4, "the remaining rounds of the address that stays are kept");
  assert.equal(bench.counters()["address_restored"], 0);
  assert.deepEqual(bench.logs(), []);
});

test("a removed instance hands over: priority 0, the address answers until the successor is heard", () => {
  const bench = masters(one(), two());
  bench.configure([one()]);
  assert.deepEqual(bench.world.take(), [
    "set 192.0.2.200/24 for 3 s",
    "advert vrid 2 priority 0 to 192.0.2.2",
  ]);
  bench.until(4.02);
  bench.hear({ vrid: 2, addresses: [ip("192.0.2.200")] });
  bench.until(4.03);
  assert.deepEqual(bench.world.take(), ["remove 192.0.2.200/24"]);
  assert.deepEqual(bench.emitted("removed"), [{ type: "removed", instance: "VI_2", leaving: 2 }]);
  assert.equal(bench.phase("VI_2"), undefined);
  assert.equal(bench.phase(), "master");
});

test("the last instance of an interface takes its sockets along", () => {
  const bench = masters(one());
  bench.configure([]);
  bench.until(7);
  assert.equal(bench.world.take().at(-1), "unlisten 2");
});

test("an address moved between two masters in one reload stays on the interface, in either order", () => {
  for (const [from, to] of [
    [one, two],
    [two, one],
  ] as const) {
    const bench = masters(from(["192.0.2.10", "192.0.2.11"]), to(["192.0.2.20"]));
    bench.configure([from(["192.0.2.10"]), to(["192.0.2.20", "192.0.2.11"])]);
    bench.wake();
    const calls = bench.world.take();
    assert.ok(!calls.includes("remove 192.0.2.11/24"), calls.join("\n"));
    assert.ok(calls.includes("arp request 192.0.2.11"), "its new instance announces it");
    bench.until(20);
    assert.ok(bench.world.has("192.0.2.11"));
    assert.equal(bench.counters("VI_1")["address_restored"], 0);
    assert.equal(bench.counters("VI_2")["address_restored"], 0);
  }
});

test("an address moved from a removed instance to a master stays, also when the hand-over ends", () => {
  const bench = masters(one(), two());
  bench.configure([one(["192.0.2.100", "192.0.2.200"])]);
  bench.until(10);
  assert.ok(bench.world.has("192.0.2.200"));
  assert.equal(bench.phase("VI_2"), undefined);
  assert.ok(!bench.world.take().includes("remove 192.0.2.200/24"));
});

test("an address moved from a removed master to a new instance answers until the hand-over ends", () => {
  const bench = masters(one());
  const moved = instance({ vrid: 3, addresses: ["192.0.2.100"], router: { name: "VI_3" } });
  bench.configure([moved]);
  assert.ok(bench.world.has("192.0.2.100"), "the new one starts, the old one still answers");
  bench.until(4.1);
  bench.hear({ addresses: [ip("192.0.2.100")] });
  bench.until(4.2);
  assert.ok(!bench.world.has("192.0.2.100"), "the successor was heard, the new one is backup");
  assert.equal(bench.phase("VI_3"), "backup");
});

test("swapped VRIDs in one reload: both addresses stay, nobody cries foul (keepalived #2364)", () => {
  const bench = masters(one(), two());
  bench.configure([
    instance({ vrid: 2, addresses: ["192.0.2.100"] }),
    instance({ vrid: 1, addresses: ["192.0.2.200"], router: { name: "VI_2" } }),
  ]);
  bench.wake();
  assert.ok(!bench.world.take().some((call) => call.startsWith("remove")));
  bench.until(20);
  assert.ok(bench.world.has("192.0.2.100") && bench.world.has("192.0.2.200"));
  assert.deepEqual(bench.logs(), []);
  assert.equal(bench.phase("VI_1"), "master");
  assert.equal(bench.phase("VI_2"), "master");
});

test("a new label: removed and added in one go, which is not somebody else's doing", () => {
  const bench = masters(one());
  const labelled = { ...one(), addresses: [{ ...virtual("192.0.2.100"), label: "eth0:1" }] };
  bench.configure([labelled]);
  bench.wake();
  assert.ok(bench.world.has("192.0.2.100"));
  assert.equal(bench.counters()["address_restored"], 0);
  assert.deepEqual(bench.logs(), []);
});

test("removed and back again before the hand-over has ended", () => {
  const bench = masters(one());
  bench.configure([]);
  bench.configure([one()]);
  assert.ok(bench.world.has("192.0.2.100"), "the old one still answers");
  bench.until(4.1);
  bench.hear();
  bench.until(4.2);
  assert.deepEqual(bench.emitted("removed"), [{ type: "removed", instance: "VI_1", leaving: 2 }]);
  assert.equal(bench.phase(), "backup");
  bench.until(8);
  assert.equal(bench.phase(), "master");
  assert.equal(bench.engine.instances.length, 1);
});

test("a shorter interval is advertised at once, with the shorter lease", () => {
  const bench = new Bench();
  const slow = one(undefined, { router: { advertInterval: centis(1000) } });
  bench.configure([slow]);
  bench.until(40);
  assert.equal(bench.phase(), "master");
  bench.world.take();
  bench.configure([one(["192.0.2.100", "192.0.2.101"])]);
  bench.until(45);
  const calls = bench.world.take();
  assert.equal(calls.filter((call) => call === ADVERT).length, 6, calls.join("\n"));
  assert.ok(bench.world.has("192.0.2.101"), "its lease is prolonged in time");
  assert.equal(bench.counters()["address_restored"], 0);
});

test("garp_master_refresh switched off, on and changed", () => {
  const every = (refresh: number) =>
    one(undefined, {
      router: { announce: { ...one().router.announce, refresh: micros(refresh) } },
    });
  const bench = masters(every(5_000_000));
  bench.configure([every(0)]);
  bench.until(20);
  const arps = (): number => bench.world.take().filter((call) => call.startsWith("arp")).length;
  assert.equal(arps(), 0);
  assert.ok((bench.engine.deadline() ?? 0) > bench.now);
  bench.configure([every(2_000_000)]);
  bench.until(26.5);
  assert.equal(arps(), 3);
});

test("a tracker that held it in FAULT is removed from the configuration", () => {
  const check = { kind: "script", name: "check", weight: 0, reverse: false } as const;
  const bench = new Bench();
  bench.configure([one(undefined, { router: { trackers: [check] } })]);
  bench.supervisor({ type: "tracker", kind: "script", name: "check", result: "down" });
  assert.equal(bench.phase(), "fault");
  bench.configure([one()]);
  assert.equal(bench.phase(), "backup");
});

test("a tracker that is added keeps the state; a known result counts at once", () => {
  const check = { kind: "script", name: "check", weight: -20, reverse: false } as const;
  const tracking = one(undefined, { router: { trackers: [check] } });
  const bench = masters(one());
  bench.configure([tracking], { trackers: [{ kind: "script", name: "check", result: "down" }] });
  assert.equal(bench.phase(), "master");
  bench.wake();
  assert.equal(bench.world.take().at(-1), "advert vrid 1 priority 80 to 192.0.2.2");
});

test("results are kept over a reload, whatever the order of the trackers", () => {
  const check = (name: string) => ({ kind: "script", name, weight: -20, reverse: false }) as const;
  const bench = masters(one(undefined, { router: { trackers: [check("a"), check("b")] } }));
  bench.supervisor({ type: "tracker", kind: "script", name: "b", result: "down" });
  bench.configure([one(undefined, { router: { trackers: [check("b"), check("c")] } })]);
  assert.deepEqual(bench.engine.instances[0]?.state.trackers, ["down", "unknown"]);
  assert.equal(bench.engine.instances[0]?.state.effectivePriority, 80);
});

test("an address the kernel refused is corrected: no waiting for the next try", () => {
  const bench = new Bench();
  bench.world.refuses.set("192.0.2.100", "EINVAL");
  bench.configure([one()]);
  bench.until(4);
  assert.equal(bench.phase(), "fault");
  bench.configure([one(["192.0.2.101"])]);
  bench.wake();
  assert.equal(bench.phase(), "backup");
  bench.until(8);
  assert.equal(bench.phase(), "master");
  assert.ok(bench.world.has("192.0.2.101"));
});

test("an added address that the kernel refuses is FAULT, as at the start", () => {
  const bench = masters(one());
  bench.world.refuses.set("192.0.2.101", "EINVAL");
  bench.configure([one(["192.0.2.100", "192.0.2.101"])]);
  assert.equal(bench.phase(), "fault");
  assert.equal(bench.world.has("192.0.2.100"), false);
  assert.match(bench.logs()[0] ?? "", /192\.0\.2\.101 cannot be added/);
});

test("a source address that is no longer configured is the interface's again", () => {
  const transport = { ...one().transport, kind: "unicast", source: ip("192.0.2.9") } as const;
  const bench = new Bench([ETH0], [own(2, "192.0.2.1"), own(2, "192.0.2.9")]);
  bench.configure([{ ...one(), transport } as InstanceConfig]);
  assert.equal(bench.engine.instances[0]?.state.source, ip("192.0.2.9"));
  bench.configure([one()]);
  assert.equal(bench.engine.instances[0]?.state.source, ip("192.0.2.1"));
});

test("a renamed instance is the same one", () => {
  const bench = masters(one());
  bench.configure([one(undefined, { router: { name: "NEW" } })]);
  assert.equal(bench.phase("NEW"), "master");
  assert.deepEqual(bench.transitions(), []);
  assert.deepEqual(bench.emitted("removed"), []);
});

test("a reload during a stop changes nothing", () => {
  const bench = masters(one());
  bench.supervisor({ type: "stop" });
  bench.configure([one(), two()]);
  bench.until(7);
  assert.equal(bench.engine.finished, true);
});

test("the guard is opened, prolonged through a reload, and closed where it could not outlast an interval", () => {
  const bench = masters(one());
  const log: string[] = [];
  const ok = (text: string) => {
    log.push(text);
    return { ok: true } as const;
  };
  bench.world.guard = {
    open: (list) => ok(`open ${list.length}`),
    prolong: () => ok("prolong"),
    close: (list) => ok(`close ${list.length}`),
    clean: () => ({ ok: true }),
  };
  bench.configure([one(undefined, { router: { advertInterval: centis(10) } })]);
  assert.equal(log[0], "open 1");
  bench.until(4.5);
  bench.configure([one()]);
  assert.equal(log.at(-1), "prolong");
  bench.configure([one(undefined, { router: { downTimerAdverts: 1 } })]);
  assert.equal(log.at(-1), "close 1");
});
