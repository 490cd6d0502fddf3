/**
 * Addresses on other devices than the router's: what is listened for there, and what a claim of
 * somebody else does.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceConfig } from "#vrrp/router/config";
import { Bench, instance, virtual } from "../../support/bench.ts";
import { ETH0, mac, own } from "../../support/fake-world.ts";

const ETH1 = { ...ETH0, index: 3, name: "eth1", mac: mac("02:00:00:00:00:03") };
const OTHER = mac("02:00:00:00:00:99");

const withDevice = (device: string | undefined, addresses = ["198.51.100.100"]): InstanceConfig => {
  const config = instance();
  const more = addresses.map((one) => ({
    ...virtual(one),
    ...(device === undefined ? {} : { interface: device }),
  }));
  return { ...config, addresses: [...config.addresses, ...more] };
};
const onEth1 = (bench: Bench): readonly string[] =>
  bench.world.take().filter((call) => /^(?:un)?listen (?:eth1\/)?[345]\b/.test(call));

function master(config = withDevice("eth1"), links = [ETH0, ETH1]): Bench {
  const bench = new Bench(links, [own(2, "192.0.2.1")]);
  bench.configure([config]);
  bench.until(4);
  assert.equal(bench.phase(), "master");
  return bench;
}

/** How many announcements somebody else's ARP for the address on the device makes. */
function answers(bench: Bench, from = OTHER, index = 3): number {
  bench.until(bench.now / 1_000_000 + 10);
  bench.world.take();
  bench.hearArp("198.51.100.100", from, index);
  bench.until(bench.now / 1_000_000 + 0.01);
  return bench.world.take().filter((call) => call === "arp request 198.51.100.100").length;
}

test("a claim of the address on its own device is answered; nothing of ours is one", () => {
  const bench = master();
  assert.deepEqual(onEth1(bench), ["listen eth1/3 arp"]);
  assert.equal(answers(bench), 1);
  assert.equal(answers(bench, OTHER, 2), 0, "on the router's device it is about something else");
  assert.equal(answers(bench, ETH1.mac), 0);
  assert.equal(answers(bench, ETH0.mac), 0, "our other device, in the same network");
});

test("a device that comes later, vanishes, and returns with another index", () => {
  const bench = new Bench([ETH0], [own(2, "192.0.2.1")]);
  bench.configure([withDevice("eth1")]);
  assert.deepEqual(onEth1(bench), []);
  bench.event({ kind: "link", link: ETH1 });
  assert.deepEqual(onEth1(bench), ["listen eth1/3 arp"]);
  bench.event({ kind: "link", link: { ...ETH1, up: false } });
  bench.event({ kind: "link", link: ETH1 });
  assert.deepEqual(onEth1(bench), [], "once is enough");
  bench.event({ kind: "linkGone", index: 3, name: "eth1" });
  assert.deepEqual(onEth1(bench), ["unlisten 3"]);
  bench.event({ kind: "link", link: { ...ETH1, index: 4 } });
  assert.deepEqual(onEth1(bench), ["listen eth1/4 arp"]);
  bench.until(20);
  assert.equal(answers(bench, OTHER, 4), 1);
  bench.event({ kind: "link", link: { ...ETH1, index: 4, name: "lan" } });
  assert.deepEqual(onEth1(bench), ["unlisten 4"], "another name: not the device meant");
});

test("a device without ARP is not listened on", () => {
  const bench = master(withDevice("eth1"), [ETH0, { ...ETH1, arp: false }]);
  assert.deepEqual(onEth1(bench), []);
});

test("reloads that add, move and remove such addresses", () => {
  const bench = master(withDevice(undefined));
  assert.deepEqual(onEth1(bench), []);
  bench.configure([withDevice("eth1", ["198.51.100.100", "198.51.100.101"])]);
  assert.deepEqual(onEth1(bench), ["listen eth1/3 arp"]);
  bench.configure([withDevice("eth1")]);
  assert.deepEqual(onEth1(bench), [], "one of two is left");
  bench.configure([withDevice("eth0")]);
  assert.deepEqual(onEth1(bench), ["unlisten 3"]);
});

test("an instance that is removed takes the listening with it when it has handed over", () => {
  const bench = master();
  bench.world.take();
  bench.configure([]);
  assert.deepEqual(onEth1(bench), [], "it still answers for the address");
  bench.until(20);
  assert.deepEqual(bench.engine.instances, []);
  assert.deepEqual(onEth1(bench), ["unlisten 3"]);
});

test("a router on the device hears VRRP too, and leaves ARP behind for the address", () => {
  const second = instance({
    vrid: 2,
    interface: "eth1",
    addresses: ["198.51.100.200"],
    router: { name: "VI_2" },
  });
  const bench = new Bench([ETH0, ETH1], [own(2, "192.0.2.1"), own(3, "198.51.100.1")]);
  bench.configure([withDevice("eth1")]);
  bench.until(4);
  assert.deepEqual(onEth1(bench), ["listen eth1/3 arp"]);
  bench.configure([withDevice("eth1"), second]);
  assert.deepEqual(onEth1(bench), ["listen eth1/3"]);
  bench.configure([withDevice("eth1")]);
  bench.until(20);
  assert.deepEqual(onEth1(bench), ["unlisten 3", "listen eth1/3 arp"]);
  bench.configure([withDevice("eth1"), second]);
  bench.configure([instance(), second]);
  assert.deepEqual(onEth1(bench), ["listen eth1/3"], "the router still needs it");
});

test("a device that cannot be listened on keeps its address, is reported once and tried again", () => {
  const bench = new Bench([ETH0, ETH1], [own(2, "192.0.2.1")]);
  bench.world.arpListenErrors.set("eth1", "ENOBUFS");
  bench.configure([withDevice("eth1")]);
  bench.until(4);
  assert.equal(bench.phase(), "master");
  assert.ok(bench.world.has("198.51.100.100"));
  bench.until(300);
  assert.equal(bench.phase(), "master");
  assert.deepEqual(
    bench.emitted("report").map(({ instance: name, report }) => [name, report]),
    [
      [
        "VI_1",
        {
          kind: "claims-not-heard",
          address: virtual("198.51.100.100").address,
          interface: "eth1",
          error: "socket: ENOBUFS",
        },
      ],
    ],
  );
  assert.ok(onEth1(bench).length <= 6, "a try a minute");
  bench.world.arpListenErrors.clear();
  bench.until(370);
  assert.equal(onEth1(bench).length, 1);
  assert.equal(answers(bench), 1);
  bench.until(600);
  assert.deepEqual(onEth1(bench), []);
});
