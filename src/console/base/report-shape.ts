/** `GET /api/reports`: what `baton drill` measured, as the page and its server see it. Pure. */

/** What an outage is made of, in the order in which it happens. */
export const PHASES = ["detect", "elect", "gate", "announce", "platform"] as const;
export type Phase = (typeof PHASES)[number];

/** Times in milliseconds. */
export interface DrillRun {
  /** What was done to the pair: `switch`, `kill-engine`, … */
  readonly plan: string;
  /** How long nobody answered. */
  readonly outageMs: number;
  /** How long both answered. */
  readonly bothAnsweredMs: number;
  /** Those that were measured. */
  readonly phases: Readonly<Partial<Record<Phase, number>>>;
  readonly pass: boolean;
}

export interface DrillReport {
  readonly title: string;
  /** ISO 8601. */
  readonly at: string;
  /** The longest outage that passes. Undefined: there was no such limit. */
  readonly objectiveMs?: number;
  readonly runs: readonly DrillRun[];
}

export interface ListedReport {
  /** The name of its file, without `.json`. */
  readonly id: string;
  readonly report: DrillReport;
  /** Files of the same name that people read: `switch.html`, `switch.zh-CN.md`. */
  readonly files: readonly string[];
}

export interface ReportList {
  /** Newest first. */
  readonly reports: readonly ListedReport[];
  /** JSON files of the folder that are no reports, and those beyond the limit. */
  readonly others: number;
}
