/**
 * From an untrusted request to typed parameters, or to the first problem.
 *
 * TC3 POST carries JSON and is strict: a string for an integer is refused, as the platform does.
 * GET and the old signatures carry flat text (`Filters.0.Values.1=x`); `unflatten` turns that into
 * the same tree, changing text into integers and booleans where the action's schema wants them.
 * Text that does not fit stays text, and the strict reader refuses it.
 */
import * as v from "valibot";
import type { ActionName, ParametersOf } from "./actions.ts";
import { ACTIONS } from "./actions.ts";
import type { ErrorFacts } from "./errors.ts";

export interface ParameterProblem {
  readonly kind: "problem";
  readonly code: "MissingParameter" | "UnknownParameter" | "InvalidParameter";
  readonly facts: ErrorFacts;
}

export type ReadResult<Name extends ActionName> =
  | { readonly kind: "parameters"; readonly values: ParametersOf<Name> }
  | ParameterProblem;

/**
 * `body` is parsed JSON, or what `unflatten` made. In each structure unknown names are refused
 * first; then the fields are checked in the order of the schema.
 */
export function readParameters<Name extends ActionName>(
  name: Name,
  body: Readonly<Record<string, unknown>>,
): ReadResult<Name> {
  const schema: v.GenericSchema<unknown, ParametersOf<Name>> = ACTIONS[name].parameters;
  const read = v.safeParse(schema, body, { abortEarly: true });
  return read.success ? { kind: "parameters", values: read.output } : readProblem(read.issues[0]);
}

function readProblem(issue: v.BaseIssue<unknown>): ParameterProblem {
  const { expected, input, message } = issue;
  const path: readonly v.IssuePathItem[] = issue.path ?? [];
  const parameter = path.map(({ key }) => String(key)).join(".");
  if (expected === "never") return problem("UnknownParameter", { parameter });
  const isMember = path.at(-1)?.type === "object";
  if (isMember && (input === undefined || input === null)) {
    return problem("MissingParameter", { parameter });
  }
  return problem("InvalidParameter", { parameter, value: describe(input), limit: message });
}

const problem = (code: ParameterProblem["code"], facts: ErrorFacts): ParameterProblem => ({
  kind: "problem",
  code,
  facts,
});

function describe(raw: unknown): string {
  if (Array.isArray(raw)) return "list";
  if (typeof raw === "string" || typeof raw === "number") return `${raw}`;
  return typeof raw === "boolean" ? `${raw}` : typeof raw;
}

/** No schema is deeper than four; a key of a million dots must not cost a million nodes. */
const KEY_DEPTH_MAX = 8;

interface TextNode {
  text: string | undefined;
  readonly children: Map<string, TextNode>;
}

/**
 * Flat text to a tree: values in the action's schema are converted, and others are passed on to
 * be refused.
 */
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
  return convertFields(ACTIONS[name].parameters.entries, root);
}

/** The part of a schema of request-shapes.ts that `unflatten` uses. */
interface Kind {
  readonly type: string;
  readonly wrapped?: Kind;
  readonly item?: Kind;
  readonly entries?: Entries;
}
type Entries = Readonly<Record<string, Kind>>;

function convertFields(entries: Entries, node: TextNode): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = Object.create(null);
  for (const [name, child] of node.children) {
    const kind = Object.hasOwn(entries, name) ? entries[name] : undefined;
    values[name] = kind === undefined ? child.text : convert(kind.wrapped ?? kind, child);
  }
  return values;
}

function convert({ type, item, entries }: Kind, node: TextNode): unknown {
  const { text, children } = node;
  if (item !== undefined) {
    const indices = [...children.keys()];
    if (text !== undefined || indices.some((index) => !/^\d{1,9}$/.test(index))) return text ?? {};
    return indices
      .toSorted((a, b) => Number(a) - Number(b))
      .map((index) => convert(item, children.get(index) ?? node));
  }
  if (entries !== undefined) return text ?? convertFields(entries, node);
  if (text === undefined || children.size > 0) return {};
  if (type === "number") return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
  if (type === "boolean" && /^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  return text;
}
