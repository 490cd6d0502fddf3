/**
 * The corpus: files as people write them.
 *
 * `broken/`: each has one mistake (a few have two), and `broken/expected.txt` says which findings
 * it must give, at which lines. Errors and warnings must be exactly those: a finding that only
 * follows from another is a failure here. `valid/`: real keepalived 2.2.7 accepts each of them
 * (tools/score-keepalived.ts asks it), so none may give an error or a warning; `valid/NAME.json` is
 * the plan.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CODES } from "#diagnostics/codes";
import { applyFixes } from "#diagnostics/edit";
import { toDiagnostic } from "#diagnostics/render/to-diagnostic";
import { mapSources, positionAt } from "#diagnostics/source";
import { printTree } from "#keepalived/lines/tree";
import { type Reading, readConfiguration } from "#keepalived/read";

const corpus = join(import.meta.dirname, "../corpus");

const filesIn = (folder: string): readonly string[] =>
  readdirSync(join(corpus, folder))
    .filter((name) => name.endsWith(".conf"))
    .toSorted();

function readFile(folder: string, name: string): Reading {
  const text = readFileSync(join(corpus, folder, name), "utf8");
  return readText(name, text, folder);
}

function readText(name: string, text: string, folder: string): Reading {
  return readConfiguration([{ name, text }], {
    configId: "main",
    cloud: "none",
    include: (pattern) => {
      const path = join(corpus, folder, pattern);
      if (!existsSync(path)) return { files: [], skipped: [], unmatched: [pattern] };
      const file = { name: pattern, text: readFileSync(path, "utf8") };
      return { files: [file], skipped: [], unmatched: [] };
    },
  });
}

/** "VR1001@7 VR2010@12", worst first; "!" in front: it would not run. */
function summary(reading: Reading): string {
  const sources = mapSources(reading.sources);
  const found = reading.findings
    .filter(({ code }) => CODES[code].severity !== "info")
    .map(({ code, primary }) => {
      const index = sources.find(primary.file);
      return `${code}@${index === undefined ? 0 : positionAt(index, primary.start).line}`;
    });
  return [...(reading.wouldRun ? [] : ["!"]), ...found].join(" ");
}

const expectedPath = join(corpus, "broken/expected.txt");

if (process.env["UPDATE"] === "1") {
  const lines = filesIn("broken").map((name) => `${name}: ${summary(readFile("broken", name))}\n`);
  writeFileSync(expectedPath, lines.join(""));
}

const expected = new Map(
  readFileSync(expectedPath, "utf8")
    .trimEnd()
    .split("\n")
    .map((line): [string, string] => {
      const [name = "", ...rest] = line.split(": ");
      return [name, rest.join(": ")];
    }),
);

test("the corpus is as large as it claims", () => {
  assert.ok(filesIn("broken").length >= 60);
  assert.ok(filesIn("valid").length >= 40);
  assert.deepEqual([...expected.keys()].toSorted(), filesIn("broken"));
});

for (const name of filesIn("broken")) {
  test(`broken/${name}: the findings expected, at their lines, and nothing that only follows`, () => {
    const reading = readFile("broken", name);
    assert.equal(summary(reading), expected.get(name));
    assert.notEqual(summary(reading), "");
  });

  test(`broken/${name}: safe corrections take their findings away and bring no new ones`, () => {
    const before = readFile("broken", name);
    const fixes = before.findings.flatMap(({ fix }) => (fix?.safety === "safe" ? [fix] : []));
    const [first] = applyFixes(before.sources, fixes).sources;
    if (first === undefined || fixes.length === 0) return;
    const after = readText(name, first.text, "broken");
    const left = new Set(after.findings.map(({ code }) => code));
    const corrected = before.findings.filter(({ fix }) => fix?.safety === "safe");
    for (const { code } of corrected) assert.ok(!left.has(code), `${code} is still there`);
    const errors = (reading: Reading): number =>
      reading.findings.filter(({ code }) => CODES[code].severity === "error").length;
    assert.ok(errors(after) <= errors(before));
  });
}

for (const name of filesIn("valid")) {
  test(`valid/${name}: no error, no warning, and the plan`, () => {
    const reading = readFile("valid", name);
    assert.equal(summary(reading), "");
    assert.equal(reading.wouldRun, true);
    const actual = `${JSON.stringify(reading.plan, null, 2)}\n`;
    const path = join(corpus, "valid", name.replace(/\.conf$/, ".json"));
    if (process.env["UPDATE"] === "1") writeFileSync(path, actual);
    assert.equal(actual, readFileSync(path, "utf8"));
  });
}

for (const folder of ["broken", "valid"]) {
  test(`${folder}: the tree prints as the text, and every finding has a message in both languages`, () => {
    for (const name of filesIn(folder)) {
      const reading = readFile(folder, name);
      for (const [index, tree] of reading.trees.entries()) {
        assert.equal(printTree(tree), reading.sources[index]?.text, name);
      }
      for (const one of reading.findings) {
        for (const language of ["en", "zh-CN"] as const) {
          const { message } = toDiagnostic(one, language);
          assert.ok(message.length > 0 && !/undefined|\[object/.test(message), message);
          assert.ok(!/[.。]$/.test(message), `${one.code} ends in a full stop`);
        }
      }
    }
  });
}
