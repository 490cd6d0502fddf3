/** What a dead engine may have owned, by what it said. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { micros } from "#units/time";
import type { FromEngine } from "#vrrp/engine/engine-link";
import type { InstanceConfig } from "#vrrp/router/config";
import { instance } from "../../support/bench.ts";
import { SupervisorBench } from "../../support/supervisor-bench.ts";

const named = (name: string, vrid: number): InstanceConfig =>
  instance({ vrid, router: { name }, addresses: [`192.0.2.${100 + vrid}`] });

function started(...instances: readonly InstanceConfig[]): SupervisorBench {
  const bench = new SupervisorBench();
  bench.start(...instances);
  return bench;
}

/** Name and VRID of what is handed over now. */
function handedOver(bench: SupervisorBench): readonly string[] {
  bench.exit();
  const found = bench.state.holds.map(
    ({ config }) => `${config.router.name}/${config.router.vrid}`,
  );
  bench.state = { ...bench.state, holds: [] };
  return found;
}

const says = (bench: SupervisorBench, message: FromEngine): readonly string[] =>
  bench.happen({ kind: "engineSaid", message });
const handedOverReport = (name: string): FromEngine => ({
  type: "report",
  instance: name,
  report: { kind: "handed-over", reason: { kind: "no-successor", waited: micros(1) } },
});

test("what may be owned: a master, and a stopped one until it has handed over", () => {
  const configs = ["A", "B", "C", "D", "E"].map((name, i) => named(name, i + 1));
  const [a, b, c, d] = configs as [InstanceConfig, InstanceConfig, InstanceConfig, InstanceConfig];
  const bench = started(...configs);
  for (const one of [a, b, c, d]) bench.becomes(one, "MASTER");
  bench.becomes(b, "BACKUP");
  bench.becomes(c, "STOP");
  bench.becomes(d, "STOP");
  says(bench, handedOverReport("D"));
  assert.deepEqual(handedOver(bench), ["A/1", "C/3"]);
  assert.deepEqual(handedOver(bench), [], "once");
});

test("FAULT and INIT own nothing either", () => {
  const a = named("A", 1);
  for (const state of ["FAULT", "INIT"] as const) {
    const bench = started(a);
    bench.becomes(a, "MASTER");
    bench.becomes(a, state);
    assert.deepEqual(handedOver(bench), []);
  }
});

test("an engine that ended in good order has left nothing", () => {
  const a = named("A", 1);
  const bench = started(a);
  bench.becomes(a, "MASTER");
  bench.becomes(a, "STOP");
  says(bench, { type: "stopped" });
  assert.deepEqual(handedOver(bench), []);
});

test("other reports and messages change nothing", () => {
  const a = named("A", 1);
  const bench = started(a);
  bench.becomes(a, "MASTER");
  says(bench, { type: "ready", pid: 1 });
  says(bench, { type: "log", level: "info", text: "" });
  const report = { kind: "claims-ended", count: 1, lasted: micros(1) };
  says(bench, { type: "report", instance: "A", report } as unknown as FromEngine);
  assert.deepEqual(handedOver(bench), ["A/1"]);
});

test("a name that nobody has is nobody's", () => {
  const bench = started(named("A", 1));
  bench.becomes(named("X", 9), "MASTER");
  says(bench, handedOverReport("X"));
  says(bench, { type: "removed", instance: "X", leaving: 2 });
  assert.deepEqual(handedOver(bench), []);
});

test("another name in the file is the same router to the engine", () => {
  const bench = started(named("A", 1), named("B", 2));
  bench.becomes(named("A", 1), "MASTER");
  bench.configure(named("NEW", 1), named("B", 2));
  assert.deepEqual(handedOver(bench), ["NEW/1"]);
});

test("a reload that the engine has not taken over yet has renamed nothing", () => {
  const bench = started(named("RED", 1), named("BLUE", 2));
  bench.read(named("BLUE", 1), named("RED", 2));
  bench.becomes(named("RED", 1), "MASTER");
  bench.take();
  assert.deepEqual(handedOver(bench), ["BLUE/1"], "swapped names");
});

test("a name given to another router: the one that had it hands over by itself", () => {
  const bench = started(named("A", 1));
  bench.becomes(named("A", 1), "MASTER");
  bench.configure(named("A", 3));
  bench.becomes(named("A", 1), "STOP", { leaving: 2 });
  bench.becomes(named("A", 3), "BACKUP");
  assert.deepEqual(handedOver(bench), ["A/1"]);
});

test("of two of one name, the one that is leaving is meant by its own messages alone", () => {
  const bench = started(named("A", 1));
  bench.becomes(named("A", 1), "MASTER");
  bench.configure(named("A", 3));
  bench.becomes(named("A", 3), "MASTER");
  bench.becomes(named("A", 1), "STOP", { leaving: 2 });
  says(bench, { ...handedOverReport("A"), leaving: 2 } as FromEngine);
  assert.deepEqual(handedOver(bench), ["A/3"]);
});

test("one that a reload takes away is remembered until it is gone", () => {
  const bench = started(named("A", 1), named("B", 2));
  bench.becomes(named("A", 1), "MASTER");
  bench.configure(named("B", 2));
  bench.becomes(named("A", 1), "STOP", { leaving: 2 });
  const before = bench.state;
  assert.deepEqual(handedOver(bench), ["A/1"]);
  bench.state = before;
  says(bench, { type: "removed", instance: "A", leaving: 2 });
  assert.deepEqual(handedOver(bench), []);
});

test("two reloads: what the first one took away is still handing over", () => {
  const bench = started(named("A", 1), named("B", 2));
  bench.becomes(named("A", 1), "MASTER");
  bench.becomes(named("B", 2), "MASTER");
  bench.configure(named("B", 2));
  bench.configure(named("C", 3));
  assert.deepEqual([...handedOver(bench)].toSorted(), ["A/1", "B/2"]);
  assert.deepEqual(
    bench.state.routers.map(({ config }) => config.router.name),
    ["C"],
  );
});

test("two of one name are leaving: what the second one says is not about the first", () => {
  for (const end of [
    { type: "removed", instance: "A", leaving: 3 },
    { ...handedOverReport("A"), leaving: 3 },
  ] as readonly FromEngine[]) {
    const bench = started(named("A", 1));
    bench.becomes(named("A", 1), "MASTER");
    bench.configure(named("A", 2));
    bench.becomes(named("A", 1), "STOP", { leaving: 2 });
    bench.becomes(named("A", 2), "MASTER");
    bench.configure(named("Z", 9));
    bench.becomes(named("A", 2), "STOP", { leaving: 3 });
    says(bench, end);
    assert.deepEqual(handedOver(bench), ["A/1"]);
  }
});

test("each engine counts its configurations from one", () => {
  const bench = started(named("A", 1));
  bench.configure(named("A", 1));
  bench.exit();
  bench.until(0.04);
  bench.take();
  bench.configure(named("A", 1), named("B", 2));
  bench.becomes(named("B", 2), "MASTER");
  bench.configure(named("A", 1));
  bench.becomes(named("B", 2), "STOP", { leaving: 3 });
  says(bench, { type: "removed", instance: "B", leaving: 3 });
  assert.deepEqual(handedOver(bench), []);
});
