/**
 * Characters to tokens, as keepalived does it (2.2.7, its parser.c; seen with the Debian binary):
 *
 * - `#` and `!` begin a comment anywhere outside double quotes, also in the middle of a token;
 * - a backslash before them does not help: the parent process takes it away and writes a copy of
 *   the file, and the child processes that read the copy see a comment;
 * - tokens are separated by blanks; `"` begins a new one even in the middle of another; single
 *   quotes mean nothing.
 */
import type { Span } from "#diagnostics/source";
import { type Line, replaceIn, sliceLine, spanOf } from "./line.ts";

export interface Token {
  readonly text: string;
  readonly span: Span;
  readonly quoted: boolean;
}

export interface Stripped {
  readonly line: Line;
  /** A backslash at the very end: inside a definition, the next line belongs to it. */
  readonly continued: boolean;
  readonly backslash: Line | undefined;
  /** Where the comment begins in the line as given; undefined: none. */
  readonly commentAt: number | undefined;
  /** Places of `\#` and `\!` in the line as given. */
  readonly escapes: readonly number[];
  readonly openQuote: boolean;
}

const MARKS = /[#!"\\]/;
/** What a line without comment, quote and backslash is stripped to, besides itself. */
export const PLAIN: Omit<Stripped, "line"> = {
  continued: false,
  backslash: undefined,
  commentAt: undefined,
  escapes: [],
  openQuote: false,
};

export const isPlain = (text: string): boolean => !MARKS.test(text);

const isBlank = (char: string | undefined): boolean => char === " " || char === "\t";

/** Takes away comment and blanks at both ends, and the backslash of `\#` and `\!`. */
export function stripLine(line: Line): Stripped {
  const { text } = line;
  let from = 0;
  while (isBlank(text[from])) from++;
  if (!MARKS.test(text)) {
    let last = text.length;
    while (last > from && isBlank(text[last - 1])) last--;
    return { line: sliceLine(line, from, last), ...PLAIN };
  }
  let quote = false;
  let continued = false;
  let commentAt: number | undefined;
  const escapes: number[] = [];
  let end = text.length;
  for (let at = from; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === 0x22) {
      if (commentAt === undefined) quote = !quote;
    } else if (char === 0x5c) {
      if (at + 1 === text.length) {
        continued = true;
        end = at;
      } else {
        const next = text[at + 1];
        if (!quote && commentAt === undefined && (next === "#" || next === "!")) escapes.push(at);
        at++;
      }
    } else if ((char === 0x23 || char === 0x21) && !quote && commentAt === undefined) {
      commentAt = at;
    }
  }
  if (commentAt !== undefined) end = Math.min(end, commentAt);
  while (end > from && isBlank(text[end - 1])) end--;
  let stripped = sliceLine(line, from, end);
  for (const at of escapes.toReversed()) {
    if (at < end) stripped = replaceIn(stripped, at - from, at - from + 1, "");
  }
  // A backslash counts as the last character also before blanks and before a comment.
  let backslash = continued ? sliceLine(line, text.length - 1, text.length) : undefined;
  if (!continued && stripped.text.endsWith("\\")) {
    const last = stripped.text.length - 1;
    backslash = sliceLine(stripped, last, last + 1);
    continued = true;
    let to = last;
    while (to > 0 && isBlank(stripped.text[to - 1])) to--;
    stripped = sliceLine(stripped, 0, to);
  }
  return { line: stripped, continued, backslash, commentAt, escapes, openQuote: quote };
}

export interface TokenizedLine {
  readonly tokens: readonly Token[];
  /** Place of a quote that is never closed; what follows it is lost. */
  readonly openQuote: Span | undefined;
}

/** More do not fit in a line of keepalived's, and such a line is reported already (VR1008). */
const TOKENS_MAX = 1_024;

const QUOTE = 0x22;

/** Blank, tab, line feed, vertical tab, form feed, carriage return. */
const separates = (code: number): boolean => code === 0x20 || (code >= 0x09 && code <= 0x0d);

export function tokenize(line: Line): TokenizedLine {
  const { text } = line;
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (separates(code)) {
      at++;
      continue;
    }
    const quoted = code === QUOTE;
    let end = at + 1;
    if (quoted) {
      end = text.indexOf('"', end) + 1;
      if (end === 0) return { tokens, openQuote: spanOf(line, at, text.length) };
    } else {
      for (; end < text.length; end++) {
        const next = text.charCodeAt(end);
        if (next === QUOTE || separates(next)) break;
      }
    }
    const token = quoted ? text.slice(at + 1, end - 1) : text.slice(at, end);
    tokens.push({ text: token, span: spanOf(line, at, end), quoted });
    if (tokens.length === TOKENS_MAX) break;
    at = end;
  }
  return { tokens, openQuote: undefined };
}

const isBrace = (code: number): boolean => code === 0x7b || code === 0x7d;

/**
 * First brace outside double quotes; -1: none. A brace at the start counts even if a quote was left
 * open before.
 */
export function findBrace(text: string): number {
  if (isBrace(text.charCodeAt(0))) return 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isBrace(code)) return at;
    if (code === QUOTE) {
      at = text.indexOf('"', at + 1);
      if (at < 0) return -1;
    }
  }
  return -1;
}

/** Bytes in UTF-8, the unit of keepalived's limits. */
export function byteLength(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x80) bytes += 1;
    else if (code < 0x800) bytes += 2;
    else if (code >= 0xd800 && code < 0xdc00) {
      bytes += 4;
      at++;
    } else bytes += 3;
  }
  return bytes;
}
