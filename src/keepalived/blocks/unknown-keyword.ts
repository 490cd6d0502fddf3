/** A keyword that a table does not know: what was probably meant by it. */
import { type AnyFinding, type Fix, finding } from "#diagnostics/diagnostic";
import { isNear } from "#units/nearest";
import type { BlockWord, Keyword, KeywordTable } from "../keywords/keyword.ts";
import { homesOf, opensBlock } from "../keywords/tables.ts";
import type { Token } from "../lines/tokens.ts";
import { doesNothing } from "../values/argument.ts";
import type { Block } from "./block.ts";

/**
 * Mutable while the file is being read: whether it opens a block, and what that cuts short, is
 * known only later.
 */
export interface UnknownFacts {
  word: string;
  block: BlockWord | undefined;
  suggestion: string | undefined;
  homes: readonly string[];
  isBlock: boolean;
  cut: { name: string; from: number; to: number } | undefined;
}

export interface Unknown {
  readonly facts: UnknownFacts;
  readonly finding: AnyFinding;
}

export function describeUnknown(
  token: Token,
  block: BlockWord | undefined,
  table: KeywordTable,
  suggest: (word: string) => string | undefined,
): Unknown {
  const plain = token.text.replace(/[=:;,]+$/, "");
  const known = table.has(plain);
  const suggestion = known ? plain : suggest(token.text);
  const facts: UnknownFacts = {
    word: token.text,
    block,
    suggestion,
    homes: known ? [] : homesOf(token.text),
    isBlock: false,
    cut: undefined,
  };
  const replaced = (text: string, safety: Fix["safety"]): { readonly fix: Fix } => ({
    fix: { safety, edits: [{ span: token.span, text }] },
  });
  if (known) {
    const mark = token.text.slice(plain.length);
    const fix = replaced(plain, "safe");
    const assigned = /^[=:]+$/.test(mark);
    return {
      facts,
      finding: assigned
        ? finding("VR1025", token.span, { keyword: plain, mark }, fix)
        : finding("VR1026", token.span, { word: plain, mark }, fix),
    };
  }
  const [left = "", right = ""] = /^[^=]+=[^=]*$/.test(token.text) ? token.text.split("=") : [];
  if (table.has(left)) {
    facts.suggestion = left;
    const fix = replaced(`${left} ${right}`.trim(), "safe");
    return { facts, finding: finding("VR1025", token.span, { keyword: left, mark: "=" }, fix) };
  }
  const certain = suggestion !== undefined && sameLetters(suggestion, token.text);
  const extras = suggestion === undefined ? {} : replaced(suggestion, certain ? "safe" : "maybe");
  return { facts, finding: finding("VR1001", token.span, facts, extras) };
}

const sameLetters = (a: string, b: string): boolean => letters(a) === letters(b);
const letters = (word: string): string => word.toLowerCase().replaceAll(/[-_]/g, "");

/** A name where only keywords are known; what looks like a misspelled keyword is taken for one. */
export const isStray = (block: Block, { word, suggestion }: UnknownFacts): boolean =>
  block.word === "vrrp_sync_group" && suggestion === undefined && /^[\w.-]+$/.test(word);

/** A misspelled keyword that Baton does not act on even when it is spelled right. */
export const isUnused = (word: string, meant: Keyword | undefined): meant is Keyword =>
  meant !== undefined &&
  doesNothing(meant) &&
  !opensBlock(meant) &&
  word.length >= 8 &&
  isNear(word, meant.word);
