/**
 * What a series of probes says about an outage. Pure, so that it can be checked against
 * synthetic series.
 *
 * A probe is missed if it has no answer, or one so late that it must have waited for an owner
 * to appear: the client's kernel queues packets while it asks for an unknown neighbour, and
 * sends them all when it finds one. An outage is the time between two answers with missed
 * probes between them, less one period, which would have passed anyway. The times of the
 * answers count, not those of sending, because queued probes were sent before the outage was
 * over. A pause of the prober itself, in which nothing was sent, is not an outage.
 */
import { elapsed, fromMillis, type Instant, type Micros, micros } from "#units/time";

export interface Probe {
  readonly sentAt: Instant;
  /** Undefined if there is no answer so far. */
  readonly answeredAt: Instant | undefined;
}

export interface Outage {
  readonly sent: number;
  /** The number of probes that were never answered. */
  readonly lost: number;
  /** The longest outage; 0 if no probe was missed. */
  readonly longest: Micros;
  /**
   * Strict lower bound of `longest`: from the sending of the first to that of the last probe
   * missed in it. It is one period less than the outage on a quiet machine, and less than that
   * if the prober paused at an edge of the outage, or when the kernel's queue held probes that
   * were then still answered in time.
   */
  readonly atLeast: Micros;
  /** The sum of all outages. */
  readonly total: Micros;
  /** The number of outages. */
  readonly runs: number;
  /** True if the last probe of the window has no answer: the outage was not over yet. */
  readonly open: boolean;
}

/**
 * An answer this late had to wait for the address to move; a busy machine delays answers by
 * less.
 */
const LATE: Micros = fromMillis(20);

/** Missed probes with nothing else between them. */
interface Run {
  /** The answers at its two edges; undefined at an edge of the window. */
  readonly before: Instant | undefined;
  readonly after: Instant | undefined;
  readonly probes: readonly Probe[];
}

interface Gap {
  readonly from: Instant;
  readonly to: Instant;
  readonly length: Micros;
}

/**
 * @param probes in order of sending, all of one window
 * @param period time between two probes
 */
export function analyseOutage(probes: readonly Probe[], period: Micros): Outage {
  let longest: { readonly run: Run; readonly gap: Gap } | undefined;
  let total = 0;
  let count = 0;
  for (const run of missedRuns(probes)) {
    for (const gap of gapsOf(run, period)) {
      count += 1;
      total += gap.length;
      if (longest === undefined || gap.length > longest.gap.length) longest = { run, gap };
    }
  }
  return {
    sent: probes.length,
    lost: probes.filter(({ answeredAt }) => answeredAt === undefined).length,
    longest: longest?.gap.length ?? micros(0),
    atLeast: longest === undefined ? micros(0) : lowerBound(longest.run, longest.gap),
    total: micros(total),
    runs: count,
    open: probes.length > 0 && probes.at(-1)?.answeredAt === undefined,
  };
}

const isMissed = ({ sentAt, answeredAt }: Probe): boolean =>
  answeredAt === undefined || elapsed(sentAt, answeredAt) > LATE;

function missedRuns(probes: readonly Probe[]): Run[] {
  const runs: Run[] = [];
  let before: Instant | undefined;
  let missed: Probe[] = [];
  for (const probe of probes) {
    if (isMissed(probe)) {
      missed.push(probe);
      continue;
    }
    if (missed.length > 0) runs.push({ before, after: probe.answeredAt, probes: missed });
    missed = [];
    before = probe.answeredAt;
  }
  if (missed.length > 0) runs.push({ before, after: undefined, probes: missed });
  return runs;
}

/**
 * Times without an answer from the answer before the run to the one after it; late answers
 * within it divide them.
 */
function gapsOf({ before, after, probes }: Run, period: Micros): Gap[] {
  const first = probes[0]?.sentAt ?? (0 as Instant);
  const last = probes.at(-1);
  const answers = probes
    .map(({ answeredAt }) => answeredAt)
    .filter((at) => at !== undefined)
    .toSorted((a, b) => a - b);
  if (after !== undefined) answers.push(after);
  // The next probe would have been answered at the earliest.
  else if (last?.answeredAt === undefined) answers.push(((last?.sentAt ?? 0) + period) as Instant);

  const gaps: Gap[] = [];
  let from = before;
  for (const to of answers) {
    const length =
      from === undefined ? elapsed(first, to) : micros(Math.max(0, elapsed(from, to) - period));
    // Under constant delay every probe is late, but answers come at the rate of the probes.
    if (length >= period / 2) gaps.push({ from: from ?? first, to, length });
    if (from === undefined || to > from) from = to;
  }
  return gaps;
}

function lowerBound({ probes }: Run, { from, to, length }: Gap): Micros {
  const inside = probes.filter(
    ({ sentAt, answeredAt }) =>
      sentAt >= from && sentAt < to && (answeredAt === undefined || answeredAt >= to),
  );
  const first = inside[0]?.sentAt;
  const last = inside.at(-1)?.sentAt;
  if (first === undefined || last === undefined) return micros(0);
  return micros(Math.min(length, elapsed(first, last)));
}
