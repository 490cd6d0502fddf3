/** The supervisor that ships, in the simulator: that the checkers see what it may not forget. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { SimulatedMachine } from "#sim/machine";
import { type RunResult, runScenario } from "#sim/run";
import type { Scenario, ScenarioFault } from "#sim/scenario";
import { centis } from "#units/time";
import { priority } from "#units/vrrp";
import { instance, SECOND, scenario, shipped } from "./small-scenario.ts";

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
