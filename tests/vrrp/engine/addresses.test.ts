/** The kernel refuses an address, somebody deletes it, notifications get lost. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { printIp } from "#units/address";
import { Bench, instance } from "../../support/bench.ts";
import { ETH0, own } from "../../support/fake-world.ts";

const SET = "set 192.0.2.100/24 for 2 s";
const ARP = "arp request 192.0.2.100";

function master(config = instance()): Bench {
  const bench = new Bench();
  bench.configure([config]);
  bench.until(4);
  assert.equal(bench.phase(), "master");
  bench.world.take();
  bench.world.takeEmitted();
  return bench;
}

/** Seconds at which the engine tried to set the address, to the tenth. */
function tries(bench: Bench, until: number): number[] {
  const at: number[] = [];
  for (let tenth = Math.ceil(bench.now / 100_000); tenth <= until * 10; tenth++) {
    bench.world.take();
    bench.until(tenth / 10);
    if (bench.world.take().includes(SET)) at.push(tenth / 10);
  }
  return at;
}

test("a refused address is FAULT: priority 0, one log line with the kernel's error, another try later", () => {
  const bench = new Bench();
  bench.world.refuses.set("192.0.2.100", "EPERM");
  bench.configure([instance()]);
  bench.world.take();
  bench.until(3.61);
  assert.deepEqual(bench.world.take(), [
    "advert vrid 1 priority 100 to 192.0.2.2",
    SET,
    "remove 192.0.2.100/24",
    "advert vrid 1 priority 0 to 192.0.2.2",
  ]);
  assert.equal(bench.phase(), "fault");
  assert.deepEqual(bench.logs(), ["(VI_1) 192.0.2.100 cannot be added: RTM_NEWADDR: EPERM"]);
  bench.until(60);
  assert.equal(bench.logs().length, 1, "the same refusal is not logged again");
});

test("tries come later and later, up to five minutes apart, until the kernel agrees", () => {
  const bench = new Bench();
  bench.world.refuses.set("192.0.2.100", "EPERM");
  bench.configure([instance()]);
  const at = tries(bench, 180);
  // The first take-over, then 5, 10, 20, 40, 80 s of FAULT with a detection time of 3.609 s after
  // each.
  assert.deepEqual(at, [3.7, 12.3, 25.9, 49.5, 93.1, 176.7]);
  bench.world.refuses.clear();
  bench.until(176.7 + 160 + 4);
  assert.equal(bench.phase(), "master");
  assert.ok(bench.world.has("192.0.2.100"));
});

test("trouble that was over for ten minutes begins with a short wait again", () => {
  const bench = new Bench();
  bench.world.refuses.set("192.0.2.100", "EPERM");
  bench.configure([instance()]);
  bench.until(60);
  bench.world.refuses.clear();
  bench.until(800);
  assert.equal(bench.phase(), "master");
  bench.world.refuses.set("192.0.2.100", "EPERM");
  bench.until(802);
  assert.equal(bench.phase(), "fault");
  bench.world.refuses.clear();
  bench.until(812);
  assert.equal(bench.phase(), "master");
});

test("one of several addresses refused: the others are not announced for long, and none is kept", () => {
  const bench = new Bench();
  bench.world.refuses.set("192.0.2.101", "EINVAL");
  bench.configure([instance({ addresses: ["192.0.2.100", "192.0.2.101"] })]);
  bench.until(5);
  assert.equal(bench.phase(), "fault");
  assert.equal(bench.world.has("192.0.2.100"), false);
  assert.ok(!bench.world.take().includes("arp request 192.0.2.101"));
});

test("an address on a device that is not there is refused like any other", () => {
  const bench = new Bench();
  const away = { ...instance().addresses[0], interface: "eth9" };
  bench.configure([{ ...instance(), addresses: [away as never] }]);
  bench.until(4);
  assert.equal(bench.phase(), "fault");
  assert.match(bench.logs()[0] ?? "", /RTM_NEWADDR on eth9: ENODEV/);
});

test("a deleted address is back at once, announced, counted and logged", () => {
  const bench = master();
  bench.world.deleteAddress("192.0.2.100");
  bench.drain();
  assert.deepEqual(bench.world.take(), [SET, ARP]);
  assert.equal(bench.counters()["address_restored"], 1);
  assert.match(bench.logs()[0] ?? "", /192\.0\.2\.100 was removed by somebody else; put back/);
  assert.equal(bench.phase(), "master");
});

test("deleted right after we set it: that too was somebody else", () => {
  const bench = new Bench();
  bench.configure([instance()]);
  bench.until(3.7);
  bench.world.deleteAddress("192.0.2.100");
  bench.drain();
  assert.equal(bench.counters()["address_restored"], 1);
  assert.ok(bench.world.has("192.0.2.100"));
});

test("eight deletions within ten seconds are a fight: FAULT, another node may rule, later again", () => {
  const bench = master();
  for (let i = 1; i <= 8; i++) {
    bench.until(4 + i / 2);
    bench.world.deleteAddress("192.0.2.100");
    bench.drain();
    assert.equal(bench.phase(), i < 8 ? "master" : "fault", `after ${i}`);
  }
  assert.equal(bench.world.has("192.0.2.100"), false);
  const last = bench.emitted("transition").at(-1);
  assert.equal(last?.to, "FAULT");
  assert.deepEqual(last.reason, {
    kind: "fault",
    causes: [{ kind: "address-fight", address: 0xc0000264, removals: 8, within: 3_500_000 }],
  });
  bench.until(8 + 5 + 3.7);
  assert.equal(bench.phase(), "master");
});

