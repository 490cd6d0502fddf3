/** The excerpt under a message: columns are where they seem to be, whatever the line is made of. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Diagnostic } from "#diagnostics/diagnostic";
import { applyEdits, applyFixes } from "#diagnostics/edit";
import { renderGithub } from "#diagnostics/render/github";
import { renderHeading, renderTerminal } from "#diagnostics/render/terminal";
import { expandTabs, textWidth } from "#diagnostics/render/width";
import { indexLines, lineText, mapSources, positionAt } from "#diagnostics/source";

function diagnosticAt(text: string, word: string, label = ""): string {
  const start = text.indexOf(word);
  const diagnostic: Diagnostic = {
    code: "VR1001",
    severity: "error",
    message: "m",
    primary: { span: { file: "f", start, end: start + word.length }, text: label },
    related: [],
    notes: [],
  };
  const sources = mapSources([{ name: "f", text }]);
  return renderTerminal(diagnostic, sources, { color: false, language: "en" });
}

/** Terminal column (from 0) of the first `^`, and of the word above it. */
function columns(output: string, word: string): readonly [number, number] {
  const lines = output.split("\n");
  const at = lines.findIndex((line) => line.includes("^"));
  const mark = lines[at] ?? "";
  const above = lines[at - 1] ?? "";
  const before = (line: string, what: string): number =>
    textWidth(line.slice(0, line.indexOf(what)));
  return [before(mark, "^"), before(above, word)];
}

for (const [name, text] of [
  ["blanks", "    word\n"],
  ["tabs", "\t\tpriority\tword\n"],
  ["Chinese before it", "状态：主机 word # 注释\n"],
  ["tab after Chinese", "状态\tword\n"],
  ["a combining mark", "e\u0301e\u0301 word\n"],
  ["an emoji", "🙂 word\n"],
  ["a control character", "a\u0007b word\n"],
  ["a very long line", `${"x ".repeat(500)}word ${"y ".repeat(500)}\n`],
] as const) {
  test(`the underline stands under the word: ${name}`, () => {
    const [mark, word] = columns(diagnosticAt(text, "word"), "word");
    assert.equal(mark, word);
  });
}

test("an underline under wide characters is as wide as they are", () => {
  const output = diagnosticAt("a 注释 b\n", "注释");
  assert.match(output, / \^{4}$/m);
  assert.doesNotMatch(output, /\^{5}/);
});

test("a place at the very end and beyond the last line end can be shown", () => {
  for (const text of ["\n", "a", "a\n"]) {
    const sources = mapSources([{ name: "f", text }]);
    const span = { file: "f", start: text.length, end: text.length };
    const diagnostic: Diagnostic = {
      code: "VR1005",
      severity: "error",
      message: "m",
      primary: { span, text: "here" },
      related: [],
      notes: ["n"],
      help: "h",
    };
    const output = renderTerminal(diagnostic, sources, { color: true, language: "zh-CN" });
    assert.match(output, /\^.* here/);
  }
});

test("a file that is not there, or is empty, is named without an excerpt", () => {
  const output = diagnosticAt("", "", "here");
  assert.equal(output, "error[VR1001]: m\n --> f\n");
});

test("lines and columns", () => {
  const index = indexLines({ name: "f", text: "a\r\nbb\n\nc" });
  assert.deepEqual(positionAt(index, 0), { line: 1, column: 1 });
  assert.deepEqual(positionAt(index, 4), { line: 2, column: 2 });
  assert.deepEqual(positionAt(index, 6), { line: 3, column: 1 });
  assert.deepEqual(positionAt(index, 8), { line: 4, column: 2 });
  assert.equal(lineText(index, 1), "a");
  assert.equal(lineText(index, 3), "");
  assert.equal(lineText(index, 9), "");
});

test("tabs go to fixed stops", () => {
  assert.equal(expandTabs("a\tb\t\tc"), "a   b       c");
  assert.equal(expandTabs("中\tb"), "中  b");
});

test("edits apply from the text as it was; an overlapping fix waits", () => {
  const span = (start: number, end: number): { file: string; start: number; end: number } => ({
    file: "f",
    start,
    end,
  });
  assert.equal(
    applyEdits("abcdef", [
      { span: span(4, 5), text: "E" },
      { span: span(0, 1), text: "" },
      { span: span(2, 2), text: "-" },
    ]),
    "b-cdEf",
  );
  const applied = applyFixes(
    [{ name: "f", text: "abcdef" }],
    [
      { safety: "safe", edits: [{ span: span(0, 3), text: "x" }] },
      { safety: "safe", edits: [{ span: span(2, 4), text: "y" }] },
    ],
  );
  assert.equal(applied.count, 1);
  assert.equal(applied.sources[0]?.text, "xdef");
});

test("a file steers nobody's terminal: not in the message, the label, the name nor the excerpt", () => {
  const word = "a\u001b]0;title\u0007\u009b2J\r\u202eb";
  const span = { file: "f\u001b[31m\nerror: forged", start: 0, end: word.length };
  const diagnostic: Diagnostic = {
    code: "VR1001",
    severity: "error",
    message: `unknown keyword \`${word}\``,
    primary: { span, text: word },
    related: [],
    notes: [word],
    help: word,
  };
  const sources = mapSources([{ name: span.file, text: word }]);
  const shown = renderTerminal(diagnostic, sources, { color: false, language: "en" });
  assert.doesNotMatch(shown, /(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
  assert.doesNotMatch(shown, /^error: forged/m);
  assert.equal(shown.split("unknown keyword")[1]?.split("\n")[0], " `a·]0;title··2J··b`");
  assert.doesNotMatch(renderGithub(diagnostic, sources), /(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
  const heading = (language: "en" | "zh-CN"): string =>
    renderHeading({ ...diagnostic, message: "m" }, { color: false, language });
  assert.equal(heading("en"), "error[VR1001]: m");
  assert.equal(heading("zh-CN"), "错误[VR1001]：m");
});
