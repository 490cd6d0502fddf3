/** Whatever is in the file: no exception, the same text back, the same meaning after formatting. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { printTree, readTree } from "#keepalived/lines/tree";
import { readConfiguration } from "#keepalived/read";
import { examineConfig } from "../support/examine-config.ts";

const corpus = join(import.meta.dirname, "../corpus");
const texts = ["broken", "valid"].flatMap((folder) =>
  readdirSync(join(corpus, folder))
    .filter((name) => name.endsWith(".conf"))
    .map((name) => readFileSync(join(corpus, folder, name), "utf8")),
);

const PIECES = [
  "{",
  "}",
  "\n",
  " ",
  '"',
  "'",
  "#",
  "!",
  "\\",
  "$",
  "${",
  "~",
  "@",
  "=",
  "\t",
  "\r\n",
  "\ufeff",
  "\0",
  "；",
  "“",
  "$A=x\n",
  "$M= \\\n",
  "~SEQ(i,3) ",
  "~LST({a,b},{1,2}) ",
  "@main ",
  "@^main ",
  "include a.conf\n",
  "${_ENV X}",
  "vrrp_instance A {\n",
  "vrrp_script s {\n",
  "global_defs {\n",
  "virtual_ipaddress {\n",
  "track_script {\n",
  "interface eth0\n",
  "virtual_router_id 51\n",
  "priority 300\n",
  "10.0.0.1/24\n",
  "authentication {\n",
  "auth_pass a#b\n",
] as const;

const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.nat({ max: 40 }),
  insert: fc.constantFrom("", ...PIECES),
});

const mutated = fc
  .tuple(fc.constantFrom(...texts), fc.array(mutation, { minLength: 1, maxLength: 6 }))
  .map(([text, mutations]) => {
    let result = text;
    for (const { at, cut, insert } of mutations) {
      const from = Math.floor(at * result.length);
      result = result.slice(0, from) + insert + result.slice(from + cut);
    }
    return result;
  });

/** tools/fuzz-config.ts goes on for minutes. */
const limits = { numRuns: Number(process.env["FUZZ_RUNS"] ?? "300"), endOnFailure: true };

test("mutated corpus files", () => {
  fc.assert(fc.property(mutated, examineConfig), limits);
});

test("soup of braces, quotes and keywords", () => {
  const soup = fc
    .array(fc.constantFrom(...PIECES), { maxLength: 60 })
    .map((parts) => parts.join(""));
  fc.assert(fc.property(soup, examineConfig), limits);
});

test("any text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 300 }), examineConfig), limits);
});

test("10,000 nested braces end with a finding", () => {
  for (const text of [
    "{".repeat(10_000),
    "vrrp_instance A {\n".repeat(10_000),
    "{ }".repeat(10_000),
  ]) {
    const { findings } = readConfiguration([{ name: "a", text }]);
    assert.ok(findings.length > 0 && findings.length < 100);
    assert.equal(printTree(readTree({ name: "a", text })), text);
  }
});

test("five megabytes end with a finding, and not one for each line", () => {
  const unknown = "foo bar\n".repeat(650_000);
  const addresses = `vrrp_instance A {\nvirtual_ipaddress {\n${"10.0.0.1\n".repeat(550_000)}}\n}\n`;
  for (const text of [unknown, addresses, "x".repeat(5_000_000)]) {
    const { findings } = readConfiguration([{ name: "a", text }]);
    assert.ok(findings.some(({ code }) => code === "VR1029"));
    assert.ok(findings.length < 200);
  }
});
