/**
 * Gathers findings and keeps a broken file of millions of lines from becoming millions of findings.
 */
import type { Code } from "#diagnostics/codes";
import type { AnyFinding } from "#diagnostics/diagnostic";

/**
 * Kept of one code; the rest is counted. Enough are left when consequences and doubles are removed.
 */
const KEPT_MAX = 200;

export interface Collector {
  readonly report: (finding: AnyFinding) => void;
  readonly found: readonly AnyFinding[];
  /** Findings of a code that were only counted. */
  readonly dropped: ReadonlyMap<Code, number>;
}

/** @param isComplete keep everything, however much it is */
export function createCollector(isComplete: boolean): Collector {
  const found: AnyFinding[] = [];
  const counts = new Map<Code, number>();
  const dropped = new Map<Code, number>();
  return {
    report: (one) => {
      const count = (counts.get(one.code) ?? 0) + 1;
      counts.set(one.code, count);
      if (isComplete || count <= KEPT_MAX) found.push(one);
      else dropped.set(one.code, count - KEPT_MAX);
    },
    found,
    dropped,
  };
}
