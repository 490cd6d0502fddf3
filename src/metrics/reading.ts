/** What the metrics are made of: everything the daemon knows at one moment, counters included. */
import type { HavipCounters } from "#cloud/agreement/agreement-counters";
import type { Instant } from "#units/time";
import type { EngineDurations } from "#vrrp/engine/engine-durations";
import type { InstanceSnapshot } from "#vrrp/engine/engine-link";
import type { DurationCounts } from "#vrrp/engine/histogram";
import type { PublicState } from "#vrrp/router/state";
import type { SeriesCache } from "./series.ts";

export interface MetricsReading {
  /** Of what is not of one instance, from one scrape to the next. */
  readonly series: SeriesCache;
  readonly version: string;
  /** Of Node.js. */
  readonly nodeVersion: string;
  /** The engine's clock and the wall clock (milliseconds since 1970) at the same moment. */
  readonly at: Instant;
  readonly wallMs: number;
  readonly startedMs: number;
  readonly engineAnswers: boolean;
  readonly engineRestarts: number;
  readonly logLinesLost: number;
  readonly reloads: ReloadReading;
  /** Undefined: no engine has been asked yet. */
  readonly durations: EngineDurations | undefined;
  /** Empty if the engine does not answer. */
  readonly instances: readonly InstanceReading[];
  readonly groups: readonly GroupReading[];
  readonly checks: readonly CheckReading[];
  /** Undefined: none, or nothing is known. */
  readonly sessions?: readonly SessionReading[] | undefined;
  readonly notify: readonly NotifyReading[];
  readonly maintenance: MaintenanceReading;
  /** Of each unit with a gate. */
  readonly gates?: readonly GateReading[] | undefined;
  readonly events?: EventsReading | undefined;
  readonly alerts?: AlertsReading | undefined;
}

export interface ReloadReading {
  readonly taken: number;
  readonly refused: number;
  /** Of the start, until one was taken. Milliseconds since 1970. */
  readonly lastTakenMs: number;
  readonly wasLastTaken: boolean;
}

export interface InstanceReading {
  readonly series: SeriesCache;
  readonly snapshot: InstanceSnapshot;
  /** `garp_master_delay` */
  readonly announceDelaySeconds: number;
  readonly transitions: readonly TransitionCount[];
  readonly cloud: readonly CloudReading[];
}

export interface TransitionCount {
  readonly from: PublicState;
  readonly to: PublicState;
  /** The kind of the reason. */
  readonly reason: string;
  readonly count: number;
}

export interface GroupReading {
  readonly name: string;
  readonly state: PublicState | "MIXED";
}

/** A BFD session; counted since the engine was started. */
export interface SessionReading {
  readonly name: string;
  readonly neighbor: string;
  readonly isUp: boolean;
  readonly sent: number;
  readonly received: number;
  readonly refused: number;
}

export const RUN_RESULTS = ["succeeded", "failed", "timeout", "not-started"] as const;
export type RunResult = (typeof RUN_RESULTS)[number];
export type RunCounts = Readonly<Record<RunResult, number>>;

export interface CheckReading {
  readonly name: string;
  readonly result: "unknown" | "up" | "down";
  readonly run: "idle" | "running" | "terminating" | "killing";
  readonly runs: RunCounts;
  /** By `CHECK_BOUNDS`; of runs that were started. */
  readonly durations: DurationCounts;
  readonly lastRunMs: number | undefined;
}

export interface NotifyReading {
  readonly kind: "instance" | "group";
  readonly name: string;
  readonly runs: RunCounts;
  readonly queued: number;
}

export interface GateReading {
  /** Name of the instance or sync group. */
  readonly unit: string;
  readonly kind: "instance" | "group";
  readonly isPromoted: boolean;
  /** Undefined: not known yet. */
  readonly isEligible: boolean | undefined;
  /** It was primary, and has not shown since that it follows. */
  readonly isMarked: boolean;
  /** Of its last promotion; 0: there was none. */
  readonly epoch: number;
  /** How far its database is behind; undefined: it has none, or that is not known. */
  readonly lagSeconds: number | undefined;
  readonly runs: Readonly<Record<GateRunKind, RunCounts>>;
}

export const GATE_RUN_KINDS = ["promote", "demote", "rejoin"] as const;
export type GateRunKind = (typeof GATE_RUN_KINDS)[number];

export interface CloudReading {
  readonly address: string;
  /** What the platform says. */
  readonly platform: "not-asked" | "agrees" | "doubtful" | "disputed" | "disagrees" | "unknown";
  readonly counters: HavipCounters;
}

export interface MaintenanceReading {
  readonly isOn: boolean;
  readonly sinceMs?: number | undefined;
  /** When it ends by itself. */
  readonly untilMs?: number | undefined;
}

export interface EventsReading {
  /** In the file. */
  readonly count: number;
  readonly lost: number;
}

export interface AlertsReading {
  readonly sent: number;
  readonly failed: number;
  readonly waiting: number;
}