test("one flush of twelve addresses is one removal of each, not a fight", () => {
  const addresses = Array.from({ length: 12 }, (_, i) => `192.0.2.${100 + i}`);
  const bench = master(instance({ addresses }));
  for (const one of addresses) bench.world.deleteAddress(one);
  bench.drain();
  assert.equal(bench.phase(), "master");
  assert.equal(bench.counters()["address_restored"], 12);
  for (const one of addresses) assert.ok(bench.world.has(one), one);
  for (let i = 2; i <= 8; i++) {
    bench.until(4 + i / 2);
    for (const one of addresses) bench.world.deleteAddress(one);
    bench.drain();
    assert.equal(bench.phase(), i < 8 ? "master" : "fault", `flush ${i}`);
  }
});

test("secondary addresses that the kernel removes with a primary one of ours are put back, and nobody is blamed", () => {
  const addresses = ["192.0.2.100", "192.0.2.101", "192.0.2.102"];
  const bench = master(instance({ addresses }));
  const gone = ["192.0.2.101", "192.0.2.102"].map((one) => ({ ...own(2, one), secondary: true }));
  // Linux reports them ahead of the primary one.
  const removeAddress = bench.world.removeAddress.bind(bench.world);
  bench.world.removeAddress = (index, virtual) => {
    for (const one of gone) bench.world.deleteAddress(printIp(one.address));
    return removeAddress(index, virtual);
  };
  bench.configure([instance({ addresses: ["192.0.2.101", "192.0.2.102"] })]);
  assert.equal(bench.phase(), "master");
  assert.equal(bench.counters()["address_restored"], 0);
  assert.deepEqual(bench.logs(), []);
  assert.equal(bench.world.has("192.0.2.100"), false);
  for (const one of gone) assert.ok(bench.world.has(printIp(one.address)));
});

test("a stop removes the newest address first: the primary one of a subnet takes the others with it", () => {
  const bench = master(instance({ addresses: ["192.0.2.100", "192.0.2.101"] }));
  bench.supervisor({ type: "stop" });
  bench.until(8);
  const removed = bench.world.take().filter((line) => line.startsWith("remove"));
  assert.deepEqual(removed, ["remove 192.0.2.101/24", "remove 192.0.2.100/24"]);
});

test("deletions that are far apart are put back for ever", () => {
  const bench = master();
  for (let i = 1; i <= 40; i++) {
    bench.until(4 + i * 2);
    bench.world.deleteAddress("192.0.2.100");
    bench.drain();
  }
  assert.equal(bench.phase(), "master");
  assert.equal(bench.counters()["address_restored"], 40);
});

test("a backup does not put anything back", () => {
  const bench = new Bench();
  bench.configure([instance()]);
  bench.world.take();
  bench.event({ kind: "addressGone", address: own(2, "192.0.2.100") });
  assert.deepEqual(bench.world.take(), []);
});

test("deleted while handing over: gone is gone", () => {
  const bench = master();
  bench.supervisor({ type: "stop" });
  bench.world.take();
  bench.world.deleteAddress("192.0.2.100");
  bench.drain();
  assert.deepEqual(bench.world.take(), []);
  bench.until(7);
  assert.equal(bench.engine.finished, true);
  assert.deepEqual(bench.logs(), [], "nothing to complain about at the end either");
});

test("deleted during a planned move: it is put back for the rest of it, unannounced", () => {
  const bench = master();
  bench.supervisor({ type: "switch", id: 1, instances: ["VI_1"] });
  assert.equal(bench.phase(), "switching");
  const { state } = bench.engine.instances[0] ?? {};
  assert.ok(state?.phase.kind === "switching");
  const { until, ownedUntil } = state.phase;
  bench.until(4.5);
  bench.world.take();
  bench.world.deleteAddress("192.0.2.100");
  bench.drain();
  assert.deepEqual(bench.world.take(), [SET]);
  assert.ok(bench.world.has("192.0.2.100"));
  const ends = bench.world.nextExpiry() ?? 0;
  assert.ok(ends >= ownedUntil && ends < ownedUntil + 1_000_000, `${ends}, ${ownedUntil}`);
  assert.equal(bench.counters()["address_restored"], 1);
  assert.match(bench.logs()[0] ?? "", /was removed by somebody else; put back/);
  bench.until(until / 1_000_000 - 0.001);
  assert.equal(bench.phase(), "switching");
  assert.ok(bench.world.has("192.0.2.100"));
  bench.until(until / 1_000_000 + 0.001);
  assert.equal(bench.phase(), "master");
});

test("deleted when a planned move had ended unseen: the address is not put back", () => {
  const bench = master();
  bench.supervisor({ type: "switch", id: 1, instances: ["VI_1"] });
  bench.world.take();
  bench.sleepUntil(4 + 3);
  bench.world.deleteAddress("192.0.2.100");
  bench.drain();
  assert.equal(bench.phase(), "backup");
  assert.ok(!bench.world.take().includes(SET));
});

test("lost notifications: what is missing is put back, what changed is seen", () => {
  const bench = master();
  const mine = bench.world.kernel.get("2 192.0.2.100/24")?.info;
  assert.ok(mine);
  bench.event({ kind: "resync", links: [ETH0], addresses: [own(2, "192.0.2.1"), mine] });
  assert.deepEqual(bench.world.take(), ["listen eth0/2"], "all there: nothing to put back");
  bench.event({ kind: "resync", links: [ETH0], addresses: [own(2, "192.0.2.1")] });
  assert.deepEqual(bench.world.take(), ["listen eth0/2", SET, ARP]);
  bench.event({ kind: "resync", links: [ETH0], addresses: [own(2, "192.0.2.7"), mine] });
  assert.equal(bench.engine.instances[0]?.state.source, own(2, "192.0.2.7").address);
  bench.event({ kind: "resync", links: [{ ...ETH0, up: false }], addresses: [] });
  assert.equal(bench.phase(), "fault");
});
