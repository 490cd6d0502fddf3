/** How long, as operators write it: `10s`, `500ms`, `2h`, or seconds alone. */
import { type Accepts, text } from "#command-line/definition";

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400 };

/** Undefined: it is none. */
export function readSeconds(given: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)?$/.exec(given);
  return match === null ? undefined : Number(match[1]) * (UNITS[match[2] ?? "s"] ?? 1);
}

export const DURATION: Accepts = {
  test: (given) => readSeconds(given) !== undefined,
  wanted: text("a duration like 10s, 30m or 2h", "时长，例如 10s、30m 或 2h"),
};
