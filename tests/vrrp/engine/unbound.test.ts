/**
 * A router that is bound to no device: unicast peers that the routes lead to, addresses on devices
 * of their own.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ANY_DEVICE, type LinkInfo } from "#vrrp/engine/world";
import type { InstanceConfig } from "#vrrp/router/config";
import { Bench, instance, virtual } from "../../support/bench.ts";
import { ETH0, ip, mac, own } from "../../support/fake-world.ts";

const ETH1 = { ...ETH0, index: 3, name: "eth1", mac: mac("02:00:00:00:00:03") };
const SOURCE = "10.9.9.1";

function unbound(source = SOURCE, peer = "192.0.2.2", name = "VI_1"): InstanceConfig {
  const { interface: _, ...rest } = instance({ router: { name } });
  const peers = [{ address: ip(peer) }];
  return {
    ...rest,
    transport: { kind: "unicast", source: ip(source), peers, ttl: 255, checkSource: true },
    addresses: [{ ...virtual("192.0.2.100"), interface: "eth1" }],
  };
}

/** The source is on the loopback device, as a routed pair has it. */
const SOURCES = [own(1, SOURCE, 32), own(2, "192.0.2.1")];
const LINKS: readonly LinkInfo[] = [{ ...ETH0, index: 1, name: "lo", arp: false }, ETH0, ETH1];

function started(...configs: readonly InstanceConfig[]): Bench {
  const bench = new Bench(LINKS, SOURCES);
  bench.configure(configs);
  return bench;
}

const hear = (bench: Bench, index: number, to = SOURCE, from = "192.0.2.2", prio = 200): void => {
  const addresses = [ip(to === "192.0.2.1" ? "192.0.2.101" : "192.0.2.100")];
  const fields = { source: ip(from), destination: ip(to), priority: prio, addresses };
  bench.event({ kind: "packet", interfaceIndex: index, bytes: bench.advert(fields) });
};

test("it listens on no device, sends by none, and has its address on the device it names", () => {
  const bench = started(unbound());
  bench.until(4);
  assert.equal(bench.phase(), "master");
  const calls = bench.world.take();
  assert.ok(calls.includes("listen /0"), calls.join("\n"));
  assert.ok(calls.includes("listen eth1/3 arp"), "somebody else's claim is heard there");
  assert.ok(calls.some((call) => call === "advert vrid 1 priority 100 to 192.0.2.2"));
  assert.ok(calls.includes("arp request 192.0.2.100"));
  assert.deepEqual([...bench.world.kernel.keys()], ["3 192.0.2.100/24"]);
});

test("what comes by whatever device is heard: an election, a master's end, and a stop", () => {
  const bench = started(unbound());
  hear(bench, ANY_DEVICE);
  bench.until(2);
  hear(bench, ANY_DEVICE);
  bench.until(4);
  assert.equal(bench.phase(), "backup");
  hear(bench, ANY_DEVICE, SOURCE, "192.0.2.2", 0);
  bench.until(5);
  assert.equal(bench.phase(), "master");
  bench.world.take();
  bench.supervisor({ type: "stop" });
  hear(bench, ANY_DEVICE);
  bench.until(8);
  const calls = bench.world.take();
  assert.ok(
    calls.some((call) => call === "advert vrid 1 priority 0 to 192.0.2.2"),
    calls.join("\n"),
  );
  assert.equal(bench.world.has("192.0.2.100"), false);
});

test("what comes to another address of this machine is not its, and no refusal either", () => {
  const bench = started(unbound());
  hear(bench, ANY_DEVICE, "192.0.2.1", "192.0.2.66");
  assert.deepEqual(bench.emitted("drop"), []);
  hear(bench, ANY_DEVICE, SOURCE, "192.0.2.66");
  assert.deepEqual(
    bench.emitted("drop").map(({ drop }) => drop.kind),
    ["not-a-peer"],
  );
});

test("of a packet that comes to two sockets only the copy of the one it is meant for counts", () => {
  const bound = instance({ router: { name: "B" }, addresses: ["192.0.2.101"] });
  const group = { kind: "multicast", group: ip("224.0.0.18") } as const;
  for (const other of [bound, { ...bound, transport: group }]) {
    const bench = started(unbound(SOURCE, "192.0.2.2", "A"), other);
    bench.until(4);
    assert.deepEqual([bench.phase("A"), bench.phase("B")], ["master", "master"]);
    bench.world.takeEmitted();
    for (const from of ["192.0.2.2", "192.0.2.66"]) {
      for (const index of [ANY_DEVICE, ETH0.index]) hear(bench, index, SOURCE, from);
    }
    assert.deepEqual([bench.phase("A"), bench.phase("B")], ["backup", "master"]);
    assert.equal(bench.counters("A")["advert_rcvd"], 1);
    assert.equal(bench.counters("B")["advert_rcvd"], 0);
    assert.deepEqual(
      bench.emitted("drop").map(({ instance: name, drop }) => [name, drop.kind]),
      [["A", "not-a-peer"]],
    );
  }
});

