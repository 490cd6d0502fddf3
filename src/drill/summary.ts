/** The verdict on a run, and the figures of many. */
import { type DrillReport, type DrillRun, PLANS, type PlanSummary } from "./report.ts";

/** 0 of none. Of an even number the higher one of the middle: a figure that was measured. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/**
 * Without an objective a planned move passes if no probe was lost, anything else if somebody took
 * over.
 */
export function passes(
  run: Pick<DrillRun, "plan" | "outageMs" | "lost" | "to" | "problem">,
  objectiveMs: number | undefined,
): boolean {
  if (run.to === undefined || run.problem !== undefined) return false;
  if (objectiveMs !== undefined) return run.outageMs <= objectiveMs;
  return run.plan !== "switch" || run.lost === 0;
}

export function summaryOf(runs: readonly DrillRun[]): readonly PlanSummary[] {
  return PLANS.flatMap((plan) => {
    const mine = runs.filter((run) => run.plan === plan);
    if (mine.length === 0) return [];
    const outages = mine.map(({ outageMs }) => outageMs);
    const passed = mine.filter(({ pass }) => pass).length;
    return [
      {
        plan,
        medianMs: medianOf(outages),
        worstMs: Math.max(...outages),
        passed,
        of: mine.length,
      },
    ];
  });
}

type Head = Omit<DrillReport, "pass" | "summary" | "runs">;

/** @param wanted how many runs there should have been: one that is missing does not pass */
export function makeReport(head: Head, runs: readonly DrillRun[], wanted: number): DrillReport {
  const pass = runs.length === wanted && runs.every((run) => run.pass);
  return { ...head, pass, summary: summaryOf(runs), runs };
}
