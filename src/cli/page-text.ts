/**
 * A page of `docs/codes` for a terminal: the same text without the marks of Markdown, in lines
 * of a readable length, and with tables in columns.
 */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CommandIo } from "#command-line/io";
import { wrap } from "#command-line/wrap";
import { CODES, isCode } from "#diagnostics/codes";
import type { Language } from "#diagnostics/diagnostic";
import { readCodePage } from "#diagnostics/render/code-page";
import { alignColumns } from "#diagnostics/render/columns";
import { resourceUrl } from "#units/installation";

/** Of a reader that says nothing of its width; and no more than an eye follows. */
const COLUMNS = 80;
const COLUMNS_MAX = 100;
const INDENT = "    ";
const BOLD = "1";

/** @param columns of the terminal */
export function renderPage(
  page: string,
  language: Language,
  color: boolean,
  columns: number = COLUMNS,
): string {
  const bold = (phrase: string): string => (color ? `\u001b[${BOLD}m${phrase}\u001b[0m` : phrase);
  const blocks = readCodePage(page, language).map((block): string => {
    switch (block.kind) {
      case "title":
      case "heading":
        return bold(block.text);
      case "severity":
        return block.text;
      case "text":
        return wrap(block.text, Math.min(columns, COLUMNS_MAX));
      case "example":
        return block.lines.map(indented).join("\n");
      case "table":
        return alignColumns(block.rows).lines.map(indented).join("\n");
    }
  });
  return `${blocks.join("\n\n")}\n`;
}

const indented = (line: string): string => (line === "" ? "" : `${INDENT}${line}`);

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
