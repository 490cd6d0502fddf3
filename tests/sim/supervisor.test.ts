/** The supervisor that ships, in the simulator: that the checkers see what it may not forget. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { SimulatedMachine } from "#sim/machine";
import { type RunResult, runScenario } from "#sim/run";
import type { Scenario, ScenarioFault } from "#sim/scenario";
import { centis } from "#units/time";
import { priority, vrid } from "#units/vrrp";
import { instance, SECOND, scenario, shipped, virtualAddress } from "./small-scenario.ts";

/** Machine 0 is the stronger one, and the owner until its engine is gone. */
const run = (faults: readonly ScenarioFault[], more: Partial<Scenario> = {}): RunResult =>
  runScenario(
    scenario([instance(0, { priority: priority(150) }), instance(1)], { faults, ...more }),
    {
      trace: true,
    },
  );

const checks = ({ violations }: RunResult): readonly string[] => [
  ...new Set(violations.map(({ check }) => check)),
];

/** When, in seconds, something happened to the engine of machine 0. */
const engineOf0 = ({ trace }: RunResult, what: string): readonly number[] =>
  trace
    .filter(({ text }) => text.startsWith("machine 0 ") && text.includes(`engine ${what}`))
    .map(({ at }) => Math.floor(at / SECOND));

/** From the first death of an engine on, rules stay: as if nobody took them away. */
function leaveRules(t: TestContext): void {
  const endEngine = shipped(SimulatedMachine.prototype, "endEngine");
  t.mock.method(SimulatedMachine.prototype, "endEngine", function (this: SimulatedMachine, how) {
    const had = endEngine.call(this, how);
    if (how === "died") this.kernel.faults.guardRefuses = ["close"];
    return had;
  } satisfies SimulatedMachine["endEngine"]);
}

const hang = (seconds: number): ScenarioFault => ({
  kind: "hang",
  who: "engine",
  at: 5 * SECOND,
  machine: 0,
  micros: seconds * SECOND,
});
const crash: ScenarioFault = { kind: "engine-crash", at: 5 * SECOND, machine: 0 };
const stop: ScenarioFault = { kind: "stop", at: 6 * SECOND, machine: 0, micros: SECOND };

test("stale-guard: a supervisor that leaves the rule of an address that it has removed", (t) => {
  assert.deepEqual(checks(run([crash])), [], "the supervisor as it ships");
  leaveRules(t);
  assert.deepEqual(checks(run([crash])), ["stale-guard"]);
});

test("stale-guard: a daemon that ends after its engine hung until the lease was over", (t) => {
  const result = run([hang(14), stop], { stormMicros: 40 * SECOND });
  assert.deepEqual(checks(result), []);
  assert.deepEqual(engineOf0(result, "died"), [16], "killed ten seconds after it was to stop");
  leaveRules(t);
  assert.deepEqual(checks(run([hang(14), stop], { stormMicros: 40 * SECOND })), ["stale-guard"]);
});

test("an engine that answers no question is killed and replaced, once the fifteenth is missed", () => {
  const result = run([hang(60)], { stormMicros: 80 * SECOND });
  assert.deepEqual(checks(result), []);
  const [died] = engineOf0(result, "died");
  assert.ok(died !== undefined && died >= 45 && died <= 52, `after ${died} s`);
  assert.equal(engineOf0(result, "starts").length, 2);
});

test("an engine that dies while it is being replaced is handed over for, and replaced later", () => {
  const again: ScenarioFault = { ...crash, at: 5_500_000 };
  // Alone, so that the second engine becomes owner again while the first one's address is held.
  const slow = instance(0, { advertInterval: centis(100) }, {}, 1);
  const one = scenario([slow], { faults: [crash, again], stormMicros: 30 * SECOND });
  const result = runScenario(one, { trace: true });
  assert.deepEqual(checks(result), []);
  assert.equal(engineOf0(result, "died").length, 2);
});

test("a daemon that is to start again after a stop does so when the power is back", () => {
  const off: ScenarioFault = {
    kind: "power-off",
    at: 8_500_000,
    machine: 0,
    micros: SECOND,
    portLate: 0,
  };
  // The engine hangs, so the stop has not ended when the power fails.
  const result = run([hang(7), stop, off], { stormMicros: 15 * SECOND });
  assert.deepEqual(checks(result), []);
  assert.deepEqual(engineOf0(result, "starts"), [0, 9]);
});

test("a supervisor killed while a stop waits is replaced, and its engine with it", () => {
  const killed: ScenarioFault = {
    kind: "supervisor-crash",
    at: 8_500_000,
    machine: 0,
    micros: SECOND,
  };
  const result = run([hang(7), stop, killed], { stormMicros: 15 * SECOND });
  assert.deepEqual(checks(result), []);
  assert.deepEqual(engineOf0(result, "died"), [8]);
  assert.deepEqual(engineOf0(result, "starts"), [0, 8]);
});

test("killed in the middle of a hand-over: whom it asked may take over, and its group with it", () => {
  const kill: ScenarioFault = {
    kind: "kill-all",
    at: 5_100_000,
    machine: 0,
    micros: 2 * SECOND,
  };
  const two = [0, 1].map((id) => {
    // With one peer alone it would take over at once, before anybody can be killed.
    const rank = { preempt: true, priority: priority(id === 0 ? 150 : 100), peerCount: 2 };
    const first = instance(id, rank, { group: "G" });
    const addresses = [{ address: virtualAddress(50), prefix: 24, scope: 0 }];
    const second = { ...rank, name: "V2", vrid: vrid(52) };
    return [first, instance(id, second, { group: "G", addresses })];
  });
  const plain = scenario([instance(0), instance(1)], { faults: [crash, kill] });
  const groups = [{ name: "G", members: ["V1", "V2"] }];
  const machines = plain.machines.map((one, id) => ({ ...one, instances: two[id] ?? [], groups }));
  const result = runScenario({ ...plain, machines }, { trace: true });
  assert.ok(result.trace.some(({ text }) => text.includes("V2 BACKUP -> MASTER")));
  assert.deepEqual(checks(result), []);
  assert.ok(result.overlap.longest["lease-in-flight"] > 0, "both answered for a while");
});
