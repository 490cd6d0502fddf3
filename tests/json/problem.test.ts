/** What is said about a JSON document that does not fit its schema. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as v from "valibot";
import { printJsonProblem } from "#json/problem";
import { closedObject, keepingObject, RESERVED_NAMES, readShape, recordOf } from "#json/shape";

const schema = closedObject(
  {
    name: v.string("a name"),
    ports: v.optional(v.array(v.number("a port number"), "a list of port numbers")),
  },
  "an object with name and ports",
);

function problemOf(value: unknown, language: "en" | "zh-CN" = "en"): string {
  const read = readShape(schema, value);
  assert.ok(read.kind === "problem");
  return printJsonProblem(read.problem, "the file", language);
}

test("place, reason and what is wanted, in English and Chinese", () => {
  const cases: readonly (readonly [unknown, string, string])[] = [
    [
      [],
      "the file is […]; wanted is an object with name and ports",
      "the file 的值是 […]；应为an object with name and ports",
    ],
    [
      {},
      "name is missing; wanted is an object with name and ports",
      "缺少 name；应为an object with name and ports",
    ],
    [
      { name: "a", prots: [] },
      "prots is not known here; wanted is an object with name and ports",
      "此处不认识 prots；应为an object with name and ports",
    ],
    [
      { name: "a", ports: [1, "http"] },
      'ports[1] is "http"; wanted is a port number',
      'ports[1] 的值是 "http"；应为a port number',
    ],
    [{ name: null }, "name is null; wanted is a name", "name 的值是 null；应为a name"],
  ];
  for (const [value, english, chinese] of cases) {
    assert.equal(problemOf(value), english);
    assert.equal(problemOf(value, "zh-CN"), chinese);
  }
});

test("a value of megabytes or with control characters neither fills nor steers the terminal", () => {
  const found = problemOf({ name: "a", ports: "\u001b[2J".repeat(1_000_000) });
  assert.ok(found.length < 200, `${found.length} characters`);
  assert.ok(!found.includes("\u001b"));
  const key = problemOf({ name: "a", ["k".repeat(1_000_000)]: 1 });
  assert.ok(key.length < 200, `${key.length} characters`);
});

test("names of the object's prototype are unknown members too", () => {
  for (const name of ["constructor", "toString", "__proto__"]) {
    const value: unknown = JSON.parse(`{"name":"a","${name}":1}`);
    assert.match(problemOf(value), new RegExp(`^${name} is not known here`));
  }
});

test("a list of a million wrong elements is given up at the first", () => {
  const value = { name: "a", ports: Array.from({ length: 1_000_000 }, () => "http") };
  const read = v.safeParse(schema, value, { abortEarly: true });
  assert.equal(read.issues?.length, 1);
  assert.match(problemOf(value), /^ports\[0\] is "http"/);
});

test("members that valibot would skip unchecked are refused, with their place", () => {
  for (const shape of [
    closedObject({ inner: recordOf(v.number("a number"), "an object of numbers") }, "an object"),
    closedObject({ inner: keepingObject({}, "an object") }, "an object"),
  ]) {
    const good = readShape(shape, { inner: { a: 1, toString: 2 } });
    assert.deepEqual(good, { kind: "value", value: { inner: { a: 1, toString: 2 } } });
    for (const name of RESERVED_NAMES) {
      for (const value of ["5", "{}", "null"]) {
        const read = readShape(shape, JSON.parse(`{"inner":{"a":1,"${name}":${value}}}`));
        assert.ok(read.kind === "problem", name);
        assert.equal(read.problem.path, `inner.${name}`);
        assert.match(printJsonProblem(read.problem, "the file"), /wanted is a name other than/);
      }
    }
    for (const value of [[], null, "x", 5]) {
      assert.equal(readShape(shape, { inner: value }).kind, "problem");
    }
  }
});

test("no schema lets them through: valibot's own are used in one file", () => {
  const root = join(import.meta.dirname, "..", "..");
  const bare = /\bv\s*\.\s*(record|looseObject|objectWithRest)(Async)?\b/;
  const found = ["src", "tools"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .map((path) => join(folder, path))
      .filter((path) => path.endsWith(".ts") && bare.test(readFileSync(join(root, path), "utf8"))),
  );
  assert.deepEqual(found, ["src/json/shape.ts"]);
});
