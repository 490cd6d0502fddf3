import { fromMillis, type Micros } from "#units/time";

/** `4s`, `100ms`, `1.5s`; a bare number is seconds. */
export function readDuration(text: string): Micros | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s)?$/.exec(text);
  if (match === null) return undefined;
  return fromMillis(Number(match[1]) * (match[2] === "ms" ? 1 : 1_000));
}
