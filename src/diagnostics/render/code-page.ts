/**
 * A page of `docs/codes` as blocks in one language, for a terminal and for a browser.
 *
 * The pages use little of Markdown (a title, one line of emphasis, second headings, paragraphs,
 * fenced examples, tables); `tests/cli/page-text.test.ts` reads all of them, so a new mark is
 * noticed there.
 */
import type { Language } from "../diagnostic.ts";

export type PageBlock =
  | { readonly kind: "title" | "heading" | "severity" | "text"; readonly text: string }
  | { readonly kind: "example"; readonly lines: readonly string[] }
  | { readonly kind: "table"; readonly rows: readonly (readonly string[])[] };

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
export function readCodePage(page: string, language: Language): readonly PageBlock[] {
  const [english = "", chinese = ""] = page.split(/^## 中文$/m);
  if (language === "en") return readBlocks(english, language);
  const [title = "", , severity = ""] = english.split("\n");
  const examplesAt = english.search(/^## /m);
  const examples = examplesAt < 0 ? "" : english.slice(examplesAt);
  return readBlocks([title, severity, chinese.trim(), examples].join("\n\n"), language);
}

const readBlocks = (text: string, language: Language): readonly PageBlock[] =>
  splitBlocks(text).map((block): PageBlock => {
    const [first = ""] = block;
    if (first.startsWith("```")) return { kind: "example", lines: block.slice(1, -1) };
    if (first.startsWith("|")) return { kind: "table", rows: readRows(block) };
    if (first.startsWith("# ")) return { kind: "title", text: first.slice(2) };
    if (first.startsWith("## "))
      return { kind: "heading", text: translated(first.slice(3), HEADINGS, language) };
    const emphasis = /^\*([^*]+)\*$/.exec(first)?.[1];
    if (emphasis !== undefined)
      return { kind: "severity", text: translated(emphasis, SEVERITIES, language) };
    return { kind: "text", text: block.join(language === "en" ? " " : "") };
  });

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

const readRows = (lines: readonly string[]): readonly (readonly string[])[] =>
  lines
    .filter((line) => !/^\|[-:|\s]+\|$/.test(line))
    .map((line) => line.slice(1, line.lastIndexOf("|")).split("|"))
    .map((cells) => cells.map((cell) => cell.trim()));
