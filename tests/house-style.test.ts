/**
 * How the project speaks: RFC, Linux and Prometheus terms where one exists, plain English
 * elsewhere. docs/glossary.md has the few words that are ours. Names and prose are held to the
 * same list.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");

/** A word nobody outside would understand, and what is written instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  seat: "owner, ownership window",
  tell: "emit, report, log, notify",
  told: "emitted, reported, logged, notified",
  farewell: "priority-0 advertisement, resend",
  goodbye: "priority-0 advertisement, resend",
  darkness: "blackhole window",
  silence: "blackhole window, no advertisement",
  deaf: "unresponsive",
  keeper: "supervisor",
  footing: "socket binding",
  surroundings: "interface state",
  contest: "master conflict",
  patience: "yield threshold",
  insist: "probe",
  newcomer: "unconfirmed master",
  overslept: "stalled",
  oversleep: "stall",
  habit: "platform profile",
  dice: "rng",
  story: "trace",
  stranger: "unknown peer",
  words: "messages, tokens, arguments",
  whose: "ownership lookup",
  judge: "validate",
  meet: "observe",
};
const FORMS = new Map<string, string>();
for (const [word, instead] of Object.entries(INSTEAD)) {
  for (const form of [word, `${word}s`, `${word}ed`, `${word}d`, `${word}ing`]) {
    FORMS.set(form, instead);
  }
}
for (const [form, base] of [
  ["silent", "silence"],
  ["stories", "story"],
  ["judging", "judge"],
  ["met", "meet"],
] as const) {
  FORMS.set(form, INSTEAD[base] ?? "");
}

/** Recorded input and history, which nobody rewrites; the glossary; this list. */
const OUTSIDE =
  /^(?:tests\/(?:corpus|captures|configs)\/|CHANGELOG\.md$|LICENSE$|package-lock\.json$|docs\/glossary\.md$|tests\/house-style\.test\.ts$)/;

const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\0")
  .filter((path) => /\.(?:ts|mjs|md|jsonl?|txt|sh|conf|ya?ml|service)$/.test(path))
  .filter((path) => !OUTSIDE.test(path));

/** `seatUntil` and `SEAT_UNTIL` → seat, until: a name is made of words as prose is. */
const termsIn = (line: string): string[] =>
  (line.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? []).map((word) => word.toLowerCase());

test("names, comments, messages and pages use the field's words", () => {
  const problems: string[] = [];
  for (const path of files) {
    for (const word of termsIn(path)) {
      const instead = FORMS.get(word);
      if (instead !== undefined) problems.push(`${path}: "${word}", write ${instead}`);
    }
    for (const [index, line] of readFileSync(join(root, path), "utf8").split("\n").entries()) {
      for (const word of termsIn(line)) {
        const instead = FORMS.get(word);
        if (instead !== undefined) {
          problems.push(`${path}:${index + 1}: "${word}", write ${instead}`);
        }
      }
    }
  }
  assert.equal(problems.length, 0, `${problems.length} places:\n  ${problems.join("\n  ")}`);
});

test("lines of code have at most 100 columns, comments too", () => {
  const problems: string[] = [];
  for (const path of files.filter((name) => /\.(?:ts|mjs)$/.test(name))) {
    for (const [index, line] of readFileSync(join(root, path), "utf8").split("\n").entries()) {
      // A string or a pattern that the formatter leaves whole.
      if (line.length > 100 && /^\s*(?:\/\*\*?|\*|\/\/)/.test(line)) {
        problems.push(`${path}:${index + 1}: ${line.length} columns`);
      }
    }
  }
  assert.equal(problems.length, 0, `long lines:\n  ${problems.join("\n  ")}`);
});
