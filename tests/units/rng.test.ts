/** The streams that seeds of the simulator stand for: tests/seeds means nothing if one changes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRng } from "#units/rng";

test("a seed gives the numbers that it always gave, whole and split", () => {
  const rng = createRng(1);
  const first = Array.from({ length: 4 }, () => rng.between(0, 0xffffffff));
  assert.deepEqual(first, [900456982, 2210091995, 2497332350, 2855591617]);
  const faults = createRng(96_515).split("faults");
  assert.deepEqual(
    Array.from({ length: 4 }, () => faults.between(0, 999)),
    [437, 896, 850, 447],
  );
});

test("a split does not depend on how much was drawn before", () => {
  const drawn = createRng(7);
  for (let count = 0; count < 100; count++) drawn.real();
  assert.equal(drawn.split("a").real(), createRng(7).split("a").real());
  assert.notEqual(createRng(7).split("a").real(), createRng(7).split("b").real());
});

test("ends are included, chances are kept", () => {
  const rng = createRng(3);
  const seen = new Set(Array.from({ length: 1_000 }, () => rng.between(2, 5)));
  assert.deepEqual(seen, new Set([2, 3, 4, 5]));
  const hits = Array.from({ length: 10_000 }, () => rng.chance(0.25)).filter(Boolean).length;
  assert.ok(hits > 2_300 && hits < 2_700, `${hits} of 10,000 at 0.25`);
  assert.equal(rng.chance(0), false);
});
