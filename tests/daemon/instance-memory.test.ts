import assert from "node:assert/strict";
import { test } from "node:test";
import { InstanceMemories } from "#daemon/instance-memory";
import type { InstanceConfig } from "#vrrp/router/config";
import type { PublicState } from "#vrrp/router/state";
import { instance } from "../support/bench.ts";

const named = (name: string, vrid: number): InstanceConfig => instance({ vrid, router: { name } });

function memories(...configs: readonly InstanceConfig[]): {
  all: InstanceMemories;
  readonly to: (name: string, state: PublicState, more?: { leaving?: number }) => void;
} {
  const all = new InstanceMemories();
  all.configure(configs, 1);
  const to = (instance: string, state: PublicState, more: { leaving?: number } = {}): void => {
    const change = {
      from: "INIT",
      to: state,
      reason: { kind: "stopped" },
      why: "",
      priority: 100,
    } as const;
    all.changed({ instance, ...more }, { at: 0, ...change }, change);
  };
  return { all, to };
}

test("a dead engine's routers are in no known state", () => {
  const { all, to } = memories(named("A", 1));
  to("A", "MASTER");
  all.engineGone();
  assert.equal(all.get("A")?.state, "INIT");
});

test("another name in the file is the same instance to the engine, and keeps its history", () => {
  const { all, to } = memories(named("A", 1), named("B", 2));
  to("A", "MASTER");
  assert.deepEqual(all.configure([named("NEW", 1), named("B", 2)], 2), {
    moved: ["NEW"],
    gone: ["A"],
  });
  assert.equal(all.get("A"), undefined);
  assert.equal(all.get("NEW")?.state, "MASTER");
  assert.equal(all.get("NEW")?.history.length, 1);
});

test("swapped names: what is remembered stays with the router, whatever it is called", () => {
  const { all, to } = memories(named("RED", 1), named("BLUE", 2));
  to("RED", "MASTER");
  to("BLUE", "BACKUP");
  assert.deepEqual(all.configure([named("BLUE", 1), named("RED", 2)], 2), {
    moved: ["BLUE", "RED"],
    gone: [],
  });
  assert.equal(all.get("BLUE")?.state, "MASTER");
  assert.equal(all.get("RED")?.state, "BACKUP");
  assert.equal(Number(all.get("BLUE")?.config.router.vrid), 1);
});

test("a name given to another router: the one that had it hands over by itself", () => {
  const { all, to } = memories(named("A", 1));
  to("A", "MASTER");
  assert.deepEqual(all.configure([named("A", 3)], 2), { moved: [], gone: [] });
  assert.equal(all.get("A")?.state, "INIT");
  to("A", "STOP", { leaving: 2 });
  to("A", "BACKUP");
  const leaving = all.of({ instance: "A", leaving: 2 });
  assert.deepEqual([leaving?.state, Number(leaving?.config.router.vrid)], ["STOP", 1]);
  assert.equal(all.get("A")?.state, "BACKUP");
});

test("one that a reload takes away is remembered until it is gone, with the configuration it had", () => {
  const { all, to } = memories(named("A", 1), named("B", 2));
  to("A", "MASTER");
  all.configure([named("B", 2)], 2);
  assert.equal(all.get("A"), undefined);
  const leaving = { instance: "A", leaving: 2 } as const;
  assert.equal(all.of(leaving)?.state, "MASTER");
  to("A", "STOP", { leaving: 2 });
  assert.equal(all.of(leaving)?.state, "STOP");
  all.engineGone();
  assert.equal(all.of(leaving), undefined);
});

test("history keeps the last hundred, newest first", () => {
  const { all } = memories(named("A", 1));
  for (let i = 0; i < 150; i++) {
    const change = {
      from: "INIT",
      to: "BACKUP",
      reason: { kind: "stopped" },
      why: "",
      priority: 100,
    } as const;
    all.changed({ instance: "A" }, { at: i, ...change }, change);
  }
  const { history = [] } = all.get("A") ?? {};
  assert.deepEqual([history.length, history[0]?.at, history.at(-1)?.at], [100, 149, 50]);
});

test("of a thousand instances each keeps less history, so that all together stay small", () => {
  const names = Array.from({ length: 1_000 }, (_, index) => `R${index}`);
  const { all, to } = memories(...names.map((name, index) => named(name, (index % 255) + 1)));
  for (let i = 0; i < 20; i++) to("R7", i % 2 === 0 ? "BACKUP" : "MASTER");
  assert.equal(all.get("R7")?.history.length, 10);
});

test("two of one name are leaving: each is known by the configuration that took it away", () => {
  const { all, to } = memories(named("A", 1));
  all.configure([named("A", 2)], 2);
  all.configure([named("Z", 3)], 3);
  to("A", "STOP", { leaving: 3 });
  const second = all.of({ instance: "A", leaving: 3 });
  assert.deepEqual([second?.state, Number(second?.config.router.vrid)], ["STOP", 2]);
  assert.ok(second !== undefined);
  all.delete(second);
  assert.equal(all.of({ instance: "A", leaving: 3 }), undefined);
  assert.equal(Number(all.of({ instance: "A", leaving: 2 })?.config.router.vrid), 1);
  assert.deepEqual(
    all.configs().map(({ router }) => Number(router.vrid)),
    [3, 1],
  );
});
