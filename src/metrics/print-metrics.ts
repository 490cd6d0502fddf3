/**
 * Prometheus' text format, version 0.0.4, from a reading: a part for each family. A part in which
 * nothing has changed since the last scrape is taken as it was: of a master's 50 lines three have.
 * docs/adr/0032 says why no library does it.
 */
import { FAMILIES } from "./catalogue.ts";
import type { Family } from "./family.ts";
import type { MetricsReading } from "./reading.ts";
import { PLAIN, type Series } from "./series.ts";

/** Of an HTTP answer. */
export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

type About = Pick<Family, "name" | "type" | "help">;

/** The text of one family, and what it was printed from. */
export class FamilyText {
  readonly #about: About;
  /** Of equal length. */
  readonly #series: Series[] = [];
  readonly #values: number[] = [];
  #count = 0;
  #isSame = true;
  #text = "";

  constructor(about: About) {
    this.#about = about;
  }

  /** The next sample. Series are compared by identity: a cache keeps them (series.ts). */
  put(series: Series, value: number): void {
    const place = this.#count++;
    if (this.#series[place] === series && this.#values[place] === value) return;
    this.#isSame = false;
    this.#series[place] = series;
    this.#values[place] = value;
  }

  /** With all samples since the last time; the empty text if there are none. */
  text(): string {
    const count = this.#count;
    if (!this.#isSame || count !== this.#series.length) {
      this.#series.length = count;
      this.#values.length = count;
      this.#text = this.#print();
    }
    this.#count = 0;
    this.#isSame = true;
    return this.#text;
  }

  /** A head alone means nothing. */
  #print(): string {
    if (this.#series.length === 0) return "";
    const { name, type, help } = this.#about;
    const lines = [`# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`];
    for (let place = 0; place < this.#series.length; place++) {
      const { text } = this.#series[place] ?? PLAIN;
      lines.push(`${name}${text}${printValue(this.#values[place] ?? 0)}\n`);
    }
    return lines.join("");
  }
}

/** Prints one reading after the other. */
export class MetricsPrinter {
  readonly #families = FAMILIES.map((family) => {
    const text = new FamilyText(family);
    return { write: family.write, text, put: text.put.bind(text) };
  });

  /** A part for each family that has samples. */
  parts(reading: MetricsReading): readonly string[] {
    const parts: string[] = [];
    for (const { write, text, put } of this.#families) {
      write(reading, put);
      const part = text.text();
      if (part !== "") parts.push(part);
    }
    return parts;
  }
}

export const printMetrics = (reading: MetricsReading): string =>
  new MetricsPrinter().parts(reading).join("");

const escapeHelp = (help: string): string => help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");

function printValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}

/** What a collector of files gets while no daemon answers: nothing else is known. */
export const printDown = (): string =>
  FAMILIES.filter(({ name }) => name === "baton_up" || name === "keepalived_up")
    .map((family) => {
      const text = new FamilyText(family);
      text.put(PLAIN, 0);
      return text.text();
    })
    .join("");
