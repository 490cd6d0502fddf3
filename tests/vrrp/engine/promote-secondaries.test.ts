/**
 * `promote_secondaries` is set while an instance with the keyword is there, and put back
 * afterwards.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Bench, instance } from "../../support/bench.ts";
import { ETH0 } from "../../support/fake-world.ts";

const away = { ...instance().addresses[0], interface: "eth1" } as never;

test("on every device where such an instance has addresses, until it has stopped", () => {
  const bench = new Bench([ETH0, { ...ETH0, index: 3, name: "eth1" }]);
  bench.configure([instance()]);
  assert.deepEqual(bench.world.promoting, []);
  const addresses = [...instance().addresses, away];
  bench.configure([{ ...instance(), addresses, promoteSecondaries: true }]);
  assert.deepEqual(bench.world.promoting, ["eth0", "eth1"]);
  bench.until(4);
  bench.supervisor({ type: "stop" });
  assert.deepEqual(bench.world.promoting, ["eth0", "eth1"], "the addresses are still there");
  bench.until(8);
  assert.equal(bench.engine.finished, true);
  assert.deepEqual(bench.world.promoting, []);
});

test("an instance that a reload removes keeps it until its addresses are gone", () => {
  const bench = new Bench();
  bench.configure([{ ...instance(), promoteSecondaries: true }]);
  bench.until(4);
  bench.configure([]);
  assert.deepEqual(bench.world.promoting, ["eth0"]);
  bench.until(8);
  assert.deepEqual(bench.world.promoting, []);
});
