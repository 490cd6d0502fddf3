/** A block whose header is a comment: `# vrrp_script check` above a `{` that is not. */
import type { Source, Span } from "#diagnostics/source";
import type { Keyword, KeywordTable } from "./keyword.ts";
import { opensBlock } from "./keywords/tables.ts";

export interface CommentedHeader {
  readonly keyword: Keyword;
  readonly name: string;
  /** Comment marks and the blanks after them: what must go. */
  readonly marks: Span;
  /** The header's words. */
  readonly span: Span;
  /** The comment holds the opening brace too. */
  readonly opens: boolean;
}

/** Looks at the last line with text before `offset`. */
export function findCommentedHeader(
  source: Source,
  offset: number,
  table: KeywordTable,
): CommentedHeader | undefined {
  const { text, name: file } = source;
  let end = text.lastIndexOf("\n", offset - 1);
  while (end > 0) {
    const start = text.lastIndexOf("\n", end - 1) + 1;
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
    const from = start + indent;
    return {
      keyword,
      name: match[4] ?? "",
      marks: { file, start: from, end: from + marks },
      span: { file, start: from, end: start + raw.trimEnd().length },
      opens: match[5] === "{",
    };
  }
  return undefined;
}
