/** The keeper asks for an announcement: the platform does not agree yet. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Bench, instance } from "../support/bench.ts";

const ARP = "arp request 192.0.2.100";
const count = (bench: Bench): number => bench.world.take().filter((line) => line === ARP).length;

test("a master announces its addresses once more, a backup nothing, an unknown name is nobody", () => {
  const bench = new Bench();
  bench.configure([instance()]);
  bench.until(1);
  bench.engine.onKeeper({ type: "announce", instance: "VI_1" }, bench.now);
  assert.equal(count(bench), 0);
  bench.until(4);
  assert.equal(bench.phase(), "master");
  bench.world.take();
  bench.engine.onKeeper({ type: "announce", instance: "VI_1" }, bench.now);
  assert.equal(count(bench), 1);
  bench.engine.onKeeper({ type: "announce", instance: "VI_9" }, bench.now);
  assert.equal(count(bench), 0);
});
