import assert from "node:assert/strict";
import { test } from "node:test";
import { textWidth } from "#diagnostics/render/width";
import { parseDemoOptions } from "#lab/demo/demo-options";
import { printMarkdownTable, printTextTable } from "#lab/measure/table";
import { createRng } from "#units/rng";

const TABLE = {
  columns: [
    { title: "故障", align: "left" },
    { title: "outage", align: "right" },
  ],
  rows: [
    ["停止主节点", "0 ms"],
    ["kill -9", "3311 ms"],
  ],
} as const;

test("columns line up on a terminal where Chinese characters are two wide", () => {
  const lines = printTextTable(TABLE).split("\n");
  assert.equal(new Set(lines.map(textWidth)).size, 1, lines.join("\n"));
});

test("Markdown tables say which column is a number", () => {
  assert.equal(printMarkdownTable(TABLE).split("\n")[1], "| --- | ---: |");
});

test("options: defaults, lists, and mistakes that are explained", () => {
  const plain = parseDemoOptions([]);
  assert.ok(plain.kind === "ok" && !plain.options.versus && plain.options.faults.includes("stop"));
  const some = parseDemoOptions(["--vs", "keepalived", "--faults", "hang,link", "--seed", "7"]);
  assert.ok(some.kind === "ok" && some.options.versus);
  const asked = parseDemoOptions(["--faults", "meteor", "--lang", "zh-CN"]);
  assert.ok(asked.kind === "bad" && asked.message.startsWith("没有名为 `meteor` 的故障"));
  assert.deepEqual(some.options.faults, ["hang", "link"]);
  for (const bad of [
    ["--vs", "ucarp"],
    ["--faults", "meteor"],
    ["--seed", "x"],
    ["--nonsense"],
    ["--lang", "fr"],
  ]) {
    const parsed = parseDemoOptions(bad);
    assert.equal(parsed.kind, "bad", bad.join(" "));
    const chinese = parseDemoOptions(bad, { LANG: "zh_CN.UTF-8" });
    assert.ok(chinese.kind === "bad" && /\p{Script=Han}/u.test(chinese.message), bad.join(" "));
  }
});

test("the same seed gives the same phases", () => {
  const [one, two, other] = [createRng(5).real, createRng(5).real, createRng(6).real];
  const first = Array.from({ length: 5 }, one);
  assert.deepEqual(first, Array.from({ length: 5 }, two));
  assert.notDeepEqual(first, Array.from({ length: 5 }, other));
  assert.ok(first.every((value) => value >= 0 && value < 1));
});
