/**
 * Finds the paths that match an include's pattern, as glob(3) does: `*`, `?` and `[…]` match
 * within one folder's names, and a leading dot only where the pattern has one.
 */
import { lstatSync, opendirSync } from "node:fs";
import { join } from "node:path";

/**
 * How many paths one pattern may match, and how many names may be examined for it. A pattern of
 * `/*` five folders deep would walk the whole machine.
 */
const PATHS_MAX = 1_000;
const NAMES_MAX = 100_000;

export interface Globbed {
  readonly paths: readonly string[];
  /** True if there was more than the limits allow to examine. */
  readonly isCut: boolean;
}

const isPattern = (part: string): boolean => /[*?[]/.test(part);

/** Relative to the working directory unless the pattern begins with a slash. */
export function globPaths(pattern: string): Globbed {
  let names = 0;
  let isCut = false;
  let found = [pattern.startsWith("/") ? "/" : "."];
  const parts = pattern.split("/").filter((part) => part !== "");
  for (const [at, part] of parts.entries()) {
    const next: string[] = [];
    const matches = isPattern(part) ? nameMatcher(part) : undefined;
    for (const folder of found) {
      if (next.length >= PATHS_MAX || names >= NAMES_MAX) {
        isCut = true;
        break;
      }
      if (matches === undefined) next.push(join(folder, part));
      else {
        const read = namesIn(folder, NAMES_MAX - names);
        names += read.length;
        for (const name of read) if (matches(name)) next.push(join(folder, name));
      }
    }
    // A part without wildcards has not been checked for existence yet.
    found = matches === undefined && at === parts.length - 1 ? next.filter(exists) : next;
  }
  isCut ||= found.length > PATHS_MAX || names >= NAMES_MAX;
  return { paths: found.toSorted().slice(0, PATHS_MAX), isCut };
}

function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Empty if there is no such folder. */
function namesIn(folder: string, limit: number): readonly string[] {
  const names: string[] = [];
  try {
    const opened = opendirSync(folder);
    try {
      for (
        let one = opened.readSync();
        one !== null && names.length < limit;
        one = opened.readSync()
      )
        names.push(one.name);
    } finally {
      opened.closeSync();
    }
  } catch {
    return names;
  }
  return names;
}

/**
 * Matches like fnmatch(3), but without a regular expression: a pattern like `*a*a*a*b` must not
 * take for ever.
 */
function nameMatcher(pattern: string): (name: string) => boolean {
  const tests = readTests(pattern);
  return (name) => (name.startsWith(".") && !pattern.startsWith(".") ? false : match(tests, name));
}

type Test = "star" | ((char: string) => boolean);

function readTests(pattern: string): readonly Test[] {
  const tests: Test[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] ?? "";
    if (char === "*") tests.push("star");
    else if (char === "?") tests.push(() => true);
    else if (char === "[") {
      const set = /^\[[!^]?\]?[^\]]*\]/.exec(pattern.slice(at))?.[0];
      if (set === undefined) tests.push((one) => one === "[");
      else {
        tests.push(setTest(set.slice(1, -1)));
        at += set.length - 1;
      }
    } else if (char === "\\" && at + 1 < pattern.length) {
      const literal = pattern[++at];
      tests.push((one) => one === literal);
    } else tests.push((one) => one === char);
  }
  return tests;
}

function setTest(set: string): (char: string) => boolean {
  const isNegated = set.startsWith("!") || set.startsWith("^");
  const chars = isNegated ? set.slice(1) : set;
  return (char) => {
    let isIn = false;
    for (let at = 0; at < chars.length; at++) {
      const from = chars[at] ?? "";
      const to = chars[at + 1] === "-" ? chars[at + 2] : undefined;
      if (to === undefined) isIn ||= char === from;
      else {
        isIn ||= char >= from && char <= to;
        at += 2;
      }
    }
    return isIn !== isNegated;
  };
}

/** Backtracks to the last star only, so the time is at most the product of the two lengths. */
function match(tests: readonly Test[], name: string): boolean {
  let at = 0;
  let test = 0;
  let star = -1;
  let mark = 0;
  while (at < name.length) {
    const one = tests[test];
    if (one === "star") {
      star = test++;
      mark = at;
    } else if (one?.(name[at] ?? "") === true) {
      at++;
      test++;
    } else if (star >= 0) {
      test = star + 1;
      at = ++mark;
    } else return false;
  }
  while (tests[test] === "star") test++;
  return test === tests.length;
}
