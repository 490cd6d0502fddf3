/**
 * What a series of probes says about an outage. Pure, so that it can be checked against synthetic series.
 *
 * A probe is missed when it has no answer, or one so late that it waited for somebody to appear (the client's kernel
 * queues packets while it asks for an unknown neighbour). The outage is the longest run of missed probes: from the probe
 * that was answered before it to the one answered after it, less one period, which would have passed anyway. Measured
 * between instants of sending, a pause of the prober itself does not count as an outage of the address.
 */
import { elapsed, fromMillis, type Instant, type Micros, micros } from "#units/time";

export interface Probe {
  readonly sentAt: Instant;
  /** Undefined: no answer so far. */
  readonly answeredAt: Instant | undefined;
}

export interface Outage {
  readonly sent: number;
  /** Never answered. */
  readonly lost: number;
  /** The longest run of missed probes; 0 when none was missed. */
  readonly longest: Micros;
  /** All runs together. */
  readonly total: Micros;
  readonly runs: number;
  /** The last probe of the window was missed: the outage was not over yet. */
  readonly open: boolean;
}

/** An answer this late had to wait for the address to move. */
const LATE: Micros = fromMillis(100);

/**
 * @param probes in order of sending, all of one window
 * @param period time between two probes
 */
export function analyseOutage(probes: Iterable<Probe>, period: Micros): Outage {
  let sent = 0;
  let lost = 0;
  let runs = 0;
  let longest = 0;
  let total = 0;
  let lastAnswered: Instant | undefined;
  let runStart: Instant | undefined;
  let lastSent: Instant | undefined;
  const close = (end: Instant): void => {
    if (runStart === undefined) return;
    const length = Math.max(0, elapsed(runStart, end) - (lastAnswered === undefined ? 0 : period));
    longest = Math.max(longest, length);
    total += length;
    runStart = undefined;
  };
  for (const { sentAt, answeredAt } of probes) {
    sent += 1;
    if (answeredAt === undefined) lost += 1;
    if (answeredAt === undefined || elapsed(sentAt, answeredAt) > LATE) {
      if (runStart === undefined) {
        runs += 1;
        runStart = lastAnswered ?? sentAt;
      }
    } else {
      close(sentAt);
      lastAnswered = sentAt;
    }
    lastSent = sentAt;
  }
  const open = runStart !== undefined;
  if (lastSent !== undefined) close((lastSent + period) as Instant);
  return { sent, lost, longest: micros(longest), total: micros(total), runs, open };
}
