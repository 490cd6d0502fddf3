/** What the manual pages say; tests/namespaces/man-pages.test.ts has them read by roff. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listCommands } from "#cli/command-list";
import { dispatch } from "#cli/dispatch";
import { ROOT } from "#keepalived/keywords/root";
import { TABLES } from "#keepalived/keywords/tables";
import { KEYWORDS_ZH } from "../../tools/man/keywords-zh.ts";
import { code, prose } from "../../tools/man/roff.ts";
import { manPages } from "../../tools/man-pages.ts";

const pages = new Map((await manPages("2026-11-30")).map(({ path, text }) => [path, text]));
const keywords = [ROOT, ...Object.values(TABLES)].flatMap((table) => [...table.values()]);

test("every command has its page in both languages, and the program and its file have theirs", () => {
  const names = listCommands(dispatch).flatMap(({ commands }) => commands.map(({ name }) => name));
  assert.ok(names.length > 10);
  for (const folder of ["", "zh_CN/"]) {
    for (const name of names) {
      const paths = [1, 8].map((section) => `${folder}man${section}/baton-${name}.${section}`);
      assert.equal(paths.filter((path) => pages.has(path)).length, 1, name);
    }
    assert.ok(pages.has(`${folder}man8/baton.8`));
    assert.ok(pages.has(`${folder}man5/baton.conf.5`));
  }
  assert.equal(pages.size, 2 * (names.length + 2));
});

test("every option that the help shows is on the page of its command", async () => {
  for (const { name, load } of listCommands(dispatch).flatMap(({ commands }) => commands)) {
    const { definition } = await load();
    const options = [definition, ...(definition.commands ?? []).map((one) => one.definition)]
      .flatMap((one) => Object.entries({ ...one.options, ...one.common }))
      .filter(([, { about }]) => about !== undefined);
    const page = pages.get(`man1/baton-${name}.1`) ?? pages.get(`man8/baton-${name}.8`) ?? "";
    for (const [option] of options) assert.ok(page.includes(code(`--${option}`)), option);
  }
});

test("every keyword is on the page of the file, with its purpose in both languages", () => {
  const en = pages.get("man5/baton.conf.5") ?? "";
  const zh = pages.get("zh_CN/man5/baton.conf.5") ?? "";
  for (const { word, purpose } of keywords) {
    for (const page of [en, zh]) assert.ok(page.includes(code(word)), word);
    assert.ok(en.includes(prose(purpose)), purpose);
    const chinese = KEYWORDS_ZH[purpose];
    assert.ok(chinese !== undefined, `tools/man/keywords-zh.ts: ${purpose}`);
    assert.ok(zh.includes(prose(chinese)), chinese);
  }
});

test("defaults in plain English have a translation, and no translation is left over", () => {
  const used = new Set(keywords.flatMap((one) => [one.purpose, one.default ?? ""]));
  assert.deepEqual(
    Object.keys(KEYWORDS_ZH).filter((sentence) => !used.has(sentence)),
    [],
  );
  const missing = keywords
    .map((one) => one.default ?? "")
    .filter((standard) => standard.includes(" ") && KEYWORDS_ZH[standard] === undefined);
  assert.deepEqual(missing, []);
});

test("the Chinese pages are Chinese, the others are not", () => {
  for (const [path, text] of pages) {
    const isChinese = path.startsWith("zh_CN/");
    const own = text.split("\n").slice(2).join("\n");
    if (isChinese) assert.match(own, /^\.SH "名称"\n/m, path);
    else assert.doesNotMatch(own, /[\u3400-\u9fff]/u, path);
  }
});

test("what roff would take for its own is escaped", () => {
  assert.equal(code("a\\b --x 'y' ~z"), "\\%a\\eb \\%\\-\\-x \\%\\(aqy\\(aq \\%\\(tiz");
  assert.equal(
    prose("with `-f FILE`, or --fix"),
    "with \\fB\\%\\-f \\%FILE\\fR, or \\fB\\%\\-\\-fix\\fR",
  );
  assert.equal(prose("two-part"), "two-part");
  assert.equal(prose("中文，行"), "中\\:文，\\:行");
  // Where roff sees one word, its mark against division would divide: 状态、‐ status.
  assert.equal(prose("（`-t`）、`run` 会"), "（\\fB\\-t\\fR）、\\fB\\:run\\fR 会");
  for (const [path, text] of pages)
    assert.doesNotMatch(text, /[\u3000-\u9fff\uff00-\uffef]\\f[BI]\\%/u, path);
});
