/**
 * Numbers and booleans as keepalived reads them, and what it makes of a number it complains about
 * (seen with 2.2.7, value by value): some keywords keep the default, some take the digits the text
 * begins with, some a value of their own. Finding and plan both ask here, so that the note "`100`
 * is used" and the value that runs cannot differ.
 */
import type { NumberTakes } from "../keywords/keyword.ts";

/** What keepalived takes for true and false; lower case only. */
export function readBoolean(text: string): boolean | undefined {
  if (text === "on" || text === "true" || text === "yes") return true;
  if (text === "off" || text === "false" || text === "no") return false;
  return undefined;
}

/** Base 10 only: `010` is ten, `0x33` and `51s` are nothing. */
export const readInteger = (text: string): number | undefined =>
  /^[ \t]*[+-]?[0-9]+$/.test(text) ? Number.parseInt(text, 10) : undefined;

export const readDecimal = (text: string): number | undefined =>
  /^[ \t]*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$/.test(text) ? Number(text) : undefined;

/** The value that counts instead of the text; undefined: the keyword is as if it were not there. */
export function keptNumber(takes: NumberTakes, text: string): number | undefined {
  if (takes.bad === undefined) return takes.refused;
  switch (takes.bad) {
    case "digits":
      return within(takes, leadingInteger(text));
    case "microseconds": {
      // keepalived's reader skips the point, and stops at the letter before it multiplies: `5s` is
      // 5 and `2.5s` is 25 microseconds.
      if (readDecimal(text) !== undefined) return undefined;
      const digits = /^[0-9.]*/.exec(text.trimStart())?.[0] ?? "";
      if (!/[0-9]/.test(digits)) return undefined;
      return Number(digits.split(".").slice(0, 2).join("")) / 1_000_000;
    }
  }
}

/** `5s` is 5, `1.5` is 1 and `abc` is 0, as C's strtol has it. */
export const leadingInteger = (text: string): number =>
  Number.parseInt(/^[ \t]*([+-]?[0-9]+)/.exec(text)?.[1] ?? "0", 10);

function within(takes: NumberTakes, value: number): number | undefined {
  if (value >= takes.min && value <= takes.max) return value;
  return takes.raises === true && value >= 0 && value < takes.min ? takes.min : undefined;
}
