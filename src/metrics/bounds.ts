/** How the durations that the supervisor counts are divided. */
import { durationBounds } from "#vrrp/engine/histogram";

/** Runs of check scripts: 1 ms to 67 s. */
export const CHECK_BOUNDS: readonly number[] = durationBounds(10, 26);
