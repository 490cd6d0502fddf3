/** Of gates: what may be promoted, what is, and how promotions and demotions went. */
import type { Family } from "./family.ts";
import { GATE_RUN_KINDS, type GateReading, RUN_RESULTS } from "./reading.ts";
import type { Labels, Series, SeriesCache } from "./series.ts";

const keyOf = ({ kind, unit }: GateReading): string => `gate ${kind} ${unit}`;
const labelsOf = ({ kind, unit }: GateReading): Labels => ({ kind, name: unit });

const seriesOf = (series: SeriesCache, one: GateReading, what: string, more: Labels = {}): Series =>
  series.get(keyOf(one), what) ?? series.add(keyOf(one), what, { ...labelsOf(one), ...more });

/** A family with one number for each unit; undefined: absent. */
const each = (
  about: Pick<Family, "name" | "type" | "unit" | "help">,
  value: (one: GateReading) => number | undefined,
): Family => ({
  ...about,
  labels: ["kind", "name"],
  write: ({ gates = [], series }, put) => {
    for (const one of gates) {
      const number = value(one);
      if (number !== undefined) put(seriesOf(series, one, about.name), number);
    }
  },
});

export const GATE_FAMILIES: readonly Family[] = [
  each(
    {
      name: "baton_gate_promoted",
      type: "gauge",
      unit: "0 or 1",
      help: "Whether the unit's gate was promoted and has not been demoted since.",
    },
    ({ isPromoted }) => (isPromoted ? 1 : 0),
  ),
  each(
    {
      name: "baton_gate_eligible",
      type: "gauge",
      unit: "0 or 1",
      help: "Whether it may be promoted; absent while that is not known.",
    },
    ({ isEligible }) => (isEligible === undefined ? undefined : isEligible ? 1 : 0),
  ),
  each(
    {
      name: "baton_gate_marked",
      type: "gauge",
      unit: "0 or 1",
      help: "Whether it was primary and has not shown since that it follows.",
    },
    ({ isMarked }) => (isMarked ? 1 : 0),
  ),
  each(
    {
      name: "baton_gate_epoch",
      type: "gauge",
      unit: "number",
      help: "Of its last promotion (BATON_EPOCH); 0: there was none.",
    },
    ({ epoch }) => epoch,
  ),
  each(
    {
      name: "baton_gate_lag_seconds",
      type: "gauge",
      unit: "seconds",
      help: "How far its database is behind the one that it follows; absent where that is not known.",
    },
    ({ lagSeconds }) => lagSeconds,
  ),
  {
    name: "baton_gate_runs_total",
    type: "counter",
    unit: "number",
    labels: ["kind", "name", "run", "result"],
    help: "Promotions, demotions and attempts to follow again (rejoin) by how they ended; not-started: ended before.",
    write: ({ gates = [], series }, put) => {
      for (const one of gates)
        for (const run of GATE_RUN_KINDS)
          for (const result of RUN_RESULTS) {
            const labels = { run, result };
            put(seriesOf(series, one, `runs ${run} ${result}`, labels), one.runs[run][result]);
          }
    },
  },
];
