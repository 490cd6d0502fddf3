import assert from "node:assert/strict";
import { test } from "node:test";
import { textWidth } from "#diagnostics/render/width";
import { type DemoOptions, demoCommand } from "#lab/demo/demo-options";
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

async function read(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly err: string; readonly options?: DemoOptions }> {
  let err = "";
  let options: DemoOptions | undefined;
  const command = demoCommand((given) => {
    options = given;
    return Promise.resolve(0);
  });
  const status = await command(args, {
    stdout: () => undefined,
    stderr: (out) => void (err += out),
    env,
    isTty: false,
  });
  return { status, err, ...(options !== undefined && { options }) };
}

test("options: defaults, lists, and mistakes that are explained", async () => {
  const plain = (await read([])).options;
  assert.ok(plain !== undefined && !plain.versus && plain.faults.includes("stop"));
  const some = (await read(["--vs", "keepalived", "--faults", "hang,link", "--seed", "7"])).options;
  assert.ok(some?.versus === true && some.seed === 7);
  assert.deepEqual(some.faults, ["hang", "link"]);
  const asked = await read(["--faults", "meteor", "--lang", "zh-CN"]);
  assert.match(asked.err, /^npm start --: `--faults` 应为 none，或 .*而不是 `meteor`\n详见 /);
  for (const bad of [
    ["--vs", "ucarp"],
    ["--faults", "meteor"],
    ["--seed", "x"],
    ["--nonsense"],
    ["--lang", "fr"],
  ]) {
    const { status, options } = await read(bad);
    assert.deepEqual([status, options], [2, undefined], bad.join(" "));
    const chinese = await read(bad, { LANG: "zh_CN.UTF-8" });
    assert.match(chinese.err.split("\n")[0] ?? "", /\p{Script=Han}/u, bad.join(" "));
  }
});

test("the same seed gives the same phases", () => {
  const [one, two, other] = [createRng(5).real, createRng(5).real, createRng(6).real];
  const first = Array.from({ length: 5 }, one);
  assert.deepEqual(first, Array.from({ length: 5 }, two));
  assert.notDeepEqual(first, Array.from({ length: 5 }, other));
  assert.ok(first.every((value) => value >= 0 && value < 1));
});
