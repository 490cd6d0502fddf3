/** What is wrong with a body, in the caller's language; what counts as a refusal. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BODIES, isRefusal } from "#api/actions";
import { printJsonProblem } from "#json/problem";
import { readShape } from "#json/shape";

const long = "x".repeat(2_000);

test("each problem of a body is said in Chinese altogether", () => {
  const bodies: readonly (readonly [keyof typeof BODIES, unknown])[] = [
    ["switch", []],
    ["switch", { name: "VI_1" }],
    ["switch", { names: "VI_1" }],
    ["switch", { names: [""] }],
    ["switch", { names: [1] }],
    ["switch", { names: [long] }],
    ["switch", { names: Array.from({ length: 5_000 }, () => "a") }],
    ["switch", { all: false }],
    ["switch", { waitSeconds: "1" }],
    ["switch", { waitSeconds: -1 }],
    ["switch", { waitSeconds: 1e9 }],
    ["switch", { why: 1 }],
    ["switch", { why: long }],
    ["maintenance", 1],
    ["maintenance", { on: true }],
    ["maintenance", { on: { forSeconds: 1e12 } }],
    ["maintenance", { off: 1 }],
    ["promote", null],
    ["promote", { acceptLoss: "yes" }],
  ];
  for (const [command, body] of bodies) {
    const read = readShape(BODIES[command], body);
    assert.ok(read.kind === "problem", JSON.stringify(body).slice(0, 80));
    const said = printJsonProblem(read.problem, "请求体", "zh-CN");
    const [, wanted = ""] = said.split("；应为");
    // Names of members are the same in every language.
    const rest = wanted.replaceAll(
      /\b(?:[a-z]+[A-Z]\w+|names?|all|to|back|why|on|off|reason|force)\b/g,
      "",
    );
    assert.match(wanted, /\p{Script=Han}|^ true$/u, said);
    assert.doesNotMatch(rest.replace(/^ true$/, ""), /[a-z]/, said);
    const english = printJsonProblem(read.problem, "the body", "en");
    assert.match(english, /; wanted is .*[a-z]/);
    assert.doesNotMatch(english.replace(/ is .*; wanted/, ""), /\p{Script=Han}|\n/u, english);
  }
});

test("a refusal: a switch that was refused or done in part, a promotion; no maintenance", () => {
  const switched = (outcome: string) => ({ switch: { outcome, units: [] } });
  for (const outcome of ["moved", "would-move", "back"])
    assert.equal(isRefusal("switch", switched(outcome)), false, outcome);
  for (const outcome of ["refused", "partly"]) {
    assert.equal(isRefusal("switch", switched(outcome)), true, outcome);
    assert.equal(isRefusal("maintenance", switched(outcome)), false, outcome);
  }
  assert.equal(isRefusal("promote", { promote: { outcome: "refused" } }), true);
  assert.equal(isRefusal("promote", { promote: { outcome: "promoted" } }), false);
});
