/** Of programs that the daemon runs: checks and notify scripts. */
import { CHECK_BOUNDS } from "./bounds.ts";
import { type Family, type Put, putHistogram } from "./family.ts";
import { type NotifyReading, RUN_RESULTS, type RunCounts } from "./reading.ts";
import type { Labels, SeriesCache } from "./series.ts";

function putRuns(
  put: Put,
  series: SeriesCache,
  key: string,
  labels: Labels,
  runs: RunCounts,
): void {
  for (const result of RUN_RESULTS)
    put(series.get(key, result) ?? series.add(key, result, { ...labels, result }), runs[result]);
}

const CHECKS: readonly Family[] = [
  {
    name: "baton_check_up",
    type: "gauge",
    unit: "0 or 1",
    labels: ["check"],
    help: "The result of a check script after rise and fall; absent before its first result.",
    write: ({ checks, series }, put) => {
      for (const { name, result } of checks)
        if (result !== "unknown") put(series.with("check", name), result === "up" ? 1 : 0);
    },
  },
  {
    name: "baton_check_runs_total",
    type: "counter",
    unit: "number",
    labels: ["check", "result"],
    help: "Runs of a check script by how they ended.",
    write: ({ checks, series }, put) => {
      for (const { name, runs } of checks)
        putRuns(put, series, `check runs ${name}`, { check: name }, runs);
    },
  },
  {
    name: "baton_check_duration_seconds",
    type: "histogram",
    unit: "seconds",
    labels: ["check"],
    help: "How long the runs of a check script took.",
    write: ({ checks, series }, put) => {
      for (const { name, durations } of checks)
        putHistogram(put, series, `check took ${name}`, { check: name }, durations, CHECK_BOUNDS);
    },
  },
  {
    name: "baton_check_last_run_timestamp_seconds",
    type: "gauge",
    unit: "seconds since 1970",
    labels: ["check"],
    help: "When its last run that has ended was started.",
    write: ({ checks, series }, put) => {
      for (const { name, lastRunMs } of checks)
        if (lastRunMs !== undefined) put(series.with("check", name), lastRunMs / 1_000);
    },
  },
];

const keyOf = ({ kind, name }: NotifyReading): string => `notify ${kind} ${name}`;

const NOTIFY: readonly Family[] = [
  {
    name: "baton_notify_runs_total",
    type: "counter",
    unit: "number",
    labels: ["kind", "name", "result"],
    help: "Runs of the notify scripts of an instance or a sync group by how they ended.",
    write: ({ notify, series }, put) => {
      for (const one of notify) {
        const { kind, name, runs } = one;
        putRuns(put, series, keyOf(one), { kind, name }, runs);
      }
    },
  },
  {
    name: "baton_notify_queued",
    type: "gauge",
    unit: "number",
    labels: ["kind", "name"],
    help: "Notify scripts that run or wait.",
    write: ({ notify, series }, put) => {
      for (const one of notify) {
        const { kind, name, queued } = one;
        const key = keyOf(one);
        put(series.get(key, "queued") ?? series.add(key, "queued", { kind, name }), queued);
      }
    },
  },
];

export const SCRIPT_FAMILIES: readonly Family[] = [...CHECKS, ...NOTIFY];
