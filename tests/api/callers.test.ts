/** The token file: which lines count, and finding the caller of a token. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { readTokens, TOKEN_MIN } from "#api/callers";
import { bearerIn } from "#api/gate";
import { Secret } from "#units/secret";

const GOOD = "a".repeat(TOKEN_MIN);
const OTHER = "b".repeat(TOKEN_MIN);

test("a name, a token, and perhaps read; comments and empty lines", () => {
  const { callers, problems } = readTokens(
    `# who may ask\n\nops ${GOOD}\n  prom\t${OTHER}   read\r\n`,
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(callers.names, ["ops", "prom"]);
  assert.deepEqual(callers.find(new Secret(GOOD)), { name: "ops", may: "operate" });
  assert.deepEqual(callers.find(new Secret(OTHER)), { name: "prom", may: "read" });
  for (const wrong of ["", "a", `${GOOD}a`, GOOD.toUpperCase()])
    assert.equal(callers.find(new Secret(wrong)), undefined);
});

test("a line that cannot be used is named with its reason, and never with its token", () => {
  const many = Array.from({ length: 102 }, (_, at) => `n${at} ${at}${GOOD}`).join("\n");
  for (const [text, why] of [
    ["ops", "form"],
    [`ops ${GOOD} read more`, "form"],
    [`ops ${"x".repeat(600)}`, "form"],
    [`o/p ${GOOD}`, "name"],
    [`ops ${"x".repeat(TOKEN_MIN - 1)}`, "short"],
    [`ops ${GOOD} write`, "right"],
    [`ops ${OTHER}\nops ${GOOD}`, "again"],
    [many, "many"],
  ] as const) {
    const { problems } = readTokens(text);
    assert.equal(problems[0]?.why, why, text.slice(0, 40));
    assert.doesNotMatch(JSON.stringify(problems), /aaaa|bbbb|xxxx/);
  }
  assert.equal(readTokens(`ops ${OTHER}\nops ${GOOD}`).callers.find(new Secret(GOOD)), undefined);
});

test("what is kept of a token does not contain it", () => {
  const { callers } = readTokens(`ops ${GOOD}`);
  assert.doesNotMatch(inspect(callers, { depth: 9, showHidden: true }), new RegExp(GOOD));
  assert.doesNotMatch(JSON.stringify(callers), new RegExp(GOOD));
});

test("credentials of a request", () => {
  assert.equal(bearerIn(undefined), undefined);
  assert.equal(bearerIn("Bearer abc"), "abc");
  assert.equal(bearerIn("bearer  abc "), "abc");
  for (const other of ["Basic abc", "Bearer", "Bearer a b", `Bearer ${"x".repeat(1_025)}`])
    assert.equal(bearerIn(other), "", other);
});
