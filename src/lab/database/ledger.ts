/**
 * What became of the writes that a database acknowledged. Each has a number of its own, which is
 * never used again, and the client remembers which server answered for it and when; afterwards
 * the rows that are left decide what was kept. Pure.
 */
import { elapsed, type Instant, type Micros, micros } from "#units/time";

/** One acknowledged write. */
export interface Acknowledged {
  readonly writer: number;
  /** From 1, for each writer. */
  readonly seq: number;
  /** `@@server_id` of the server that acknowledged it. */
  readonly server: number;
  /** When the answer had arrived. */
  readonly at: Instant;
}

export interface FailedStatement {
  /** `read-only` whatever the server calls it; else the client's or the server's name for it. */
  readonly code: string;
  readonly at: Instant;
}

/** An answer that misses rows which had been acknowledged before it was asked for. */
export interface StaleAnswer {
  readonly server: number;
  readonly at: Instant;
  /** How many of the writer's acknowledged rows are missing. */
  readonly behind: number;
}

export interface Ledger {
  readonly acknowledged: readonly Acknowledged[];
  readonly failed: readonly FailedStatement[];
  readonly stale: readonly StaleAnswer[];
  /** Questions answered, stale ones included. */
  readonly answers: number;
}

/** `READ_ONLY` errors of MySQL and MariaDB, whatever they call them. */
export const READ_ONLY = "read-only";

/** One number for a row. */
export const rowKey = (writer: number, seq: number): number => writer * 2 ** 32 + seq;

export interface Gap {
  readonly total: Micros;
  /** Nothing was acknowledged up to the end of the window. */
  readonly isOpen: boolean;
  /** Where it ended. */
  readonly to: Instant;
}

/**
 * The longest time without an acknowledgement within the window. It begins with the last one
 * before the window, so that the pause which a fault causes is counted from its first missing
 * answer; a writer that never wrote has a gap as long as the window.
 */
export function longestGap(acknowledged: readonly Acknowledged[], from: Instant, to: Instant): Gap {
  const times = acknowledged.map(({ at }) => at).toSorted((a, b) => a - b);
  let last = times.findLast((at) => at <= from) ?? from;
  let longest: Gap = { total: micros(0), isOpen: false, to: from };
  for (const at of times) {
    if (at <= from || at > to) continue;
    const total = elapsed(last, at);
    if (total > longest.total) longest = { total, isOpen: false, to: at };
    last = at;
  }
  const rest = elapsed(last, to);
  return rest > longest.total ? { total: rest, isOpen: true, to } : longest;
}

/**
 * Writes that were acknowledged by a server after another one had begun to acknowledge, within a
 * window in which the address moves at most once: two take writes at the same time.
 */
export function takenByBoth(
  acknowledged: readonly Acknowledged[],
  from: Instant,
  to: Instant,
): number {
  const inside = acknowledged
    .filter(({ at }) => at > from && at <= to)
    .toSorted((a, b) => a.at - b.at);
  const before = acknowledged.filter(({ at }) => at <= from).at(-1) ?? inside[0];
  if (before === undefined) return 0;
  const successor = inside.findIndex(({ server }) => server !== before.server);
  if (successor < 0) return 0;
  return inside.slice(successor).filter(({ server }) => server === before.server).length;
}

/** The acknowledged writes that the surviving data does not have. */
export const lostOf = (
  acknowledged: readonly Acknowledged[],
  surviving: ReadonlySet<number>,
): readonly Acknowledged[] =>
  acknowledged.filter(({ writer, seq }) => !surviving.has(rowKey(writer, seq)));

/** How many statements failed, by code. */
export function countFailures(
  failed: readonly FailedStatement[],
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { code } of failed) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}
