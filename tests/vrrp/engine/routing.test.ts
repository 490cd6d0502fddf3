/** Routes and rules of an instance: after its addresses, and gone before them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceConfig } from "#vrrp/router/config";
import type { VirtualRoute, VirtualRule } from "#vrrp/router/routes";
import { Bench, instance } from "../../support/bench.ts";

const route = (text: string): VirtualRoute => ({ text, version: 4 });
const rule = (text: string): VirtualRule => ({
  text,
  version: 4,
  priority: 100,
  action: { kind: "table", table: 100 },
});
const withRouting = (routes: readonly string[], rules: readonly string[]): InstanceConfig => ({
  ...instance(),
  routes: routes.map(route),
  rules: rules.map(rule),
});

const BOTH = withRouting(["a", "b"], ["r"]);

/** What was done with addresses and routing, in order. */
const changes = (bench: Bench): readonly string[] =>
  bench.world
    .take()
    .filter((line) => /^(route|rule|set|remove) /.test(line))
    .map((line) => line.replace(/^(set|remove) .*/, "$1 address"));

function owner(config: InstanceConfig): Bench {
  const bench = new Bench();
  bench.world.addRouting();
  bench.configure([config]);
  changes(bench);
  bench.until(4);
  return bench;
}

test("added after the addresses in order, removed before them in reverse", () => {
  const bench = owner(BOTH);
  assert.deepEqual(changes(bench).slice(0, 4), [
    "set address",
    "route + a",
    "route + b",
    "rule + r",
  ]);
  assert.deepEqual([...bench.world.routed], ["a", "b", "r"]);
  bench.supervisor({ type: "stop" });
  bench.until(8);
  const last = changes(bench).slice(-4);
  assert.deepEqual(last, ["rule - r", "route - b", "route - a", "remove address"]);
  assert.deepEqual([...bench.world.routed], []);
});

test("one that the kernel refuses is said and left out; the rest is added, and the master stays", () => {
  const bench = new Bench();
  bench.world.addRouting();
  bench.world.routingRefuses.set("a", "ENETUNREACH");
  bench.configure([BOTH]);
  bench.until(4);
  assert.deepEqual([...bench.world.routed], ["b", "r"]);
  assert.ok(bench.world.has("192.0.2.100"));
  const logs = bench.world.emitted.flatMap((one) => (one.type === "log" ? [one.text] : []));
  assert.ok(
    logs.some((text) => /route `a` cannot be added: RTM_NEWROUTE: ENETUNREACH/.test(text)),
    logs.join("\n"),
  );
});

test("a reload removes what is gone, adds what is new, and leaves the rest alone", () => {
  const bench = owner(BOTH);
  changes(bench);
  bench.configure([withRouting(["b", "c"], ["r", "s"])]);
  assert.deepEqual(changes(bench), ["route - a", "route + c", "rule + s"]);
  bench.configure([instance()]);
  assert.deepEqual(changes(bench), ["rule - s", "rule - r", "route - c", "route - b"]);
  bench.configure([BOTH]);
  assert.deepEqual(changes(bench), ["route + a", "route + b", "rule + r"]);
});

test("a backup adds nothing, and at its start what a dead engine left goes", () => {
  const bench = new Bench();
  bench.world.addRouting();
  for (const left of ["a", "b", "r"]) bench.world.routed.add(left);
  bench.configure([BOTH]);
  assert.deepEqual(changes(bench), ["rule - r", "route - b", "route - a", "remove address"]);
  assert.deepEqual([...bench.world.routed], []);
  bench.configure([withRouting(["c"], [])]);
  assert.deepEqual(changes(bench), []);
});

test("what two instances have goes with the last of them", () => {
  const bench = new Bench();
  bench.world.addRouting();
  const base = withRouting(["a"], []);
  const [first] = base.addresses;
  assert.ok(first);
  const other: InstanceConfig = {
    ...base,
    router: { ...base.router, name: "B", vrid: 52 as never },
    addresses: [{ ...first, address: ((first.address as number) + 1) as never }],
  };
  bench.configure([base, other]);
  bench.until(4);
  bench.configure([base]);
  bench.until(8);
  assert.deepEqual([...bench.world.routed], ["a"]);
  bench.configure([]);
  bench.until(12);
  assert.deepEqual([...bench.world.routed], []);
});
