/** What the reader wants to see: as the address bar keeps it, as a node is asked for it. Pure. */
import { EVENT_KINDS, EVENT_SEVERITIES, type EventKind, type EventSeverity } from "#events/record";

export const RANGES = ["15m", "1h", "24h", "7d", "all"] as const;
export type Range = (typeof RANGES)[number];

export interface Filters {
  readonly range: Range;
  /** This one and those more important. */
  readonly severity: EventSeverity;
  /** Empty: all. */
  readonly kinds: readonly EventKind[];
  /** A node's id; empty: all. */
  readonly node: string;
  /** Empty: all. */
  readonly instance: string;
  /** Text that an event's sentence has to have. */
  readonly search: string;
}

export const NO_FILTERS: Filters = {
  range: "24h",
  severity: "info",
  kinds: [],
  node: "",
  instance: "",
  search: "",
};

const SECONDS: Readonly<Record<Exclude<Range, "all">, number>> = {
  "15m": 900,
  "1h": 3_600,
  "24h": 86_400,
  "7d": 604_800,
};

/** What an address says that is none of the choices is left out. */
export function readFilters(query: URLSearchParams): Filters {
  const find = <Value extends string>(name: string, all: readonly Value[]): Value | undefined =>
    all.find((one) => one === query.get(name));
  return {
    range: find("range", RANGES) ?? NO_FILTERS.range,
    severity: find("severity", EVENT_SEVERITIES) ?? NO_FILTERS.severity,
    kinds: EVENT_KINDS.filter((kind) => query.getAll("kind").includes(kind)),
    node: query.get("node") ?? "",
    instance: query.get("instance") ?? "",
    search: query.get("search") ?? "",
  };
}

/** With its question mark; empty if nothing is filtered. */
export function printFilters(filters: Filters): string {
  const query = new URLSearchParams();
  if (filters.range !== NO_FILTERS.range) query.set("range", filters.range);
  if (filters.severity !== NO_FILTERS.severity) query.set("severity", filters.severity);
  for (const kind of filters.kinds) query.append("kind", kind);
  for (const name of ["node", "instance", "search"] as const) {
    if (filters[name] !== "") query.set(name, filters[name]);
  }
  return query.size === 0 ? "" : `?${query.toString()}`;
}

/** Milliseconds since 1970; undefined: from the beginning. */
export const sinceOf = ({ range }: Filters, now: number): number | undefined =>
  range === "all" ? undefined : now - SECONDS[range] * 1_000;

/**
 * The query of `GET /v1/events`, without its question mark.
 *
 * @param clockAheadMs how much the node's clock is ahead: it compares with its own times
 */
export function nodeQuery(filters: Filters, now: number, clockAheadMs: number): URLSearchParams {
  const query = new URLSearchParams();
  const since = sinceOf(filters, now + clockAheadMs);
  if (since !== undefined) query.set("since", new Date(since).toISOString());
  if (filters.severity !== "info") query.set("severity", filters.severity);
  for (const kind of filters.kinds) query.append("kind", kind);
  if (filters.instance !== "") query.append("instance", filters.instance);
  return query;
}
