/** Which events somebody wants to see. */
import type { EventKind, EventRecord, EventSeverity } from "./record.ts";
import { EVENT_SEVERITIES } from "./record.ts";

export interface Selection {
  /** Milliseconds since 1970, inclusive. */
  readonly since?: number | undefined;
  /** Milliseconds since 1970, exclusive. */
  readonly until?: number | undefined;
  /** Any of these; undefined: all. */
  readonly instances?: readonly string[] | undefined;
  readonly kinds?: readonly EventKind[] | undefined;
  /** This one and those more important. */
  readonly severity?: EventSeverity | undefined;
  /** Numbers above this one. */
  readonly after?: number | undefined;
  /** Numbers below this one. */
  readonly before?: number | undefined;
  /** At most so many, `LIMIT_MAX` otherwise. */
  readonly limit?: number | undefined;
  /** Of more than `limit` the newest; otherwise the oldest, so that `after` goes on from there. */
  readonly newest?: boolean | undefined;
}

/** The most that one question is answered with. */
export const LIMIT_MAX = 10_000;

/** Severities from this one up. */
export const severitiesFrom = (least: EventSeverity): readonly EventSeverity[] =>
  EVENT_SEVERITIES.slice(EVENT_SEVERITIES.indexOf(least));

/** Whether an event is one of them, whatever `limit` says. */
export function isSelected(event: EventRecord, selection: Selection): boolean {
  const { since, until, instances, kinds, severity, after, before } = selection;
  // ECMAScript reads three digits of the fraction and ignores the others.
  const at = Date.parse(event.at);
  return (
    (since === undefined || at >= since) &&
    (until === undefined || at < until) &&
    (instances === undefined || instances.includes(event.instance ?? "")) &&
    (kinds === undefined || kinds.includes(event.kind)) &&
    (severity === undefined || severitiesFrom(severity).includes(event.severity)) &&
    (after === undefined || event.id > after) &&
    (before === undefined || event.id < before)
  );
}
