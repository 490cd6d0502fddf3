/** Times of events: the wall clock in microseconds since 1970, printed in UTC. */

const MICROS = 1_000;
const DIGITS = 3;

/** `2026-11-30T17:26:25.123456Z` */
export function printMoment(micros: number): string {
  const millis = Math.floor(micros / MICROS);
  const rest = String(micros - millis * MICROS).padStart(DIGITS, "0");
  return new Date(millis).toISOString().replace("Z", `${rest}Z`);
}

/** Undefined if the text is no time. Three digits of a fraction suffice. */
export function readMoment(text: string): number | undefined {
  const millis = Date.parse(text);
  if (Number.isNaN(millis)) return undefined;
  const fraction = /\.(\d+)Z$/.exec(text)?.[1] ?? "";
  return millis * MICROS + Number(fraction.slice(DIGITS, 2 * DIGITS).padEnd(DIGITS, "0"));
}
