/** Gates in the simulator: what a pair does, and that the checkers see what they are for. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ReplicatedService } from "#sim/databases";
import { SimulatedFence } from "#sim/kernel-fence";
import { type RunResult, runScenario } from "#sim/run";
import type { AnswersSpec, GateSpec, Scenario, ScenarioFault } from "#sim/scenario";
import { micros } from "#units/time";
import { priority } from "#units/vrrp";
import { Gates } from "#vrrp/engine/gates";
import { Probes } from "#vrrp/engine/probes";
import { OK } from "#vrrp/engine/world";
import type { GateConfig, InstanceConfig } from "#vrrp/router/config";
import { instance, SECOND, scenario, shipped } from "./small-scenario.ts";

const GATE: GateConfig = {
  promoteTimeout: micros(2 * SECOND),
  demoteTimeout: micros(SECOND),
  onRefusal: "backup",
  hold: micros(2 * SECOND),
  probe: "arp",
  comparesData: true,
  needsEligible: true,
  drain: micros(0),
  resetConnections: false,
};
const PROMPT: AnswersSpec = { fastest: 20_000, slowest: 50_000, refused: 0, late: 0 };
const SPEC: GateSpec = { isBuiltIn: true, sync: true, promote: PROMPT, demote: PROMPT };

const gated = (id: number, gate: Partial<GateConfig> = {}): InstanceConfig =>
  instance(
    id,
    { priority: priority(id === 0 ? 150 : 100), gate: { ...GATE, ...gate } },
    { fence: [{ protocol: "tcp", port: 3306 }] },
  );

interface Setting {
  readonly gate?: Partial<GateConfig>;
  readonly spec?: Partial<GateSpec>;
  readonly more?: Partial<Scenario>;
}

const run = (faults: readonly ScenarioFault[], { gate, spec, more }: Setting = {}): RunResult =>
  runScenario(
    scenario([gated(0, gate), gated(1, gate)], {
      gate: { ...SPEC, ...spec },
      settleMicros: 30 * SECOND,
      faults,
      ...more,
    }),
    { trace: true },
  );

const checks = ({ violations }: RunResult): readonly string[] => [
  ...new Set(violations.map(({ check }) => check)),
];
const has = ({ trace }: RunResult, text: string): boolean =>
  trace.some((line) => line.text.includes(text));

const moved: ScenarioFault = { kind: "switch", at: 8 * SECOND, machine: 0, micros: 5 * SECOND };
const killed: ScenarioFault = { kind: "kill-all", at: 8 * SECOND, machine: 0, micros: 5 * SECOND };
const cut: ScenarioFault = {
  kind: "vrrp-cut",
  at: 8 * SECOND,
  machines: [0],
  micros: 6 * SECOND,
};

const power: ScenarioFault = {
  kind: "power-off",
  at: 8 * SECOND,
  machine: 0,
  micros: 5 * SECOND,
  portLate: 0,
};

test("a planned move, a crash and a stop: no violation, and every one promotes the other", () => {
  for (const fault of [moved, killed, { ...killed, kind: "stop" } as const]) {
    const result = run([fault]);
    assert.deepEqual(result.violations, []);
    assert.ok(result.gate.promotions >= 2, `${fault.kind}: ${result.gate.promotions}`);
    assert.ok(result.gate.acknowledged > 50);
  }
});

test("VRRP alone is cut: whoever answers ARP is not taken over from", () => {
  const result = run([cut]);
  assert.deepEqual(result.violations, []);
  assert.equal(result.gate.promotions, 1);
  assert.ok(has(result, '"takeover-refused"'));
});

test("without the question both are promoted, and the data decides when they hear each other", () => {
  const result = run([cut], { gate: { probe: "off" } });
  assert.deepEqual(result.violations, []);
  assert.equal(result.gate.promotions, 2);
  assert.ok(has(result, '"data-compared"'));
});

test("a promotion that never ends is ended in time, and the other node is promoted", () => {
  const spec = { promote: { ...PROMPT, late: 0.5 } };
  const results = [1, 2, 3, 4].map((seed) => run([killed], { spec, more: { seed } }));
  for (const { violations } of results) assert.deepEqual(violations, []);
  assert.ok(results.some((one) => one.gate.refused > 0));
});

// ---- that the checkers see it ------------------------------------------------------------------

test("serves-without-promotion: a fence that does nothing", (t: TestContext) => {
  t.mock.method(SimulatedFence.prototype, "close", () => OK);
  // The address is held while the demotion runs.
  assert.deepEqual(checks(run([moved])), ["demoted-while-served", "serves-without-promotion"]);
});

test("took-over-from-living: nobody is asked", (t: TestContext) => {
  const begin = shipped(Probes.prototype, "begin");
  t.mock.method(Probes.prototype, "begin", function (this: Probes, one, nth, now, outcomes) {
    begin.call(this, one, nth, now, []);
    outcomes.push({ kind: "probeAnswered", run: nth, by: "nobody" });
  } satisfies Probes["begin"]);
  assert.ok(checks(run([cut])).includes("took-over-from-living"));
});

test("demoted-while-served: a fence that is not closed", (t: TestContext) => {
  const perform = shipped(Gates.prototype, "perform");
  t.mock.method(Gates.prototype, "perform", function (this: Gates, one, effect, now, outcomes) {
    if (effect.kind !== "closeFence") perform.call(this, one, effect, now, outcomes);
  } satisfies Gates["perform"]);
  assert.ok(checks(run([moved])).includes("demoted-while-served"));
});

test("a write that no follower has may be lost with its machine, and is not complained of", () => {
  const lossy = { sync: false };
  assert.deepEqual(checks(run([power], { spec: lossy })), []);
});

test("nobody-serves: a gate that refuses for ever", (t: TestContext) => {
  const answered = shipped(Gates.prototype, "answered");
  t.mock.method(Gates.prototype, "answered", function (this: Gates, steps, message, now) {
    const refused = message.type === "gateAnswer" ? { outcome: "refused" as const } : {};
    answered.call(this, steps, { ...message, ...refused } as typeof message, now);
  } satisfies Gates["answered"]);
  assert.ok(checks(run([])).includes("nobody-serves"));
});

test("acknowledged-lost: a follower that forgets", (t: TestContext) => {
  const replicate = shipped(ReplicatedService.prototype, "replicate");
  t.mock.method(ReplicatedService.prototype, "replicate", function (this: ReplicatedService, from) {
    const count = replicate.call(this, from);
    for (const one of this.databases) if (one !== from) one.chain = undefined;
    return count;
  } satisfies ReplicatedService["replicate"]);
  assert.deepEqual(checks(run([power])), ["acknowledged-lost"]);
});
