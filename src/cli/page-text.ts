/**
 * A page of `docs/codes` for a terminal: the same text without the marks of Markdown, in lines
 * of a readable length, and with tables in columns.
 *
 * The pages use little of Markdown (a title, one line of emphasis, second headings, paragraphs,
 * fenced examples, tables); `tests/cli/page-text.test.ts` reads all of them, so a new mark is
 * noticed there.
 */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CommandIo } from "#command-line/io";
import { wrap } from "#command-line/wrap";
import { CODES, isCode } from "#diagnostics/codes";
import type { Language } from "#diagnostics/diagnostic";
import { alignColumns } from "#diagnostics/render/columns";
import { resourceUrl } from "#units/installation";

/** Of a reader that says nothing of its width; and no more than an eye follows. */
const COLUMNS = 80;
const COLUMNS_MAX = 100;
const INDENT = "    ";
const BOLD = "1";

const HEADINGS: Readonly<Record<string, string>> = { Bad: "错误写法", Good: "正确写法" };
const SEVERITIES: Readonly<Record<string, string>> = {
  error: "错误",
  "error, would not run": "错误，不会运行",
  warning: "警告",
  "warning, script security": "警告（脚本安全）",
  info: "提示",
};

/**
 * A page holds both languages; the part below "## 中文" is the Chinese one. The examples serve both.
 */
export function renderPage(
  page: string,
  language: Language,
  color: boolean,
  columns: number = COLUMNS,
): string {
  const [english = "", chinese = ""] = page.split(/^## 中文$/m);
  if (language === "en") return renderMarkdown(english, language, color, columns);
  const [title = "", , severity = ""] = english.split("\n");
  const examplesAt = english.search(/^## /m);
  const examples = examplesAt < 0 ? "" : english.slice(examplesAt);
  return renderMarkdown(
    [title, severity, chinese.trim(), examples].join("\n\n"),
    language,
    color,
    columns,
  );
}

function renderMarkdown(text: string, language: Language, color: boolean, columns: number): string {
  const bold = (phrase: string): string => (color ? `\u001b[${BOLD}m${phrase}\u001b[0m` : phrase);
  const blocks = splitBlocks(text).map((block): string => {
    const [first = ""] = block;
    if (first.startsWith("```")) return block.slice(1, -1).map(indented).join("\n");
    if (first.startsWith("|")) return printTable(block);
    if (first.startsWith("# ")) return bold(first.slice(2));
    if (first.startsWith("## ")) return bold(translated(first.slice(3), HEADINGS, language));
    const emphasis = /^\*([^*]+)\*$/.exec(first)?.[1];
    if (emphasis !== undefined) return translated(emphasis, SEVERITIES, language);
    return wrap(block.join(language === "en" ? " " : ""), Math.min(columns, COLUMNS_MAX));
  });
  return `${blocks.join("\n\n")}\n`;
}

const indented = (line: string): string => (line === "" ? "" : `${INDENT}${line}`);

const translated = (
  phrase: string,
  chinese: Readonly<Record<string, string>>,
  language: Language,
): string => (language === "en" ? phrase : (chinese[phrase] ?? phrase));

/** Paragraphs, headings, tables and fenced examples, each with its lines. */
function splitBlocks(text: string): readonly (readonly string[])[] {
  const blocks: string[][] = [];
  let open: string[] | undefined;
  let isFenced = false;
  for (const line of text.split("\n")) {
    if (line.startsWith("```")) {
      if (isFenced) open?.push(line);
      else blocks.push((open = [line]));
      if (isFenced) open = undefined;
      isFenced = !isFenced;
    } else if (isFenced) open?.push(line);
    else if (line.trim() === "") open = undefined;
    else if (open === undefined) blocks.push((open = [line]));
    else open.push(line);
  }
  return blocks;
}

function printTable(lines: readonly string[]): string {
  const rows = lines
    .filter((line) => !/^\|[-:|\s]+\|$/.test(line))
    .map((line) => line.slice(1, line.lastIndexOf("|")).split("|"))
    .map((cells) => cells.map((cell) => cell.trim()));
  return alignColumns(rows).lines.map(indented).join("\n");
}

const PAGES = fileURLToPath(resourceUrl("docs/codes"));

/** A name of a code, in upper or lower case: `vr2010`, `VR2010`, or its slug. */
export function codeOf(word: string): string | undefined {
  const upper = word.toUpperCase();
  if (isCode(upper)) return upper;
  return Object.entries(CODES).find(([, { slug }]) => slug === word.toLowerCase())?.[0];
}

/** Prints the page; the result is the exit status. */
export function explainCode(word: string, language: Language, io: CommandIo): number {
  const en = language === "en";
  const code = codeOf(word);
  if (code === undefined) {
    io.stderr(`baton explain: ${en ? `there is no code ${word}` : `没有编号 ${word}`}\n`);
    return 2;
  }
  const path = join(PAGES, `${code}.md`);
  if (!existsSync(path)) {
    io.stderr(`baton explain: ${en ? `there is no page for ${code}` : `没有 ${code} 的说明页`}\n`);
    return 1;
  }
  const color = io.isTty && io.env["NO_COLOR"] === undefined;
  io.stdout(renderPage(readFileSync(path, "utf8"), language, color, io.columns));
  return 0;
}
