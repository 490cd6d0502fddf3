/** `GET /api/reports`: what `baton drill` measured, as the page and its server see it. Pure. */

import type { DrillReport as Measured, DrillRun as MeasuredRun } from "#drill/report";

/** Also plans that this version does not know. */
export type DrillRun = Pick<MeasuredRun, "outageMs" | "bothAnsweredMs" | "phases" | "pass"> & {
  readonly plan: string;
};

export type DrillReport = Pick<Measured, "title" | "at" | "objectiveMs"> & {
  readonly runs: readonly DrillRun[];
};

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
