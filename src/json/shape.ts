/**
 * JSON from outside, as a value of a type or as the first thing that is wrong with it.
 *
 * The first alone: a document of ten megabytes that is wrong a million times costs no more than
 * one that is wrong once.
 */
import * as v from "valibot";
import { type JsonProblem, readIssue } from "./problem.ts";

/** A schema that gives values of type `T`; what comes in is unknown. */
export type Shape<T> = v.GenericSchema<unknown, T>;

export type Shaped<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "problem"; readonly problem: JsonProblem };

export function readShape<T>(shape: Shape<T>, value: unknown): Shaped<T> {
  const read = v.safeParse(shape, value, { abortEarly: true });
  return read.success
    ? { kind: "value", value: read.output }
    : { kind: "problem", problem: readIssue(read.issues[0]) };
}

/** Undefined: the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export type ClosedObject<Entries extends v.ObjectEntries> = v.SchemaWithPipe<
  readonly [
    v.CustomSchema<Readonly<Record<string, unknown>>, v.ErrorMessage<v.CustomIssue> | undefined>,
    v.StrictObjectSchema<Entries, string>,
  ]
>;

/**
 * An object with these members and no others. `v.strictObject` alone takes a list for an object.
 *
 * @param wanted "an object with action, code and times"
 */
export const closedObject = <Entries extends v.ObjectEntries>(
  entries: Entries,
  wanted: string,
): ClosedObject<Entries> =>
  v.pipe(
    v.custom<Readonly<Record<string, unknown>>>(isObject, wanted),
    v.strictObject(entries, wanted),
  );

export type OpenObject<Entries extends v.ObjectEntries> = v.SchemaWithPipe<
  readonly [
    v.CustomSchema<Readonly<Record<string, unknown>>, v.ErrorMessage<v.CustomIssue> | undefined>,
    v.ObjectSchema<Entries, string>,
  ]
>;

/** The same, but members that are not known are left out instead of refused. */
export const openObject = <Entries extends v.ObjectEntries>(
  entries: Entries,
  wanted: string,
): OpenObject<Entries> =>
  v.pipe(v.custom<Readonly<Record<string, unknown>>>(isObject, wanted), v.object(entries, wanted));

/** Valibot skips members of these names unchecked, lest they become part of a prototype. */
export const RESERVED_NAMES: readonly string[] = ["__proto__", "constructor", "prototype"];

/** An object without members of reserved names; the problem of any other names the member. */
const plainObject = (wanted: string): Shape<Readonly<Record<string, unknown>>> =>
  v.pipe(
    v.custom<Readonly<Record<string, unknown>>>(isObject, wanted),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const input = dataset.value;
      const key = RESERVED_NAMES.find((name) => Object.hasOwn(input, name));
      if (key === undefined) return;
      const value = input[key];
      const message = `a name other than ${RESERVED_NAMES.join(", ")}`;
      addIssue({
        input: value,
        message,
        path: [{ type: "object", origin: "key", input, key, value }],
      });
    }),
  );

/**
 * An object with any names and values of one kind. In place of `v.record`, which skips some names.
 *
 * @param wanted "an object with a member for each region"
 */
export const recordOf = <Element extends v.GenericSchema>(
  element: Element,
  wanted: string,
): Shape<Readonly<Record<string, v.InferOutput<Element>>>> =>
  v.pipe(plainObject(wanted), v.record(v.string(), element));

/** As `openObject`, but members that are not known are kept. In place of `v.looseObject`. */
export const keepingObject = <Entries extends v.ObjectEntries>(
  entries: Entries,
  wanted: string,
): Shape<v.InferOutput<v.LooseObjectSchema<Entries, string>>> =>
  v.pipe(plainObject(wanted), v.looseObject(entries, wanted));
