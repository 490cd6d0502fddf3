/** Devices with a virtual MAC address: there as long as router and interface are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Mac, readMac } from "#units/address";
import type { InstanceConfig } from "#vrrp/router/config";
import { Bench, instance } from "../../support/bench.ts";
import { ETH0 } from "../../support/fake-world.ts";

const MAC = readMac("00:00:5e:00:01:33") as Mac;

function configured(more: Partial<InstanceConfig> = {}): InstanceConfig {
  const plain = instance();
  return {
    ...plain,
    vmacs: [{ name: "vrrp.51", mac: MAC, base: "eth0" }],
    advertisesBy: "vrrp.51",
    addresses: plain.addresses.map((one) => ({ ...one, interface: "vrrp.51" })),
    ...more,
  };
}

function start(config: InstanceConfig = configured()): Bench {
  const bench = new Bench();
  bench.world.addVirtualMacs();
  bench.configure([config]);
  return bench;
}

const vmacCalls = (bench: Bench): readonly string[] =>
  bench.world.take().filter((one) => one.startsWith("vmac"));
const phaseOf = (bench: Bench): string | undefined => bench.engine.instances[0]?.state.phase.kind;
const indexOf = (bench: Bench): number | undefined => bench.world.devices.get("vrrp.51")?.index;
const kernelOf = (bench: Bench): readonly number[] =>
  [...bench.world.kernel.values()].map(({ info }) => info.index).filter((one) => one > 1_000);

test("made at the start, removed when everything is handed over", () => {
  const bench = start();
  assert.deepEqual(vmacCalls(bench), ["vmac open vrrp.51 on eth0"]);
  bench.until(5);
  assert.equal(phaseOf(bench), "master");
  assert.deepEqual(kernelOf(bench), [indexOf(bench)]);
  bench.world.take();
  bench.supervisor({ type: "stop" });
  assert.deepEqual(vmacCalls(bench), [], "its address is still answered for");
  bench.until(10);
  assert.equal(bench.engine.finished, true);
  assert.deepEqual(vmacCalls(bench), ["vmac close vrrp.51"]);
});

test("advertisements leave by it, with the source of the interface", () => {
  for (const [advertisesBy, device] of [
    ["vrrp.51", "vrrp.51"],
    [undefined, "eth0"],
  ] as const) {
    const { advertisesBy: _, ...rest } = configured();
    const bench = start(advertisesBy === undefined ? rest : { ...rest, advertisesBy });
    const sent = new Set<number>();
    bench.world.carry = (kind, index) => void (kind === "packet" && sent.add(index));
    bench.until(5);
    assert.deepEqual([...sent], [device === "eth0" ? ETH0.index : indexOf(bench)]);
    assert.notEqual(bench.engine.instances[0]?.state.source, undefined);
  }
});

test("what is received on the interface is for its router", () => {
  const bench = start();
  bench.event({
    kind: "packet",
    interfaceIndex: ETH0.index,
    bytes: bench.advert({ priority: 200 as never }),
  });
  assert.equal(bench.engine.instances[0]?.counters.advert_rcvd, 1);
});

test("refused by the kernel, the instance is in FAULT, and tries again", () => {
  const bench = new Bench();
  bench.world.addVirtualMacs();
  bench.world.virtualMacRefused = "EEXIST";
  bench.configure([configured()]);
  bench.until(4);
  assert.equal(phaseOf(bench), "fault");
  assert.deepEqual(
    bench.engine.instances[0]?.state.raised.map(({ kind }) => kind),
    ["vmac-refused"],
  );
  bench.world.virtualMacRefused = undefined;
  bench.until(20);
  assert.equal(phaseOf(bench), "master");
});

test("in a world without such devices the instance is in FAULT", () => {
  const bench = new Bench();
  bench.configure([configured()]);
  bench.until(4);
  assert.equal(phaseOf(bench), "fault");
});

test("one that somebody removes is made again at once, with its address", () => {
  const bench = start();
  bench.until(5);
  const index = indexOf(bench);
  assert.ok(index !== undefined);
  const link = bench.world.devices.get("vrrp.51");
  const gone = [...bench.world.kernel.values()].find(({ info }) => info.index === index)?.info;
  assert.ok(gone !== undefined && link !== undefined);
  bench.world.kernel.clear();
  // The kernel gives the new one another number.
  bench.world.devices.set("vrrp.51", { ...link, index: index + 1 });
  bench.world.take();
  bench.event({ kind: "addressGone", address: gone });
  bench.event({ kind: "linkGone", index, name: "vrrp.51" });
  assert.equal(phaseOf(bench), "master");
  assert.deepEqual(kernelOf(bench), [index + 1]);
});

test("so is one that is reported as down before it is reported as removed", () => {
  const bench = start();
  bench.until(5);
  const link = bench.world.devices.get("vrrp.51");
  const gone = [...bench.world.kernel.values()].find(
    ({ info }) => info.index === link?.index,
  )?.info;
  assert.ok(gone !== undefined && link !== undefined);
  bench.world.kernel.clear();
  bench.world.devices.set("vrrp.51", { ...link, index: link.index + 1 });
  bench.event({ kind: "link", link: { ...link, up: false } });
  bench.event({ kind: "addressGone", address: gone });
  bench.event({ kind: "linkGone", index: link.index, name: "vrrp.51" });
  assert.equal(phaseOf(bench), "master");
  assert.deepEqual(kernelOf(bench), [link.index + 1]);
});

test("it goes with the interface's name, and comes back with it", () => {
  const bench = start();
  bench.until(5);
  bench.world.take();
  bench.event({ kind: "link", link: { ...ETH0, name: "lan0" } });
  assert.equal(phaseOf(bench), "fault");
  const calls = bench.world.take();
  const zero = calls.findIndex((one) => one.startsWith("advert"));
  assert.ok(zero >= 0 && zero < calls.indexOf("vmac close vrrp.51"), "priority 0 is sent before");
  bench.event({ kind: "link", link: ETH0 });
  assert.deepEqual(vmacCalls(bench), ["vmac open vrrp.51 on eth0"]);
  bench.until(12);
  assert.equal(phaseOf(bench), "master");
});

test("a reload turns it on and off: the address moves, and the owner stays", () => {
  const bench = new Bench();
  bench.world.addVirtualMacs();
  bench.configure([instance()]);
  bench.until(5);
  bench.configure([configured()]);
  assert.equal(phaseOf(bench), "master");
  assert.deepEqual(kernelOf(bench), [indexOf(bench)]);
  bench.until(6);
  bench.configure([instance()]);
  assert.equal(phaseOf(bench), "master");
  assert.deepEqual(kernelOf(bench), []);
  assert.equal(bench.world.devices.size, 0);
});
