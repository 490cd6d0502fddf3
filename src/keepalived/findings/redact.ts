/**
 * Sources and findings without their secrets, which is what is printed. Corrections keep the true
 * text and are never printed.
 */
import type { AnyFinding } from "#diagnostics/diagnostic";
import type { Source, Span } from "#diagnostics/source";
import { HIDDEN_SECRET } from "#units/secret";
import { findSecrets, type Hidden, type SecretPlaces } from "./secrets.ts";

export interface Redactor {
  readonly sources: readonly Source[];
  readonly redact: (finding: AnyFinding) => AnyFinding;
}

/** Nothing is searched before something has to be printed: most files have no finding. */
export function createRedactor(sources: readonly Source[]): Redactor {
  let places: SecretPlaces | undefined;
  const found = (): SecretPlaces => {
    places ??= findSecrets(sources);
    return places;
  };
  const texts = new Map(sources.map(({ name, text }) => [name, text]));
  return {
    sources: sources.map(({ name, text }) => {
      let masked: string | undefined;
      return {
        name,
        text,
        get shown(): string {
          masked ??= mask(text, found().hidden.get(name) ?? []);
          return masked;
        },
      };
    }),
    redact: (finding) => {
      const tokens = tokensAt([finding.primary, ...finding.related], found(), texts);
      return tokens.length === 0 ? finding : without(finding, tokens);
    },
  };
}

/** Same length and columns; blanks stay, so that a masked line keeps its shape. */
function mask(text: string, hidden: readonly Hidden[]): string {
  let out = "";
  let at = 0;
  for (const { start, end } of hidden) {
    out += text.slice(at, start) + text.slice(start, end).replaceAll(/[^ \t\r]/g, "*");
    at = end;
  }
  return out + text.slice(at);
}

/** The secret texts of the lines that a finding points at, the longest first. */
function tokensAt(
  spans: readonly Span[],
  { hidden, definitions }: SecretPlaces,
  texts: ReadonlyMap<string, string>,
): readonly string[] {
  const tokens = new Set<string>();
  for (const { file, start, end } of spans) {
    const text = texts.get(file);
    if (text === undefined) continue;
    const first = text.lastIndexOf("\n", start - 1) + 1;
    const last = text.indexOf("\n", Math.max(start, end - 1));
    const stop = last < 0 ? text.length : last;
    for (const place of overlapping(hidden.get(file) ?? [], first, stop))
      addTokens(text.slice(place.start, Math.min(place.end, place.start + TOKENS_IN)), tokens);
    if (definitions.length > 0 && text.slice(first, stop).includes("$"))
      for (const definition of definitions) addTokens(definition, tokens);
  }
  return [...tokens].toSorted((a, b) => b.length - a.length);
}

/** Places are in order; a file may have a hundred thousand. */
function overlapping(places: readonly Hidden[], from: number, to: number): readonly Hidden[] {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle]?.end ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < places.length && (places[end]?.start ?? to) < to) end++;
  return places.slice(low, end);
}

/** Characters of a line that its tokens are taken from: no finding quotes more of it. */
const TOKENS_IN = 4_096;
const MARKS = /["'#!;,$={}\\()\uff00-\uff65\u3000-\u301f\u2018-\u201f]+/;

function addTokens(text: string, tokens: Set<string>): void {
  for (const word of text.trim().split(/[ \t\r\n\f\v]+/)) {
    if (word !== "") tokens.add(word);
    for (const part of word.split(MARKS)) if (part !== "") tokens.add(part);
  }
}

function without(finding: AnyFinding, tokens: readonly string[]): AnyFinding {
  const { fix } = finding;
  const isRevealing = fix?.edits.some(({ text }) => hide(text, tokens) !== text) === true;
  const redacted = {
    ...finding,
    facts: hideIn(finding.facts, tokens),
    ...(fix !== undefined && isRevealing ? { fix: { ...fix, isSecret: true } } : {}),
  };
  // Code and facts still belong together: only texts in the facts were changed.
  return redacted as AnyFinding;
}

function hideIn(value: unknown, tokens: readonly string[]): unknown {
  if (typeof value === "string") return hide(value, tokens);
  if (Array.isArray(value)) return value.map((one) => hideIn(one, tokens));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, KEPT.has(key) ? one : hideIn(one, tokens)]),
  );
}

/** Facts that are keywords of the tables or choices of our own, whatever the password is. */
const KEPT: ReadonlySet<string> = new Set([
  "keyword",
  "block",
  "inside",
  "suggestion",
  "has",
  "lacks",
]);

/**
 * Shorter ones are hidden as a whole only: a password `1` must not take the digits out of an
 * address.
 */
const ANYWHERE_MIN = 3;

function hide(text: string, tokens: readonly string[]): string {
  let out = text;
  for (const token of tokens) {
    if (!out.includes(token)) continue;
    if (token.length >= ANYWHERE_MIN) out = out.replaceAll(token, HIDDEN_SECRET);
    else out = replaceWord(out, token);
  }
  return out;
}

function replaceWord(text: string, word: string): string {
  const isPart = (char: string | undefined): boolean => char !== undefined && /[\w.]/.test(char);
  let out = "";
  let at = 0;
  for (let next = text.indexOf(word); next >= 0; next = text.indexOf(word, at)) {
    const end = next + word.length;
    const whole = !isPart(text[next - 1]) && !isPart(text[end]);
    out += text.slice(at, next) + (whole ? HIDDEN_SECRET : word);
    at = end;
  }
  return out + text.slice(at);
}
