/**
 * From an untrusted request to typed parameters, or to the first problem.
 *
 * TC3 POST carries JSON and is strict: a string for an integer is refused, as the platform does. GET and the old
 * signatures carry flat text (`Filters.0.Values.1=x`); `unflatten` turns that into the same tree, changing text into
 * integers and booleans where the table wants them. Text that does not fit stays text, and the strict reader refuses it.
 */
import type { ActionName, ParametersOf } from "./actions.ts";
import { ACTIONS } from "./actions.ts";
import type { ErrorFacts } from "./errors.ts";
import type { RequestFields } from "./schema.ts";
import { REQUEST_STRUCTURES } from "./schema.ts";

export interface ParameterProblem {
  readonly kind: "problem";
  readonly code: "MissingParameter" | "UnknownParameter" | "InvalidParameter";
  readonly facts: ErrorFacts;
}

export type ReadResult<Name extends ActionName> =
  | { readonly kind: "parameters"; readonly values: ParametersOf<Name> }
  | ParameterProblem;

/** `body` is parsed JSON, or what `unflatten` made. Unknown names are refused; null means "left out". */
export function readParameters<Name extends ActionName>(
  name: Name,
  body: Readonly<Record<string, unknown>>,
): ReadResult<Name> {
  const read = readFields(ACTIONS[name].parameters, body, "");
  if (read.kind === "problem") return read;
  // The one place where the table's promise becomes a type: readFields checked every field against it.
  return { kind: "parameters", values: read.value as ParametersOf<Name> };
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

type Fields = Readonly<Record<string, string>>;
type Checked = { readonly kind: "checked"; readonly value: unknown } | ParameterProblem;

const checked = (value: unknown): Checked => ({ kind: "checked", value });
const problem = (code: ParameterProblem["code"], facts: ErrorFacts): ParameterProblem => ({
  kind: "problem",
  code,
  facts,
});

function readFields(
  fields: Fields,
  body: Readonly<Record<string, unknown>>,
  path: string,
): Checked {
  for (const name of Object.keys(body)) {
    if (!Object.hasOwn(fields, name)) {
      return problem("UnknownParameter", { parameter: path + name });
    }
  }
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const raw = Object.hasOwn(body, name) ? body[name] : undefined;
    if (raw === undefined || raw === null) {
      if (field.endsWith("!")) return problem("MissingParameter", { parameter: path + name });
      continue;
    }
    const read = readValue(field.replace("!", ""), raw, path + name);
    if (read.kind === "problem") return read;
    values[name] = read.value;
  }
  return checked(values);
}

function readValue(kind: string, raw: unknown, path: string): Checked {
  const wrong = (wanted: string): ParameterProblem =>
    problem("InvalidParameter", { parameter: path, value: describe(raw), limit: wanted });
  if (kind.endsWith("[]")) {
    if (!Array.isArray(raw)) return wrong("list");
    const values: unknown[] = [];
    for (const [index, element] of raw.entries()) {
      const read = readValue(kind.slice(0, -2), element, `${path}.${index}`);
      if (read.kind === "problem") return read;
      values.push(read.value);
    }
    return checked(values);
  }
  if (kind === "text") return typeof raw === "string" ? checked(raw) : wrong("string");
  if (kind === "whole") return Number.isSafeInteger(raw) ? checked(raw) : wrong("integer");
  if (kind === "flag") return typeof raw === "boolean" ? checked(raw) : wrong("boolean");
  return isObject(raw) ? readFields(structure(kind), raw, `${path}.`) : wrong("object");
}

const structures: Readonly<Record<string, RequestFields>> = REQUEST_STRUCTURES;
const structure = (kind: string): RequestFields => structures[kind] ?? {};

function describe(raw: unknown): string {
  if (Array.isArray(raw)) return "list";
  if (typeof raw === "string" || typeof raw === "number") return `${raw}`;
  return typeof raw === "boolean" ? `${raw}` : typeof raw;
}

/** No table is deeper than four; a key of a million dots shall not cost a million nodes. */
const KEY_DEPTH_MAX = 8;

interface TextNode {
  text: string | undefined;
  readonly children: Map<string, TextNode>;
}

/** Flat text to a tree; what the action's table knows is converted, what it does not know is passed on to be refused. */
export function unflatten(
  name: ActionName,
  pairs: Iterable<readonly [string, string]>,
): Readonly<Record<string, unknown>> {
  const root: TextNode = { text: undefined, children: new Map() };
  for (const [key, text] of pairs) {
    let node = root;
    for (const step of key.split(".", KEY_DEPTH_MAX)) {
      let child = node.children.get(step);
      if (child === undefined) {
        child = { text: undefined, children: new Map() };
        node.children.set(step, child);
      }
      node = child;
    }
    node.text = text;
  }
  return convertFields(ACTIONS[name].parameters, root);
}

function convertFields(fields: Fields, node: TextNode): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = Object.create(null);
  for (const [name, child] of node.children) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    values[name] = field === undefined ? child.text : convert(field.replace("!", ""), child);
  }
  return values;
}

function convert(kind: string, node: TextNode): unknown {
  if (kind.endsWith("[]")) {
    const indices = [...node.children.keys()];
    if (node.text !== undefined || indices.some((index) => !/^\d{1,9}$/.test(index)))
      return node.text ?? {};
    return indices
      .toSorted((a, b) => Number(a) - Number(b))
      .map((index) => convert(kind.slice(0, -2), node.children.get(index) ?? node));
  }
  if (Object.hasOwn(structures, kind)) {
    return node.text === undefined ? convertFields(structure(kind), node) : node.text;
  }
  const { text } = node;
  if (text === undefined || node.children.size > 0) return {};
  if (kind === "whole") return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
  if (kind === "flag" && /^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  return text;
}
