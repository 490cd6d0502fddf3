/** Runs of programs, by how they ended. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RunTally } from "#daemon/run-tally";
import { CHECK_BOUNDS } from "#metrics/bounds";

test("a status, a signal, a time that was over, a program that is not there", () => {
  const tally = new RunTally();
  assert.ok(tally.isEmpty);
  for (const exit of [0, 0, 1, "SIGKILL", "timeout", "not started"]) tally.ended(exit, 3);
  assert.ok(!tally.isEmpty);
  assert.deepEqual(tally.counts, { succeeded: 2, failed: 2, timeout: 1, "not-started": 1 });
  const { count, total, atMost } = tally.durations.counts(CHECK_BOUNDS);
  // What was not started took no time.
  assert.deepEqual([count, total], [5, 15_000]);
  assert.equal(atMost[CHECK_BOUNDS.indexOf(4_095)], 5);
  assert.equal(atMost[CHECK_BOUNDS.indexOf(2_047)], 0);
});
