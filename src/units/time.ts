/**
 * Time in Baton.
 *
 * Inside, every duration is whole microseconds and every instant is microseconds of one monotonic
 * clock; its zero is arbitrary (CLOCK_BOOTTIME in the daemon, so that a suspended machine notices;
 * virtual time in the simulator). Milliseconds are too coarse: the skew of a 10 ms advertisement
 * interval at priority 100 is 6.09 ms. A double holds whole microseconds exactly for 285 years.
 *
 * Centiseconds exist on the VRRPv3 wire and in the RFC's formulas; seconds exist in configuration
 * files.
 */
import type { Brand } from "./brand.ts";

export type Micros = Brand<number, "Micros">;
export type Instant = Brand<number, "Instant">;
export type Centis = Brand<number, "Centis">;

export const micros = (value: number): Micros => Math.round(value) as Micros;
export const instant = (value: number): Instant => Math.round(value) as Instant;
export const centis = (value: number): Centis => Math.round(value) as Centis;

export const fromSeconds = (seconds: number): Micros => micros(seconds * 1_000_000);
export const fromMillis = (milliseconds: number): Micros => micros(milliseconds * 1_000);
export const fromCentis = (value: Centis): Micros => micros(value * 10_000);
export const toCentis = (value: Micros): Centis => centis(value / 10_000);
export const toSeconds = (value: Micros): number => value / 1_000_000;
export const toMillis = (value: Micros): number => value / 1_000;

export const after = (start: Instant, duration: Micros): Instant => (start + duration) as Instant;
export const elapsed = (from: Instant, to: Instant): Micros => (to - from) as Micros;

/**
 * The earliest of some deadlines, `undefined` meaning "never". Asked for with every packet: no list
 * is made of them.
 */
export function earliest(
  a: Instant | undefined,
  b?: Instant,
  c?: Instant,
  d?: Instant,
): Instant | undefined {
  return earlier(earlier(a, b), earlier(c, d));
}

export function earliestOf(instants: readonly (Instant | undefined)[]): Instant | undefined {
  let first: Instant | undefined;
  for (const at of instants) first = earlier(first, at);
  return first;
}

function earlier(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined) return b;
  return b === undefined || a <= b ? a : b;
}