test("the other way round: what is for the router of the device is not heard twice", () => {
  const bound = instance({ router: { name: "B" }, addresses: ["192.0.2.101"] });
  const bench = started(unbound(SOURCE, "192.0.2.2", "A"), bound);
  bench.until(4);
  bench.world.takeEmitted();
  for (const index of [ANY_DEVICE, ETH0.index]) hear(bench, index, "192.0.2.1");
  assert.deepEqual([bench.phase("A"), bench.phase("B")], ["master", "backup"]);
  assert.deepEqual(bench.emitted("drop"), []);
});

test("two of a VRID bound to no device are distinguished by address and peer", () => {
  const bench = new Bench(LINKS, [...SOURCES, own(1, "10.9.9.3", 32)]);
  const second = unbound("10.9.9.3", "192.0.2.3", "B");
  bench.configure([unbound(SOURCE, "192.0.2.2", "A"), second]);
  bench.until(4);
  hear(bench, ANY_DEVICE, "10.9.9.3", "192.0.2.3");
  assert.deepEqual([bench.phase("A"), bench.phase("B")], ["master", "backup"]);
  assert.deepEqual(bench.emitted("drop"), []);
});

test("a VRID that one bound to no device has is not unknown on a device; another is", () => {
  const bench = new Bench(LINKS, SOURCES);
  bench.configure([unbound(), instance({ vrid: 2, router: { name: "B" } })], {
    logUnknownVrids: true,
  });
  hear(bench, ETH0.index);
  assert.deepEqual(bench.emitted("unknownVrid"), []);
  const bytes = bench.advert({ vrid: 7, destination: ip(SOURCE) });
  for (const interfaceIndex of [ANY_DEVICE, ETH0.index])
    bench.event({ kind: "packet", interfaceIndex, bytes });
  assert.equal(bench.emitted("unknownVrid").length, 1);
});

test("no device's end is its own, except where an address is; without its source it is in FAULT", () => {
  const bench = started(unbound());
  bench.until(4);
  bench.event({ kind: "link", link: { ...ETH0, up: false } });
  bench.event({ kind: "linkGone", index: ETH0.index, name: "eth0" });
  assert.equal(bench.phase(), "master");
  bench.event({ kind: "addressGone", address: own(1, SOURCE, 32) });
  assert.equal(bench.phase(), "fault");
  assert.equal(bench.world.has("192.0.2.100"), false);
  bench.event({ kind: "address", address: own(1, SOURCE, 32) });
  bench.until(8);
  assert.equal(bench.phase(), "master");
});

test("a claim of the address is answered on its device", () => {
  const bench = started(unbound());
  bench.until(20);
  bench.world.take();
  bench.hearArp("192.0.2.100", mac("02:00:00:00:00:99"), ETH1.index);
  bench.until(20.01);
  assert.ok(bench.world.take().includes("arp request 192.0.2.100"));
  assert.equal(bench.counters()["foreign_claims"], 1);
});

test("a reload keeps it, and one that gives it an interface makes another of it", () => {
  const bench = started(unbound());
  bench.until(4);
  bench.world.takeEmitted();
  bench.configure([{ ...unbound(), addresses: [...unbound().addresses] }]);
  assert.deepEqual(bench.transitions(), []);
  bench.configure([{ ...unbound(), interface: "eth0" }]);
  bench.until(12);
  assert.equal(bench.phase(), "master");
  assert.equal(bench.engine.instances.length, 1);
  assert.ok(bench.world.take().includes("unlisten 0"));
  assert.equal(bench.world.has("192.0.2.100"), true);
});

test("with the kernel's refusal to listen it is in FAULT, and tries again", () => {
  const bench = new Bench(LINKS, SOURCES);
  bench.world.listenError = "EMFILE";
  bench.configure([unbound()]);
  assert.equal(bench.phase(), "fault");
  bench.world.listenError = undefined;
  bench.until(100);
  assert.equal(bench.phase(), "master");
});
