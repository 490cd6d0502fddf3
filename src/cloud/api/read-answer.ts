/**
 * An answer of the API as its shape: what a real service leaves out or gives as null becomes "", 0, false or an empty
 * list (null where the shape allows it), fields we do not know are dropped, a wrong type is a problem with its path.
 */
import type { ActionName, AnswerOf } from "./actions.ts";
import { ACTIONS } from "./actions.ts";
import { isObject } from "./read-parameters.ts";
import { ANSWER_STRUCTURES } from "./schema.ts";

export type AnswerResult<Name extends ActionName> =
  | { readonly kind: "answer"; readonly answer: AnswerOf<Name> }
  | { readonly kind: "unreadable"; readonly path: string };

export function readAnswer<Name extends ActionName>(
  name: Name,
  response: Readonly<Record<string, unknown>>,
): AnswerResult<Name> {
  const read = readFields(ACTIONS[name].answer, response, name);
  if (read.kind === "unreadable") return read;
  // As with parameters: readFields checked every field against the table.
  return { kind: "answer", answer: read.value as AnswerOf<Name> };
}

type Read =
  | { readonly kind: "read"; readonly value: unknown }
  | { readonly kind: "unreadable"; readonly path: string };
type Fields = Readonly<Record<string, string>>;

const structures: Readonly<Record<string, Fields>> = ANSWER_STRUCTURES;
const EMPTY: Readonly<Record<string, string | number | boolean>> = {
  text: "",
  whole: 0,
  flag: false,
};
const TYPES: Readonly<Record<string, string>> = {
  text: "string",
  whole: "number",
  flag: "boolean",
};

function readFields(fields: Fields, object: Readonly<Record<string, unknown>>, path: string): Read {
  const value: Record<string, unknown> = {};
  for (const [name, kind] of Object.entries(fields)) {
    const read = readValue(kind, object[name] ?? null, `${path}.${name}`);
    if (read.kind === "unreadable") return read;
    value[name] = read.value;
  }
  return { kind: "read", value };
}

function readValue(kind: string, raw: unknown, path: string): Read {
  if (kind.endsWith("?")) {
    return raw === null ? { kind: "read", value: null } : readValue(kind.slice(0, -1), raw, path);
  }
  if (kind.endsWith("[]")) {
    if (raw === null) return { kind: "read", value: [] };
    if (!Array.isArray(raw)) return { kind: "unreadable", path };
    const values: unknown[] = [];
    for (const [index, element] of raw.entries()) {
      const read = readValue(kind.slice(0, -2), element, `${path}[${index}]`);
      if (read.kind === "unreadable") return read;
      values.push(read.value);
    }
    return { kind: "read", value: values };
  }
  const empty = EMPTY[kind];
  if (empty !== undefined) {
    if (raw === null) return { kind: "read", value: empty };
    return typeof raw === TYPES[kind] ? { kind: "read", value: raw } : { kind: "unreadable", path };
  }
  if (raw !== null && !isObject(raw)) return { kind: "unreadable", path };
  return readFields(structures[kind] ?? {}, raw ?? {}, path);
}
