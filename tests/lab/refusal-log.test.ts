import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusalLog } from "#lab/vpc/refusal-log";
import type { Instant } from "#units/time";

const second = (count: number): Instant => (count * 1_000_000) as Instant;

test("a refusal that comes every second is said once, then at ten and a hundred", () => {
  const log = new RefusalLog();
  const said = Array.from({ length: 120 }, (_, index) =>
    log.take("a: refused: the port is cut", 1, second(index)),
  ).filter((line) => line !== undefined);
  assert.deepEqual(said, [
    "a: refused: the port is cut",
    "a: refused: the port is cut (10 times so far)",
    "a: refused: the port is cut (100 times so far)",
  ]);
});

test("another one is another one, many at once are counted, and after a quiet minute it is new", () => {
  const log = new RefusalLog();
  assert.equal(log.take("a: x", 25, second(0)), "a: x (25 times)");
  assert.equal(log.take("b: x", 1, second(1)), "b: x");
  assert.equal(log.take("a: x", 74, second(2)), undefined);
  assert.equal(log.take("a: x", 1, second(3)), "a: x (100 times so far)");
  assert.equal(log.take("a: x", 1, second(64)), "a: x");
});
