/** Durations and counts as a person reads them; the same digits in every language. */
import { type Micros, toSeconds } from "#units/time";

/** "3.61 s", "12 ms", "0.4 ms": three significant digits, never an exponent. */
export function duration(value: Micros): string {
  const seconds = toSeconds(value);
  if (value === 0) return "0 s";
  if (Math.abs(seconds) >= 1) return `${digits(seconds)} s`;
  return `${digits(seconds * 1000)} ms`;
}

/** At most two decimals from 1 on (one from 100 on), trailing zeros dropped. */
function digits(value: number): string {
  const size = Math.abs(value);
  const decimals = size >= 100 ? 1 : size >= 1 ? 2 : 3;
  return String(Number(value.toFixed(decimals)));
}

/** Seconds that have passed: two decimals below 10, none above, no unit. */
export const passedSeconds = (value: number): string =>
  String(Number(value.toFixed(value < 10 ? 2 : 0)));

/** "once", "2 times". */
export const times = (count: number): string => (count === 1 ? "once" : `${count} times`);

/** Configured seconds as written in a file: no unit, no rounding beyond the microsecond. */
export const seconds = (value: number): string => String(Number(value.toFixed(6)));
