/** What nodes say, for tests of the console: a pair that owns two addresses, with its troubles. */
import type { InstanceStatus, Status } from "#daemon/control-protocol";

export const START: number = Date.parse("2026-11-30T08:00:00Z");

interface InstanceOptions {
  readonly name?: string;
  readonly state: InstanceStatus["state"];
  readonly address?: string;
  readonly vrid?: number;
  readonly priority: number;
  readonly effective?: number;
  readonly peer: string;
  readonly source: string;
  readonly since?: string;
  readonly why: readonly [en: string, zh: string];
  readonly more?: Partial<InstanceStatus>;
}

export function instance(options: InstanceOptions): InstanceStatus {
  const { state, priority, peer, effective = priority, why } = options;
  const isMaster = state === "MASTER";
  return {
    name: options.name ?? "VI_1",
    state,
    phase: state.toLowerCase(),
    since: options.since ?? new Date(START).toISOString(),
    forSeconds: 60,
    why: { en: why[0], "zh-CN": why[1], reason: { kind: "startup" } as never },
    interface: "eth0",
    vrid: options.vrid ?? 51,
    version: 3,
    source: options.source,
    linkUp: true,
    basePriority: priority,
    effectivePriority: effective,
    advertIntervalSeconds: 1,
    trackers: [],
    ...(state === "BACKUP" && {
      standby: {
        master: { address: peer, priority: 150, heardSecondsAgo: 0.4 },
        masterDownSeconds: 3.4,
        leftSeconds: 3,
        preempt: true,
      },
    }),
    peers: [
      {
        address: peer,
        configured: true,
        heardSecondsAgo: isMaster ? undefined : 0.4,
        priority: isMaster ? undefined : 150,
        checksum: undefined,
      },
    ],
    addresses: [
      {
        address: options.address ?? "10.0.0.100/24",
        interface: "eth0",
        owned: isMaster,
        announcedSecondsAgo: 2,
        announcements: 5,
        error: undefined,
        foreign: [],
      },
    ],
    lease: { guarantee: "exclusive", seconds: 2.5, takeOverSeconds: 3.4 },
    counters: {},
    havips: [],
    history: [],
    notify: { last: undefined, queued: 0 },
    ...options.more,
  };
}

export function status(
  node: string,
  instances: readonly InstanceStatus[],
  more: object = {},
): Status {
  return {
    version: "0.1.0",
    node: "v24.21.0",
    host: node,
    at: new Date().toISOString(),
    pid: 812,
    enginePid: 815,
    configFile: "/etc/keepalived/keepalived.conf",
    configId: undefined,
    startedAt: new Date(Date.now() - 3 * 86_400_000).toISOString(),
    reloadedAt: undefined,
    engineAnswers: true,
    instances,
    groups: [],
    scripts: [],
    engineRestarts: 0,
    logLinesLost: 0,
    lateness: { count: 90_000, p50: 40, p99: 210, p999: 900, max: 3_400 } as never,
    ...more,
  };
}

const ago = (seconds: number): string => new Date(Date.now() - seconds * 1_000).toISOString();
const HEARD = ["heard nobody for 3.4 s", "3.4 秒内未收到任何通告"] as const;
const STRONGER = [
  "hears 10.0.0.11 with priority 150, which is above 100",
  "收到 10.0.0.11 的通告，其优先级 150 高于 100",
] as const;

export const OWNER: InstanceStatus = instance({
  state: "MASTER",
  priority: 150,
  peer: "10.0.0.12",
  source: "10.0.0.11",
  why: HEARD,
  since: ago(7_450),
});
export const STANDBY: InstanceStatus = instance({
  state: "BACKUP",
  priority: 100,
  peer: "10.0.0.11",
  source: "10.0.0.12",
  why: STRONGER,
  since: ago(7_452),
});

/** As `STANDBY`, with a check that fails. */
export const WEAKENED: InstanceStatus = {
  ...STANDBY,
  effectivePriority: 80,
  trackers: [
    { kind: "script", name: "check_nginx", weight: -20, result: "down", effect: -20 },
  ] as never,
};
