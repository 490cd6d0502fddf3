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
  for (const state of states) put(series.with("state", state), state === now ? 1 : 0);
}

/**
 * @param key of the histogram within `series`, or empty if there is one
 * @param bounds those of `counts`, microseconds
 */
export function putHistogram(
  put: Put,
  series: SeriesCache,
  key: string,
  labels: Labels,
  { atMost, count, total }: DurationCounts,
  bounds: readonly number[],
): void {
  const bucket = (le: string): Series =>
    series.get(`le ${le} ${key}`) ?? series.add(`le ${le} ${key}`, { ...labels, le }, "_bucket");
  for (const [place, bound] of bounds.entries())
    put(bucket(String(bound / 1_000_000)), atMost[place] ?? count);
  put(bucket("+Inf"), count);
  put(series.get(`sum ${key}`) ?? series.add(`sum ${key}`, labels, "_sum"), total / 1_000_000);
  put(series.get(`count ${key}`) ?? series.add(`count ${key}`, labels, "_count"), count);
}
