/**
 * Link flaps at the scale of a short interval: a cable that comes and goes, a switch port that has
 * its carrier before it forwards. Each rule of the engine that keeps the peer from taking over is
 * shown to be needed.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Neighbours } from "#sim/neighbours";
import { type RunResult, runScenario } from "#sim/run";
import type { Scenario, ScenarioFault } from "#sim/scenario";
import { centis } from "#units/time";
import { Engine } from "#vrrp/engine/engine";
import { instance, SECOND, scenario, shipped } from "./small-scenario.ts";

const MILLISECOND = 1_000;

const flap = (at: number, milliseconds: number, portLate: number): ScenarioFault => ({
  kind: "link-flap",
  at,
  machine: 1,
  micros: milliseconds * MILLISECOND,
  portLate: portLate * MILLISECOND,
});

/** Ten advertisements a second, unicast; the second machine owns the address. */
const pair = (faults: readonly ScenarioFault[]): Scenario =>
  scenario(
    [0, 1].map((id) => instance(id, { advertInterval: centis(10) })),
    { faults, stormMicros: 10 * SECOND },
  );

const complaints = ({ violations }: RunResult): readonly string[] => [
  ...new Set(violations.map(({ check }) => check)),
];

const oneFlap = pair([flap(5 * SECOND, 100, 80)]);
const twoFlaps = pair([flap(5 * SECOND, 100, 300), flap(5.18 * SECOND, 180, 0)]);

test("a flap behind a port that forwards late costs the flap and nothing more", () => {
  const { violations, reasons } = runScenario(oneFlap);
  assert.deepEqual(violations, []);
  assert.equal(reasons["link-back-in-time"], 1);
  assert.equal(reasons["master-down"], 1, "the first owner, and nobody after it");
});

test("advertisement-unheard: an engine that leaves the question for its peer's MAC address to the kernel", (t) => {
  t.mock.method(Neighbours.prototype, "isUnresolved", () => false);
  const result = runScenario(oneFlap);
  assert.deepEqual(complaints(result), ["advertisement-unheard"]);
});

test("a backup that was away for more than a minute hears the owner before its down timer ends", (t) => {
  const away = (phase: number): Scenario => {
    const fault: ScenarioFault = {
      kind: "link-flap",
      at: (5 + phase / 100) * SECOND,
      machine: 0,
      micros: 70 * SECOND,
      portLate: 0,
    };
    return { ...pair([fault]), stormMicros: 90 * SECOND };
  };
  const phases = [0, 2, 4, 6, 8];
  for (const phase of phases) {
    const { violations, reasons } = runScenario(away(phase));
    assert.deepEqual(violations, []);
    assert.equal(reasons["master-down"], 1, "the first owner, and nobody after it");
  }
  t.mock.method(Neighbours.prototype, "isUnresolved", () => false);
  assert.ok(
    phases.some((phase) => complaints(runScenario(away(phase))).includes("advertisement-unheard")),
  );
});

test("a second flap in a late port's time: the ownership window lasts as long as the peer waits", () => {
  const { violations, reasons } = runScenario(twoFlaps);
  assert.deepEqual(violations, []);
  assert.equal(reasons["link-back-in-time"], 1);
  assert.equal(reasons["master-down"], 2, "the peer takes over in the second one");
});

test("returned-beside-owner: an engine that counts its ownership from an advertisement that nobody heard", (t) => {
  const onTime = shipped(Engine.prototype, "onTime");
  t.mock.method(Engine.prototype, "onTime", function (this: Engine, now) {
    onTime.call(this, now);
    for (const one of this.instances) {
      const { phase } = one.state;
      if (phase.kind === "master")
        one.state = { ...one.state, phase: { ...phase, resumedSafeUntil: undefined } };
    }
  } satisfies Engine["onTime"]);
  assert.deepEqual(complaints(runScenario(twoFlaps)), ["returned-beside-owner"]);
});
