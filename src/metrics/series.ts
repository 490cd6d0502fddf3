/**
 * What stands before the number of a sample. It is printed once, and kept from one scrape to the
 * next: most of a scrape's text is labels, and they hardly ever change.
 */

/** Name → value; the order is that in which they are printed. */
export type Labels = Readonly<Record<string, string>>;
/** Of a histogram's samples. */
export type Suffix = "" | "_bucket" | "_sum" | "_count";

export interface Series {
  readonly labels: Labels;
  readonly suffix: Suffix;
  /** What follows the name of the family, with the space before the number. */
  readonly text: string;
}

export const NO_LABELS: Labels = {};

export function makeSeries(labels: Labels, suffix: Suffix = ""): Series {
  const all: string[] = [];
  for (const name in labels) all.push(`${name}="${escapeValue(labels[name] ?? "")}"`);
  const inner = all.join(",");
  return { labels, suffix, text: `${suffix}${inner === "" ? "" : `{${inner}}`} ` };
}

/** Characters that its grammar escapes; a NUL is the end of the text for some readers. */
const escapeValue = (value: string): string =>
  /[\\"\n\0]|[\ud800-\udfff]/.test(value)
    ? value
        .toWellFormed()
        .replaceAll("\0", "\ufffd")
        .replaceAll("\\", "\\\\")
        .replaceAll('"', '\\"')
        .replaceAll("\n", "\\n")
    : value;

/** Without labels. */
export const PLAIN: Series = makeSeries(NO_LABELS);

/**
 * The series of one thing, by a kind and a key of that kind. Both are values that there are anyway:
 * a key that had to be made for each look-up would be most of what a scrape leaves to be collected.
 */
export class SeriesCache {
  /** Of every series of this thing. */
  readonly labels: Labels;
  /** With these labels alone. */
  readonly plain: Series;
  readonly #most: number;
  #count = 0;
  readonly #known = new Map<string, Map<string | number, Series>>();

  /** @param most beyond so many all are forgotten, and made again when they are needed */
  constructor(labels: Labels, most: number) {
    this.labels = labels;
    this.plain = makeSeries(labels);
    this.#most = most;
  }

  get(kind: string, key: string | number): Series | undefined {
    return this.#known.get(kind)?.get(key);
  }

  /** @param labels all of them */
  add(kind: string, key: string | number, labels: Labels, suffix?: Suffix): Series {
    if (this.#count >= this.#most) {
      this.#known.clear();
      this.#count = 0;
    }
    const series = makeSeries(labels, suffix);
    const ofKind = this.#known.get(kind) ?? new Map<string | number, Series>();
    this.#known.set(kind, ofKind.set(key, series));
    this.#count += 1;
    return series;
  }

  /** With this label besides those of every series of this thing. */
  with(name: string, value: string): Series {
    return this.get(name, value) ?? this.add(name, value, { ...this.labels, [name]: value });
  }
}

/** Of what is not of one instance: checks, notify scripts, groups, the daemon itself. */
export const daemonSeries = (): SeriesCache => new SeriesCache(NO_LABELS, 20_000);
