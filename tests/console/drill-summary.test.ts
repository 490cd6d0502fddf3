/** Figures of drill reports. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DrillReport, DrillRun } from "#console/base/report-shape";
import { axisEnd, hasPassed, medianOf, partsOf, worstOf } from "#console/pages/drills/summary";

const run = (outageMs: number, phases: DrillRun["phases"] = {}, pass = true): DrillRun => ({
  plan: "switch",
  outageMs,
  bothAnsweredMs: 0,
  phases,
  pass,
});
const report = (runs: readonly DrillRun[], objectiveMs?: number): DrillReport => ({
  title: "t",
  at: "2026-11-30T08:00:00Z",
  runs,
  ...(objectiveMs !== undefined && { objectiveMs }),
});

test("an outage is its phases and what none of them accounts for", () => {
  assert.deepEqual(partsOf(run(10, { elect: 3, detect: 5, gate: 0 })), [
    { phase: "detect", ms: 5 },
    { phase: "elect", ms: 3 },
    { phase: "rest", ms: 2 },
  ]);
  assert.deepEqual(partsOf(run(0)), []);
});

test("worst, median and verdict", () => {
  const all = report([run(30), run(10), run(20, {}, false)], 25);
  assert.equal(worstOf(all), 30);
  assert.equal(medianOf([30, 10, 20]), 20);
  assert.equal(medianOf([10, 20]), 15);
  assert.equal(medianOf([]), 0);
  assert.equal(hasPassed(all), false);
});

test("the axis has room for the longest outage and for the objective", () => {
  assert.equal(axisEnd(report([run(0)])), 1);
  assert.equal(axisEnd(report([run(180)], 200)), 250);
  assert.equal(axisEnd(report([run(3_300)], 200)), 5_000);
});
