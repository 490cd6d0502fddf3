/**
 * One folder of tests/configs is one case: `input.conf`, what a person reads (`diagnostics.txt`,
 * English and Chinese) and what would run (`typed.json`). `UPDATE=1` rewrites the last two; a
 * rewritten file is reviewed like code.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Language } from "#diagnostics/diagnostic";
import { renderTerminal } from "#diagnostics/render/terminal";
import { mapSources } from "#diagnostics/source";
import { printTree } from "#keepalived/lines/tree";
import { type Reading, readConfiguration } from "#keepalived/read";

const folder = join(import.meta.dirname, "../configs");

interface Setup {
  readonly configId?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

function readCase(name: string, language: Language): Reading {
  const path = join(folder, name);
  const setup: Setup = existsSync(join(path, "setup.json"))
    ? (JSON.parse(readFileSync(join(path, "setup.json"), "utf8")) as Setup)
    : {};
  const text = readFileSync(join(path, "input.conf"), "utf8");
  return readConfiguration([{ name: "keepalived.conf", text }], {
    ...setup,
    language,
    include: (pattern) => {
      const file = join(path, pattern);
      if (!existsSync(file)) return { files: [], skipped: [], unmatched: [pattern] };
      return {
        files: [{ name: pattern, text: readFileSync(file, "utf8") }],
        skipped: [],
        unmatched: [],
      };
    },
  });
}

function rendered(name: string, language: Language): string {
  const reading = readCase(name, language);
  const sources = mapSources(reading.sources);
  return reading.diagnostics
    .map((one) => renderTerminal(one, sources, { color: false, language }))
    .join("\n");
}

function compare(path: string, actual: string): void {
  if (process.env["UPDATE"] === "1") writeFileSync(path, actual);
  assert.equal(actual, readFileSync(path, "utf8"));
}

for (const name of readdirSync(folder).toSorted()) {
  if (!existsSync(join(folder, name, "input.conf"))) continue;

  test(`${name}: reports what is wrong, in both languages`, () => {
    compare(join(folder, name, "diagnostics.txt"), rendered(name, "en"));
    compare(join(folder, name, "diagnostics.zh.txt"), rendered(name, "zh-CN"));
  });

  test(`${name}: makes the plan that would run`, () => {
    const { plan, wouldRun } = readCase(name, "en");
    compare(join(folder, name, "typed.json"), `${JSON.stringify({ wouldRun, plan }, null, 2)}\n`);
  });

  test(`${name}: the tree prints as the text`, () => {
    for (const [index, tree] of readCase(name, "en").trees.entries()) {
      assert.equal(printTree(tree), readCase(name, "en").sources[index]?.text);
    }
  });
}
