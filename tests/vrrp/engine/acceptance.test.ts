/**
 * `no_accept`: the filter is there before the first address and until the last one has gone, on the
 * backup too.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Bench, instance } from "../../support/bench.ts";
import { FakeWorld, ip } from "../../support/fake-world.ts";

const unaccepting = (more: Parameters<typeof instance>[0] = {}): ReturnType<typeof instance> =>
  instance({ ...more, accept: false });
const isFirst = (calls: readonly string[], one: string, other: string): boolean => {
  const [at, after] = [one, other].map((text) => calls.findIndex((call) => call.startsWith(text)));
  return at !== undefined && after !== undefined && at >= 0 && at < after;
};

test("before the address comes, and after it has gone", () => {
  const bench = new Bench();
  bench.configure([unaccepting({ excluded: ["192.0.2.101"] })]);
  assert.deepEqual(bench.world.unanswered, ["192.0.2.100 eth0", "192.0.2.101 eth0"]);
  bench.until(4);
  assert.ok(isFirst(bench.world.calls, "accept filter 2", "set 192.0.2.100"));
  bench.world.calls.length = 0;
  bench.supervisor({ type: "stop" });
  bench.until(8);
  assert.equal(bench.engine.finished, true);
  assert.deepEqual(bench.world.unanswered, []);
  assert.ok(isFirst(bench.world.calls, "remove 192.0.2.100", "accept filter 0"));
});

test("without the keyword nothing is asked of the kernel", () => {
  const bench = new Bench();
  bench.configure([instance()]);
  bench.until(4);
  assert.deepEqual(
    bench.world.calls.filter((call) => call.startsWith("accept filter")),
    [],
  );
});

test("a reload takes effect at once, for the master as well", () => {
  const bench = new Bench();
  bench.configure([instance()]);
  bench.until(4);
  bench.configure([unaccepting()]);
  assert.deepEqual(bench.world.unanswered, ["192.0.2.100 eth0"]);
  bench.configure([unaccepting({ addresses: ["192.0.2.102"] })]);
  assert.deepEqual(bench.world.unanswered, ["192.0.2.102 eth0"]);
  bench.configure([instance({ addresses: ["192.0.2.102"] })]);
  assert.deepEqual(bench.world.unanswered, []);
});

test("an instance that a reload removes does not answer until its addresses are gone", () => {
  const bench = new Bench();
  bench.configure([unaccepting()]);
  bench.until(4);
  bench.configure([]);
  assert.deepEqual(bench.world.unanswered, ["192.0.2.100 eth0"]);
  bench.until(8);
  assert.deepEqual(bench.world.unanswered, []);
});

test("what a dead run left goes at the start, unless it is still meant or another daemon's", () => {
  const world = new FakeWorld();
  const [meant, open, others] = ["192.0.2.100", "192.0.2.103", "192.0.2.104"].map(ip);
  assert.ok(meant !== undefined && open !== undefined && others !== undefined);
  const bench = new Bench(undefined, undefined, world);
  world.leftUnanswered = [meant, open, others];
  world.claims.add(open).add(others);
  bench.configure(
    [unaccepting(), instance({ vrid: 2, router: { name: "VI_2" }, addresses: ["192.0.2.103"] })],
    {
      resume: ["VI_2"],
    },
  );
  assert.deepEqual(world.leftUnanswered, [meant, others]);
});

test("a refusal is logged once, and tried again when the address is taken", () => {
  const bench = new Bench();
  bench.world.refusesFilter = { ok: false, errno: "EOPNOTSUPP", call: "nf_tables" };
  bench.configure([unaccepting()]);
  const logged = bench.world.emitted.filter(({ type }) => type === "log");
  assert.deepEqual(logged, [
    {
      type: "log",
      level: "error",
      text: "no_accept has no effect, the addresses answer: nf_tables: EOPNOTSUPP",
    },
  ]);
  bench.world.refusesFilter = undefined;
  bench.until(4);
  assert.deepEqual(bench.world.unanswered, ["192.0.2.100 eth0"]);
});
