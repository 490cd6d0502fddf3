/** As much of JSON Schema as `/openapi.json` uses; a word that is not known here is an error. */

export type JsonSchema = Readonly<Record<string, unknown>>;

const ABOUT: readonly string[] = ["description", "default", "title", "propertyNames"];

/** The first place where a value is not as the schema says; undefined: it is. */
export function findMismatch(
  schema: JsonSchema,
  value: unknown,
  schemas: Readonly<Record<string, JsonSchema>>,
  place = "$",
): string | undefined {
  for (const [word, wanted] of Object.entries(schema)) {
    const why = ABOUT.includes(word)
      ? undefined
      : check(word, wanted, { schema, value, schemas, place });
    if (why !== undefined) return why;
  }
  return undefined;
}

interface At {
  readonly schema: JsonSchema;
  readonly value: unknown;
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  readonly place: string;
}

function check(word: string, wanted: unknown, at: At): string | undefined {
  const { value, schemas, place } = at;
  const is = (right: boolean): string | undefined =>
    right
      ? undefined
      : `${place}: ${JSON.stringify(value)?.slice(0, 200)}, ${word} ${String(wanted)}`;
  const inner = (schema: unknown, one: unknown, name: string): string | undefined =>
    findMismatch(schema as JsonSchema, one, schemas, `${place}.${name}`);
  switch (word) {
    case "$ref": {
      const name = String(wanted).split("/").at(-1) ?? "";
      return findMismatch(schemas[name] ?? {}, value, schemas, `${place}(${name})`);
    }
    case "type":
      return is(isOfType(String(wanted), value));
    case "const":
      return is(value === wanted);
    case "enum":
      return is((wanted as unknown[]).includes(value));
    case "minimum":
      return is(Number(value) >= Number(wanted));
    case "maximum":
      return is(Number(value) <= Number(wanted));
    case "minLength":
      return is(String(value).length >= Number(wanted));
    case "maxLength":
      return is(String(value).length <= Number(wanted));
    case "maxItems":
      return is((value as unknown[]).length <= Number(wanted));
    case "anyOf": {
      const all = (wanted as JsonSchema[]).map((one) => findMismatch(one, value, schemas, place));
      return all.includes(undefined) ? undefined : all[0];
    }
    case "items":
      return firstOf((value as unknown[]).map((one, index) => inner(wanted, one, `${index}`)));
    case "required":
      return firstOf(
        (wanted as string[]).map((name) =>
          name in (value as object) ? undefined : `${place}.${name} is missing`,
        ),
      );
    case "properties":
      return firstOf(
        Object.entries(wanted as object).map(([name, one]) =>
          name in (value as object) ? inner(one, (value as JsonSchema)[name], name) : undefined,
        ),
      );
    case "additionalProperties": {
      const known = Object.keys((at.schema["properties"] ?? {}) as object);
      const others = Object.entries(value as object).filter(([name]) => !known.includes(name));
      if (typeof wanted === "object")
        return firstOf(others.map(([name, one]) => inner(wanted, one, name)));
      return wanted === true || others.length === 0
        ? undefined
        : `${place}.${others[0]?.[0]} is too much`;
    }
    default:
      throw new Error(`${place}: this test does not know ${word}`);
  }
}

const firstOf = (all: readonly (string | undefined)[]): string | undefined =>
  all.find((one) => one !== undefined);

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    case "null":
      return value === null;
    default:
      return typeof value === type;
  }
}
