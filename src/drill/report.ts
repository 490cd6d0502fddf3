/**
 * What a drill measured: the JSON that `baton drill` writes, of which its pages are made, and which
 * the console shows. All times in milliseconds unless they are dates (ISO 8601).
 */

/** What an outage is made of, in the order in which it happens. */
export const PHASES = ["detect", "elect", "gate", "announce", "platform"] as const;
export type Phase = (typeof PHASES)[number];

/** `switch` is planned; the others are faults, and need `--destructive`. */
export const PLANS = ["switch", "kill-engine", "hang-engine"] as const;
export type Plan = (typeof PLANS)[number];

export const isDestructive = (plan: Plan): boolean => plan !== "switch";

/** A text in the languages of the reports. */
export type Text = Readonly<Record<"en" | "zh-CN", string>>;

/** One part of the time around a move, for the plot. */
export interface PlotPart {
  /** From the begin of the move; negative before it. */
  readonly at: number;
  readonly sent: number;
  readonly lost: number;
  /** The slowest answer; undefined: none came. */
  readonly slowest?: number;
  /** Who answered last: a MAC address, where the probe can know it. */
  readonly by?: string;
}

export interface DrillRun {
  readonly plan: Plan;
  readonly at: string;
  /** The nodes, as they were named; `to` undefined: nobody took over. */
  readonly from: string;
  readonly to?: string;
  /** How long nobody answered: the longest time between two answers, less a period. */
  readonly outageMs: number;
  /** A strict lower bound of it. */
  readonly atLeastMs: number;
  readonly sent: number;
  readonly lost: number;
  /** How long both nodes answered. Undefined: nothing here could see it. */
  readonly bothAnsweredMs?: number;
  /** Those that were seen. */
  readonly phases: Readonly<Partial<Record<Phase, number>>>;
  readonly pass: boolean;
  /** Why it says less than it should, or did not pass whatever the figures say. */
  readonly problem?: Text;
  readonly parts: readonly PlotPart[];
}

export interface PlanSummary {
  readonly plan: Plan;
  readonly medianMs: number;
  readonly worstMs: number;
  readonly passed: number;
  readonly of: number;
}

export interface DrillReport {
  readonly title: string;
  readonly at: string;
  /** Where it was measured. */
  readonly measuredFrom: string;
  readonly instance: string;
  readonly address: string;
  /** `icmp`, `arp`, or HOST:PORT. */
  readonly probe: string;
  readonly periodMs: number;
  /** The longest outage that passes. Undefined: there was no such limit. */
  readonly objectiveMs?: number;
  readonly pass: boolean;
  readonly summary: readonly PlanSummary[];
  readonly runs: readonly DrillRun[];
}
