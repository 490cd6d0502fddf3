/**
 * What a schema found wrong with a JSON document: the place as its writer would name it, the
 * reason, and what is wanted instead.
 *
 * A schema's own message says what is wanted, as a noun: `v.string("a name")`, and where people
 * read it in both languages `v.string(wanted("a name", "名称"))`.
 */
import type { Language } from "#diagnostics/diagnostic";
import { visible } from "#units/visible";

/** The part of a valibot issue that is read here. */
export interface SchemaIssue {
  readonly input: unknown;
  /** "never" for a member that the schema does not have. */
  readonly expected: string | null;
  readonly message: string;
  readonly path?: readonly { readonly key: unknown }[] | undefined;
}

export interface JsonProblem {
  readonly kind: "missing" | "unknown" | "wrong";
  /** `regions.ap-guangzhou.vpcs[0].id`; empty: the document itself. */
  readonly path: string;
  readonly wanted: Readonly<Record<Language, string>>;
  /** What is there instead, cut to a length that fits a line. */
  readonly found: string;
}

const FOUND_MAX = 60;

/** A message of a schema in both languages: valibot knows one text, so one line of it for each. */
export const wanted = (english: string, chinese: string): string => `${english}\n${chinese}`;

function bothOf(message: string): JsonProblem["wanted"] {
  const [english = "", chinese = english] = message.split("\n");
  return { en: english, "zh-CN": chinese };
}

export function readIssue({ input, expected, message, path = [] }: SchemaIssue): JsonProblem {
  // JSON has no `undefined`: it is the value of a member that is not there.
  const isMissing = input === undefined && path.length > 0;
  return {
    kind: expected === "never" ? "unknown" : isMissing ? "missing" : "wrong",
    path: path.reduce((text, { key }) => text + printKey(key, text === ""), ""),
    wanted: bothOf(message),
    found: describe(input),
  };
}

function printKey(key: unknown, isFirst: boolean): string {
  if (typeof key === "number") return `[${key}]`;
  const name = shorten(String(key));
  return isFirst ? name : `.${name}`;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return "[…]";
  if (typeof value === "object" && value !== null) return "{…}";
  return typeof value === "string" ? `"${shorten(value)}"` : String(value);
}

const shorten = (text: string): string =>
  visible(text.length <= FOUND_MAX ? text : `${text.slice(0, FOUND_MAX)}…`);

/** `document`: what to call the whole, such as "the body". */
export function printJsonProblem(
  { kind, path, wanted: nouns, found }: JsonProblem,
  document: string,
  language: Language = "en",
): string {
  const place = path === "" ? document : path;
  const noun = nouns[language];
  if (language === "en") {
    switch (kind) {
      case "missing":
        return `${place} is missing; wanted is ${noun}`;
      case "unknown":
        return `${place} is not known here; wanted is ${noun}`;
      case "wrong":
        return `${place} is ${found}; wanted is ${noun}`;
    }
  }
  switch (kind) {
    case "missing":
      return `缺少 ${place}；应为${noun}`;
    case "unknown":
      return `此处不认识 ${place}；应为${noun}`;
    case "wrong":
      return `${place} 的值是 ${found}；应为${noun}`;
  }
}
