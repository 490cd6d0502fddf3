/**
 * The engine's README is its map: every file has a row, and imports point to the same row or below.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const room = join(import.meta.dirname, "../../../src/vrrp/engine");
const ROWS = ["top", "inputs", "steps", "effects", "ground"];

/** File → number of its row, from the table of the README. */
function readMap(): ReadonlyMap<string, number> {
  const map = new Map([["engine.ts", 0]]);
  let row = 0;
  for (const line of readFileSync(join(room, "README.md"), "utf8").split("\n")) {
    const [, first = "", ...rest] = line.split("|").map((cell) => cell.trim());
    if (ROWS.includes(first)) row = ROWS.indexOf(first);
    if (row === 0 || rest.length < 3) continue;
    for (const [, file = ""] of rest.join(" ").matchAll(/`([\w-]+\.ts)`/g)) {
      if (!map.has(file)) map.set(file, row);
    }
  }
  return map;
}

test("every file of the engine is in its README, and nothing else is", () => {
  const files = readdirSync(room).filter((name) => name.endsWith(".ts"));
  assert.deepEqual([...readMap().keys()].toSorted(), files.toSorted());
});

test("imports point along: inputs, steps, effects, ground", () => {
  const map = readMap();
  const problems: string[] = [];
  for (const [file, row] of map) {
    const text = readFileSync(join(room, file), "utf8");
    for (const [, other = ""] of text.matchAll(/ from "\.\/([\w-]+\.ts)"/g)) {
      const to = map.get(other) ?? 0;
      if (to < row) problems.push(`${file} (${ROWS[row]}) imports ${other} (${ROWS[to]})`);
    }
  }
  assert.deepEqual(problems, []);
});
