/** Two short lives of tools/fuzz-supervisor.ts, the second with failing calls of the system. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzzLife } from "../support/fuzz-supervisor.ts";

for (const life of [0, 2])
  test(`hostile inputs of every kind neither end the daemon nor keep it from answering (life ${life})`, async () => {
    const { inputs, problem } = await fuzzLife(life, 1);
    assert.equal(problem, undefined, problem);
    const total = Object.values(inputs).reduce((sum, count) => sum + count, 0);
    assert.ok(total > 100, `${total} inputs`);
  });
