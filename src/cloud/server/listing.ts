/**
 * The Describe actions: by ids or by filters, then a page.
 *
 * The values of one filter are alternatives; all filters have to match. Names match by a part
 * of them, everything else by the whole value.
 */
import type { ErrorCode } from "../api/errors.ts";
import type { NamedTable } from "../model/context.ts";
import { checkId } from "../model/context.ts";
import type { Tables, TagRow } from "../model/rows.ts";
import type { ApiFailure } from "./api-failure.ts";
import { fail } from "./api-failure.ts";
import type { Call } from "./call.ts";

export interface FilterRule<Row> {
  /** "flag" compares true and false without regard to case. */
  readonly match: "whole" | "part" | "flag";
  values(row: Row): readonly string[];
}

export type FilterRules<Row> = Readonly<Record<string, FilterRule<Row>>>;

export const whole = <Row>(value: (row: Row) => string | null): FilterRule<Row> => ({
  match: "whole",
  values: (row) => {
    const text = value(row);
    return text === null || text === "" ? [] : [text];
  },
});
export const part = <Row>(value: (row: Row) => string): FilterRule<Row> => ({
  match: "part",
  values: (row) => [value(row)],
});
export const flag = <Row>(value: (row: Row) => boolean): FilterRule<Row> => ({
  match: "flag",
  values: (row) => [`${value(row)}`],
});
/** A filter that the platform has for things that do not exist here; it never matches. */
export const never = <Row>(): FilterRule<Row> => ({ match: "whole", values: () => [] });

export interface Filter {
  readonly Name: string;
  readonly Values: readonly string[];
}

export interface ListingRequest {
  readonly ids: readonly string[] | undefined;
  readonly filters: readonly Filter[] | undefined;
  readonly offset: number | string | undefined;
  readonly limit: number | string | undefined;
}

export interface ListingRules<Table extends NamedTable> {
  readonly table: Table;
  /** The name of the parameter with the ids. */
  readonly idsParameter: string;
  readonly filters: FilterRules<Tables[Table]>;
  readonly valuesMax: number;
  readonly badFilter: "InvalidParameter.FilterInvalidKey" | "InvalidParameter.InvalidFilter";
  readonly tooManyFilters: ErrorCode;
  /** Whether an unknown id is an error or just missing from the answer. */
  readonly unknownId: "refuse" | "leave-out";
  /**
   * Ids and Filters together: refused, or both are conditions (Terraform needs that of
   * DescribeAddresses).
   */
  readonly idsAndFilters: "refuse" | "combine";
}

export interface Listing<Row> {
  readonly kind: "listing";
  readonly total: number;
  readonly rows: readonly Row[];
}

const IDS_MAX = 100;
const FILTERS_MAX = 10;
const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 100;

export function list<Table extends NamedTable>(
  { draft }: Call,
  rules: ListingRules<Table>,
  request: ListingRequest,
): Listing<Tables[Table]> | ApiFailure {
  const ids = request.ids ?? [];
  const filters = request.filters ?? [];
  if (ids.length > 0 && filters.length > 0 && rules.idsAndFilters === "refuse") {
    return fail("InvalidParameter.Coexist", { parameter: rules.idsParameter });
  }
  const offset = readPageNumber("Offset", request.offset, 0, Number.MAX_SAFE_INTEGER);
  if (typeof offset !== "number") return offset;
  const limit = readPageNumber("Limit", request.limit, LIMIT_DEFAULT, LIMIT_MAX);
  if (typeof limit !== "number") return limit;
  const bad = checkIds(draft, rules, ids) ?? checkFilters(rules, filters);
  if (bad !== undefined) return bad;
  const wanted = new Set(ids);
  const tests = filters.map((filter) => compile(rules.filters, filter));
  const rows = draft
    .list(rules.table)
    .filter((row) => (wanted.size === 0 || wanted.has(row.id)) && tests.every((test) => test(row)));
  return { kind: "listing", total: rows.length, rows: rows.slice(offset, offset + limit) };
}

function checkIds<Table extends NamedTable>(
  draft: Call["draft"],
  rules: ListingRules<Table>,
  ids: readonly string[],
): ApiFailure | undefined {
  const parameter = rules.idsParameter;
  if (ids.length > IDS_MAX) {
    const code = "InvalidParameterValue.LimitExceeded";
    return fail(code, { parameter, value: `${ids.length}`, limit: `${IDS_MAX}` });
  }
  for (const id of ids) {
    const malformed = checkId(rules.table, id, parameter);
    if (malformed !== undefined) return malformed;
    if (rules.unknownId === "refuse" && draft.get(rules.table, id) === undefined) {
      return fail("ResourceNotFound", { parameter, value: id });
    }
  }
  return undefined;
}

function checkFilters<Table extends NamedTable>(
  rules: ListingRules<Table>,
  filters: readonly Filter[],
): ApiFailure | undefined {
  const parameter = "Filters";
  if (filters.length > FILTERS_MAX) {
    const value = `${filters.length}`;
    return fail(rules.tooManyFilters, { parameter, value, limit: `${FILTERS_MAX}` });
  }
  for (const { Name, Values } of filters) {
    if (!Object.hasOwn(rules.filters, Name) && !isTagFilter(Name)) {
      return fail(rules.badFilter, { parameter, value: Name });
    }
    const name = `Filters ${Name}`;
    if (Values.length === 0) {
      return fail("InvalidParameterValue", { parameter: name, value: "[]", limit: "Values" });
    }
    if (Values.length > rules.valuesMax) {
      const facts = { parameter: name, value: `${Values.length}`, limit: `${rules.valuesMax}` };
      return fail("InvalidParameterValue.LimitExceeded", facts);
    }
  }
  return undefined;
}

const TAG_VALUE = "tag:";
const isTagFilter = (name: string): boolean =>
  name === "tag-key" ||
  name === "tag-value" ||
  (name.startsWith(TAG_VALUE) && name.length > TAG_VALUE.length);

function compile<Row extends { readonly tags: readonly TagRow[] }>(
  rules: FilterRules<Row>,
  { Name, Values }: Filter,
): (row: Row) => boolean {
  const wanted = new Set(Values);
  const rule = Object.hasOwn(rules, Name) ? rules[Name] : undefined;
  if (rule === undefined) {
    if (Name === "tag-key") return ({ tags }) => tags.some(({ key }) => wanted.has(key));
    if (Name === "tag-value") return ({ tags }) => tags.some(({ value }) => wanted.has(value));
    const wantedKey = Name.slice(TAG_VALUE.length);
    return ({ tags }) => tags.some(({ key, value }) => key === wantedKey && wanted.has(value));
  }
  const values = (row: Row): readonly string[] => rule.values(row);
  switch (rule.match) {
    case "whole":
      return (row) => values(row).some((value) => wanted.has(value));
    case "part":
      return (row) => values(row).some((value) => Values.some((one) => value.includes(one)));
    case "flag": {
      const lowered = new Set(Values.map((value) => value.toLowerCase()));
      return (row) => values(row).some((value) => lowered.has(value));
    }
  }
}

/** The older actions carry numbers as strings. Zero is allowed: an empty page with the total. */
export function readPageNumber(
  parameter: string,
  given: number | string | undefined,
  otherwise: number,
  max: number,
): number | ApiFailure {
  if (given === undefined || given === "") return otherwise;
  const isNumber = typeof given === "number" || /^\d{1,15}$/.test(given);
  const value = Number(given);
  if (isNumber && value >= 0 && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? "0 - " : `0 - ${max}`;
  const situation = "out-of-range";
  return fail("InvalidParameter", { situation, parameter, value: `${given}`, limit: range });
}
