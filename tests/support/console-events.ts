/** What nodes recorded, for tests of the console: a fail-over, seen by both nodes. */
import type { EventKind, EventRecord } from "#events/record";

interface Happening {
  readonly id: number;
  readonly node: string;
  /** Seconds before now. */
  readonly ago: number;
  readonly kind: EventKind;
  readonly severity?: EventRecord["severity"];
  readonly text: readonly [en: string, zh: string];
  readonly data?: object;
  readonly instance?: string;
}

export const happening = (one: Happening): EventRecord =>
  ({
    id: one.id,
    at: new Date(Date.now() - one.ago * 1_000).toISOString().replace("Z", "456Z"),
    node: one.node,
    kind: one.kind,
    severity: one.severity ?? "info",
    ...(one.instance !== undefined && { instance: one.instance }),
    text: { en: one.text[0], "zh-CN": one.text[1] },
    data: one.data ?? {},
  }) as EventRecord;

const change = (
  id: number,
  node: string,
  ago: number,
  [from, to]: readonly [string, string],
  text: readonly [string, string],
  severity: EventRecord["severity"] = "info",
): EventRecord =>
  happening({
    id,
    node,
    ago,
    kind: "state",
    severity,
    text,
    instance: "VI_1",
    data: { from, to, reason: { kind: "startup" }, priority: 150 },
  });

export const eventsOfOwner = (): readonly EventRecord[] => [
  happening({
    id: 1,
    node: "web-1",
    ago: 2_400,
    kind: "daemon",
    text: [
      "baton 0.1.0 runs /etc/keepalived/keepalived.conf",
      "baton 0.1.0 已启动，配置 /etc/keepalived/keepalived.conf",
    ],
    data: { what: "started" },
  }),
  change(2, "web-1", 2_399, ["INIT", "BACKUP"], ["started", "已启动"]),
  change(
    3,
    "web-1",
    2_395,
    ["BACKUP", "MASTER"],
    ["heard nobody for 3.4 s", "3.4 秒内未收到任何通告"],
  ),
  happening({
    id: 4,
    node: "web-1",
    ago: 1_500,
    kind: "check",
    severity: "warning",
    text: ["check_nginx fails: exit 1", "check_nginx 失败：退出码 1"],
    data: { script: "check_nginx", result: "down", exit: 1 },
  }),
  change(
    5,
    "web-1",
    1_499,
    ["MASTER", "FAULT"],
    ["check_nginx holds it in FAULT", "check_nginx 使其处于 FAULT"],
    "error",
  ),
  happening({
    id: 6,
    node: "web-1",
    ago: 900,
    kind: "check",
    text: ["check_nginx passes again", "check_nginx 恢复正常"],
    data: { script: "check_nginx", result: "up", exit: 0 },
  }),
  change(7, "web-1", 899, ["FAULT", "BACKUP"], ["all trackers are up", "所有跟踪对象已恢复"]),
];

export const eventsOfStandby = (): readonly EventRecord[] => [
  change(1, "web-2", 2_398, ["INIT", "BACKUP"], ["started", "已启动"]),
  change(
    2,
    "web-2",
    1_498.6,
    ["BACKUP", "MASTER"],
    ["10.0.0.11 gave up with priority 0", "10.0.0.11 以优先级 0 主动让出"],
  ),
  happening({
    id: 3,
    node: "web-2",
    ago: 1_498,
    kind: "announcement",
    instance: "VI_1",
    text: ["announced 10.0.0.100 five times", "已宣告 10.0.0.100 共 5 次"],
    data: { cause: "became-master", count: 5 },
  }),
];
