/** A reload while addresses are held for a dead engine: which of them are kept. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { instance } from "../../support/bench.ts";
import { ownerOf } from "../../support/supervisor-bench.ts";

/** Version 3, an interval of one second: skew of priority 1 is 0.996094 s. */
const A = instance({ router: { name: "A" } });
const B = instance({ vrid: 2, router: { name: "B" }, addresses: ["192.0.2.101"] });
const WAIT = 2.001094;

test("what a reload takes away is not held any longer, also before the next engine starts", () => {
  const moved = instance({ router: { name: "A" }, addresses: ["192.0.2.109"] });
  const bench = ownerOf(A);
  bench.exit();
  bench.read(moved);
  assert.deepEqual(bench.until(0.04), [
    "startEngine",
    "removeAddresses 192.0.2.100@2",
    "clearGuard 192.0.2.100",
    "configureEngine 2 [A, resume A]",
  ]);
  bench.take();
  const before = bench.lines.length;
  bench.becomes(moved, "MASTER");
  assert.deepEqual(bench.lines.slice(before), ["unlisten 1"]);
  assert.equal(bench.addresses.length, 3);
});

test("a reload while the next engine runs: what the router keeps is held on", () => {
  const both = instance({ router: { name: "A" }, addresses: ["192.0.2.100", "192.0.2.109"] });
  const bench = ownerOf(both, B);
  bench.exit();
  bench.until(0.04);
  bench.take();
  // B, which is taken away as a whole, hands over.
  assert.deepEqual(bench.read(A), [
    "removeAddresses 192.0.2.109@2",
    "clearGuard 192.0.2.109",
    "configureEngine 2 reload [A, resume A]",
  ]);
  bench.take();
  const lines = bench.until(WAIT);
  assert.ok(lines.includes("removeAddresses 192.0.2.100@2"), lines.join("\n"));
  assert.ok(lines.includes("removeAddresses 192.0.2.101@2"), lines.join("\n"));
});

test("an address that goes to another router is held on, until its first one is MASTER", () => {
  const both = instance({ router: { name: "A" }, addresses: ["192.0.2.100", "192.0.2.109"] });
  const heir = instance({ vrid: 2, router: { name: "B" }, addresses: ["192.0.2.109"] });
  const bench = ownerOf(both);
  bench.exit();
  bench.until(0.04);
  bench.take();
  assert.deepEqual(bench.read(A, heir), ["configureEngine 2 reload [A B, resume A]"]);
  bench.take();
  const before = bench.lines.length;
  bench.becomes(A, "MASTER");
  assert.deepEqual(bench.lines.slice(before), [
    "removeAddresses 192.0.2.109@2",
    "clearGuard 192.0.2.109",
    "unlisten 1",
  ]);
});
