/**
 * How regularly a master is heard: by how much the time between two of its advertisements differs
 * from the interval that it announces, as the engine reads them.
 */
import { type Centis, fromCentis, type Instant } from "#units/time";
import type { DurationHistogram } from "./histogram.ts";

/** Who is heard again after more intervals than this was away, and not late. */
const AWAY = 4;

/**
 * @param heardAt the last advertisement before this one; undefined: there was none
 * @param interval what the sender announces
 */
export function recordJitter(
  jitter: DurationHistogram,
  heardAt: Instant | undefined,
  interval: Centis,
  now: Instant,
): void {
  if (heardAt === undefined) return;
  const micros = fromCentis(interval);
  const gap = now - heardAt;
  if (gap <= AWAY * micros) jitter.record(gap < micros ? micros - gap : gap - micros);
}
