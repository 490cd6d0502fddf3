/**
 * What can be wrong with a file as a text, before any keyword is read: encoding, line ends,
 * characters of another alphabet.
 */
import { type AnyFinding, type Edit, finding } from "#diagnostics/diagnostic";
import type { Source, Span } from "#diagnostics/source";
import { lineOf } from "./line.ts";
import { stripLine } from "./tokens.ts";

/** Characters that input methods and web pages put in the place of ASCII ones. */
const LOOK_ALIKES: Readonly<Record<string, string>> = {
  "“": '"',
  "”": '"',
  "„": '"',
  "＂": '"',
  "‘": "'",
  "’": "'",
  "；": ";",
  "：": ":",
  "，": ",",
  "、": ",",
  "。": ".",
  "（": "(",
  "）": ")",
  "｛": "{",
  "｝": "}",
  "！": "!",
  "＃": "#",
  "＝": "=",
  "／": "/",
  "＠": "@",
  "＄": "$",
  "＼": "\\",
  "．": ".",
  "－": "-",
  "–": "-",
  "—": "-",
  "＿": "_",
  "　": " ",
  "\u00a0": " ",
  "\u2007": " ",
  "\u202f": " ",
  "\u200b": "",
  "\u200c": "",
  "\u200d": "",
  "\u2060": "",
};

const ANY = new RegExp(
  `[${Object.keys(LOOK_ALIKES).join("")}\\uff10-\\uff19\\uff21-\\uff3a\\uff41-\\uff5a]`,
);

const LARGE = 1_000_000;

export function checkText(source: Source): readonly AnyFinding[] {
  const { text, name } = source;
  const start: Span = { file: name, start: 0, end: Math.min(1, text.length) };
  const found: AnyFinding[] = [];
  const nuls = countOf(text, "\0");
  if (nuls > 0) {
    const at = text.indexOf("\0");
    const guess = nuls * 3 > text.length ? "utf-16" : "binary";
    found.push(finding("VR1009", { file: name, start: at, end: at + 1 }, { count: nuls, guess }));
    return found;
  }
  if (text.length > LARGE) found.push(finding("VR1029", start, { bytes: text.length }));
  if (text.startsWith("\ufeff")) {
    const word = /^\ufeff([^ \t\r\n{}]*)/.exec(text)?.[1] ?? "";
    const edits = [{ span: start, text: "" }];
    found.push(finding("VR1010", start, { word }, { fix: { safety: "safe", edits } }));
  }
  const replacement = text.indexOf("\ufffd");
  if (replacement >= 0) {
    const place = { file: name, start: replacement, end: replacement + 1 };
    found.push(finding("VR1032", place, { guess: undefined }));
  }
  if (text.includes("\r\n")) found.push(windowsLineEnds(source));
  return ANY.test(text) ? [...found, ...lookAlikes(source)] : found;
}

function countOf(text: string, char: string): number {
  let count = 0;
  for (let at = text.indexOf(char); at >= 0; at = text.indexOf(char, at + 1)) count++;
  return count;
}

function windowsLineEnds({ name, text }: Source): AnyFinding {
  const edits: Edit[] = [];
  for (let at = text.indexOf("\r\n"); at >= 0; at = text.indexOf("\r\n", at + 2)) {
    edits.push({ span: { file: name, start: at, end: at + 1 }, text: "" });
  }
  const first = text.indexOf("\r\n");
  const place = { file: name, start: first, end: first + 1 };
  return finding("VR1012", place, { count: edits.length }, { fix: { safety: "safe", edits } });
}

/** One finding for each line that has such characters outside comments and quotes. */
function lookAlikes({ name, text }: Source): AnyFinding[] {
  const found: AnyFinding[] = [];
  let start = 0;
  while (start < text.length) {
    const next = text.indexOf("\n", start);
    const end = next < 0 ? text.length : next;
    const raw = text.slice(start, end);
    if (ANY.test(raw)) {
      const bad = lookAlikesOfLine(raw, name, start);
      if (bad !== undefined) found.push(bad);
    }
    start = end + 1;
  }
  return found;
}

function lookAlikesOfLine(raw: string, file: string, start: number): AnyFinding | undefined {
  const { commentAt } = stripLine(lineOf(raw, file, start));
  const edits: Edit[] = [];
  let quote = false;
  for (let at = 0; at < (commentAt ?? raw.length); at++) {
    const char = raw[at] ?? "";
    if (char === '"') quote = !quote;
    const ascii = quote ? undefined : asciiOf(char);
    if (ascii === undefined) continue;
    edits.push({ span: { file, start: start + at, end: start + at + 1 }, text: ascii });
  }
  const [first] = edits;
  if (first === undefined) return undefined;
  const last = edits.at(-1) ?? first;
  const together = edits.every((edit, index) => edit.span.start === first.span.start + index);
  const place = together ? { ...first.span, end: last.span.end } : first.span;
  const written = raw.slice(place.start - start, place.end - start);
  const ascii = together ? edits.map(({ text }) => text).join("") : first.text;
  return finding("VR1011", place, { found: written, ascii }, { fix: { safety: "safe", edits } });
}

function asciiOf(char: string): string | undefined {
  const known = LOOK_ALIKES[char];
  if (known !== undefined) return known;
  const code = char.charCodeAt(0);
  return code >= 0xff01 && code <= 0xff5e ? String.fromCharCode(code - 0xfee0) : undefined;
}
