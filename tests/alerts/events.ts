/** Events for the tests of alerts, with what a test does not care about filled in. */
import type { EventKind, EventSeverity, Unnumbered, UnnumberedOf } from "#events/record";

type Given<K extends EventKind> = Pick<UnnumberedOf<K>, "kind" | "data"> &
  Partial<Omit<UnnumberedOf<K>, "kind" | "data">>;

export function event<K extends EventKind>(given: Given<K>): Unnumbered {
  const text = { en: `${given.kind} happened`, "zh-CN": `发生 ${given.kind}` };
  const severity: EventSeverity = "warning";
  const filled = { at: "2026-11-30T17:02:11.000000Z", node: "node1", severity, text, ...given };
  // Kind and data belong together in what is given.
  return filled as unknown as Unnumbered;
}

export const check = (result: "up" | "down", script = "nginx"): Unnumbered =>
  event({ kind: "check", data: { script, result } });

const REASONS = {
  fault: { kind: "fault", causes: [{ kind: "link-down" }] },
  cleared: { kind: "fault-cleared", masterDown: 0 },
  group: { kind: "group", group: "G", member: "VI_2" },
  stopped: { kind: "stopped" },
  down: {
    kind: "master-down",
    noAdvertFor: 0,
    lastHeard: { from: 0, priority: 100 },
    downTimerAdverts: 3,
    interval: 100,
    skew: 0,
  },
  alone: {
    kind: "master-down",
    noAdvertFor: 0,
    lastHeard: undefined,
    downTimerAdverts: 3,
    interval: 100,
    skew: 0,
  },
} as const;

export function state(
  from: "MASTER" | "BACKUP" | "FAULT" | "INIT",
  to: "MASTER" | "BACKUP" | "FAULT" | "STOP",
  reason: keyof typeof REASONS,
  more: { instance?: string; severity?: EventSeverity } = {},
): Unnumbered {
  const data = { from, to, reason: REASONS[reason], priority: 100 };
  return event({ kind: "state", instance: "VI_1", data: data as never, ...more });
}
