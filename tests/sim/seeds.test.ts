/** Simulated clusters: 500 seeds, and every scenario that ever failed (tests/seeds/regressions.jsonl, made small). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { generateScenario } from "#sim/generate";
import { type RunResult, runScenario } from "#sim/run";
import type { Scenario } from "#sim/scenario";

const SEEDS = 500;
const FILE = join(import.meta.dirname, "..", "seeds", "regressions.jsonl");

interface Regression {
  readonly seed: number;
  /** The check that failed, and what it said. */
  readonly found: string;
  readonly text: string;
  readonly fixed: string;
  readonly scenario: Scenario;
}

const complaints = (result: RunResult): string =>
  result.violations.map((one) => `${one.at} us ${one.check}: ${one.text}`).join("\n");

const regressions = readFileSync(FILE, "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as Regression);

test(`${SEEDS} seeds hold every promise`, () => {
  const reasons = new Set<string>();
  let simulated = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const result = runScenario(generateScenario(seed));
    const hint = `node tools/sim-main.ts --from ${seed} --seeds 1`;
    assert.equal(result.violations.length, 0, `seed ${seed}\n${complaints(result)}\n${hint}`);
    simulated += result.micros;
    for (const reason of Object.keys(result.reasons)) reasons.add(reason);
  }
  // A simulator in which nothing happens finds nothing.
  assert.ok(simulated > 3_600_000_000, `only ${simulated} us were simulated`);
  for (const needed of NEEDED) assert.ok(reasons.has(needed), `nothing changed state by ${needed}`);
});

const NEEDED = [
  "started",
  "master-down",
  "master-released",
  "higher-priority",
  "higher-address",
  "newcomer-yields",
  "master-was-alive",
  "overslept",
  "link-back-in-time",
  "fault",
  "fault-cleared",
  "stopping",
  "group",
  "address-owner",
];

for (const { seed, found, text, fixed, scenario } of regressions) {
  test(`seed ${seed} (${found}: ${text}) fixed: ${fixed}`, () => {
    const result = runScenario(scenario);
    assert.equal(result.violations.length, 0, complaints(result));
  });
}

test("the same scenario gives the same run", () => {
  const run = (): unknown => {
    const { events, micros, reasons, story } = runScenario(generateScenario(7), { story: true });
    return { events, micros, reasons, story };
  };
  assert.deepEqual(run(), run());
});
