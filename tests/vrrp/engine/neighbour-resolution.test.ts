/**
 * Packets to one machine alone wait in the kernel while it does not know that machine's MAC
 * address.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Bench, instance } from "../../support/bench.ts";
import { ip } from "../../support/fake-world.ts";

test("multicast: priority 0 to one master asks for its MAC address, an advertisement to the group does not", () => {
  const bench = new Bench();
  const group = ip("224.0.0.18");
  bench.configure([instance({ transport: { kind: "multicast", group } })]);
  bench.until(4);
  assert.equal(bench.phase(), "master");
  bench.world.unresolved.add("192.0.2.2").add("224.0.0.18");
  bench.world.take();
  bench.until(4.61);
  bench.hear({ priority: 200, destination: group });
  const said = bench.world.take().filter((call) => !/^(set|remove) /.test(call));
  assert.deepEqual(said.slice(0, 1), ["advert vrid 1 priority 100 to 224.0.0.18"]);
  assert.equal(bench.phase(), "backup");
  assert.deepEqual(said.slice(-2), [
    "advert vrid 1 priority 0 to 192.0.2.2",
    "arp request 192.0.2.1 for 192.0.2.2",
  ]);
});
