/**
 * Counters that outlive an engine. Each engine counts from 0; what its predecessors had counted
 * when they were last asked is added, so that no counter goes back while the daemon runs. What an
 * engine counted after the last question is lost with it.
 *
 * The same is done where a counter is smaller than before although the engine is the same: a reload
 * has given the name to another router.
 */
import type { EngineDurations } from "#vrrp/engine/engine-durations";
import type { InstanceSnapshot } from "#vrrp/engine/engine-link";
import type { DurationCounts } from "#vrrp/engine/histogram";

type Counts = Readonly<Record<string, number>>;

interface Known {
  /** As the engine said last. */
  last: Counts;
  /** Of earlier engines; undefined: nothing. */
  before: Counts | undefined;
}

interface KnownInstance {
  readonly counters: Known;
  readonly refused: Known;
}

const NOTHING: Counts = {};

export class EngineTotals {
  readonly #instances = new Map<string, KnownInstance>();
  #engine: number | undefined;
  #durations: EngineDurations | undefined;
  #durationsBefore: EngineDurations | undefined;

  /**
   * @param engine the process; each has another number
   * @returns the same with the counters of all engines
   */
  instances(engine: number | undefined, all: readonly InstanceSnapshot[]): InstanceSnapshot[] {
    this.#notice(engine);
    return all.map((one) => {
      const known = this.#of(one.name);
      const counters = take(known.counters, one.counters);
      return { ...one, counters, refused: take(known.refused, one.refused ?? NOTHING) };
    });
  }

  /** @param now undefined: it did not answer */
  durations(
    engine: number | undefined,
    now: EngineDurations | undefined,
  ): EngineDurations | undefined {
    this.#notice(engine);
    if (now !== undefined) this.#durations = now;
    return this.#durations === undefined
      ? this.#durationsBefore
      : addDurations(this.#durationsBefore, this.#durations);
  }

  /** What was counted of instances that are gone. */
  forget(isKept: (name: string) => boolean): void {
    for (const name of this.#instances.keys()) if (!isKept(name)) this.#instances.delete(name);
  }

  #notice(engine: number | undefined): void {
    if (engine === undefined || engine === this.#engine) return;
    this.#engine = engine;
    for (const { counters, refused } of this.#instances.values()) {
      retire(counters);
      retire(refused);
    }
    if (this.#durations !== undefined)
      this.#durationsBefore = addDurations(this.#durationsBefore, this.#durations);
    this.#durations = undefined;
  }

  #of(name: string): KnownInstance {
    const known = this.#instances.get(name) ?? { counters: fresh(), refused: fresh() };
    this.#instances.set(name, known);
    return known;
  }
}

const fresh = (): Known => ({ last: NOTHING, before: undefined });

function retire(known: Known): void {
  known.before = known.before === undefined ? known.last : add(known.before, known.last);
  known.last = NOTHING;
}

function take(known: Known, now: Counts): Counts {
  if (hasGoneBack(known.last, now)) retire(known);
  known.last = now;
  return known.before === undefined ? now : add(known.before, now);
}

function hasGoneBack(last: Counts, now: Counts): boolean {
  for (const name in last) if ((now[name] ?? 0) < (last[name] ?? 0)) return true;
  return false;
}

function add(one: Counts, other: Counts): Counts {
  const sum: Record<string, number> = { ...one };
  for (const name in other) sum[name] = (sum[name] ?? 0) + (other[name] ?? 0);
  return sum;
}

function addDurations(before: EngineDurations | undefined, now: EngineDurations): EngineDurations {
  if (before === undefined) return now;
  return {
    lateness: addCounts(before.lateness, now.lateness),
    collections: addCounts(before.collections, now.collections),
    jitter: addCounts(before.jitter, now.jitter),
  };
}

const addCounts = (one: DurationCounts, other: DurationCounts): DurationCounts => ({
  atMost: one.atMost.map((count, place) => count + (other.atMost[place] ?? 0)),
  count: one.count + other.count,
  total: one.total + other.total,
});
