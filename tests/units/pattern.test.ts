/** Patterns: what they find is what `RegExp` finds, and no pattern takes long. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isFound, readPattern } from "#units/pattern";

const found = (pattern: string, text: string): boolean => {
  const read = readPattern(pattern);
  assert.equal(read.kind, "pattern", pattern);
  return read.kind === "pattern" && isFound(read.pattern, text);
};
const problem = (pattern: string): string => {
  const read = readPattern(pattern);
  return read.kind === "problem" ? `${read.why} ${read.at}` : "none";
};

test("what people write about the body of an answer", () => {
  assert.ok(found("OK", "status: OK\n"));
  assert.ok(!found("^OK$", "status: OK\n"));
  assert.ok(found("^(up|ready)$", "ready"));
  assert.ok(found('"status": *"(green|yellow)"', '{"status":  "yellow"}'));
  assert.ok(found("(?i)healthy", "I am HEALTHY"));
  assert.ok(found("[^a-z]{3}", "abc123"));
  assert.ok(found("\\d+\\.\\d+", "version 2.7"));
  assert.ok(found("健康|正常", "状态：正常"));
  assert.ok(found("[一-龥]+", "正常"));
  assert.ok(found("a😀b", "xa😀by") && found("a.b", "a😀b"));
  assert.ok(found("[]]", "]") && found("[a-]", "-") && found("", ""));
});

test("what is not a pattern, and where", () => {
  assert.equal(problem("a(b"), "parenthesis 1");
  assert.equal(problem("ab)"), "parenthesis 2");
  assert.equal(problem("[ab"), "bracket 0");
  assert.equal(problem("*a"), "repeat 0");
  assert.equal(problem("a**"), "repeat 2");
  assert.equal(problem("a{5,2}"), "repeat 1");
  assert.equal(problem("a{x}"), "repeat 1");
  assert.equal(problem("a{101}"), "repeat 1");
  assert.equal(problem("a{101,}"), "repeat 1");
  assert.equal(problem("[z-a]"), "range 1");
  assert.equal(problem("[\\d-z]"), "range 1");
  assert.equal(problem("a\\"), "escape 1");
  for (const text of ["(?=a)", "(?!a)", "(?<n>a)", "(a)\\1", "\\bx", "\\u0041"])
    assert.match(problem(text), /^unsupported/, text);
  assert.match(problem("((a{50}){50}){50}"), /^too-large/);
  assert.match(problem(`${"(".repeat(30)}a${")".repeat(30)}`), /^too-large/);
  assert.match(problem("a".repeat(501)), /^too-large/);
});

/**
 * Repeats and alternatives in a pattern, and characters in a text. `RegExp` tries them in every
 * combination: with some fifty of the one and eight of the other it took a minute.
 */
const CHOICES_MAX = 10;
const TEXT_MAX = 8;

const choices = (written: string): number => written.match(/[*+?{|]/g)?.length ?? 0;

/** Patterns of the part that both have. */
const anyPattern = fc.letrec<{ one: string; many: string; all: string }>((tie) => ({
  one: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("a", "b", "c", ".", "\\d", "\\w", "\\S", "[ab]", "[^a]", "[a-c1]", "^", "$"),
    tie("all").map((inner) => `(${inner})`),
  ),
  many: fc
    .tuple(tie("one"), fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "+?"))
    .map(([one, times]) => (/^[\^$]/.test(one) ? one : `${one}${times}`)),
  all: fc
    .array(fc.array(tie("many"), { minLength: 0, maxLength: 4 }), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.map((part) => part.join("")).join("|")),
})).all;
const pattern = anyPattern.filter((written) => choices(written) <= CHOICES_MAX);

test("finds what RegExp finds", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", "b", "c", "1", " ", "\n", "-"),
    maxLength: TEXT_MAX,
  });
  fc.assert(
    fc.property(pattern, text, fc.boolean(), (written, given, isCaseless) => {
      const read = readPattern(isCaseless ? `(?i)${written}` : written);
      if (read.kind === "problem") return assert.equal(read.why, "too-large");
      const expected = new RegExp(written, isCaseless ? "iu" : "u").test(given);
      assert.equal(
        isFound(read.pattern, given),
        expected,
        `${written} in ${JSON.stringify(given)}`,
      );
      return undefined;
    }),
    { numRuns: 3_000 },
  );
});

test("any text is a pattern or a problem", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), fc.string(), (written, given) => {
      const read = readPattern(written);
      if (read.kind === "pattern") isFound(read.pattern, given);
    }),
    { numRuns: 3_000 },
  );
});

test("patterns that would keep RegExp for years are over the text once", () => {
  const text = `${"a".repeat(65_535)}b`;
  for (const evil of ["(a+)+$", "(a|a)*c", "(a?){50}a{50}c", "(.*)*c", "(x+x+)+y", ".*.*.*.*.*c"]) {
    const read = readPattern(evil);
    assert.equal(read.kind, "pattern");
    assert.equal(read.kind === "pattern" && isFound(read.pattern, text), false, evil);
  }
});
