/** Who was in which state when: a lane for each instance of each node. Pure. */
import type { EventRecord } from "#events/record";
import { type Entry, microsOf } from "./entries.ts";

export interface Segment {
  readonly state: string;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

export interface Lane {
  readonly node: string;
  readonly instance: string;
  readonly segments: readonly Segment[];
}

export interface LaneNow {
  readonly node: string;
  readonly instance: string;
  readonly state: string;
  /** When it entered that state, milliseconds. */
  readonly since: number;
}

interface Change {
  readonly at: number;
  readonly from: string;
  readonly to: string;
}

const changeOf = (event: EventRecord): Change | undefined =>
  event.kind === "state"
    ? { at: microsOf(event.at) / 1_000, from: event.data.from, to: event.data.to }
    : undefined;

/**
 * @param entries newest first, as `mergeEntries` gives them
 * @param current what instances say now; others are drawn as far as their events go
 * @param since the beginning of the lanes, milliseconds; undefined: the first event
 */
export function lanesOf(
  entries: readonly Entry[],
  current: readonly LaneNow[],
  since: number | undefined,
  now: number,
): readonly Lane[] {
  const changes = new Map<string, Change[]>();
  const names = new Map<string, { readonly node: string; readonly instance: string }>();
  for (const { node, event } of entries.toReversed()) {
    const change = changeOf(event);
    if (change === undefined || event.instance === undefined) continue;
    const key = `${event.instance}\n${node}`;
    names.set(key, { node, instance: event.instance });
    changes.set(key, [...(changes.get(key) ?? []), change]);
  }
  for (const { node, instance } of current) names.set(`${instance}\n${node}`, { node, instance });
  const first = Math.min(now - 1, ...[...changes.values()].map((all) => all[0]?.at ?? now));
  const start = since ?? first;
  return [...names]
    .toSorted(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
    .map(([key, { node, instance }]) => {
      const known = current.find((one) => one.node === node && one.instance === instance);
      return { node, instance, segments: segmentsOf(changes.get(key) ?? [], known, start, now) };
    });
}

function segmentsOf(
  changes: readonly Change[],
  known: LaneNow | undefined,
  start: number,
  now: number,
): readonly Segment[] {
  if (changes.length === 0) {
    return known === undefined
      ? []
      : [{ state: known.state, from: Math.max(start, known.since), to: now }];
  }
  const segments: Segment[] = [];
  let state = changes[0]?.from ?? "";
  let from = start;
  for (const { at, to } of changes) {
    // Before a daemon's first state there was no daemon, or nobody knows.
    const isBefore = segments.length === 0 && state === "INIT" && from === start;
    if (at > from && !isBefore) segments.push({ state, from, to: at });
    [state, from] = [to, Math.max(at, start)];
  }
  segments.push({ state, from, to: Math.max(from, now) });
  return segments;
}
