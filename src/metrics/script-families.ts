/** Of programs that the daemon runs: checks and notify scripts. */
import { CHECK_BOUNDS } from "./bounds.ts";
import { each, type Family, histogramSamples, type Labels, type Sample } from "./family.ts";
import { type CheckReading, type NotifyReading, RUN_RESULTS, type RunCounts } from "./reading.ts";

const RESULTS = RUN_RESULTS.map((result) => ({ result }));

function* runSamples(labels: Labels, runs: RunCounts): Generator<Sample> {
  for (const more of RESULTS) yield { labels, more, value: runs[more.result] };
}

const checkLabels = ({ name }: CheckReading): Labels => ({ check: name });

const CHECKS: readonly Family[] = [
  each(
    {
      name: "baton_check_up",
      type: "gauge",
      unit: "0 or 1",
      labels: ["check"],
      help: "The result of a check script after rise and fall; absent before its first result.",
    },
    ({ checks }) => checks,
    (check) =>
      check.result === "unknown"
        ? undefined
        : { labels: checkLabels(check), value: check.result === "up" ? 1 : 0 },
  ),
  {
    name: "baton_check_runs_total",
    type: "counter",
    unit: "number",
    labels: ["check", "result"],
    help: "Runs of a check script by how they ended.",
    samples: function* ({ checks }) {
      for (const check of checks) yield* runSamples(checkLabels(check), check.runs);
    },
  },
  {
    name: "baton_check_duration_seconds",
    type: "histogram",
    unit: "seconds",
    labels: ["check"],
    help: "How long the runs of a check script took.",
    samples: function* ({ checks }) {
      for (const check of checks)
        yield* histogramSamples(checkLabels(check), check.durations, CHECK_BOUNDS);
    },
  },
  each(
    {
      name: "baton_check_last_run_timestamp_seconds",
      type: "gauge",
      unit: "seconds since 1970",
      labels: ["check"],
      help: "When its last run that has ended was started.",
    },
    ({ checks }) => checks,
    (check) =>
      check.lastRunMs === undefined
        ? undefined
        : { labels: checkLabels(check), value: check.lastRunMs / 1_000 },
  ),
];

const notifyLabels = ({ kind, name }: NotifyReading): Labels => ({ kind, name });

const NOTIFY: readonly Family[] = [
  {
    name: "baton_notify_runs_total",
    type: "counter",
    unit: "number",
    labels: ["kind", "name", "result"],
    help: "Runs of the notify scripts of an instance or a sync group by how they ended.",
    samples: function* ({ notify }) {
      for (const one of notify) yield* runSamples(notifyLabels(one), one.runs);
    },
  },
  each(
    {
      name: "baton_notify_queued",
      type: "gauge",
      unit: "number",
      labels: ["kind", "name"],
      help: "Notify scripts that run or wait.",
    },
    ({ notify }) => notify,
    (one) => ({ labels: notifyLabels(one), value: one.queued }),
  ),
];

export const SCRIPT_FAMILIES: readonly Family[] = [...CHECKS, ...NOTIFY];
