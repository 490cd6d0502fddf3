/**
 * What keepalived makes of a number it complains about (seen with 2.2.7, value by value): some
 * keywords keep the default, some take the digits the word begins with, some a value of their own.
 * Finding and plan both ask here, so that the note "`100` is used" and the value that runs cannot
 * differ.
 */
import type { NumberTakes } from "../keywords/keyword.ts";

/** The value that counts instead of the text; undefined: the keyword is as if it were not there. */
export function keptNumber(takes: NumberTakes, text: string): number | undefined {
  if (takes.bad === undefined) return takes.refused;
  switch (takes.bad) {
    case "digits":
      return within(takes, leadingInteger(text));
    case "microseconds": {
      // Its reader leaves out the point and stops before it multiplies: `5s` is 5, `2.5s` is 25
      // millionths.
      if (readsAsDecimal(text)) return undefined;
      const digits = /^[0-9.]*/.exec(text.trimStart())?.[0] ?? "";
      if (!/[0-9]/.test(digits)) return undefined;
      return Number(digits.split(".").slice(0, 2).join("")) / 1_000_000;
    }
  }
}

/** A number that is only too large is refused. */
const readsAsDecimal = (text: string): boolean =>
  /^[ \t]*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$/.test(text);

/** `5s` is 5, `1.5` is 1 and `abc` is 0, as C's strtol has it. */
export const leadingInteger = (text: string): number =>
  Number.parseInt(/^[ \t]*([+-]?[0-9]+)/.exec(text)?.[1] ?? "0", 10);

function within(takes: NumberTakes, value: number): number | undefined {
  if (value >= takes.min && value <= takes.max) return value;
  return takes.raises === true && value >= 0 && value < takes.min ? takes.min : undefined;
}
