/**
 * A virtual address that somebody else has put on this machine: reported, counted, shown; and gone
 * with ours.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Mac } from "#units/address";
import { instant } from "#units/time";
import type { AddressInfo, LinkInfo } from "#vrrp/engine/world";
import { BATON_PROTO } from "#vrrp/engine/world";
import { Bench, instance } from "../../support/bench.ts";
import { ETH0, ip, own } from "../../support/fake-world.ts";

const VIP = "192.0.2.100";
const ETH1: LinkInfo = { ...ETH0, index: 3, name: "eth1" };
const LO: LinkInfo = { ...ETH0, index: 1, name: "lo", mac: 0 as Mac };
const DUMMY: LinkInfo = { ...ETH0, index: 4, name: "dummy0", arp: false };

function backup(config = instance()): Bench {
  const bench = new Bench([LO, ETH0, ETH1, DUMMY]);
  bench.configure([config]);
  bench.world.take();
  bench.world.takeEmitted();
  return bench;
}

function master(): Bench {
  const bench = backup();
  bench.until(4);
  assert.equal(bench.phase(), "master");
  bench.world.take();
  bench.world.takeEmitted();
  return bench;
}

const reports = (bench: Bench): readonly unknown[] =>
  bench.emitted("report").map(({ report }) => report);

const isOwnerOf = (bench: Bench): readonly unknown[] =>
  bench
    .emitted("report")
    .flatMap(({ report }) => (report.kind === "foreign-address" ? [report.isOwner] : []));

function foreignOf(bench: Bench): readonly string[] {
  bench.world.takeEmitted();
  bench.supervisor({ type: "snapshot", id: 1 });
  return bench.emitted("snapshot")[0]?.instances[0]?.addresses[0]?.foreign ?? [];
}

test("added by hand on a backup: one report, one count, and status names the device", () => {
  const bench = backup();
  bench.event({ kind: "address", address: own(3, VIP) });
  const { address, index, prefix } = own(3, VIP);
  const report = { kind: "foreign-address", address, interface: "eth1", index, prefix };
  assert.deepEqual(reports(bench), [{ ...report, isOwner: false }]);
  assert.equal(bench.counters()["foreign_address"], 1);
  assert.deepEqual(foreignOf(bench), ["eth1"]);
  bench.event({ kind: "address", address: own(3, VIP) });
  assert.equal(bench.counters()["foreign_address"], 1, "the same again, with another lifetime");
  assert.deepEqual(
    bench.world.take().filter((line) => line.startsWith("remove")),
    [],
  );
  bench.event({ kind: "addressGone", address: own(3, VIP) });
  assert.deepEqual(foreignOf(bench), []);
});

test("there before the start: reported at the start", () => {
  const bench = new Bench([ETH0, ETH1], [own(2, "192.0.2.1"), own(3, VIP)]);
  bench.configure([instance()]);
  assert.equal(reports(bench).length, 1);
});

test("learnt after lost notifications", () => {
  const bench = backup();
  const addresses = [own(2, "192.0.2.1"), own(2, VIP)];
  bench.event({ kind: "resync", links: [ETH0], addresses });
  assert.equal(reports(bench).length, 1);
});

test("on a loopback device, one without ARP, or with Baton's mark: meant so", () => {
  const bench = backup();
  bench.event({ kind: "address", address: own(1, VIP, 32) });
  bench.event({ kind: "address", address: own(4, VIP, 32) });
  bench.event({ kind: "address", address: { ...own(3, VIP), proto: BATON_PROTO } });
  assert.deepEqual(reports(bench), []);
});

test("the address owner's address is the machine's own", () => {
  const bench = backup(instance({ priority: 255 }));
  bench.event({ kind: "address", address: own(3, VIP) });
  assert.deepEqual(reports(bench), []);
});

test("our own addition is no report", () => {
  const bench = master();
  assert.deepEqual(reports(bench), []);
  assert.deepEqual(foreignOf(bench), []);
});

test("moved to another device under a master: put back where it belongs, and the copy goes when ours goes", () => {
  const bench = master();
  bench.world.deleteAddress(VIP);
  const copies = [own(3, VIP), own(2, VIP, 32)];
  for (const copy of copies) {
    const key = `${copy.index} ${VIP}/${copy.prefix}`;
    bench.world.kernel.set(key, { info: copy, expiresAt: undefined });
    bench.world.pending.push({ kind: "address", address: copy });
  }
  bench.drain();
  assert.equal(bench.phase(), "master");
  assert.equal(reports(bench).length, 2);
  assert.equal(bench.world.kernel.size, 3);
  bench.hear({ priority: 200 });
  assert.equal(bench.phase(), "backup");
  assert.deepEqual([...bench.world.kernel.keys()], []);
});

test("one that was there before we became master stays when we go: it may be meant so", () => {
  const bench = new Bench([ETH0, ETH1], [own(2, "192.0.2.1"), own(3, VIP)]);
  const info = own(3, VIP);
  bench.world.kernel.set(`3 ${VIP}/24`, { info, expiresAt: undefined });
  bench.configure([instance()]);
  bench.until(4);
  bench.hear({ priority: 200 });
  assert.deepEqual([...bench.world.kernel.keys()], [`3 ${VIP}/24`]);
});

/** eth1 has had it since before this node became master. */
function besideMaster(): Bench {
  const info = own(3, VIP);
  const bench = new Bench([ETH0, ETH1], [own(2, "192.0.2.1"), info]);
  bench.world.kernel.set(`3 ${VIP}/24`, { info, expiresAt: undefined });
  bench.configure([instance()]);
  bench.until(4);
  assert.equal(bench.phase(), "master");
  bench.world.takeEmitted();
  return bench;
}

