/**
 * Trackers: from results to priority and faults (keepalived's weights).
 *
 *   weight > 0            up: +weight      down: 0          reverse   up: -weight    down: 0
 *   weight < 0            up: 0            down: weight     reverse   up: 0          down: -weight
 *   weight 0              up: 0            down: FAULT      reverse   up: FAULT      down: 0
 *   file, weight w        value x w; -254 or less is FAULT; weight 0: any value but 0 is FAULT
 *
 * The sum stays between 1 and 254; an address owner (255) never changes.
 */
import { type Priority, priority } from "#units/vrrp";
import type { RouterConfig, TrackerConfig } from "./config.ts";
import type { FaultCause } from "./reason.ts";
import type { RouterState, TrackerState } from "./state.ts";

export function trackerEffect(tracker: TrackerConfig, result: TrackerState): number | "fault" {
  if (result === "unknown") return 0;
  const { weight, reverse } = tracker;
  if (typeof result === "number") {
    if (weight === 0) return (result !== 0) !== reverse ? "fault" : 0;
    const change = result * weight * (reverse ? -1 : 1);
    return change <= -254 ? "fault" : Math.min(change, 253);
  }
  if (weight === 0) return (result === "down") !== reverse ? "fault" : 0;
  if (weight > 0) return result === "up" ? (reverse ? -weight : weight) : 0;
  return result === "down" ? (reverse ? -weight : weight) : 0;
}

export function effectivePriority(
  config: RouterConfig,
  trackers: readonly TrackerState[],
): Priority {
  if (config.priority === 255) return config.priority;
  let sum: number = config.priority;
  for (const [index, tracker] of config.trackers.entries()) {
    const effect = trackerEffect(tracker, trackers[index] ?? "unknown");
    if (effect !== "fault") sum += effect;
  }
  return priority(Math.max(1, Math.min(254, sum)));
}

/** Everything that keeps this router in FAULT now. */
export function faultCauses(config: RouterConfig, state: RouterState): readonly FaultCause[] {
  const causes: FaultCause[] = [...state.raised];
  if (config.lacksPeer === true) causes.push({ kind: "no-peer" });
  if (!state.linkUp && config.trackPrimary) causes.push({ kind: "link-down" });
  if (state.source === undefined) causes.push({ kind: "no-source-address" });
  for (const [index, tracker] of config.trackers.entries()) {
    if (trackerEffect(tracker, state.trackers[index] ?? "unknown") === "fault") {
      causes.push({ kind: "tracker", tracker: tracker.kind, name: tracker.name });
    }
  }
  return causes;
}

/**
 * A check that could mean FAULT and has no result yet: keepalived keeps the instance in INIT too.
 */
export function awaitedTracker(
  config: RouterConfig,
  state: RouterState,
): TrackerConfig | undefined {
  return config.trackers.find(
    (tracker, index) => tracker.weight === 0 && (state.trackers[index] ?? "unknown") === "unknown",
  );
}
