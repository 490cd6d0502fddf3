/**
 * From everything that was found to what a person should read: no consequences, no doubles, the
 * worst first.
 */
import { CODES, type Code } from "#diagnostics/codes";
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import type { Source, Span } from "#diagnostics/source";
import { reportLostIncludes } from "./lost-includes.ts";

/** More of one code in one run than this is a pattern, and is reported as one. */
const SAME_CODE_MAX = 20;

/** A line with one of these is misread as a whole; other findings on it only follow. */
const CAUSES: ReadonlySet<Code> = new Set([
  "VR1010",
  "VR1011",
  "VR1025",
  "VR1026",
  "VR1007",
  "VR1013",
  "VR1035",
  "VR1038",
  "VR1039",
]);
const CONSEQUENCES = /^VR(10|20|21|30)/;
const BRACES: ReadonlySet<Code> = new Set([
  "VR1001",
  "VR1003",
  "VR1004",
  "VR1005",
  "VR1006",
  "VR1030",
  "VR2015",
  "VR2016",
  "VR2018",
  "VR2019",
  "VR2029",
  "VR2034",
  "VR2037",
  "VR2040",
]);

/** A block does not begin or end where it was meant to, or is none. */
const STRUCTURE: ReadonlySet<Code> = new Set([
  "VR1002",
  "VR1003",
  "VR1004",
  "VR1005",
  "VR1006",
  "VR1030",
  "VR1036",
  "VR1044",
]);

/** What is missing may have been in such a block: that is no mistake of its own. */
const MISSING: ReadonlySet<Code> = new Set([
  "VR2010",
  "VR2011",
  "VR2012",
  "VR2013",
  "VR2015",
  "VR2016",
  "VR2017",
  "VR2018",
  "VR2019",
  "VR2021",
  "VR2029",
  "VR2034",
  "VR2037",
  "VR2040",
]);

const isStructure = (one: AnyFinding): boolean =>
  STRUCTURE.has(one.code) || (one.code === "VR1001" && one.facts.isBlock);

export function tidyFindings(
  all: readonly AnyFinding[],
  sources: readonly Source[],
  dropped: readonly ReadonlyMap<Code, number>[],
  isComplete: boolean,
): readonly AnyFinding[] {
  const texts = new Map(sources.map(({ name, text }) => [name, text]));
  const order = new Map(sources.map(({ name }, index) => [name, index]));
  const lineKey = ({ file, start }: Span): string => {
    const text = texts.get(file) ?? "";
    return `${file}\0${text.lastIndexOf("\n", start - 1)}`;
  };
  const spoiled = new Set<string>();
  for (const { code, primary } of all) {
    if (!CAUSES.has(code)) continue;
    spoiled.add(lineKey(primary));
    // What was meant to go on in the next line.
    if (code === "VR1035") spoiled.add(lineKey({ ...primary, start: nextLine(primary, texts) }));
  }
  const binary = new Set(
    all.filter(({ code }) => code === "VR1009").map(({ primary }) => primary.file),
  );
  // In a template that was not filled in, other findings mean nothing.
  const unfilled = new Set(
    all.filter(({ code }) => code === "VR1043").map(({ primary }) => primary.file),
  );
  const wideBrace = all.find((one) => one.code === "VR1011" && /[｛｝]/.test(one.facts.found));
  const isBroken = all.some(isStructure);
  const seen = new Set<string>();
  const kept = all.filter((one) => {
    const { code, primary } = one;
    if (binary.has(primary.file)) return code === "VR1009";
    if (unfilled.has(primary.file) && code !== "VR1043" && CONSEQUENCES.test(code)) return false;
    if (one.code === "VR1044" && one.facts.names.length === 0) return false;
    if (isBroken && MISSING.has(code)) return false;
    if (wideBrace !== undefined && BRACES.has(code)) return false;
    if (
      spoiled.size > 0 &&
      !CAUSES.has(code) &&
      CONSEQUENCES.test(code) &&
      spoiled.has(lineKey(primary))
    ) {
      return false;
    }
    const key = `${code} ${primary.file} ${primary.start} ${primary.end}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  const sorted = reportLostIncludes(kept).toSorted(
    (a, b) =>
      rank(a.code) - rank(b.code) ||
      (order.get(a.primary.file) ?? 0) - (order.get(b.primary.file) ?? 0) ||
      a.primary.start - b.primary.start,
  );
  return isComplete ? sorted : limit(sorted, dropped);
}

/** How many there are of each code, those included that are only counted. */
export function countFindings(findings: readonly AnyFinding[]): ReadonlyMap<Code, number> {
  const counts = new Map<Code, number>();
  const add = (code: Code, count: number): void =>
    void counts.set(code, (counts.get(code) ?? 0) + count);
  for (const one of findings) {
    if (one.code === "VR1033") add(one.facts.code, one.facts.count);
    else add(one.code, 1);
  }
  return counts;
}

function nextLine({ file, end }: Span, texts: ReadonlyMap<string, string>): number {
  const found = (texts.get(file) ?? "").indexOf("\n", end);
  return found < 0 ? end : found + 1;
}

function rank(code: Code): number {
  const { severity } = CODES[code];
  return severity === "error" ? 0 : severity === "warning" ? 1 : 2;
}

function limit(
  sorted: readonly AnyFinding[],
  dropped: readonly ReadonlyMap<Code, number>[],
): readonly AnyFinding[] {
  const counts = new Map<Code, number>();
  const kept: AnyFinding[] = [];
  const first = new Map<Code, AnyFinding>();
  for (const one of sorted) {
    const count = (counts.get(one.code) ?? 0) + 1;
    counts.set(one.code, count);
    if (count === SAME_CODE_MAX + 1) first.set(one.code, one);
    if (count <= SAME_CODE_MAX) kept.push(one);
  }
  for (const [code, one] of first) {
    const uncounted = dropped.reduce((sum, map) => sum + (map.get(code) ?? 0), 0);
    const count = (counts.get(code) ?? 0) - SAME_CODE_MAX + uncounted;
    kept.push(finding("VR1033", one.primary, { code, count }));
  }
  return kept;
}
