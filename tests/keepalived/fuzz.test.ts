/**
 * A few of the mutated texts that tools/fuzz-config.ts reads for minutes, and those that once broke
 * something.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createRng } from "#units/rng";
import { examineConfig } from "../support/examine-config.ts";
import { mutateConfig } from "../support/mutate-config.ts";

const corpus = join(import.meta.dirname, "../corpus");
const texts = ["broken", "valid"].flatMap((folder) =>
  readdirSync(join(corpus, folder))
    .filter((name) => name.endsWith(".conf"))
    .toSorted()
    .map((name) => readFileSync(join(corpus, folder, name), "utf8")),
);

test("200 mutated configurations: nothing is thrown, places are in the file, formatting keeps the meaning", () => {
  for (let index = 0; index < 200; index++) {
    const text = mutateConfig(texts, createRng(index));
    try {
      examineConfig(text);
    } catch (error) {
      assert.fail(`text ${index}: ${String(error)}\n${JSON.stringify(text)}`);
    }
  }
});

test("a text of a number is always the same, and the texts differ", () => {
  const made = [1, 1, 2].map((seed) => mutateConfig(texts, createRng(seed)));
  assert.equal(made[0], made[1]);
  assert.notEqual(made[1], made[2]);
});
