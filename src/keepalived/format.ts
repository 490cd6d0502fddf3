/**
 * The formatter: four blanks for each level, one blank between tokens, one empty line at most, no
 * blanks at line ends. Comments, quotes, line breaks and definitions stay. What keepalived reads is
 * the same before and after: `formatText` compares, and leaves a file alone where that is not so
 * (braces inside half-open quotes and the like).
 */
import type { Source } from "#diagnostics/source";
import { LineReader } from "./lines/line-reader.ts";
import { tokenize } from "./lines/tokens.ts";
import { readTree, type Tree, type TreeNode, type TreeToken } from "./lines/tree.ts";

const INDENT = "    ";

interface TextLine {
  readonly tokens: readonly TreeToken[];
  /** Part of a definition: untouched. */
  readonly raw: boolean;
}

/** Undefined: the file is too broken to be formatted without changing what it says. */
export function formatText(source: Source): string | undefined {
  const text = formatTree(readTree(source));
  const again = formatTree(readTree({ ...source, text }));
  return again === text && meansTheSame(source, { ...source, text }) ? text : undefined;
}

export function formatTree(tree: Tree): string {
  const out: string[] = [];
  let depth = 0;
  let conditional = false;
  for (const line of linesOf(tree)) {
    if (line.raw) {
      const written = line.tokens.filter(({ kind }) => kind !== "newline");
      out.push(written.map(({ text }) => text).join(""));
      continue;
    }
    const tokens = line.tokens.filter(({ kind }) => kind !== "newline");
    const [first] = tokens.filter(({ kind }) => kind !== "space");
    if (first === undefined) {
      if (out.at(-1) !== "" && out.length > 0) out.push("");
      continue;
    }
    const opens = tokens.filter(({ kind }) => kind === "open").length;
    const closes = tokens.filter(({ kind }) => kind === "close").length;
    const isConditional = first.kind === "word" && first.text.startsWith("@");
    const leading = leadingCloses(tokens);
    const level = Math.max(0, depth - leading);
    // Alternatives of one block (`@a x {` and `@b x {` below each other) open it once.
    const counted = isConditional && conditional && opens > closes ? 0 : opens - closes;
    out.push(INDENT.repeat(Math.min(level, 40)) + printLine(tokens));
    depth = Math.max(0, depth + counted);
    conditional = isConditional && opens > closes;
  }
  while (out.at(-1) === "") out.pop();
  return out.length === 0 ? "" : `${out.join("\n")}\n`;
}

function leadingCloses(tokens: readonly TreeToken[]): number {
  let count = 0;
  for (const { kind } of tokens) {
    if (kind === "close") count++;
    else if (kind !== "space") break;
  }
  return count;
}

function printLine(tokens: readonly TreeToken[]): string {
  let text = "";
  let gap = "";
  let before: TreeToken | undefined;
  for (const token of tokens) {
    if (token.kind === "space") {
      gap = token.text;
      continue;
    }
    text += between(before, gap, token) + token.text;
    gap = "";
    before = token;
  }
  return text.replace(/[ \t]+$/, "");
}

function between(before: TreeToken | undefined, gap: string, next: TreeToken): string {
  if (before === undefined || before.kind === "byte-order-mark") return "";
  // Comments beside statements are often aligned by hand.
  if (next.kind === "comment") return gap === "" || gap.includes("\t") ? " " : gap;
  const brace = [before.kind, next.kind].some((kind) => kind === "open" || kind === "close");
  return gap !== "" || brace ? " " : "";
}

function linesOf(tree: Tree): readonly TextLine[] {
  const lines: TextLine[] = [];
  let current: TreeToken[] = [];
  const add = (token: TreeToken, raw: boolean): void => {
    current.push(token);
    if (token.kind !== "newline") return;
    lines.push({ tokens: current, raw });
    current = [];
  };
  const work: (TreeNode | TreeToken)[] = tree.nodes.toReversed();
  while (work.length > 0) {
    const next = work.pop();
    if (next === undefined) break;
    if ("text" in next) add(next, false);
    else if (next.kind === "block") {
      const { head, open, nodes, close } = next;
      for (const token of head) add(token, false);
      add(open, false);
      if (close !== undefined) work.push(close);
      for (let index = nodes.length - 1; index >= 0; index--) {
        const node = nodes[index];
        if (node !== undefined) work.push(node);
      }
    } else for (const token of next.tokens) add(token, next.kind === "definition");
  }
  if (current.length > 0) lines.push({ tokens: current, raw: false });
  return lines;
}

/** The same logical lines, for a machine with and for one without a config-id. */
export function meansTheSame(before: Source, after: Source): boolean {
  return [undefined, "x"].every(
    (configId) => logicalLines(before, configId) === logicalLines(after, configId),
  );
}

function logicalLines(source: Source, configId: string | undefined): string {
  const reader = new LineReader([source], {
    configId,
    predefined: {
      folder: () => ".",
      instance: () => "",
      random: (min) => min,
      environment: () => "",
    },
    include: () => [],
    report: () => undefined,
  });
  const lines: string[] = [];
  for (let line = reader.next(); line !== undefined; line = reader.next()) {
    const { tokens } = tokenize(line);
    lines.push(tokens.map(({ text, quoted }) => `${quoted ? '"' : " "}${text}`).join(""));
  }
  return lines.join("\n");
}
