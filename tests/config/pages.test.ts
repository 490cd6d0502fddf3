/** Every code has a page in both languages, and the examples on it behave: the bad one gives the code, the good one nothing. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { comparePair } from "#config/pair/pair";
import { readConfiguration } from "#config/read";
import { CODES, type Code, isCode } from "#diagnostics/codes";
import type { AnyFinding } from "#diagnostics/diagnostic";

const folder = join(import.meta.dirname, "../../docs/codes");

/** Examples of these would be a page long, need other files, or a machine. */
const WITHOUT_BAD: ReadonlySet<string> = new Set([
  "VR1008",
  "VR1009",
  "VR1018",
  "VR1019",
  "VR1029",
  "VR1032",
  "VR1033",
  "VR1034",
  "VR1036",
  "VR3012",
  "VR3018",
]);

function examples(page: string, title: string): readonly string[] {
  const section =
    new RegExp(`^## ${title}$([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, "m").exec(page)?.[1] ?? "";
  return [...section.matchAll(/^```conf\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? "");
}

function findingsOf(texts: readonly string[]): readonly AnyFinding[] {
  const readings = texts.map((text, index) =>
    readConfiguration([{ name: `${index}.conf`, text }], { configId: "node1" }),
  );
  const [first, second] = readings;
  const pair = first !== undefined && second !== undefined ? comparePair(first, second) : [];
  return [...readings.flatMap(({ findings }) => findings), ...pair];
}

test("every code has a page, and every page a code", () => {
  const pages = readdirSync(folder).map((name) => name.replace(/\.md$/, ""));
  assert.deepEqual(pages.toSorted(), Object.keys(CODES).toSorted());
});

for (const code of Object.keys(CODES) as Code[]) {
  const page = readFileSync(join(folder, `${code}.md`), "utf8");

  test(`${code}: the page has a title, both languages and examples that behave`, () => {
    assert.ok(isCode(code));
    assert.ok(page.startsWith(`# ${code} ${CODES[code].slug}\n`));
    assert.match(page, /^## 中文\n\n\S/m);
    const bad = examples(page, "Bad");
    const good = examples(page, "Good");
    if (!WITHOUT_BAD.has(code) && !code.startsWith("VR5")) {
      assert.ok(bad.length > 0, "a bad example");
      assert.ok(
        findingsOf(bad).some((one) => one.code === code),
        "the bad example gives the code",
      );
      assert.ok(good.length > 0, "a good example");
    }
    if (good.length === 0) return;
    const worse = findingsOf(good).filter((one) => CODES[one.code].severity !== "info");
    assert.deepEqual(
      worse.map((one) => one.code),
      [],
      "the good example gives no error and no warning",
    );
    assert.ok(!findingsOf(good).some((one) => one.code === code), "nor this code");
  });
}
