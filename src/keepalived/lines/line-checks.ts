/**
 * What is strange about a line before its keyword is read: too long for keepalived, a quote that is
 * not closed, a comment mark inside a word, a name that is not defined.
 */
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import type { Definitions, Expanded } from "./definitions.ts";
import { type Line, spanOf, spanOfLine } from "./line.ts";
import { findTemplate } from "./templates.ts";
import { byteLength, type Stripped } from "./tokens.ts";

/** keepalived's buffer holds 1023 bytes of a line and the line end. */
export const LINE_BYTES_MAX = 1023;

export class LineChecks {
  readonly #report: (finding: AnyFinding) => void;
  readonly #definitions: Definitions;
  /** Names defined with a blank before the sign: that has been reported. */
  readonly #misspelled = new Set<string>();
  /** Files that are a template which was not filled in: reported once for each. */
  readonly #templates = new Set<string>();

  constructor(report: (finding: AnyFinding) => void, definitions: Definitions) {
    this.#report = report;
    this.#definitions = definitions;
  }

  /** A line as it stands in its file. */
  raw(line: Line): void {
    this.#length(line);
    this.#template(line);
  }

  #length(line: Line): void {
    if (line.text.length * 3 <= LINE_BYTES_MAX) return;
    const bytes = byteLength(line.text);
    if (bytes <= LINE_BYTES_MAX) return;
    const end = Math.min(line.text.length, 80);
    this.#report(finding("VR1008", spanOf(line, 0, end), { bytes, limit: LINE_BYTES_MAX }));
  }

  #template(line: Line): void {
    const { file } = spanOf(line, 0, 0);
    if (this.#templates.has(file)) return;
    const found = findTemplate(line);
    if (found === undefined) return;
    this.#templates.add(file);
    this.#report(finding("VR1043", found.span, { text: found.text, kind: found.kind }));
  }

  /** @param isDefinition the line is inside a definition of several lines */
  stripped(line: Line, stripped: Stripped, isDefinition: boolean): void {
    const { commentAt, escapes } = stripped;
    if (stripped.openQuote) {
      const at = line.text.lastIndexOf('"', commentAt ?? line.text.length);
      const place = spanOf(line, at, line.text.length);
      this.#report(finding("VR1007", place, { line: line.text.trim() }));
    }
    const at = escapes[0] ?? commentAt;
    if (at === undefined || at === 0 || isDefinition) return;
    if (!/[ \t{}]/.test(line.text[at - 1] ?? " ")) this.#markInsideWord(line, stripped, at);
  }

  #markInsideWord(line: Line, { line: { text }, escapes }: Stripped, at: number): void {
    const tokens = text.split(/[ \t]+/);
    const keyword = tokens[0] ?? "";
    const isEscaped = escapes.length > 0;
    const mark = line.text[isEscaped ? at + 1 : at] ?? "#";
    let from = at;
    while (from > 0 && !isBlank(line.text[from - 1])) from--;
    let to = at;
    while (to < line.text.length && !isBlank(line.text[to])) to++;
    const place = spanOf(line, from, to);
    if (isEscaped) {
      this.#report(finding("VR1024", place, { keyword, mark }));
    } else if (to > at + 1 && tokens.length > 1) {
      // `eth0#main` is a word cut in two; `eth0# comment` is a comment without a blank before it.
      const secret = keyword === "auth_pass" || keyword === "key";
      const kept = secret ? "" : line.text.slice(from, at);
      this.#report(finding("VR1023", place, { keyword, mark, secret, kept }));
    }
  }

  /** Outside a definition, a backslash at the end of a line is an ordinary character. */
  backslash(line: Line): void {
    const from = Math.max(0, line.text.search(/[^ \t]*$/));
    const place = spanOf(line, from, line.text.length);
    this.#report(finding("VR1035", place, { word: line.text.slice(from) }));
  }

  /** `$NAME = value`: keepalived sees an unknown keyword, and the name stays undefined. */
  isSpacedDefinition(line: Line): boolean {
    const match = /^(\$([A-Za-z_][A-Za-z0-9_]*))[ \t]+=[ \t]*/.exec(line.text);
    if (match === null) return false;
    const from = match[1]?.length ?? 0;
    const name = match[2] ?? "";
    this.#misspelled.add(name);
    const edits = [{ span: spanOf(line, from, match[0].length), text: "=" }];
    const place = spanOf(line, 0, match[0].trimEnd().length);
    this.#report(finding("VR1038", place, { name }, { fix: { safety: "safe", edits } }));
    return true;
  }

  expansion(line: Line, expanded: Expanded): void {
    this.#glued(line);
    if (expanded.endless !== undefined) {
      this.#report(finding("VR1014", spanOfLine(line), { name: expanded.endless }));
    }
    const { text } = expanded.line;
    for (const { name, from, to, braces } of expanded.undefined) {
      if (this.#misspelled.has(name)) continue;
      if (!braces && (isInQuotes(text, from) || isSecret(text))) continue;
      const suggestion = nearestName(name, this.#definitions);
      const place = spanOf(expanded.line, from, to);
      this.#report(finding("VR1013", place, { name, braces, suggestion }));
    }
  }

  /** `$i/24`: a name is replaced only before a blank, a comma, `)` or the line's end. */
  #glued(line: Line): void {
    // Not `matchAll`, which copies the pattern each time: loops bring a hundred thousand lines
    // here.
    GLUED.lastIndex = 0;
    for (let match = GLUED.exec(line.text); match !== null; match = GLUED.exec(line.text)) {
      const name = match[1] ?? "";
      if (!this.#definitions.has(name)) continue;
      const place = spanOf(line, match.index, match.index + match[0].length);
      const edits = [{ span: place, text: `\${${name}}` }];
      this.#report(finding("VR1039", place, { name }, { fix: { safety: "safe", edits } }));
    }
  }
}

const GLUED = /\$([A-Za-z_][A-Za-z0-9_]*)(?=[^ \t,)A-Za-z0-9_])/g;

const isBlank = (char: string | undefined): boolean => char === " " || char === "\t";

function isInQuotes(text: string, at: number): boolean {
  let quote = false;
  for (let index = 0; index < at; index++) if (text[index] === '"') quote = !quote;
  return quote;
}

const isSecret = (text: string): boolean => /^(?:auth_pass|key)\b/.test(text);

function nearestName(name: string, definitions: Definitions): string | undefined {
  const lower = name.toLowerCase();
  return [...definitions.keys()].find((known) => known.toLowerCase() === lower);
}
