/**
 * One VRID twice on an interface, as keepalived allows it: other unicast peers, or another
 * multicast group.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pairUp } from "#vrrp/engine/pairing";
import type { InstanceConfig } from "#vrrp/router/config";
import { Bench, instance } from "../../support/bench.ts";
import { ip } from "../../support/fake-world.ts";

const unicast = (...peers: readonly string[]): InstanceConfig["transport"] => ({
  kind: "unicast",
  peers: peers.map((peer) => ({ address: ip(peer) })),
  ttl: 255,
  checkSource: true,
});
const multicast = (group: string): InstanceConfig["transport"] => ({
  kind: "multicast",
  group: ip(group),
});
const one = (
  name: string,
  transport: InstanceConfig["transport"],
  address: string,
): InstanceConfig => instance({ router: { name }, transport, addresses: [address] });

function both(a: InstanceConfig["transport"], b: InstanceConfig["transport"]): Bench {
  const bench = new Bench();
  bench.configure([one("A", a, "192.0.2.100"), one("B", b, "192.0.2.101")]);
  bench.until(4);
  assert.deepEqual([bench.phase("A"), bench.phase("B")], ["master", "master"]);
  bench.world.takeEmitted();
  return bench;
}

test("a unicast advertisement is for the instance that has its sender as a peer, and no refusal for the other", () => {
  const bench = both(unicast("192.0.2.2"), unicast("192.0.2.3"));
  bench.hear({ source: ip("192.0.2.3"), addresses: [ip("192.0.2.101")], priority: 200 });
  assert.deepEqual([bench.phase("A"), bench.phase("B")], ["master", "backup"]);
  assert.deepEqual(bench.emitted("drop"), []);
});

test("what comes from nobody's peer is refused by both, and counted", () => {
  const bench = both(unicast("192.0.2.2"), unicast("192.0.2.3"));
  bench.hear({ source: ip("192.0.2.66"), priority: 200 });
  assert.deepEqual([bench.phase("A"), bench.phase("B")], ["master", "master"]);
  assert.deepEqual(
    bench.emitted("drop").map(({ instance: name, drop }) => [name, drop.kind]),
    [
      ["A", "not-a-peer"],
      ["B", "not-a-peer"],
    ],
  );
});

test("a multicast advertisement is for the instance of its group", () => {
  const bench = both(multicast("224.0.0.18"), multicast("224.0.0.28"));
  bench.hear({ destination: ip("224.0.0.28"), priority: 200 });
  assert.deepEqual([bench.phase("A"), bench.phase("B")], ["master", "backup"]);
});

test("a peer that sends to both, unicast and multicast, is heard by each where it sends", () => {
  const bench = both(unicast("192.0.2.2"), multicast("224.0.0.18"));
  bench.hear({ destination: ip("224.0.0.18"), priority: 200 });
  assert.deepEqual([bench.phase("A"), bench.phase("B")], ["master", "backup"]);
  bench.hear({ priority: 200 });
  assert.deepEqual([bench.phase("A"), bench.phase("B")], ["backup", "backup"]);
});

test("a reload pairs them by peers or group, then by name, then in order", () => {
  const a = one("A", unicast("192.0.2.2"), "192.0.2.100");
  const b = one("B", unicast("192.0.2.3"), "192.0.2.101");
  const names = (after: readonly InstanceConfig[]): readonly string[] => {
    const pairs = pairUp([a, b], after);
    return after.map((config) => `${config.router.name}<-${pairs.get(config)?.router.name}`);
  };
  assert.deepEqual(names([b, a]), ["B<-B", "A<-A"]);
  const swapped = [
    one("B", unicast("192.0.2.2"), "192.0.2.102"),
    one("A", unicast("192.0.2.3"), "192.0.2.102"),
  ];
  assert.deepEqual(names(swapped), ["B<-A", "A<-B"]);
  const others = [
    one("B", unicast("192.0.2.4"), "192.0.2.102"),
    one("C", unicast("192.0.2.2"), "192.0.2.102"),
  ];
  assert.deepEqual(names(others), ["B<-B", "C<-A"]);
  const third = [one("C", unicast("192.0.2.9"), "192.0.2.102"), a, b];
  assert.deepEqual(names(third), ["C<-undefined", "A<-A", "B<-B"]);
});

test("a reload of two that swap places in the file touches neither", () => {
  const bench = both(unicast("192.0.2.2"), unicast("192.0.2.3"));
  bench.world.take();
  bench.configure([
    one("B", unicast("192.0.2.3"), "192.0.2.101"),
    one("A", unicast("192.0.2.2"), "192.0.2.100"),
  ]);
  assert.deepEqual(bench.world.take(), []);
  assert.deepEqual(bench.world.takeEmitted(), []);
});
