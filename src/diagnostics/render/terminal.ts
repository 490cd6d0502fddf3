/** Diagnostics for people at a terminal: source line, underline, notes, help. */

import { visible } from "#units/visible";
import type { Severity } from "../codes.ts";
import type { Diagnostic, Label, Language } from "../diagnostic.ts";
import { type LineIndex, lineText, positionAt, type SourceMap } from "../source.ts";
import { expandTabs, textWidth } from "./width.ts";

export interface TerminalOptions {
  readonly color: boolean;
  readonly language: Language;
}

type Style = "error" | "warning" | "info" | "bold" | "dim" | "help" | "plain";

const CODES: Readonly<Record<Style, string>> = {
  error: "1;31",
  warning: "1;33",
  info: "1;36",
  bold: "1",
  dim: "34",
  help: "32",
  plain: "0",
};

const SEVERITIES: Readonly<Record<Language, Readonly<Record<Severity, string>>>> = {
  en: { error: "error", warning: "warning", info: "info" },
  "zh-CN": { error: "错误", warning: "警告", info: "提示" },
};

interface TerminalMessages {
  readonly note: string;
  readonly help: string;
  readonly morePlaces: (count: number) => string;
}

const MESSAGES: Readonly<Record<Language, TerminalMessages>> = {
  en: {
    note: "note",
    help: "help",
    morePlaces: (count) => `${count} more place${count === 1 ? "" : "s"} not shown`,
  },
  "zh-CN": { note: "说明", help: "建议", morePlaces: (count) => `另有 ${count} 处未列出` },
};

/**
 * Places shown besides the finding's own: a remark about a word that stands in the file ten
 * thousand times.
 */
const RELATED_MAX = 20;

/** Longer lines are cut around the place: a line of a megabyte would fill the screen. */
const COLUMNS_MAX = 160;

/** The first line alone: severity, code and message. */
export function renderHeading(
  { severity, code, message }: Diagnostic,
  { language, color }: TerminalOptions,
): string {
  const title = `${SEVERITIES[language][severity]}[${code}]`;
  const colon = language === "en" ? ": " : "：";
  return `${painter(color)(severity, title)}${colon}${painter(color)("bold", visible(message))}`;
}

type Painter = (style: Style, text: string) => string;

const painter =
  (color: boolean): Painter =>
  (style, text) =>
    color ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text;

export function renderTerminal(
  diagnostic: Diagnostic,
  sources: SourceMap,
  options: TerminalOptions,
): string {
  const paint = painter(options.color);
  const { severity } = diagnostic;
  const out = [renderHeading(diagnostic, options)];
  const excerpts = excerptsOf(diagnostic, sources);
  const lines = excerpts.flatMap(({ marks }) => marks.map(({ line }) => String(line).length));
  const margin = " ".repeat(Math.max(1, ...lines));
  const hidden = diagnostic.related.length - RELATED_MAX;
  for (const [count, { index, marks }] of excerpts.entries()) {
    const [first] = marks.filter(({ primary }) => primary || count > 0);
    const { text } = index.source;
    const name = visible(index.source.name).replaceAll("\n", " ");
    // A file that is not there, or is empty, has no line to point at.
    const isEmpty = text === "";
    const place = isEmpty ? name : `${name}:${first?.line ?? 1}:${(first?.start ?? 0) + 1}`;
    out.push(`${margin}${paint("dim", count === 0 ? "-->" : ":::")} ${place}`);
    if (!isEmpty) out.push(...excerpt(marks, index, severity, margin, paint));
  }
  const messages = MESSAGES[options.language];
  const colon = options.language === "en" ? ": " : "：";
  const line = (style: Style, word: string, text: string): string =>
    `${margin} ${paint("dim", "=")} ${paint(style, word)}${colon}${visible(text)}`;
  if (hidden > 0) out.push(line("plain", messages.note, messages.morePlaces(hidden)));
  for (const note of diagnostic.notes) out.push(line("plain", messages.note, note));
  if (diagnostic.help !== undefined) out.push(line("help", messages.help, diagnostic.help));
  return `${out.join("\n")}\n`;
}

interface Excerpt {
  readonly index: LineIndex;
  readonly marks: readonly Mark[];
}

/** The file of the finding first, then the other files that it speaks of. */
function excerptsOf(diagnostic: Diagnostic, sources: SourceMap): readonly Excerpt[] {
  const { primary } = diagnostic;
  const related = diagnostic.related.slice(0, RELATED_MAX);
  const files = [...new Set([primary.span.file, ...related.map(({ span }) => span.file)])];
  return files.flatMap((file): Excerpt[] => {
    const index = sources.find(file);
    if (index === undefined) return [];
    return [{ index, marks: marksOf(primary, related, index, file) }];
  });
}

interface Mark {
  readonly line: number;
  readonly label: Label;
  readonly primary: boolean;
  readonly start: number;
  readonly end: number;
}

function marksOf(
  first: Label,
  related: readonly Label[],
  index: LineIndex,
  file: string,
): readonly Mark[] {
  const labels = [
    { label: first, primary: true },
    ...related.map((label) => ({ label, primary: false })),
  ].filter(({ label }) => label.span.file === file);
  const marks = labels.map(({ label, primary }): Mark => {
    const from = positionAt(index, label.span.start);
    const to = positionAt(index, Math.max(label.span.start, label.span.end));
    const end = to.line === from.line ? to.column - 1 : lineText(index, from.line).length;
    return { line: from.line, label, primary, start: from.column - 1, end };
  });
  return marks.toSorted((a, b) => a.line - b.line || a.start - b.start);
}

function excerpt(
  marks: readonly Mark[],
  index: LineIndex,
  severity: Severity,
  margin: string,
  paint: Painter,
): readonly string[] {
  const bar = paint("dim", "|");
  const out = [`${margin} ${bar}`];
  let before: number | undefined;
  for (const mark of marks) {
    if (before !== mark.line) {
      if (before !== undefined && mark.line > before + 1)
        out.push(`${margin}${paint("dim", "...")}`);
      const number = paint("dim", String(mark.line).padStart(margin.length));
      out.push(`${number} ${bar} ${shown(lineText(index, mark.line), mark).text}`.trimEnd());
    }
    before = mark.line;
    out.push(`${margin} ${bar} ${underline(lineText(index, mark.line), mark, severity, paint)}`);
  }
  out.push(`${margin} ${bar}`);
  return out;
}

/** The part of a line that is shown, and where it begins. */
function shown(raw: string, mark: Mark): { readonly text: string; readonly from: number } {
  if (raw.length <= COLUMNS_MAX) return { text: expandTabs(raw), from: 0 };
  const from = Math.max(0, Math.min(mark.start - 20, raw.length - COLUMNS_MAX));
  return { text: expandTabs(raw.slice(from, from + COLUMNS_MAX)), from };
}

function underline(raw: string, mark: Mark, severity: Severity, paint: Painter): string {
  const { from } = shown(raw, mark);
  const lead = textWidth(expandTabs(raw.slice(from, mark.start)));
  const end = Math.min(mark.end, from + COLUMNS_MAX);
  const whole = textWidth(expandTabs(raw.slice(from, end)));
  const width = Math.max(1, whole - lead);
  const sign = (mark.primary ? "^" : "-").repeat(width);
  const text = mark.label.text === "" ? sign : `${sign} ${visible(mark.label.text)}`;
  return " ".repeat(lead) + paint(mark.primary ? severity : "dim", text);
}
