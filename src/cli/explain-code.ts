/** `baton explain VR2010`: the page of a code, which has a bad and a good example. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandIo } from "#command-line/io";
import { CODES, isCode } from "#diagnostics/codes";
import type { Language } from "#diagnostics/diagnostic";
import { renderPage } from "./page-text.ts";

const PAGES = join(import.meta.dirname, "../../docs/codes");

/** Word that names a code, in any case: `vr2010`, `VR2010`, or its slug. */
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
  io.stdout(renderPage(readFileSync(path, "utf8"), language, color));
  return 0;
}
