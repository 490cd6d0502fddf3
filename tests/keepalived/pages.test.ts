/**
 * Every code has a page in both languages, and the examples on it behave: the bad one gives the
 * code, the good one nothing.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CODES, type Code, isCode } from "#diagnostics/codes";
import { type Example, examine, exampleIn } from "../support/page-example.ts";

const folder = join(import.meta.dirname, "../../docs/codes");

const codesOf = async (example: Example): Promise<readonly Code[]> =>
  (await examine(example)).map(({ code }) => code);

test("every code has a page, and every page a code", () => {
  const pages = readdirSync(folder).map((name) => name.replace(/\.md$/, ""));
  assert.deepEqual(pages.toSorted(), Object.keys(CODES).toSorted());
});

for (const code of Object.keys(CODES) as Code[]) {
  const page = readFileSync(join(folder, `${code}.md`), "utf8");

  test(`${code}: the page has a title, both languages and examples that behave`, async () => {
    assert.ok(isCode(code));
    assert.ok(page.startsWith(`# ${code} ${CODES[code].slug}\n`));
    assert.match(page, /^## 中文\n\n\S/m);
    const bad = exampleIn(page, "Bad") ?? assert.fail("a bad example");
    const good = exampleIn(page, "Good") ?? assert.fail("a good example");
    assert.ok((await codesOf(bad)).includes(code), "the bad example gives the code");
    const better = await codesOf(good);
    assert.ok(!better.includes(code), "the good one does not");
    assert.deepEqual(
      better.filter((one) => CODES[one].severity !== "info"),
      [],
      "nor any error or warning",
    );
  });
}
