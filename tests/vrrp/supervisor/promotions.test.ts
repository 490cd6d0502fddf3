/** An engine that dies with a gate: the ports are closed first, and what it had promoted goes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { micros } from "#units/time";
import type { GateRequest } from "#vrrp/engine/engine-link";
import type { GateConfig, InstanceConfig } from "#vrrp/router/config";
import { instance } from "../../support/bench.ts";
import { SECOND, SupervisorBench } from "../../support/supervisor-bench.ts";

const GATE: GateConfig = {
  promoteTimeout: micros(10 * SECOND),
  demoteTimeout: micros(5 * SECOND),
  onRefusal: "backup",
  hold: micros(30 * SECOND),
  probe: "arp",
  comparesData: false,
  needsEligible: false,
  drain: micros(2 * SECOND),
  resetConnections: true,
};

const gated = (name: string, vrid: number, group?: string): InstanceConfig => ({
  ...instance({ vrid, router: { name, gate: GATE }, addresses: [`192.0.2.${99 + vrid}`] }),
  fence: [{ protocol: "tcp", port: 3306 }],
  ...(group === undefined ? {} : { group }),
});
const A = gated("A", 1);

function asks(bench: SupervisorBench, kind: "promote" | "demote", unit: string, who: string): void {
  const { priority } = A.router;
  const common = { run: 1, micros: GATE.promoteTimeout, priority };
  const request: GateRequest =
    kind === "promote"
      ? { kind, ...common, reason: "master-down" }
      : { kind, ...common, reason: "switch", isPlanned: true };
  const message = { type: "gate", unit, instance: who, request } as const;
  bench.happen({ kind: "engineSaid", message });
}

test("every fence is closed before the first engine starts", () => {
  const bench = new SupervisorBench();
  bench.read(A, gated("B", 2), instance({ vrid: 3, router: { name: "C" } }));
  const lines = bench.happen({ kind: "startAsked" });
  assert.deepEqual(lines.slice(0, 2), ["closeFence A B", "startEngine"]);
});

test("an engine dies as master: fence, demotion, then the address, and priority 0 after it", () => {
  const bench = new SupervisorBench();
  bench.start(A);
  asks(bench, "promote", "A", "A");
  bench.becomes(A, "MASTER");
  bench.lines = [];
  const lines = bench.exit();
  assert.deepEqual(lines.slice(0, 3), ["closeFence A", "demote A", "readKernel"]);
  const removed = lines.findIndex((line) => line.startsWith("removeAddresses"));
  const released = lines.findIndex((line) => line.startsWith("sendRelease"));
  assert.ok(removed !== -1 && removed < released, lines.join("\n"));
  assert.deepEqual(bench.state.holds, []);
});

test("connections of what an engine left are reset before it is removed, where a gate says so", () => {
  const removals = (config: InstanceConfig): readonly string[] => {
    const bench = new SupervisorBench();
    bench.start(config);
    bench.becomes(config, "MASTER");
    const lines = [...bench.exit(), ...bench.until(bench.now / SECOND + 5)];
    return lines.filter((line) => line.startsWith("removeAddresses"));
  };
  assert.deepEqual(removals(A), ["removeAddresses 192.0.2.100@2 resets 3306"]);
  const { fence: _, ...without } = A;
  assert.deepEqual(removals(without), ["removeAddresses 192.0.2.100@2 resets all"]);
  const router = { ...A.router, gate: { ...GATE, resetConnections: false } };
  assert.deepEqual(removals({ ...A, router }), ["removeAddresses 192.0.2.100@2"]);
});

test("a promotion was under way: the outside saw a BACKUP, and it is ended all the same", () => {
  const bench = new SupervisorBench();
  bench.start(A);
  asks(bench, "promote", "A", "A");
  assert.deepEqual(bench.exit().slice(0, 2), ["closeFence A", "demote A"]);
});

test("what was demoted already, or never promoted, is not demoted again", () => {
  const bench = new SupervisorBench();
  bench.start(A);
  const demoted = (lines: readonly string[]): readonly string[] =>
    lines.filter((line) => line.startsWith("demote"));
  assert.deepEqual(demoted(bench.exit()), []);
  bench.until(bench.now / SECOND + 1);
  bench.take();
  asks(bench, "promote", "A", "A");
  asks(bench, "demote", "A", "A");
  const lines = bench.exit();
  assert.deepEqual(demoted(lines), []);
  assert.equal(lines[0], "closeFence A", "the fence is closed whatever is known");
});

test("the next engine has promoted nothing yet", () => {
  const bench = new SupervisorBench();
  bench.start(A);
  asks(bench, "promote", "A", "A");
  bench.exit();
  bench.until(bench.now / SECOND + 1);
  bench.take();
  assert.equal(bench.exit().includes("demote A"), false);
});

test("a sync group is one unit", () => {
  const bench = new SupervisorBench();
  bench.start(gated("A", 1, "G"), gated("B", 2, "G"));
  asks(bench, "promote", "G", "B");
  assert.deepEqual(bench.exit().slice(0, 2), ["closeFence A B", "demote G"]);
});

test("of two units the one that was promoted is demoted", () => {
  const bench = new SupervisorBench();
  bench.start(A, gated("B", 2));
  asks(bench, "promote", "B", "B");
  const lines = bench.exit();
  assert.deepEqual(lines.slice(0, 2), ["closeFence A B", "demote B"]);
  assert.equal(lines.includes("demote A"), false);
});

test("what a reload removes is followed until its engine has let it go", () => {
  const bench = new SupervisorBench();
  bench.start(A);
  asks(bench, "promote", "A", "A");
  bench.configure(gated("B", 2));
  assert.deepEqual(bench.exit().slice(0, 2), ["closeFence B A", "demote A"]);
});

test("without a gate nothing of it happens", () => {
  const bench = new SupervisorBench();
  const plain = instance({ router: { name: "A" } });
  bench.read(plain);
  const lines = [...bench.happen({ kind: "startAsked" })];
  bench.take();
  bench.becomes(plain, "MASTER");
  lines.push(...bench.exit());
  assert.equal(lines.filter((line) => /closeFence|demote/.test(line)).length, 0);
  assert.equal(bench.state.holds.length, 1);
});

test("a stop leaves an engine the time to let connections end and to demote", () => {
  const bench = new SupervisorBench();
  bench.start(A);
  bench.happen({ kind: "stopAsked" });
  bench.until(26);
  assert.equal(bench.lines.includes("killEngine"), false);
  bench.until(28);
  assert.equal(bench.lines.includes("killEngine"), true);
});
