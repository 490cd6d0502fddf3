/**
 * Interfaces that come late, go, come back with another index, lose their carrier or their address.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LinkInfo } from "#vrrp/engine/world";
import { Bench, instance } from "../../support/bench.ts";
import { ETH0, ip, mac, own } from "../../support/fake-world.ts";

const LO: LinkInfo = { ...ETH0, index: 1, name: "lo" };
const DOWN: LinkInfo = { ...ETH0, up: false };

function master(config = instance()): Bench {
  const bench = new Bench();
  bench.configure([config]);
  bench.until(4);
  assert.equal(bench.phase(), "master");
  bench.world.take();
  bench.world.takeEmitted();
  return bench;
}
const source = (bench: Bench): unknown => bench.engine.instances[0]?.state.source;

test("missing at the start is FAULT, not the end; it works as soon as it is there (keepalived #655)", () => {
  const bench = new Bench([LO], []);
  bench.configure([instance()]);
  assert.equal(bench.phase(), "fault");
  bench.event({ kind: "link", link: ETH0 });
  assert.equal(bench.phase(), "fault", "no address yet");
  bench.event({ kind: "address", address: own(2, "192.0.2.1") });
  assert.equal(bench.phase(), "backup");
  assert.ok(bench.world.take().includes("listen eth0/2"));
  bench.until(4);
  assert.equal(bench.phase(), "master");
});

test("vanishes and returns with another index", () => {
  const bench = master();
  bench.world.kernel.clear();
  bench.event({ kind: "linkGone", index: 2, name: "eth0" });
  assert.equal(bench.phase(), "fault");
  assert.deepEqual(bench.world.take(), ["unlisten 2"], "nothing can be said through what is gone");
  assert.deepEqual(bench.logs(), []);
  bench.event({ kind: "link", link: { ...ETH0, index: 7 } });
  bench.event({ kind: "address", address: own(7, "192.0.2.1") });
  assert.equal(bench.phase(), "backup");
  bench.until(9);
  assert.equal(bench.phase(), "master");
  const calls = bench.world.take();
  assert.equal(calls[0], "listen eth0/7");
  assert.ok(bench.world.kernel.has("7 192.0.2.100/24"));
  bench.event({ kind: "packet", interfaceIndex: 2, bytes: new Uint8Array(28) });
});

test("packets are heard on the new index, no longer on the old one", () => {
  const bench = master();
  bench.event({ kind: "linkGone", index: 2, name: "eth0" });
  bench.event({ kind: "link", link: { ...ETH0, index: 7 } });
  bench.event({ kind: "address", address: own(7, "192.0.2.1") });
  bench.hear({ priority: 150 });
  assert.equal(bench.counters()["advert_rcvd"], 0, "hear() comes in on index 2");
});

test("comes back without carrier: still FAULT, until it has one", () => {
  const bench = master();
  bench.event({ kind: "linkGone", index: 2, name: "eth0" });
  bench.event({ kind: "link", link: DOWN });
  bench.event({ kind: "address", address: own(2, "192.0.2.1") });
  assert.equal(bench.phase(), "fault");
  bench.event({ kind: "link", link: ETH0 });
  assert.equal(bench.phase(), "backup");
});

test("renamed away is missing: the address goes from where it is, and priority 0 is said there", () => {
  const bench = master();
  bench.event({ kind: "link", link: { ...ETH0, name: "eth1" } });
  assert.equal(bench.phase(), "fault");
  assert.deepEqual(bench.world.take(), [
    "remove 192.0.2.100/24",
    "advert vrid 1 priority 0 to 192.0.2.2",
    "unlisten 2",
  ]);
  assert.equal(bench.world.has("192.0.2.100"), false);
  bench.event({ kind: "link", link: ETH0 });
  assert.equal(bench.phase(), "backup");
});

test("its name belongs to another device: given up on the first, listened for on the second", () => {
  const bench = master();
  bench.event({ kind: "link", link: { ...ETH0, name: "old0" } });
  bench.world.take();
  bench.event({ kind: "link", link: { ...ETH0, index: 7 } });
  assert.deepEqual(bench.world.take(), ["listen eth0/7"]);
  bench.event({ kind: "address", address: own(7, "192.0.2.1") });
  bench.until(9);
  assert.deepEqual([...bench.world.kernel.keys()], ["7 192.0.2.100/24"]);
});

test("the same, learnt from one list because the news was lost", () => {
  const bench = master();
  const links = [
    { ...ETH0, name: "old0" },
    { ...ETH0, index: 7 },
  ];
  const mine = bench.world.kernel.get("2 192.0.2.100/24")?.info;
  assert.ok(mine);
  bench.event({ kind: "resync", links, addresses: [mine, own(7, "192.0.2.1")] });
  assert.equal(bench.phase(), "backup");
  assert.equal(bench.world.has("192.0.2.100"), false);
  assert.deepEqual(bench.world.take().slice(0, 4), [
    "remove 192.0.2.100/24",
    "advert vrid 1 priority 0 to 192.0.2.2",
    "unlisten 2",
    "listen eth0/7",
  ]);
});

test("replaced by one of the same name and index: the sockets are looked at again", () => {
  const bench = master();
  bench.event({ kind: "resync", links: [ETH0], addresses: [own(2, "192.0.2.1")] });
  assert.equal(bench.world.take()[0], "listen eth0/2");
});

test("another MAC address is announced at once, on the device that has it", () => {
  const bench = master();
  bench.event({ kind: "link", link: { ...ETH0, mac: mac("02:00:00:00:00:77") } });
  assert.deepEqual(bench.world.take(), ["arp request 192.0.2.100"]);
  bench.event({ kind: "link", link: { ...ETH0, mac: mac("02:00:00:00:00:77") } });
  assert.deepEqual(bench.world.take(), [], "the same again");
  bench.event({ kind: "link", link: { ...LO, mac: mac("02:00:00:00:00:78") } });
  bench.event({ kind: "link", link: { ...LO, mac: mac("02:00:00:00:00:79") } });
  assert.deepEqual(bench.world.take(), [], "of another device");
  const mine = bench.world.kernel.get("2 192.0.2.100/24")?.info;
  assert.ok(mine);
  bench.event({ kind: "resync", links: [ETH0], addresses: [own(2, "192.0.2.1"), mine] });
  assert.deepEqual(bench.world.take(), ["listen eth0/2", "arp request 192.0.2.100"]);
});

test("a backup does not announce its own MAC address's change", () => {
  const bench = new Bench();
  bench.configure([instance()]);
  bench.world.take();
  bench.event({ kind: "link", link: { ...ETH0, mac: mac("02:00:00:00:00:77") } });
  assert.deepEqual(bench.world.take(), []);
});

test("a link flap shorter than the peers' detection time: back as master at once", () => {
  const bench = master();
  bench.event({ kind: "link", link: DOWN });
  assert.deepEqual(bench.world.take(), ["remove 192.0.2.100/24"]);
  assert.equal(bench.phase(), "fault");
  bench.until(4.1);
  bench.event({ kind: "link", link: ETH0 });
  assert.equal(bench.phase(), "master");
  assert.deepEqual(bench.world.take(), [
    "advert vrid 1 priority 100 to 192.0.2.2",
    "set 192.0.2.100/24 for 2 s",
    "arp request 192.0.2.100",
  ]);
});

test("the same link again changes nothing", () => {
  const bench = master();
  bench.event({ kind: "link", link: { ...ETH0, mtu: 9000 } });
  assert.equal(bench.phase(), "master");
  assert.deepEqual(bench.world.takeEmitted(), []);
});

test("a tracked interface: weight 0 is FAULT, a weight moves the priority", () => {
  const eth1: LinkInfo = { ...ETH0, index: 3, name: "eth1" };
  const track = (name: string, weight: number) =>
    ({ kind: "interface", name, weight, reverse: false }) as const;
  const trackers = [track("eth1", 0), track("eth2", -30)];
  const bench = new Bench([ETH0, eth1], [own(2, "192.0.2.1")]);
  bench.configure([instance({ router: { trackers } })]);
  assert.equal(bench.engine.instances[0]?.state.effectivePriority, 70, "eth2 is not there");
  bench.event({ kind: "link", link: { ...eth1, index: 4, name: "eth2" } });
  assert.equal(bench.engine.instances[0]?.state.effectivePriority, 100);
  bench.event({ kind: "link", link: { ...eth1, up: false } });
  assert.equal(bench.phase(), "fault");
  bench.event({ kind: "link", link: eth1 });
  assert.equal(bench.phase(), "backup");
  bench.event({ kind: "linkGone", index: 3, name: "eth1" });
  assert.equal(bench.phase(), "fault");
});

test("the source is the first address that is neither secondary nor virtual, also when it changes", () => {
  const secondary = { ...own(2, "192.0.2.8"), secondary: true };
  const vip = own(2, "192.0.2.100");
  const bench = new Bench([ETH0], [vip, secondary, own(2, "192.0.2.1")]);
  bench.configure([instance()]);
  assert.equal(source(bench), ip("192.0.2.1"));
  bench.event({ kind: "address", address: own(2, "192.0.2.9", 25) });
  assert.equal(source(bench), ip("192.0.2.1"));
  bench.event({ kind: "addressGone", address: own(2, "192.0.2.1") });
  assert.equal(source(bench), ip("192.0.2.9"));
  assert.equal(bench.phase(), "backup");
  bench.event({ kind: "addressGone", address: own(2, "192.0.2.9", 25) });
  assert.equal(bench.phase(), "fault");
});

test("addresses of other interfaces do not matter", () => {
  const bench = master();
  bench.event({ kind: "addressGone", address: own(3, "192.0.2.1") });
  bench.event({ kind: "address", address: own(3, "192.0.2.7") });
  assert.equal(source(bench), ip("192.0.2.1"));
  assert.equal(bench.phase(), "master");
});

test("an interface that cannot be listened on is FAULT, and tried again", () => {
  const bench = new Bench();
  bench.world.listenError = "EPERM";
  bench.configure([instance()]);
  const state = (): unknown => bench.engine.instances[0]?.state.reason;
  assert.equal(bench.phase(), "fault");
  const cause = { kind: "cannot-listen", error: "socket: EPERM" };
  assert.deepEqual(state(), { kind: "fault", causes: [cause] });
  bench.until(5.1);
  assert.equal(bench.phase(), "fault", "tried after 5 s, in vain");
  bench.world.listenError = undefined;
  bench.until(14.9);
  assert.equal(bench.phase(), "fault", "the next time is 10 s later");
  bench.until(15.1);
  assert.equal(bench.phase(), "backup");
});

test("an interface that can be listened on when it comes back is not waited for", () => {
  const bench = new Bench();
  bench.world.listenError = "ENODEV";
  bench.configure([instance()]);
  assert.equal(bench.phase(), "fault");
  bench.world.listenError = undefined;
  bench.event({ kind: "linkGone", index: 2, name: "eth0" });
  bench.event({ kind: "link", link: { ...ETH0, index: 7 } });
  bench.event({ kind: "address", address: own(7, "192.0.2.1") });
  assert.equal(bench.phase(), "backup");
});

test("unicast_src_ip on no interface is FAULT until one has it; multicast may speak as anybody", () => {
  const source = ip("192.0.2.77");
  const peers = [{ address: ip("192.0.2.2") }];
  const unicast = { kind: "unicast", source, peers, ttl: 255, checkSource: true } as const;
  const bench = new Bench();
  bench.configure([instance({ transport: unicast })]);
  assert.deepEqual(bench.engine.instances[0]?.state.reason, {
    kind: "fault",
    causes: [{ kind: "source-missing", address: source }],
  });
  // Whichever interface has it.
  bench.event({ kind: "address", address: own(9, "192.0.2.77") });
  assert.equal(bench.phase(), "backup");
  bench.until(8);
  assert.equal(bench.phase(), "master");
  bench.event({ kind: "addressGone", address: own(9, "192.0.2.77") });
  assert.equal(bench.phase(), "fault");
  bench.event({ kind: "resync", links: [ETH0], addresses: [own(2, "192.0.2.77")] });
  assert.equal(bench.phase(), "backup");
  // A reload that names another.
  bench.configure([instance({ transport: { ...unicast, source: ip("192.0.2.78") } })]);
  assert.equal(bench.phase(), "fault");

  const hidden = new Bench();
  const group = ip("224.0.0.18");
  hidden.configure([instance({ transport: { kind: "multicast", source, group } })]);
  assert.equal(hidden.phase(), "backup");
});

test("who could hear nobody does not say that nobody serves the address", () => {
  const alarms = (bench: Bench): readonly unknown[] =>
    bench.emitted("report").flatMap(({ report }) => (report.kind === "no-owner" ? [report] : []));
  const unreachable = master();
  unreachable.event({ kind: "addressGone", address: own(2, "192.0.2.1") });
  unreachable.until(20);
  assert.deepEqual(alarms(unreachable), [
    { kind: "no-owner", noMasterMicros: 7_218_750, cannotHear: "no-source-address" },
  ]);
  const unplugged = master();
  unplugged.event({ kind: "link", link: DOWN });
  unplugged.until(20);
  assert.deepEqual(alarms(unplugged), [
    { kind: "no-owner", noMasterMicros: 7_218_750, cannotHear: "link-down" },
  ]);
  const hears = master();
  const trackers = [{ kind: "interface", name: "eth9", weight: 0, reverse: false }] as const;
  hears.configure([instance({ router: { trackers } })]);
  hears.until(20);
  assert.deepEqual(alarms(hears), [{ kind: "no-owner", noMasterMicros: 7_218_750 }]);
});

test("track_src_ip: a multicast source has to be on the router's own interface", () => {
  const source = ip("192.0.2.77");
  const group = ip("224.0.0.18");
  const bench = new Bench();
  bench.configure([
    instance({ transport: { kind: "multicast", source, group, trackSource: true } }),
  ]);
  assert.equal(bench.phase(), "fault");
  bench.event({ kind: "address", address: own(9, "192.0.2.77") });
  assert.equal(bench.phase(), "fault", "on another one");
  bench.event({ kind: "address", address: own(2, "192.0.2.77") });
  assert.equal(bench.phase(), "backup");
  bench.event({ kind: "addressGone", address: own(2, "192.0.2.77") });
  assert.equal(bench.phase(), "fault");
});