test("the same after lost notifications: only what has come since then is a copy", () => {
  const bench = besideMaster();
  const links = [ETH0, ETH1];
  const now = (): AddressInfo[] => [...bench.world.kernel.values()].map(({ info }) => info);
  bench.event({ kind: "resync", links, addresses: [own(2, "192.0.2.1"), ...now()] });
  assert.deepEqual(reports(bench), [], "nothing has appeared");
  const info = own(3, VIP, 32);
  bench.world.kernel.set(`3 ${VIP}/32`, { info, expiresAt: undefined });
  bench.event({ kind: "resync", links, addresses: [own(2, "192.0.2.1"), ...now()] });
  assert.deepEqual(isOwnerOf(bench), [true]);
  bench.hear({ priority: 200 });
  assert.deepEqual([...bench.world.kernel.keys()], [`3 ${VIP}/24`]);
});

test("the same after a reload: of an owner, changed or not, and of an address that it adds", () => {
  const more = "192.0.2.101";
  const bench = besideMaster();
  bench.configure([instance()]);
  bench.configure([instance({ priority: 110 })]);
  assert.deepEqual(reports(bench), [], "reported already");
  const info = own(3, more);
  bench.world.kernel.set(`3 ${more}/24`, { info, expiresAt: undefined });
  bench.event({ kind: "address", address: info });
  bench.configure([instance({ addresses: [VIP, more] })]);
  assert.deepEqual(isOwnerOf(bench), [false]);
  bench.hear({ priority: 200, addresses: [ip(VIP), ip(more)] });
  assert.equal(bench.phase(), "backup");
  assert.deepEqual([...bench.world.kernel.keys()], [`3 ${VIP}/24`, `3 ${more}/24`]);
});

test("a device of an address renamed under a master: the address goes from it, and another node may have it", () => {
  const config = instance();
  const away = { ...config.addresses[0], interface: "eth1" };
  const bench = new Bench([ETH0, ETH1]);
  bench.configure([{ ...config, addresses: [away as never] }]);
  bench.until(4);
  assert.deepEqual([...bench.world.kernel.keys()], [`3 ${VIP}/24`]);
  bench.event({ kind: "link", link: { ...ETH1, name: "lan1" } });
  assert.deepEqual([...bench.world.kernel.keys()], []);
  assert.equal(bench.phase(), "fault");
  assert.ok(bench.world.now >= instant(4_000_000));
});

