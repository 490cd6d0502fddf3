/**
 * How the project speaks: RFC, Linux and Prometheus terms where one exists, plain English
 * elsewhere. docs/glossary.md has the few words that are ours. Names and prose are held to the
 * same list.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
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
  ["silently", "silence"],
  ["silencing", "silence"],
  ["deafness", "deaf"],
  ["judgement", "judge"],
  ["judgment", "judge"],
  ["habitual", "habit"],
  ["insistent", "insist"],
  ["storyline", "story"],
  ["stories", "story"],
  ["judging", "judge"],
  ["met", "meet"],
] as const) {
  FORMS.set(form, INSTEAD[base] ?? "");
}

/** Recorded input and history, which nobody rewrites; the glossary; this list. */
const OUTSIDE =
  /^(?:tests\/(?:corpus|captures|configs)\/.*(?<!\.ts)$|CHANGELOG\.md$|LICENSE$|package-lock\.json$|docs\/glossary\.md$|tests\/house-style\.test\.ts$)/;

const published = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\0")
  .filter((path) => path !== "" && existsSync(join(root, path)));
const files = published.filter((path) => !OUTSIDE.test(path));

/** Binary files have no lines. */
function linesOf(path: string): readonly string[] {
  const bytes = readFileSync(join(root, path));
  return bytes.subarray(0, 8_000).includes(0) ? [] : bytes.toString("utf8").split("\n");
}

/** Completion in a shell works on a variable of this name, which is the shell's. */
const SHELL_VARIABLE = /^(?:src\/command-line\/shells|tests\/support)\/\w+\.(?:bash|zsh|fish)$/;
const isShells = (path: string, word: string): boolean =>
  word === "words" && SHELL_VARIABLE.test(path);

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
    for (const [index, line] of linesOf(path).entries()) {
      for (const word of termsIn(line)) {
        const instead = FORMS.get(word);
        if (instead !== undefined && !isShells(path, word)) {
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

/**
 * Does a file of this name exist, as a reader would look for it? A path from the root or from
 * `src`; on the page of a room also a path, or the end of one, inside that room. `*` stands for
 * any text.
 */
function existsFor(page: string, name: string, files: readonly string[]): boolean {
  const pattern = name.replaceAll(/[.]/g, "\\.").replaceAll("*", "[^/]*");
  const room = page.startsWith("src/") ? `${dirname(page)}/` : "src/";
  const isName = new RegExp(`^(?:(?:src/)?${pattern}|${room}(?:.*/)?${pattern})(?:/|$)`);
  return files.some((file) => isName.test(file));
}

test("pages name only files that exist", () => {
  // History names what was; the recorded pages of others are not ours.
  const pages = published.filter(
    (path) =>
      /^[^/]+\.md$|^(?:docs|src|examples)\/.*\.md$/.test(path) &&
      !/^CHANGELOG|^docs\/adr/.test(path),
  );
  assert.ok(pages.length > 50, `only ${pages.length} pages`);
  const named =
    /(?<![\w./@:-])(?:(?:src|tests|tools|docs|examples)\/[\w./*-]*\w|[\w/*-]+(?:\.[\w-]+)*\.m?ts)(?![\w*{<…-])/g;
  let seen = 0;
  const problems = pages.flatMap((page) => {
    const text = readFileSync(join(root, page), "utf8");
    // A page that has its reader make a file may name it.
    const made = [...text.matchAll(/^```\w+ file=(\S+)$/gm)].map(([, path = ""]) => path);
    return [...text.matchAll(named)].flatMap(({ 0: name, index }) => {
      seen += 1;
      if (/NAME|xxxx/.test(name) || existsFor(page, name, [...published, ...made])) return [];
      return [`${page}:${text.slice(0, index).split("\n").length}: ${name}`];
    });
  });
  assert.ok(seen > 400, `only ${seen} names seen`);
  assert.ok(existsFor("src/lab/README.md", "fabric.ts", published));
  assert.ok(!existsFor("src/lab/network/README.md", "ipv4-rewrite.ts", published));
  assert.equal(problems.length, 0, `files that pages name:\n  ${problems.join("\n  ")}`);
});
