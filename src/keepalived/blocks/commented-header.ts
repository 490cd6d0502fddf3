/** A block with a comment for a header: `# vrrp_script check` above a `{` that is not. */
import type { Source, Span } from "#diagnostics/source";
import type { Keyword, KeywordTable } from "../keywords/keyword.ts";
import { opensBlock } from "../keywords/tables.ts";

export interface CommentedHeader {
  readonly keyword: Keyword;
  readonly name: string;
  /** Comment marks and the blanks after them: what must go. */
  readonly marks: Span;
  /** The whole header. */
  readonly span: Span;
  /** The comment holds the opening brace too. */
  readonly opens: boolean;
}

/**
 * How far back is looked: a line of keepalived is no longer, and a megabyte without a line end is
 * not searched.
 */
const LOOK_BACK_MAX = 2_048;

/** Looks at the last line with text before `offset`. */
export function findCommentedHeader(
  source: Source,
  offset: number,
  table: KeywordTable,
): CommentedHeader | undefined {
  const { name: file } = source;
  const base = Math.max(0, offset - LOOK_BACK_MAX);
  const text = source.text.slice(base, offset);
  let end = text.lastIndexOf("\n");
  while (end > 0) {
    const start = text.lastIndexOf("\n", end - 1) + 1;
    if (start === 0 && base > 0) return undefined;
    const raw = text.slice(start, end).replace(/\r$/, "");
    if (raw.trim() === "") {
      end = start - 1;
      continue;
    }
    const match = /^([ \t]*)([#!]+[ \t]*)([A-Za-z_]+)(?:[ \t]+([^ \t{}]+))?[ \t]*(\{?)[ \t]*$/.exec(
      raw,
    );
    if (match === null) return undefined;
    const keyword = table.get(match[3] ?? "");
    if (keyword === undefined || !opensBlock(keyword)) return undefined;
    const indent = match[1]?.length ?? 0;
    const marks = match[2]?.length ?? 0;
    const from = base + start + indent;
    return {
      keyword,
      name: match[4] ?? "",
      marks: { file, start: from, end: from + marks },
      span: { file, start: from, end: base + start + raw.trimEnd().length },
      opens: match[5] === "{",
    };
  }
  return undefined;
}
