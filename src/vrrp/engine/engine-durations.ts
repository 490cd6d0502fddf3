/** What the engine counts of durations for `metrics`: buckets from the start on. */
import { type DurationCounts, durationBounds } from "./histogram.ts";

/** 15 µs to 8.4 s. */
export const ENGINE_BOUNDS: readonly number[] = durationBounds(4, 23);

/** Each by `ENGINE_BOUNDS`, since the engine's start. */
export interface EngineDurations {
  /** After a deadline, until the engine woke. */
  readonly lateness: DurationCounts;
  readonly collections: DurationCounts;
  /** By how much the time between two advertisements of a master differs from its interval. */
  readonly jitter: DurationCounts;
}
