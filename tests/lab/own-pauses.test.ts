/** What a program that measures says about itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { OwnPauses } from "#lab/measure/own-pauses";

test("pauses: the longest, and what of a time they were", () => {
  const pauses = new OwnPauses(0);
  for (const at of [1, 2, 3, 12, 112, 113, 114]) pauses.ran(at);
  assert.equal(pauses.longest, 100);
  assert.equal(pauses.within(0, 114), 100, "9 ms are no pause");
  assert.equal(pauses.within(50, 114), 62);
  assert.equal(pauses.within(0, 20), 8);
  assert.equal(pauses.within(112, 114), 0);
  pauses.ran(134);
  assert.equal(pauses.within(0, 134), 120);
});
