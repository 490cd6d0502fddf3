/** How much of what happened is kept. */
export interface EventBounds {
  readonly entries: number;
  /** Of the file, without what waits to be folded into it (a few megabytes at most). */
  readonly bytes: number;
  readonly hours: number;
}

export const DEFAULT_BOUNDS: EventBounds = {
  entries: 100_000,
  bytes: 64 * 1_048_576,
  hours: 400 * 24,
};

/**
 * The last so many are kept however old they are: a machine that starts with a wrong date must not
 * lose its history for it.
 */
export const LEAST_KEPT = 1_000;
