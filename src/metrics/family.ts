/** What a family of metrics is: its description, and how its samples follow from a reading. */
import type { DurationCounts } from "#vrrp/engine/histogram";
import type { MetricsReading } from "./reading.ts";

export type MetricType = "counter" | "gauge" | "histogram";

/** What the number means, for the page; names end in it where Prometheus wants that. */
export type Unit = "0 or 1" | "number" | "seconds" | "seconds since 1970" | "priority" | "code";

/** Name → value; the order is that in which they are printed. */
export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  /** Often the same object for many samples: it is printed once. */
  readonly labels: Labels;
  /** Further labels of this sample. */
  readonly more?: Labels;
  readonly value: number;
  /** Of a histogram. */
  readonly suffix?: "_bucket" | "_sum" | "_count";
}

export interface Family {
  readonly name: string;
  readonly type: MetricType;
  readonly unit: Unit;
  /** Names of the labels, but for `le` of a histogram. */
  readonly labels: readonly string[];
  readonly help: string;
  readonly samples: (reading: MetricsReading) => Iterable<Sample>;
}

export const NO_LABELS: Labels = {};

/** One number of the daemon; undefined: not known. */
export const single = (
  about: Omit<Family, "labels" | "samples">,
  value: (reading: MetricsReading) => number | undefined,
): Family => ({
  ...about,
  labels: [],
  samples: (reading) => {
    const known = value(reading);
    return known === undefined ? [] : [{ labels: NO_LABELS, value: known }];
  },
});

/** One sample for each of many things. */
export const each = <Thing>(
  about: Omit<Family, "samples">,
  things: (reading: MetricsReading) => Iterable<Thing>,
  sample: (thing: Thing, reading: MetricsReading) => Sample | undefined,
): Family => ({
  ...about,
  samples: function* (reading) {
    for (const thing of things(reading)) {
      const made = sample(thing, reading);
      if (made !== undefined) yield made;
    }
  },
});

/** 1 for the state that something is in, and 0 for all others, so that each has its own series. */
export function* oneHot(
  labels: Labels,
  states: readonly Labels[],
  isIn: (state: Labels) => boolean,
): Generator<Sample> {
  for (const state of states) yield { labels, more: state, value: isIn(state) ? 1 : 0 };
}

const INFINITE: Labels = { le: "+Inf" };
const ends = new Map<number, Labels>();

function endOf(micros: number): Labels {
  const known = ends.get(micros) ?? { le: String(micros / 1_000_000) };
  ends.set(micros, known);
  return known;
}

/** @param bounds those of `counts`, microseconds */
export function* histogramSamples(
  labels: Labels,
  { atMost, count, total }: DurationCounts,
  bounds: readonly number[],
): Generator<Sample> {
  for (const [place, bound] of bounds.entries())
    yield { labels, more: endOf(bound), value: atMost[place] ?? count, suffix: "_bucket" };
  yield { labels, more: INFINITE, value: count, suffix: "_bucket" };
  yield { labels, value: total / 1_000_000, suffix: "_sum" };
  yield { labels, value: count, suffix: "_count" };
}
