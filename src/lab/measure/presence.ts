/**
 * Which host held an address when: intervals per host, from the reports of an address watcher.
 * Pure.
 */
import { elapsed, type Instant, type Micros, micros } from "#units/time";

/** One line of the address watcher. */
export interface PresenceChange {
  readonly host: string;
  readonly present: boolean;
  readonly at: Instant;
}

interface Interval {
  readonly from: Instant;
  to: Instant | undefined;
}

export class Presence {
  readonly #intervals = new Map<string, Interval[]>();

  record({ host, present, at }: PresenceChange): void {
    const intervals = this.#intervals.get(host) ?? [];
    this.#intervals.set(host, intervals);
    const last = intervals.at(-1);
    const holds = last !== undefined && last.to === undefined;
    if (present && !holds) intervals.push({ from: at, to: undefined });
    if (!present && holds) last.to = at;
  }

  holders(): readonly string[] {
    return [...this.#intervals].filter(([, list]) => isOpen(list)).map(([host]) => host);
  }

  /** The beginning of the present interval; undefined while it does not hold the address. */
  holdsSince(host: string): Instant | undefined {
    const list = this.#intervals.get(host);
    return isOpen(list) ? list?.at(-1)?.from : undefined;
  }

  /** Time in the window during which two or more of the hosts held the address. */
  overlap(hosts: readonly string[], from: Instant, to: Instant): Overlap {
    const now = hosts.filter((host) => isOpen(this.#intervals.get(host)));
    return { total: this.#timeWith(2, hosts, from, to), open: now.length >= 2 };
  }

  /** Time in the window during which none of the hosts held the address. */
  absence(hosts: readonly string[], from: Instant, to: Instant): Micros {
    return micros(elapsed(from, to) - this.#timeWith(1, hosts, from, to));
  }

  /** Time in the window during which at least so many of the hosts held the address. */
  #timeWith(atLeast: number, hosts: readonly string[], from: Instant, to: Instant): Micros {
    const edges: { at: Instant; step: 1 | -1 }[] = [];
    for (const host of hosts) {
      for (const interval of this.#intervals.get(host) ?? []) {
        const start = Math.max(interval.from, from) as Instant;
        const end = Math.min(interval.to ?? to, to) as Instant;
        if (start < end) edges.push({ at: start, step: 1 }, { at: end, step: -1 });
      }
    }
    // If one interval ends where another begins, there is neither an overlap nor a gap.
    edges.sort((a, b) => a.at - b.at || a.step - b.step);
    let count = 0;
    let total = 0;
    let since: Instant | undefined;
    for (const { at, step } of edges) {
      count += step;
      if (count >= atLeast) since ??= at;
      else if (since !== undefined) {
        total += elapsed(since, at);
        since = undefined;
      }
    }
    return micros(total);
  }

  /** The number of a host's changes in the window, for reports of flapping. */
  changesWithin(host: string, from: Instant, to: Instant): number {
    const inside = (at: Instant | undefined): number =>
      at !== undefined && at >= from && at <= to ? 1 : 0;
    return (this.#intervals.get(host) ?? []).reduce(
      (count, interval) => count + inside(interval.from) + inside(interval.to),
      0,
    );
  }
}

export interface Overlap {
  readonly total: Micros;
  /** Whether two of them hold it now. */
  readonly open: boolean;
}

const isOpen = (list: readonly Interval[] | undefined): boolean => {
  const last = list?.at(-1);
  return last !== undefined && last.to === undefined;
};
