/** What a family of metrics is: its description, and how its samples follow from a reading. */
import type { DurationCounts } from "#vrrp/engine/histogram";
import type { MetricsReading } from "./reading.ts";
import { type Labels, PLAIN, type Series, type SeriesCache } from "./series.ts";

export type MetricType = "counter" | "gauge" | "histogram";

/** What the number means, for the page; names end in it where Prometheus wants that. */
export type Unit = "0 or 1" | "number" | "seconds" | "seconds since 1970" | "priority" | "code";

/** Takes a sample. */
export type Put = (series: Series, value: number) => void;

export interface Family {
  readonly name: string;
  readonly type: MetricType;
  readonly unit: Unit;
  /** Names of the labels, but for `le` of a histogram. */
  readonly labels: readonly string[];
  readonly help: string;
  /** Puts its samples, one after the other: nothing is made for a sample but its number. */
  readonly write: (reading: MetricsReading, put: Put) => void;
}

/**
 * Without an iterator and its results: code that runs once a second is interpreted, and makes them
 * for each of some thousand samples.
 */
export function eachOf<Thing>(things: readonly Thing[], take: (thing: Thing) => void): void {
  for (let place = 0; place < things.length; place++) take(things[place] as Thing);
}

/** One number of the daemon; undefined: not known. */
export const single = (
  about: Omit<Family, "labels" | "write">,
  value: (reading: MetricsReading) => number | undefined,
): Family => ({
  ...about,
  labels: [],
  write: (reading, put) => {
    const known = value(reading);
    if (known !== undefined) put(PLAIN, known);
  },
});

/** 1 for the state that something is in, and 0 for all others, so that each has its own series. */
export function putOneHot(
  put: Put,
  series: SeriesCache,
  states: readonly string[],
  now: string,
): void {
  eachOf(states, (state) => put(series.with("state", state), state === now ? 1 : 0));
}

/**
 * @param kind of the histogram within `series`
 * @param labels of all its samples
 * @param bounds those of `counts`, microseconds
 */
export function putHistogram(
  put: Put,
  series: SeriesCache,
  kind: string,
  labels: Labels,
  { atMost, count, total }: DurationCounts,
  bounds: readonly number[],
): void {
  for (let place = 0; place < bounds.length; place++) {
    const bound = bounds[place] ?? 0;
    put(series.get(kind, bound) ?? addBucket(series, kind, bound, labels), atMost[place] ?? count);
  }
  const infinite = Number.POSITIVE_INFINITY;
  put(series.get(kind, infinite) ?? addBucket(series, kind, infinite, labels), count);
  const sum = series.get(kind, "sum") ?? series.add(kind, "sum", labels, "_sum");
  put(sum, total / 1_000_000);
  put(series.get(kind, "count") ?? series.add(kind, "count", labels, "_count"), count);
}

function addBucket(series: SeriesCache, kind: string, bound: number, labels: Labels): Series {
  const le = Number.isFinite(bound) ? String(bound / 1_000_000) : "+Inf";
  return series.add(kind, bound, { ...labels, le }, "_bucket");
}
