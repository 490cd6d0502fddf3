/** The supervisor asks for an announcement: the platform does not agree yet. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type IpAddress, ipv4 } from "#units/address";
import { Bench, instance } from "../../support/bench.ts";

const ARP = "arp request 192.0.2.100";
const count = (bench: Bench): number => bench.world.take().filter((line) => line === ARP).length;

test("a master announces its addresses once more, a backup nothing, an unknown name is nobody", () => {
  const bench = new Bench();
  bench.configure([instance()]);
  bench.until(1);
  bench.engine.onSupervisor({ type: "announce", instance: "VI_1" }, bench.now);
  assert.equal(count(bench), 0);
  bench.until(4);
  assert.equal(bench.phase(), "master");
  bench.world.take();
  bench.engine.onSupervisor({ type: "announce", instance: "VI_1" }, bench.now);
  assert.equal(count(bench), 1);
  bench.engine.onSupervisor({ type: "announce", instance: "VI_9" }, bench.now);
  assert.equal(count(bench), 0);
});

test("one of several addresses: it alone, and with the first one the excluded, about which nobody is asked", () => {
  const bench = new Bench();
  const config = instance({ addresses: ["192.0.2.100", "192.0.2.101", "192.0.2.102"] });
  const [first, second, excluded] = config.addresses;
  assert.ok(first !== undefined && second !== undefined && excluded !== undefined);
  bench.configure([{ ...config, addresses: [first, second], excludedAddresses: [excluded] }]);
  bench.until(4);
  const announced = ({ address }: { readonly address: IpAddress }): readonly string[] => {
    bench.world.take();
    bench.engine.onSupervisor({ type: "announce", instance: "VI_1", address }, bench.now);
    return bench.world.take().toSorted();
  };
  assert.deepEqual(announced(second), ["arp request 192.0.2.101"]);
  assert.deepEqual(announced(first), ["arp request 192.0.2.100", "arp request 192.0.2.102"]);
  assert.deepEqual(announced({ address: ipv4(1) }), []);
});
