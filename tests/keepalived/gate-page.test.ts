/** docs/gate.md: its examples are files without a finding, in an instance that they say. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { TABLES } from "#keepalived/keywords/tables";
import { readConfiguration } from "#keepalived/read";

const page = readFileSync(join(import.meta.dirname, "../../docs/gate.md"), "utf8");
const blocks = [...page.matchAll(/^```\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? "");

test("the examples of the page are read without a warning", () => {
  const [whole, gate] = blocks;
  assert.ok(whole !== undefined && gate !== undefined);
  const scripts = whole.replace(/ {4}gate \{[\s\S]*?\n {4}\}\n/, gate);
  assert.notEqual(scripts, whole);
  for (const text of [whole, `global_defs {\n    script_user root\n}\n${scripts}`]) {
    const { findings, plan, diagnostics } = readConfiguration([{ name: "a.conf", text }]);
    const bad = diagnostics.filter(({ severity }) => severity !== "info");
    assert.deepEqual(bad, [], JSON.stringify(findings));
    assert.ok(plan.instances[0]?.gate !== undefined && plan.checks?.length === 1);
  }
});

test("every keyword of a gate and a check is on the page, in both languages", () => {
  const [english = "", chinese = ""] = page.split("## 中文");
  for (const table of [TABLES.gate, TABLES.mysql, TABLES.check]) {
    for (const { word, acts } of table.values()) {
      if (acts.kind !== "yes") continue;
      assert.ok(english.includes(`\`${word}`), word);
      assert.ok(chinese.includes(`\`${word}`), word);
    }
  }
});
