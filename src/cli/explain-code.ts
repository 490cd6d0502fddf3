/** `baton explain VR2010`: the page of a code, which has a bad and a good example. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CODES, isCode } from "#diagnostics/codes";
import type { Language } from "#diagnostics/diagnostic";
import type { Command, CommandIo } from "./io.ts";
import { languageAmong } from "./language.ts";
import { renderPage } from "./page-text.ts";

const PAGES = join(import.meta.dirname, "../../docs/codes");

/** Word that names a code, in any case: `vr2010`, `VR2010`, or its slug. */
export function codeOf(word: string): string | undefined {
  const upper = word.toUpperCase();
  if (isCode(upper)) return upper;
  return Object.entries(CODES).find(([, { slug }]) => slug === word.toLowerCase())?.[0];
}

export function runExplainCode(argv: readonly string[], io: CommandIo): Promise<number> {
  const at = argv.indexOf("--lang");
  const language = languageAmong(argv, io.env);
  const value = at < 0 ? -1 : at + 1;
  const word = argv.find((one, index) => !one.startsWith("-") && index !== value);
  const code = word === undefined ? undefined : codeOf(word);
  if (code === undefined) {
    io.stderr(`baton explain: ${noSuchCode(word, language)}\n`);
    return Promise.resolve(2);
  }
  const path = join(PAGES, `${code}.md`);
  if (!existsSync(path)) {
    const en = language === "en";
    io.stderr(`baton explain: ${en ? `there is no page for ${code}` : `没有 ${code} 的说明页`}\n`);
    return Promise.resolve(1);
  }
  const color = io.isTty && io.env["NO_COLOR"] === undefined;
  io.stdout(renderPage(readFileSync(path, "utf8"), language, color));
  return Promise.resolve(0);
}

function noSuchCode(word: string | undefined, language: Language): string {
  const en = language === "en";
  if (word === undefined) return en ? "name a code, such as VR2010" : "请给出编号，例如 VR2010";
  return en ? `there is no code ${word}` : `没有编号 ${word}`;
}

export const command: Command = runExplainCode;
