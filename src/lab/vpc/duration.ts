import { fromMillis, type Micros } from "#units/time";

/** `4s`, `100ms`, `1.5s`. A number without its unit could be either; only 0 needs none. */
export function readDuration(text: string): Micros | undefined {
  const match = /^(?:(\d+(?:\.\d+)?)(ms|s)|0)$/.exec(text);
  if (match === null) return undefined;
  return fromMillis(Number(match[1] ?? 0) * (match[2] === "ms" ? 1 : 1_000));
}

/** Reads back as the same time. */
export const printDuration = (time: Micros): string =>
  time < 1_000_000 ? `${time / 1_000}ms` : `${time / 1_000_000}s`;
