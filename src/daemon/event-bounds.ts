/** How much is kept, as the file says. */
import { DEFAULT_BOUNDS, type EventBounds } from "#events/bounds";
import type { RunPlan } from "#keepalived/plan/run-plan";

/** Undefined: nothing is. */
export function boundsOf({ events }: Pick<RunPlan, "events">): EventBounds | undefined {
  if (events === undefined) return DEFAULT_BOUNDS;
  if (events.isOff) return undefined;
  const { entries, bytes, hours } = events;
  return {
    entries: entries ?? DEFAULT_BOUNDS.entries,
    bytes: bytes ?? DEFAULT_BOUNDS.bytes,
    hours: hours ?? DEFAULT_BOUNDS.hours,
  };
}
