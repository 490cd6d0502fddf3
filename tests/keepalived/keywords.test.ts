/** The keyword tables: complete, consistent, and the page made from them is up to date. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Keyword } from "#keepalived/keywords/keyword";
import { ROOT } from "#keepalived/keywords/root";
import { TABLES, tableOf } from "#keepalived/keywords/tables";
import { readConfiguration } from "#keepalived/read";
import { keywordsPage } from "../../tools/keywords-page.ts";

const rows: readonly { readonly block: string; readonly keyword: Keyword }[] = [
  ...[...ROOT.values()].map((keyword) => ({ block: "", keyword })),
  ...Object.entries(TABLES).flatMap(([block, table]) =>
    [...table.values()].map((keyword) => ({ block, keyword })),
  ),
];

test("docs/keywords.md is what the tables say (UPDATE=1 makes it)", () => {
  const path = join(import.meta.dirname, "../../docs/keywords.md");
  if (process.env["UPDATE"] === "1") writeFileSync(path, keywordsPage());
  const page = readFileSync(path, "utf8");
  assert.equal(page, keywordsPage());
});

test("every row says what it is for, and since when", () => {
  for (const { keyword } of rows) {
    assert.ok(keyword.purpose.length > 5, keyword.word);
    assert.match(keyword.since, /^(baton|\d+\.\d+(\.\d+)?)$/, keyword.word);
    assert.ok(!keyword.purpose.endsWith("."), keyword.word);
  }
});

/** A value that the row itself allows. */
function sample({ word, takes }: Keyword): string {
  if (word === "on") return "fault state";
  if (word === "fence") return "tcp 80";
  if (word === "on_refusal") return "backup";
  switch (takes.kind) {
    case "flag":
    case "boolean":
      return "";
    case "integer":
    case "decimal":
      return String(Math.max(takes.min, Math.min(takes.max, 2)));
    case "weight":
      return "-10";
    case "choice":
      return takes.of[0] ?? "";
    case "address":
      if (takes.multicast === true) return takes.family === 6 ? "ff02::12" : "224.0.0.18";
      return takes.family === 6 ? "2001:db8::1" : "10.0.0.1";
    case "interface":
      return "eth0";
    case "program":
    case "text":
    case "secret":
      return "word";
    case "secrets":
      return Array.from({ length: takes.min }, () => "1").join(" ");
    case "texts":
      return Array.from({ length: takes.min }, () => "1").join(" ");
    case "command":
      return '"/usr/bin/true x"';
    case "user":
      return "root";
    case "list":
      return takes.of === "address" ? "{\n10.0.0.100/24\n}" : "{\n}";
    case "block":
      return takes.named ? "NAME {\n}" : "{\n}";
    case "foreign":
      return "x {\n}";
  }
}

const wrap = (block: string, line: string): string => {
  if (block === "") return `${line}\n`;
  if (block === "global_defs" || block === "garp_group" || block === "alert")
    return `${block} {\n${line}\n}\n`;
  if (
    block === "authentication" ||
    block === "auth_hmac" ||
    block === "havip" ||
    block === "gate"
  ) {
    return `vrrp_instance A {\n${block} {\n${line}\n}\n}\n`;
  }
  if (block === "events") return `events {\n${line}\n}\n`;
  if (block === "api") return `api {\n${line}\n}\n`;
  if (block === "tls") return `api {\ntls {\n${line}\n}\n}\n`;
  if (["mysql", "postgresql", "redis"].includes(block))
    return `vrrp_instance A {\ngate {\n${block} {\n${line}\n}\n}\n}\n`;
  if (block === "static_track_group") return `track_group A {\n${line}\n}\n`;
  return `${block} A {\n${line}\n}\n`;
};

for (const { block, keyword } of rows) {
  test(`${block === "" ? "root" : block}: \`${keyword.word}\` is read with a value of its own kind`, () => {
    const text = wrap(block, `${keyword.word} ${sample(keyword)}`);
    const { findings } = readConfiguration([{ name: "a", text }]);
    const bad = findings.filter(({ code }) => /^VR(10(0|2)|200[1-5]|2045)/.test(code));
    assert.deepEqual(
      bad.map(({ code }) => code),
      [],
      text,
    );
  });
}

test("numbers outside a row's range are refused at both ends", () => {
  for (const { block, keyword } of rows) {
    const { takes } = keyword;
    if (takes.kind !== "integer" || tableOf(undefined).get(keyword.word) === keyword) continue;
    for (const value of [takes.min - 1, takes.max + 1]) {
      const text = wrap(block, `${keyword.word} ${value}`);
      const { findings } = readConfiguration([{ name: "a", text }]);
      const found = findings.some(({ code }) => code === "VR2002");
      assert.ok(found, `${keyword.word} ${value}`);
    }
  }
});

test("a number that is no number leaves the default", () => {
  const text =
    "vrrp_instance A {\ninterface eth0\nvirtual_router_id 7\npriority x\nadvert_int y\n}\n";
  const { plan } = readConfiguration([{ name: "a", text }]);
  assert.equal(plan.instances[0]?.config.router.priority, 100);
  assert.equal(plan.instances[0]?.config.router.advertInterval, 100);
});
