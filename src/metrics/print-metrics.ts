/**
 * Prometheus' text format, version 0.0.4, from a reading: a family after the other, so that no more
 * than one is in memory besides the text. docs/adr/0032 says why no library does it.
 */
import { FAMILIES } from "./catalogue.ts";
import type { Family, Labels, Sample } from "./family.ts";
import type { MetricsReading } from "./reading.ts";

/** Of an HTTP answer. */
export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export function printMetrics(reading: MetricsReading): string {
  let text = "";
  for (const part of metricsParts(reading)) text += part;
  return text;
}

/** The same text in parts, one for each family that has samples. */
export function* metricsParts(reading: MetricsReading): Generator<string> {
  for (const family of FAMILIES) {
    const part = printFamily(family, family.samples(reading));
    if (part !== "") yield part;
  }
}

/** The empty text if there are no samples: a head alone means nothing. */
export function printFamily(
  { name, type, help }: Pick<Family, "name" | "type" | "help">,
  samples: Iterable<Sample>,
): string {
  const known = new Map<Labels, string>();
  const print = (labels: Labels): string => {
    const before = known.get(labels);
    if (before !== undefined) return before;
    const text = printLabels(labels);
    known.set(labels, text);
    return text;
  };
  let text = "";
  for (const { labels, more, value, suffix = "" } of samples) {
    const first = print(labels);
    const second = more === undefined ? "" : print(more);
    const all = first === "" || second === "" ? first + second : `${first},${second}`;
    text += `${name}${suffix}${all === "" ? "" : `{${all}}`} ${printValue(value)}\n`;
  }
  return text === "" ? "" : `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${text}`;
}

function printLabels(labels: Labels): string {
  const all: string[] = [];
  for (const name in labels) all.push(`${name}="${escapeValue(labels[name] ?? "")}"`);
  return all.join(",");
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

const escapeHelp = (help: string): string => help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");

function printValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}

/** What a collector of files gets while no daemon answers: nothing else is known. */
export const printDown = (): string =>
  FAMILIES.filter(({ name }) => name === "baton_up" || name === "keepalived_up")
    .map((family) => printFamily(family, [{ labels: {}, value: 0 }]))
    .join("");
