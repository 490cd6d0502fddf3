/**
 * `include PATTERN` and its stricter forms. This file does not know which files a pattern stands
 * for: the caller is asked, and answers with their texts.
 */
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import type { Facts } from "#diagnostics/facts";
import type { Source, Span } from "#diagnostics/source";
import type { Line } from "./line.ts";
import { tokenize } from "./tokens.ts";

export type IncludeKeyword =
  | "include"
  | "includer"
  | "includem"
  | "includew"
  | "includeb"
  | "includea";

export interface Include {
  readonly keyword: IncludeKeyword;
  readonly pattern: string;
  /** Name of the file that includes; patterns are relative to its folder. */
  readonly from: string;
  readonly span: Span;
}

/** What the caller found. keepalived takes regular files without an x bit and skips the rest. */
export interface IncludeAnswer {
  readonly files: readonly Source[];
  readonly skipped: readonly {
    readonly path: string;
    readonly why: Facts["VR1018"]["why"];
  }[];
  /** Parts of the pattern (a wildcard, a brace alternative) that match nothing. */
  readonly unmatched: readonly string[];
}

export type IncludeLoader = (pattern: string, from: string) => IncludeAnswer;

const KEYWORDS: readonly string[] = [
  "include",
  "includer",
  "includem",
  "includew",
  "includeb",
  "includea",
];

/** Tested behind every brace of a line, so it is one cheap pattern: exactly two tokens. */
const MAYBE = /^include[a-z]?(?:[ \t]+|(?="))(?:"[^"]*"|[^ \t"]+)[ \t]*$/;

export function readInclude(line: Line): Include | undefined {
  if (!MAYBE.test(line.text)) return undefined;
  const { tokens } = tokenize(line);
  const [keyword, pattern] = tokens;
  if (keyword === undefined || pattern === undefined || tokens.length !== 2) return undefined;
  if (!KEYWORDS.includes(keyword.text)) return undefined;
  return {
    keyword: keyword.text as IncludeKeyword,
    pattern: pattern.text,
    from: pattern.span.file,
    span: pattern.span,
  };
}

/** Asks for the files of one include and says what is wrong with the answer. */
export function loadInclude(
  request: Include,
  load: IncludeLoader | undefined,
  report: (finding: AnyFinding) => void,
): readonly Source[] {
  const { keyword, pattern, span } = request;
  const answer = load?.(pattern, request.from);
  if (answer === undefined || (answer.files.length === 0 && answer.skipped.length === 0)) {
    // `include` and `includer` only log it; the others make keepalived stop.
    const harmless = keyword === "include" || keyword === "includer";
    report(finding(harmless ? "VR1016" : "VR1017", span, { pattern, keyword }));
    return [];
  }
  for (const { path, why } of answer.skipped) report(finding("VR1018", span, { path, why }));
  const strict = keyword === "includew" || keyword === "includeb" || keyword === "includea";
  if (strict) {
    for (const part of answer.unmatched) {
      report(finding("VR1017", span, { pattern: part, keyword }));
    }
  }
  return answer.files;
}
