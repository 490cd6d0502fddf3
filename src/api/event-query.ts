/** `GET /v1/events?since=…`: which events are asked for. */
import { EVENT_KINDS, EVENT_SEVERITIES, type EventKind } from "#events/record";
import type { Selection } from "#events/selection";

/** One answer is put together at once: more would hold up the node's own work. */
export const PAGE_MAX = 1_000;
const PAGE = 200;
const NAMES_MAX = 100;

export type EventQuery =
  | { readonly kind: "selection"; readonly selection: Selection }
  | {
      readonly kind: "problem";
      readonly name: string;
      readonly value: string;
      readonly wanted: Wanted;
    };

export type Wanted = "time" | "number" | "kind" | "severity" | "limit" | "flag" | "known" | "few";

export const QUERY_NAMES = [
  "since",
  "until",
  "instance",
  "kind",
  "severity",
  "after",
  "before",
  "limit",
  "newest",
] as const;
export type QueryName = (typeof QUERY_NAMES)[number];

/** @param query each name with all of its values */
export function readEventQuery(query: Readonly<Record<string, readonly string[]>>): EventQuery {
  for (const name of Object.keys(query))
    if (!(QUERY_NAMES as readonly string[]).includes(name)) return problem(name, "", "known");
  const all = (name: QueryName): readonly string[] => query[name] ?? [];
  const last = (name: QueryName): string | undefined => all(name).at(-1);
  for (const name of ["instance", "kind"] as const)
    if (all(name).length > NAMES_MAX) return problem(name, "", "few");
  for (const name of ["since", "until"] as const) {
    const value = last(name);
    if (value !== undefined && readTime(value) === undefined) return problem(name, value, "time");
  }
  for (const name of ["after", "before"] as const) {
    const value = last(name);
    if (value !== undefined && readNumber(value) === undefined)
      return problem(name, value, "number");
  }
  const limit = last("limit");
  const most = limit === undefined ? PAGE : readNumber(limit);
  if (most === undefined || most < 1) return problem("limit", limit ?? "", "limit");
  const kind = all("kind").find((one) => !isKind(one));
  if (kind !== undefined) return problem("kind", kind, "kind");
  const asked = last("severity");
  const severity = EVENT_SEVERITIES.find((one) => one === asked);
  if (asked !== undefined && severity === undefined) return problem("severity", asked, "severity");
  const newest = last("newest");
  if (newest !== undefined && newest !== "true" && newest !== "false")
    return problem("newest", newest, "flag");
  const [instances, kinds] = [all("instance"), all("kind").filter(isKind)];
  return {
    kind: "selection",
    selection: {
      since: readTime(last("since")),
      until: readTime(last("until")),
      instances: instances.length === 0 ? undefined : instances,
      kinds: kinds.length === 0 ? undefined : kinds,
      severity,
      after: readNumber(last("after")),
      before: readNumber(last("before")),
      limit: Math.min(most, PAGE_MAX),
      newest: newest === "true" ? true : undefined,
    },
  };
}

const problem = (name: string, value: string, wanted: Wanted): EventQuery => ({
  kind: "problem",
  name,
  value,
  wanted,
});

const isKind = (text: string): text is EventKind =>
  (EVENT_KINDS as readonly string[]).includes(text);

/** ISO 8601 with a zone, or seconds since 1970; as milliseconds. */
function readTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,12}(?:\.\d{1,9})?$/.test(text)) return Number(text) * 1_000;
  const isIso = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/.test(text);
  const at = isIso ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

/** At most fifteen digits: exact. */
const readNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
