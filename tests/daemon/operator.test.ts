/** Maintenance on both nodes at a time, seen from one: its engine says what the test wants. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readMaintenance } from "#daemon/maintenance-file";
import { Operator, type OperatorParts } from "#daemon/operator";
import type { RunPlan } from "#keepalived/plan/run-plan";
import { instant } from "#units/time";
import type { InstanceSnapshot, ToEngine } from "#vrrp/engine/engine-link";
import { keepLog, makeFolder } from "../support/daemon-bench.ts";

const CALLER = { via: "socket", uid: 0, user: "root" } as const;

interface Bench {
  readonly operator: Operator;
  readonly lines: readonly string[];
  readonly sent: ToEngine[];
  readonly stateDir: string;
}

/** @param states of the instance, as one snapshot after the other has it */
function bench(stateDir: string, states: string[], hasSuccessor: boolean): Bench {
  const sent: ToEngine[] = [];
  const { log, lines } = keepLog();
  let state = "";
  const send = (message: ToEngine): void => {
    sent.push(message);
    if (message.type !== "switch") return;
    const refused =
      state === "MASTER"
        ? []
        : [
            {
              instance: "VI_1",
              why: { kind: "not-owner", state: "BACKUP", master: undefined } as const,
            },
          ];
    queueMicrotask(() => {
      operator.engineSaid({ type: "switchAnswer", id: message.id, refused });
      if (state !== "MASTER") return;
      operator.engineSaid({
        type: "report",
        instance: "VI_1",
        report: hasSuccessor
          ? { kind: "switched", to: 1, priority: 1, took: 1, both: 1, platform: "not-awaited" }
          : { kind: "switch-taken-back", why: "successor-gone", waited: 1 },
      } as unknown as Parameters<Operator["engineSaid"]>[0]);
    });
  };
  const parts: OperatorParts = {
    options: { log, language: "en", events: undefined, stateDir },
    engine: {
      send,
      snapshot: async () => {
        state = states.shift() ?? state;
        const one = { name: "VI_1", state, peers: [] } as unknown as InstanceSnapshot;
        return await Promise.resolve({ at: instant(1), instances: [one] });
      },
    },
    plan: { groups: [], instances: [] } as unknown as RunPlan,
    gates: undefined,
    busy: undefined,
    role: () => undefined,
    changed: () => undefined,
  };
  const operator = new Operator(() => parts);
  return { operator, sent, stateDir, lines };
}

test("a node that becomes owner while it goes into maintenance gives nothing to nobody", async (context) => {
  const { operator, sent, stateDir } = bench(makeFolder(context).path, ["BACKUP", "MASTER"], false);
  const answer = await operator.handle({ command: "maintenance", on: {} }, CALLER);
  assert.ok(!answer.ok);
  assert.match(answer.error, /not in maintenance: VI_1/);
  assert.ok(!sent.some(({ type }) => type === "maintenance"), "the engine hears of none");
  assert.equal(readMaintenance(stateDir).kind, "none");
});

test("who asked for a maintenance that was refused, and why, is kept", async (context) => {
  const { operator, lines } = bench(makeFolder(context).path, ["MASTER"], false);
  const answer = await operator.handle(
    { command: "maintenance", on: { reason: "new kernel" } },
    CALLER,
  );
  assert.ok(!answer.ok);
  assert.match(
    lines.join("\n"),
    /maintenance asked for by root \(socket\) \(new kernel\): not in maintenance: VI_1: /,
  );
});

test("what came meanwhile moves, and then it is in maintenance", async (context) => {
  const { operator, sent, stateDir } = bench(makeFolder(context).path, ["BACKUP", "MASTER"], true);
  const answer = await operator.handle({ command: "maintenance", on: {} }, CALLER);
  assert.ok(answer.ok, JSON.stringify(answer));
  assert.deepEqual(
    sent.map(({ type }) => type),
    ["switch", "switch", "maintenance"],
  );
  assert.equal(readMaintenance(stateDir).kind, "read");
});

test("who wants it gone, or the last resort, is not asked again", async (context) => {
  for (const on of [{ force: true }, { lastResort: true }] as const) {
    const { operator, sent } = bench(makeFolder(context).path, ["BACKUP", "MASTER"], false);
    assert.ok((await operator.handle({ command: "maintenance", on }, CALLER)).ok);
    assert.deepEqual(
      sent.map(({ type }) => type),
      ["switch", "maintenance"],
    );
  }
});
