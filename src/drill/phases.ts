/**
 * The phases of a move, from the instants at which something was seen. What nobody saw is left out
 * and not guessed.
 */
import type { Phase } from "./report.ts";

/** Milliseconds from the begin of the move. */
export interface Marks {
  /** The owner's node knew of the fault (the daemon's own account). */
  readonly noticedAt?: number | undefined;
  /** The successor's advertisement was heard. */
  readonly electedAt?: number | undefined;
  /** Its `promote` had finished. */
  readonly promotedAt?: number | undefined;
  /** The first answer from it reached the prober. */
  readonly answeredAt?: number | undefined;
  /** The platform forwards to it. */
  readonly platformAt?: number | undefined;
}

const ORDER: readonly (readonly [Phase, keyof Marks])[] = [
  ["detect", "noticedAt"],
  ["elect", "electedAt"],
  ["gate", "promotedAt"],
  ["announce", "answeredAt"],
  ["platform", "platformAt"],
];

/** Each phase lasts from the end of the last one that was seen. */
export function phasesOf(marks: Marks): Readonly<Partial<Record<Phase, number>>> {
  const phases: Partial<Record<Phase, number>> = {};
  let from = 0;
  for (const [phase, mark] of ORDER) {
    const at = marks[mark];
    if (at === undefined) continue;
    phases[phase] = exact(Math.max(0, at - from));
    from = Math.max(from, at);
  }
  return phases;
}

/** Microseconds are as exact as it gets. */
const exact = (ms: number): number => Math.round(ms * 1_000) / 1_000;
