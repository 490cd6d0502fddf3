/**
 * One router: tests/vectors/<topic>/<case>.jsonl (format in tests/support/vector.ts). UPDATE=1
 * rewrites the answers.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { printVector, readVector, runVector } from "../../support/vector.ts";

const folder = join(dirname(fileURLToPath(import.meta.url)), "../../vectors");
const update = process.env["UPDATE"] === "1";

for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted()) {
  if (!name.endsWith(".jsonl")) continue;
  const path = join(folder, name);
  const vector = readVector(readFileSync(path, "utf8"));
  test(`${name.slice(0, -6)}: ${vector.header.proves}`, () => {
    assert.equal(vector.header.case, basename(name, ".jsonl"));
    assert.ok(vector.header.proves.length > 10, "a case says what it proves and by which source");
    assert.ok(vector.steps.length > 0);
    const ran = runVector(vector);
    if (update) return writeFileSync(path, printVector(ran));
    for (const [index, { input, expected }] of ran.steps.entries()) {
      const wanted = vector.steps[index]?.expected;
      assert.deepEqual(expected, wanted, `after ${JSON.stringify(input)}`);
    }
    return undefined;
  });
}
