/**
 * Manual pages as man(7) wants them: escapes, paragraphs, lists. Text is what the commands print:
 * plain, with `code` in backticks.
 */
import type { Language } from "#diagnostics/diagnostic";

export interface PageHead {
  readonly name: string;
  readonly section: number;
  /** `2026-11-30` */
  readonly date: string;
  readonly version: string;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
};
/** After each of these a line of Chinese may end; roff knows ends of lines at blanks alone. */
const BREAK_AFTER =
  /([\u3000-\u303f\u3400-\u9fff\uff00-\uffef])(?=[^\u3001\u3002\uff01-\uff1f\u300d\u300f\u201d\u2026\s])/gu;

/** Text that is typed or read by programs: a hyphen is the minus of ASCII, no word is divided. */
export const code = (text: string): string => plain(text).replaceAll(/(?<!\S)(?=\S)/g, "\\%");

const plain = (text: string): string =>
  breakable(text.replaceAll(/[\\'`^~]/g, (one) => ESCAPES[one] ?? one).replaceAll("-", "\\-"));

export const bold = (text: string): string => `\\fB${code(text)}\\fR`;
export const italic = (text: string): string => `\\fI${code(text)}\\fR`;

/** Inside of a word of roff's, `\\%` would be a place for a hyphen. Chinese has no blanks. */
function codeInside(text: string, before: string): string {
  const marked = bold(text);
  if (before === "" || /\s$/.test(before)) return marked;
  const mayBreak =
    /[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]$/u.test(before) && !/[（「『]$/u.test(before);
  return marked.replace("\\%", mayBreak ? "\\:" : "");
}

/** A sentence. Options, paths and what is in backticks are written as they are typed. */
export const prose = (text: string): string =>
  text
    .split(/(`[^`]+`|(?<=^|[\s(（])-{1,2}\w[\w-]*)/u)
    .map((part, index, parts) => {
      if (index % 2 === 0)
        return breakable(part.replaceAll(/[\\`^~]/g, (one) => ESCAPES[one] ?? one));
      return codeInside(part.startsWith("`") ? part.slice(1, -1) : part, parts[index - 1] ?? "");
    })
    .join("");

const breakable = (text: string): string => text.replaceAll(BREAK_AFTER, "$1\\:");

/** For readers that are no roff. */
const unbroken = (text: string): string => text.replaceAll("\\:", "");

/** A line that begins with a dot or a quote would be a request. */
const line = (text: string): string => (/^[.']/.test(text) ? `\\&${text}` : text);

const quoted = (text: string): string => `"${text.replaceAll('"', "\\(dq")}"`;

/** Builds one page. */
export class ManPage {
  readonly #lines: string[];

  constructor({ name, section, date, version }: PageHead, language: Language) {
    const title = name.toUpperCase();
    const manual = language === "en" ? "Baton Manual" : "Baton 手册";
    this.#lines = [
      '.\\" -*- coding: UTF-8 -*-',
      `.TH ${plain(title)} ${section} ${date} ${quoted(`Baton ${version}`)} ${quoted(manual)}`,
      // No stretched lines, and no word of a command divided.
      ".ad l",
      ".nr HY 0",
    ];
  }

  section(title: string): this {
    this.#lines.push(`.SH ${quoted(title)}`);
    return this;
  }

  subsection(title: string): this {
    this.#lines.push(`.SS ${quoted(title)}`);
    return this;
  }

  /** The line that whatis(1) and apropos(1) read. */
  name(name: string, summary: string): this {
    this.#lines.push(`${plain(name)} \\- ${unbroken(prose(summary))}`);
    return this;
  }

  /** An empty text is no paragraph. */
  paragraph(...texts: readonly string[]): this {
    for (const text of texts.flatMap((one) => one.split("\n")).filter((one) => one !== "")) {
      this.#begin();
      this.#lines.push(line(prose(text)));
    }
    return this;
  }

  /** @param terms already marked up */
  list(terms: readonly (readonly [term: string, ...abouts: string[]])[]): this {
    for (const [term, first = "", ...more] of terms) {
      this.#lines.push(".TP", line(term), line(prose(first)));
      for (const about of more) this.#lines.push(".br", line(prose(about)));
    }
    return this;
  }

  example(text: string): this {
    this.#begin();
    const lines = text.split("\n").map((one) => line(plain(one)));
    this.#lines.push(".in +4n", ".EX", ...lines, ".EE", ".in");
    return this;
  }

  /** A heading begins a paragraph by itself. */
  #begin(): void {
    if (!/^\.S[HS] /.test(this.#lines.at(-1) ?? "")) this.#lines.push(".PP");
  }

  toString(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}
