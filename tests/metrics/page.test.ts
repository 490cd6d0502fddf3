/** docs/metrics.md has a row for every family, as the code has it. `UPDATE=1` writes it anew. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FAMILIES } from "#metrics/catalogue";
import type { Family } from "#metrics/family";

const PAGE = join(import.meta.dirname, "../../docs/metrics.md");
const PARTS = ["baton", "keepalived"] as const;

const row = ({ name, type, labels, unit, help }: Family): string =>
  `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(" ")} | ${unit} | ${help} |`;

const table = (part: (typeof PARTS)[number]): string =>
  [
    "| name | type | labels | unit | meaning |",
    "|---|---|---|---|---|",
    ...FAMILIES.filter(({ name }) => name.startsWith(`${part}_`)).map(row),
  ].join("\n");

const between = (part: string): RegExp =>
  new RegExp(`(<!-- ${part}: from the code -->\\n)[^]*?(\\n<!-- end -->)`);

test("the tables of the page are those of the code", () => {
  const before = readFileSync(PAGE, "utf8");
  let page = before;
  for (const part of PARTS) {
    assert.match(page, between(part));
    page = page.replace(between(part), (_, head: string, end: string) => head + table(part) + end);
  }
  if (process.env["UPDATE"] === "1") return writeFileSync(PAGE, page);
  assert.equal(before, page, "UPDATE=1 writes the tables anew");
});
