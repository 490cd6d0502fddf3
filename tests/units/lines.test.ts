import assert from "node:assert/strict";
import { test } from "node:test";
import { Lines } from "#units/lines";
import { createRng } from "#units/rng";

test("lines do not depend on where the pieces end", () => {
  const rng = createRng(7);
  for (let round = 0; round < 500; round += 1) {
    const text = Array.from({ length: 40 }, () => (rng.real() < 0.2 ? "\n" : "é")).join("");
    const lines = new Lines();
    const got: string[] = [];
    for (let at = 0; at < text.length; ) {
      const end = at + Math.floor(rng.real() * 6);
      got.push(...lines.add(text.slice(at, end)));
      at = end;
    }
    const wanted = text.split("\n");
    assert.equal(lines.pending, wanted.pop()?.length);
    assert.deepEqual(got, wanted);
  }
});

test("what was begun can be dropped", () => {
  const lines = new Lines();
  assert.deepEqual(lines.add("half a li"), []);
  lines.clear();
  assert.equal(lines.pending, 0);
  assert.deepEqual(lines.add("next\n"), ["next"]);
});
