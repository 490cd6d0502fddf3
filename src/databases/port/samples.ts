/** How far behind, in time, by positions that were seen of the one ahead. Pure. */

/** Milliseconds of a monotonic clock. */
export type Clock = number;

export interface Sample<P> {
  readonly at: Clock;
  readonly position: P;
}

const SAMPLES_MAX = 1_000;

/** The newest is last. */
export const addSample = <P>(
  samples: readonly Sample<P>[],
  sample: Sample<P>,
): readonly Sample<P>[] => [...samples, sample].slice(-SAMPLES_MAX);

/** Milliseconds since that position was the newest one at a look; undefined: not known. */
export function lagAt<P extends number | bigint>(
  samples: readonly Sample<P>[],
  has: P,
  now: Clock,
): number | undefined {
  const had = samples.findLast(({ position }) => position <= has);
  return had === undefined ? undefined : now - had.at;
}
