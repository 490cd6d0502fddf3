/**
 * The lossless tree: every character of a file in tokens, tokens in statements, statements in
 * blocks. It is what the formatter and editors work on; what a file means is read from its lines
 * (line-reader.ts), because conditions and definitions can put braces anywhere.
 */
import type { Source } from "#diagnostics/source";
import { lineOf } from "./line.ts";
import { stripLine } from "./tokens.ts";

export type TreeTokenKind =
  | "byte-order-mark"
  | "space"
  | "newline"
  | "comment"
  | "word"
  | "string"
  | "open"
  | "close";

export interface TreeToken {
  readonly kind: TreeTokenKind;
  readonly text: string;
  readonly start: number;
}

export type TreeNode =
  /** An empty line, or a comment alone on its line. */
  | { readonly kind: "blank"; readonly tokens: readonly TreeToken[] }
  | { readonly kind: "statement"; readonly tokens: readonly TreeToken[] }
  /** `$NAME=…`, with its continued lines: braces in it open nothing here. */
  | { readonly kind: "definition"; readonly tokens: readonly TreeToken[] }
  | TreeBlock
  /** A `}` that closes nothing. */
  | { readonly kind: "stray"; readonly tokens: readonly TreeToken[] };

export interface TreeBlock {
  readonly kind: "block";
  /** The header and what stands between it and the brace; empty for a brace alone. */
  readonly head: readonly TreeToken[];
  readonly open: TreeToken;
  readonly nodes: TreeNode[];
  /** Undefined: the file ends first. */
  close: TreeToken | undefined;
}

export interface Tree {
  readonly file: string;
  readonly nodes: readonly TreeNode[];
}

export function readTree(source: Source): Tree {
  const { text } = source;
  const root: TreeNode[] = [];
  const open: TreeBlock[] = [];
  let line: TreeToken[] = [];
  let defining = false;
  const nodes = (): TreeNode[] => open.at(-1)?.nodes ?? root;
  const flush = (): void => {
    if (line.length === 0) return;
    const isWritten = line.some(({ kind }) => kind === "word" || kind === "string");
    const kind = defining ? "definition" : isWritten ? "statement" : "blank";
    nodes().push({ kind, tokens: line });
    line = [];
  };
  let at = 0;
  if (text.startsWith("\ufeff")) {
    line.push({ kind: "byte-order-mark", text: "\ufeff", start: 0 });
    at = 1;
  }
  let fresh = true;
  while (at < text.length) {
    if (fresh && !defining) {
      defining = /^[ \t]*(?:@\^?[^ \t\n]*[ \t]+)?\$[A-Za-z_][A-Za-z0-9_]*=/.test(
        text.slice(at, at + 200),
      );
    }
    fresh = false;
    const token = nextToken(text, at, defining);
    at += token.text.length;
    if (token.kind === "newline") {
      line.push(token);
      fresh = true;
      if (defining && isContinued(line)) continue;
      flush();
      defining = false;
    } else if (token.kind === "open") {
      const block: TreeBlock = {
        kind: "block",
        head: line,
        open: token,
        nodes: [],
        close: undefined,
      };
      line = [];
      nodes().push(block);
      open.push(block);
    } else if (token.kind === "close") {
      flush();
      const block = open.pop();
      if (block === undefined) root.push({ kind: "stray", tokens: [token] });
      else block.close = token;
    } else line.push(token);
  }
  flush();
  return { file: source.name, nodes: root };
}

/**
 * Decided as the line reader decides it; the tokens of earlier lines of the definition are in
 * `line` too.
 */
function isContinued(line: readonly TreeToken[]): boolean {
  const last = line.findLastIndex(
    ({ kind }, index) => kind === "newline" && index < line.length - 1,
  );
  const text = line
    .slice(last + 1, -1)
    .map((token) => token.text)
    .join("");
  return stripLine(lineOf(text, "", 0)).continued;
}

const SPACE = /[ \t\f\v\r]+/y;
const NEWLINE = /\r*\n/y;
const COMMENT = /[#!][^\n]*/y;
const STRING = /"[^"\n]*"/y;
const WORD = /(?:\\[^\n]|\$\{[^{}\n]*\}|[^ \t\f\v\r\n{}"#!\\]|\\(?=\n|$))+|"[^\n]*/y;

function nextToken(text: string, at: number, defining: boolean): TreeToken {
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  const newline = match(NEWLINE);
  if (newline !== undefined) return { kind: "newline", text: newline, start: at };
  const space = match(SPACE);
  if (space !== undefined) {
    // Carriage returns before a line feed belong to the line end.
    const own = text[at + space.length] === "\n" ? space.replace(/\r+$/, "") : space;
    if (own !== "") return { kind: "space", text: own, start: at };
  }
  const comment = match(COMMENT);
  if (comment !== undefined) {
    const own = comment.replace(/\r+$/, "");
    return { kind: "comment", text: own, start: at };
  }
  const char = text[at] ?? "";
  if ((char === "{" || char === "}") && !defining) {
    return { kind: char === "{" ? "open" : "close", text: char, start: at };
  }
  const string = match(STRING);
  if (string !== undefined) return { kind: "string", text: string, start: at };
  const word = match(WORD);
  if (word !== undefined) return { kind: "word", text: word.replace(/\r+$/, ""), start: at };
  return { kind: "word", text: char, start: at };
}

/**
 * The file's text again, character for character. Without recursion: a file of braces must not
 * exhaust the stack.
 */
export function printTree(tree: Tree): string {
  const parts: string[] = [];
  const work: (TreeNode | TreeToken)[] = tree.nodes.toReversed();
  while (work.length > 0) {
    const next = work.pop();
    if (next === undefined) break;
    if ("text" in next) parts.push(next.text);
    else if (next.kind === "block") {
      for (const token of next.head) parts.push(token.text);
      parts.push(next.open.text);
      if (next.close !== undefined) work.push(next.close);
      for (let index = next.nodes.length - 1; index >= 0; index--) {
        const node = next.nodes[index];
        if (node !== undefined) work.push(node);
      }
    } else for (const token of next.tokens) parts.push(token.text);
  }
  return parts.join("");
}
