/** What a dead engine left, what another daemon owns, and what the kernel will not let go of. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type IpAddress, printIp } from "#units/address";
import { centis } from "#units/time";
import { type AddressInfo, BATON_PROTO, type Outcome } from "#vrrp/engine/world";
import { Bench, instance } from "../../support/bench.ts";
import { ETH0, FakeWorld, ip, own } from "../../support/fake-world.ts";

const VIP = "192.0.2.100";
const OTHER = "192.0.2.200";
const left = (address: string): AddressInfo => ({ ...own(2, address), proto: BATON_PROTO });

/** A guard as the kernel has it: elements that stay when their process ends. */
function withGuard(world: FakeWorld): Set<string> {
  const guarded = new Set<string>();
  const ok = (): Outcome => ({ ok: true });
  const all = (list: readonly IpAddress[]): readonly string[] => list.map(printIp);
  world.guard = {
    open: (list) => {
      for (const one of all(list)) guarded.add(one);
      return ok();
    },
    prolong: ok,
    close: (list) => {
      for (const one of all(list)) guarded.delete(one);
      return ok();
    },
    clean: (isKept) => {
      for (const one of guarded) if (!isKept(ip(one))) guarded.delete(one);
      return ok();
    },
  };
  return guarded;
}

function started(leftover: readonly AddressInfo[], world: FakeWorld = new FakeWorld()): Bench {
  for (const info of leftover)
    world.kernel.set(`2 ${printIp(info.address)}/24`, { info, expiresAt: undefined });
  return new Bench([ETH0], [own(2, "192.0.2.1"), ...leftover], world);
}

test("addresses and rules that nobody owns are swept, those of another daemon stay", () => {
  const world = new FakeWorld();
  const guarded = withGuard(world);
  for (const one of [VIP, OTHER, "192.0.2.201"]) guarded.add(one);
  world.claims.add(ip(VIP)).add(ip(OTHER));
  const bench = started([left(VIP), left(OTHER), left("192.0.2.201")], world);
  bench.configure([instance()]);
  assert.deepEqual([...world.kernel.keys()], [`2 ${OTHER}/24`], "ours is claimed by ourselves");
  assert.deepEqual([...guarded], [OTHER]);
});

test("what the supervisor holds for a dead engine keeps its rule", () => {
  const world = new FakeWorld();
  const guarded = withGuard(world);
  guarded.add(VIP);
  const bench = started([left(VIP)], world);
  bench.configure([instance()], { resume: ["VI_1"] });
  assert.ok(world.has(VIP));
  assert.deepEqual([...guarded], [VIP]);
});

test("a rule of an engine that died does not block the next master, whatever its lease is", () => {
  const world = new FakeWorld();
  const guarded = withGuard(world);
  guarded.add(VIP);
  const bench = started([], world);
  bench.configure([instance({ router: { advertInterval: centis(4000), downTimerAdverts: 1 } })]);
  assert.deepEqual([...guarded], []);
});

test("a kernel without IFA_PROTO: what an earlier run left of ours goes at the start", () => {
  const world = new FakeWorld();
  world.keepsMark = false;
  const bench = started([own(2, VIP), own(2, OTHER)], world);
  bench.configure([instance()]);
  assert.deepEqual([...world.kernel.keys()], [`2 ${OTHER}/24`], "the other may be anybody's");
});

test("a kernel without IFA_PROTO: what is listed goes, unless it has no end by now or is somebody's", () => {
  const world = new FakeWorld();
  world.keepsMark = false;
  const lent = (address: string): AddressInfo => ({ ...own(2, address), expires: true });
  const [gone, forever, another, unlisted, held] = [201, 202, 203, 204, 205].map(
    (last) => `192.0.2.${last}`,
  ) as [string, string, string, string, string];
  world.claims.add(ip(another));
  const found = [lent(gone), own(2, forever), lent(another), lent(unlisted), lent(held)];
  const bench = started(found, world);
  const leftovers = [gone, forever, another, held].map((text) => ({
    index: 2,
    address: ip(text),
    prefix: 24,
  }));
  bench.configure([instance({ addresses: [held] })], { resume: ["VI_1"], leftovers });
  const left = [...world.kernel.keys()];
  assert.deepEqual(
    left,
    [forever, another, unlisted, held].map((text) => `2 ${text}/24`),
  );
});

test("a kernel without IFA_PROTO: an address of another instance is nobody's source", () => {
  const world = new FakeWorld();
  world.keepsMark = false;
  const bench = new Bench([ETH0], [own(2, "192.0.2.1")], world);
  const second = instance({ router: { name: "VI_2" }, vrid: 2, addresses: ["198.51.100.9"] });
  bench.configure([instance(), second]);
  bench.until(4);
  bench.event({ kind: "addressGone", address: own(2, "192.0.2.1") });
  assert.deepEqual(
    bench.engine.instances.map(({ state }) => state.phase.kind),
    ["fault", "fault"],
  );
});

test("an address that the kernel will not remove is blocked, tried again, and free at last", () => {
  const world = new FakeWorld();
  const guarded = withGuard(world);
  const bench = started([], world);
  bench.configure([instance()]);
  bench.until(4);
  const remove = world.removeAddress.bind(world);
  world.removeAddress = () => ({ ok: false, errno: "EPERM", call: "RTM_DELADDR" });
  bench.hear({ priority: 200 });
  assert.equal(bench.phase(), "backup");
  assert.ok(world.has(VIP));
  assert.deepEqual([...guarded], [VIP], "the guard stays as long as the address");
  world.removeAddress = remove;
  for (let second = 5; second < 12; second++) {
    bench.until(second);
    bench.hear({ priority: 200 });
  }
  assert.equal(world.has(VIP), false);
  assert.deepEqual([...guarded], []);
});

test("or until its lifetime ends", () => {
  const world = new FakeWorld();
  const guarded = withGuard(world);
  const bench = started([], world);
  bench.configure([instance()]);
  bench.until(4);
  world.removeAddress = () => ({ ok: false, errno: "EPERM", call: "RTM_DELADDR" });
  bench.hear({ priority: 200 });
  world.deleteAddress(VIP);
  bench.drain();
  assert.deepEqual([...guarded], []);
  assert.equal(bench.counters()["address_restored"], 0);
});

test("two instances with one address on two devices: the guard stays until the second lets go", () => {
  const world = new FakeWorld();
  const guarded = withGuard(world);
  const eth1 = { ...ETH0, index: 3, name: "eth1" };
  const bench = new Bench([ETH0, eth1], [own(2, "192.0.2.1"), own(3, "192.0.2.3")], world);
  const second = instance({ router: { name: "VI_2" }, interface: "eth1" });
  bench.configure([instance(), second]);
  bench.until(4);
  assert.deepEqual([...guarded], [VIP]);
  bench.event({ kind: "link", link: { ...eth1, up: false } });
  assert.deepEqual([...guarded], [VIP]);
  bench.event({ kind: "link", link: { ...ETH0, up: false } });
  assert.deepEqual([...guarded], []);
});
