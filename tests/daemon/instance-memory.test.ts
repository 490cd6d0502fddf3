import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceConfig } from "#core/config";
import type { PublicState } from "#core/state";
import { InstanceMemories } from "../../apps/daemon/instance-memory.ts";
import { instance } from "../support/bench.ts";

const named = (name: string, vrid: number): InstanceConfig => instance({ vrid, router: { name } });
const names = (configs: readonly InstanceConfig[]): readonly string[] =>
  configs.map(({ router }) => router.name);

function memories(...configs: readonly InstanceConfig[]): {
  all: InstanceMemories;
  readonly to: (name: string, state: PublicState) => void;
} {
  const all = new InstanceMemories();
  all.configure(configs);
  return {
    all,
    to: (name, state) =>
      all.changed(name, { at: "", from: "", to: state, why: { en: "", "zh-CN": "" } }, state, 100),
  };
}

test("what may be owned: a master, and a stopped one until it has handed over", () => {
  const { all, to } = memories(named("A", 1), named("B", 2), named("C", 3), named("D", 4));
  for (const name of ["A", "B", "C", "D"]) to(name, "MASTER");
  to("B", "BACKUP");
  to("C", "STOP");
  to("D", "STOP");
  all.handedOver("D");
  assert.deepEqual(names(all.engineGone()), ["A", "C"]);
  assert.deepEqual(all.engineGone(), [], "once");
  assert.equal(all.get("A")?.state, "INIT");
});

test("an engine that ended in good order has left nothing", () => {
  const { all, to } = memories(named("A", 1));
  to("A", "MASTER");
  to("A", "STOP");
  all.allHandedOver();
  assert.deepEqual(all.engineGone(), []);
});

test("another name in the file is the same instance to the engine, and keeps its history", () => {
  const { all, to } = memories(named("A", 1), named("B", 2));
  to("A", "MASTER");
  assert.deepEqual([...all.configure([named("NEW", 1), named("B", 2)])], [["A", "NEW"]]);
  assert.equal(all.get("A"), undefined);
  assert.equal(all.get("NEW")?.state, "MASTER");
  assert.equal(all.get("NEW")?.history.length, 1);
  assert.deepEqual(names(all.engineGone()), ["NEW"]);
});

test("one that a reload takes away is remembered until it is gone, with the configuration it had", () => {
  const { all, to } = memories(named("A", 1), named("B", 2));
  to("A", "MASTER");
  all.configure([named("B", 2)]);
  assert.equal(all.get("A")?.isLeaving, true);
  to("A", "STOP");
  assert.deepEqual(names(all.engineGone()), ["A"]);
  assert.equal(all.get("A"), undefined);
});

test("history keeps the last hundred, newest first", () => {
  const { all } = memories(named("A", 1));
  for (let i = 0; i < 150; i++) {
    all.changed(
      "A",
      { at: String(i), from: "", to: "", why: { en: "", "zh-CN": "" } },
      "BACKUP",
      100,
    );
  }
  const { history = [] } = all.get("A") ?? {};
  assert.deepEqual([history.length, history[0]?.at, history.at(-1)?.at], [100, "149", "50"]);
});
