/**
 * Whoever changes a rule changes its mutant too: each names a text that is there exactly once
 * (tools/mutants.ts).
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { MUTANTS } from "../../../tools/mutants.ts";

test("the text that each mutant replaces is there, once", () => {
  const root = join(import.meta.dirname, "../../..");
  const problems = MUTANTS.filter(
    ({ file, find }) => readFileSync(join(root, file), "utf8").split(find).length !== 2,
  );
  assert.deepEqual(
    problems.map(({ file, rule }) => `${file}: ${rule}`),
    [],
  );
});
