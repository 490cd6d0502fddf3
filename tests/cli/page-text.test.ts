/** Pages of findings on a terminal: every page that there is, in both languages. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { renderPage } from "#cli/page-text";
import { wrap } from "#command-line/wrap";
import { textWidth } from "#diagnostics/render/width";

const folder = join(import.meta.dirname, "../../docs/codes");
const pages = readdirSync(folder)
  .filter((name) => name.startsWith("VR"))
  .map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));

/** Examples are shown as they are, four blanks in; a `#` there is a comment. */
const prose = (text: string): readonly string[] =>
  text.split("\n").filter((line) => !line.startsWith("    "));

for (const language of ["en", "zh-CN"] as const) {
  test(`no page shows a mark of Markdown (${language})`, () => {
    assert.ok(pages.length > 100);
    for (const { name, text } of pages) {
      for (const line of prose(renderPage(text, language, false))) {
        assert.doesNotMatch(line, /^#|^\||^```|^[*-] |\*\*|^\*.*\*$|\]\(/, `${name}: ${line}`);
        assert.ok(textWidth(line) <= 100, `${name}: ${line}`);
      }
    }
  });

  test(`every page keeps its whole text (${language})`, () => {
    for (const { name, text } of pages) {
      const shown = renderPage(text, language, false);
      const [english = "", chinese = ""] = text.split(/^## 中文$/m);
      const said = language === "en" ? english : chinese;
      for (const word of said.match(/[\p{L}\p{N}_]{2,}/gu) ?? []) {
        if (["conf", "console"].includes(word)) continue;
        assert.ok(shown.replaceAll("\n", "").includes(word), `${name}: ${word}`);
      }
    }
  });
}

test("lines break at blanks and between Chinese characters, never before a full stop", () => {
  assert.equal(wrap("one two three", 8), "one two\nthree");
  assert.equal(wrap("主节点宕机。对端接管。", 11), "主节点宕\n机。对端接\n管。");
});
