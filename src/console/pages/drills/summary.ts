/** Figures of a report. Pure. */
import { PHASES, type Phase } from "#drill/report";
import type { DrillReport, DrillRun } from "../../base/report-shape.ts";

const whole = (ms: number): number => Math.round(ms);

export const worstOf = ({ runs }: DrillReport): number =>
  whole(Math.max(0, ...runs.map(({ outageMs }) => outageMs)));

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = 0, high = 0] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

export const hasPassed = ({ runs }: DrillReport): boolean => runs.every(({ pass }) => pass);

export interface Part {
  /** "rest": of the outage, what no phase accounts for. */
  readonly phase: Phase | "rest";
  readonly ms: number;
}

/** The outage as its parts, in order; without phases the whole of it is the rest. */
export function partsOf({ outageMs, phases }: DrillRun): readonly Part[] {
  const parts: Part[] = PHASES.flatMap((phase) => {
    const ms = phases[phase] ?? 0;
    return ms > 0 ? [{ phase, ms }] : [];
  });
  const known = parts.reduce((sum, { ms }) => sum + ms, 0);
  return outageMs > known ? [...parts, { phase: "rest", ms: outageMs - known }] : parts;
}

/** Where the axis ends: a round number of milliseconds that has room for all. */
export function axisEnd({ runs, objectiveMs = 0 }: DrillReport): number {
  const lengths = runs.map((run) =>
    Math.max(
      run.outageMs,
      partsOf(run).reduce((sum, { ms }) => sum + ms, 0),
    ),
  );
  const longest = Math.max(1, objectiveMs * 1.1, ...lengths);
  const size = 10 ** Math.floor(Math.log10(longest));
  return ([1, 2, 2.5, 5, 10].find((factor) => factor * size >= longest) ?? 10) * size;
}
