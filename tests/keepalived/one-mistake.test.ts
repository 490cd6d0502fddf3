/**
 * One mistake is one finding: every file of the valid corpus, with one mistake of each kind at each
 * place where it can be made, gives one error at most. What follows from it is not reported as
 * another.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CODES } from "#diagnostics/codes";
import { readConfiguration } from "#keepalived/read";

const corpus = join(import.meta.dirname, "../corpus/valid");
const files = readdirSync(corpus)
  .filter((name) => name.endsWith(".conf"))
  .toSorted()
  .map((name) => ({ name, text: readFileSync(join(corpus, name), "utf8") }));

/** The line with the mistake in it; undefined: it cannot be made here. */
type Mistake = (line: string, lines: readonly string[], index: number) => string | undefined;

const tokens = (line: string): readonly string[] => line.trim().split(/[ \t]+/);
const isSetting = (line: string): boolean => /^\s*[a-z_]{4,}(?:\s+[^{}#!$~@\\]*)?$/.test(line);
const opens = (line: string): boolean => /^\s*[a-z_]+[^{}#!]*\{\s*$/.test(line);

const MISTAKES: Readonly<Record<string, Mistake>> = {
  "a closing brace is missing": (line) => (/^\s*\}\s*$/.test(line) ? "" : undefined),
  "a closing brace too many": (line) => (/^\s*\}\s*$/.test(line) ? `${line}\n}` : undefined),
  "an opening brace is missing": (line) => (opens(line) ? line.replace(/\{\s*$/, "") : undefined),
  "a header is commented out": (line) => (opens(line) ? `#${line}` : undefined),
  "a letter of a keyword is missing": (line) =>
    isSetting(line) || opens(line) ? line.replace(/^(\s*[a-z_]{2})[a-z_]/, "$1") : undefined,
  "a keyword is another word": (line) =>
    isSetting(line) ? line.replace(/^(\s*)\S+/, "$1something_else") : undefined,
  "a block is another word": (line) =>
    opens(line) ? line.replace(/^(\s*)[a-z_]+/, "$1something_else") : undefined,
  "the value is missing": (line) =>
    isSetting(line) && tokens(line).length > 1 ? `  ${tokens(line)[0]}` : undefined,
  "a semicolon ends the line": (line) => (isSetting(line) ? `${line.trimEnd()};` : undefined),
  "a sign stands before the value": (line) =>
    isSetting(line) && tokens(line).length === 2 ? line.replace(/(\S)[ \t]+/, "$1 = ") : undefined,
  "the value is no value": (line) =>
    isSetting(line) && tokens(line).length === 2 ? line.replace(/\S+\s*$/, "nonsense") : undefined,
  "a quote is not closed": (line) =>
    isSetting(line) && tokens(line).length === 2
      ? line.replace(/"?([^\s"]+)"?\s*$/, '"$1')
      : undefined,
  "a value of shell": (line) =>
    isSetting(line) && tokens(line).length === 2
      ? line.replace(/\S+\s*$/, "${VALUE:-1}")
      : undefined,
  "a value of a template": (line) =>
    isSetting(line) && tokens(line).length === 2
      ? line.replace(/\S+\s*$/, "{{ value }}")
      : undefined,
  "a definition that is missing": (line) =>
    isSetting(line) && tokens(line).length === 2 ? line.replace(/\S+\s*$/, "$VALUE") : undefined,
};

function errorsOf(name: string, text: string): readonly string[] {
  const { findings } = readConfiguration([{ name, text }], { configId: "main", cloud: "none" });
  return findings.filter(({ code }) => CODES[code].severity === "error").map(({ code }) => code);
}

for (const [kind, mistake] of Object.entries(MISTAKES)) {
  test(`${kind}: one error at most`, () => {
    const problems: string[] = [];
    let made = 0;
    for (const { name, text } of files) {
      const lines = text.split("\n");
      for (const [index, line] of lines.entries()) {
        const wrong = mistake(line, lines, index);
        if (wrong === undefined || wrong === line) continue;
        made++;
        const codes = errorsOf(name, lines.with(index, wrong).join("\n"));
        if (codes.length > 1)
          problems.push(`${name}:${index + 1} ${wrong.trim()}: ${codes.join(" ")}`);
      }
    }
    assert.ok(made > 20, String(made));
    assert.deepEqual(problems, []);
  });
}

test("a block that is in a file that is missing: one error at most", () => {
  const problems: string[] = [];
  let made = 0;
  for (const { name, text } of files) {
    for (const match of text.matchAll(/^(?:vrrp|track)_\w+ \S+ ?\{\n[^]*?^\}$/gm)) {
      made++;
      const codes = errorsOf(name, text.replace(match[0], "include conf.d/*.conf"));
      if (codes.length > 1)
        problems.push(`${name}: ${match[0].split("\n")[0]}: ${codes.join(" ")}`);
    }
  }
  assert.ok(made > 50, String(made));
  assert.deepEqual(problems, []);
});
