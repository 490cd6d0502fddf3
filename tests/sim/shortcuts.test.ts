/** The engine's shortcuts decide nothing: with and without them a cluster lives the same life. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { generateScenario } from "#sim/generate";
import { compareWithSteps } from "#sim/shortcuts";

const SEEDS = 200;

test(`${SEEDS} seeds are the same to the microsecond when each advertisement is a step`, () => {
  let lines = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const comparison = compareWithSteps(generateScenario(seed));
    assert.equal(comparison.difference, undefined, `npm run sim -- --compare --from ${seed}`);
    lines += comparison.lines;
  }
  assert.ok(lines > 100_000, `only ${lines} things were compared`);
});