test("a device of an address replaced under a master: moved, announced, and nobody notices", () => {
  const config = instance();
  const away = { ...config.addresses[0], interface: "eth1" };
  const bench = new Bench([ETH0, ETH1]);
  bench.configure([{ ...config, addresses: [away as never] }]);
  bench.until(4);
  bench.world.take();
  const links = [ETH0, { ...ETH1, name: "lan1" }, { ...ETH1, index: 9 }];
  const mine = bench.world.kernel.get(`3 ${VIP}/24`)?.info;
  assert.ok(mine);
  bench.event({ kind: "resync", links, addresses: [own(2, "192.0.2.1"), mine] });
  assert.deepEqual([...bench.world.kernel.keys()], [`9 ${VIP}/24`]);
  assert.equal(bench.phase(), "master");
  assert.ok(bench.world.take().includes(`arp request ${VIP}`));
});

test("moved by hand from an owner that then cannot have it back: the copy goes, so that the next owner is alone", () => {
  const bench = master();
  bench.world.refuses.set(VIP, "ENOBUFS");
  bench.world.deleteAddress(VIP);
  bench.drain();
  assert.equal(bench.phase(), "fault");
  bench.world.take();
  bench.event({ kind: "address", address: own(3, VIP) });
  assert.deepEqual(
    bench.world.take().filter((line) => line.startsWith("remove")),
    [`remove ${VIP}/24`],
  );
});

/** An engine that resumes for a dead one; the address is here still. */
function resuming(beside: readonly AddressInfo[] = [], spared = beside): Bench {
  const mine: AddressInfo = { ...own(2, VIP), proto: BATON_PROTO };
  const bench = new Bench([ETH0, ETH1], [own(2, "192.0.2.1"), mine, ...beside]);
  for (const info of [mine, ...beside])
    bench.world.kernel.set(`${info.index} ${VIP}/${info.prefix}`, { info, expiresAt: undefined });
  bench.configure([instance()], { resume: ["VI_1"], spared });
  return bench;
}

test("added by hand while the address is held for a dead engine: a copy, removed by the supervisor with ours", () => {
  const bench = resuming();
  bench.world.take();
  bench.event({ kind: "address", address: own(3, VIP) });
  assert.deepEqual(isOwnerOf(bench), [true]);
  assert.deepEqual(
    bench.world.take().filter((line) => line.startsWith("remove")),
    [],
  );
});

test("beside a dead engine: a copy of the next engine too, unless the supervisor spares it", () => {
  for (const spared of [[], [own(3, VIP)]]) {
    const bench = resuming([own(3, VIP)], spared);
    assert.deepEqual(isOwnerOf(bench), [spared.length === 0]);
    bench.until(1.5);
    assert.equal(bench.phase(), "master");
    bench.hear({ priority: 200 });
    const left = spared.length === 0 ? [] : [`3 ${VIP}/24`];
    assert.deepEqual([...bench.world.kernel.keys()], left);
  }
});

test("added by hand when the hand-over for a dead engine is over: left alone, also by a later owner", () => {
  const bench = resuming();
  for (let i = 1; i <= 8; i++) {
    bench.until(i / 2);
    bench.hear({ priority: 200 });
  }
  assert.equal(bench.phase(), "backup");
  bench.world.takeEmitted();
  const info = own(3, VIP);
  bench.world.kernel.set(`3 ${VIP}/24`, { info, expiresAt: undefined });
  bench.event({ kind: "address", address: info });
  assert.deepEqual(isOwnerOf(bench), [false]);
  bench.until(9);
  assert.equal(bench.phase(), "master");
  bench.hear({ priority: 200 });
  assert.deepEqual([...bench.world.kernel.keys()], [`3 ${VIP}/24`]);
});

test("moved by hand from an owner that finds by it that it has stalled: the copy goes", () => {
  const bench = master();
  bench.world.now = instant(bench.now + 20_000_000);
  bench.world.deleteAddress(VIP);
  bench.drain();
  assert.equal(bench.phase(), "backup");
  bench.world.take();
  bench.event({ kind: "address", address: own(3, VIP) });
  assert.deepEqual(
    bench.world.take().filter((line) => line.startsWith("remove")),
    [`remove ${VIP}/24`],
  );
});

test("added by hand long after this node has lost the address: left alone", () => {
  const bench = master();
  bench.world.refuses.set(VIP, "ENOBUFS");
  bench.world.deleteAddress(VIP);
  bench.drain();
  bench.until(bench.now / 1_000_000 + 2);
  bench.world.take();
  bench.event({ kind: "address", address: own(3, VIP) });
  assert.deepEqual(
    bench.world.take().filter((line) => line.startsWith("remove")),
    [],
  );
});
