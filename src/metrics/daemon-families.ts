/** Of the whole daemon: both processes, the file, the log, maintenance. */
import { ENGINE_BOUNDS } from "#vrrp/engine/engine-durations";
import type { DurationCounts } from "#vrrp/engine/histogram";
import { type Family, putHistogram, single } from "./family.ts";
import type { MetricsReading } from "./reading.ts";
import { NO_LABELS } from "./series.ts";

const seconds = (ms: number | undefined): number | undefined =>
  ms === undefined ? undefined : ms / 1_000;
const bit = (isSo: boolean): number => (isSo ? 1 : 0);

const engineHistogram = (
  name: string,
  help: string,
  of: (durations: NonNullable<MetricsReading["durations"]>) => DurationCounts,
): Family => ({
  name,
  type: "histogram",
  unit: "seconds",
  labels: [],
  help,
  write: ({ durations, series }, put) => {
    if (durations !== undefined)
      putHistogram(put, series, "engine", NO_LABELS, of(durations), ENGINE_BOUNDS);
  },
});

const PROCESSES: readonly Family[] = [
  single(
    { name: "baton_up", type: "gauge", unit: "0 or 1", help: "Whether the daemon answers." },
    () => 1,
  ),
  {
    name: "baton_build_info",
    type: "gauge",
    unit: "0 or 1",
    labels: ["version", "nodejs"],
    help: "Always 1: the version of Baton, and of Node.js under it.",
    write: ({ version, nodeVersion: nodejs, series }, put) =>
      put(series.get("build", 0) ?? series.add("build", 0, { version, nodejs }), 1),
  },
  single(
    {
      name: "baton_start_time_seconds",
      type: "gauge",
      unit: "seconds since 1970",
      help: "When the daemon was started.",
    },
    ({ startedMs }) => startedMs / 1_000,
  ),
  single(
    {
      name: "baton_engine_up",
      type: "gauge",
      unit: "0 or 1",
      help: "Whether the engine answers the supervisor; while it does not, nothing is known of the instances.",
    },
    ({ engineAnswers }) => bit(engineAnswers),
  ),
  single(
    {
      name: "baton_engine_restarts_total",
      type: "counter",
      unit: "number",
      help: "Engines that ended unexpectedly and were replaced.",
    },
    ({ engineRestarts }) => engineRestarts,
  ),
  engineHistogram(
    "baton_engine_lateness_seconds",
    "How long after a deadline the engine woke.",
    ({ lateness }) => lateness,
  ),
  engineHistogram(
    "baton_engine_collection_seconds",
    "How long a garbage collection held the engine up.",
    ({ collections }) => collections,
  ),
  engineHistogram(
    "baton_advertisement_jitter_seconds",
    "By how much the time between two received advertisements of a master differed from its interval, all instances together.",
    ({ jitter }) => jitter,
  ),
];

const CONFIGURATION: readonly Family[] = [
  {
    name: "baton_reloads_total",
    type: "counter",
    unit: "number",
    labels: ["result"],
    help: "Times the configuration was read again: taken, or refused because of errors.",
    write: ({ reloads: { taken, refused }, series }, put) => {
      put(series.with("result", "taken"), taken);
      put(series.with("result", "refused"), refused);
    },
  },
  single(
    {
      name: "baton_config_last_reload_successful",
      type: "gauge",
      unit: "0 or 1",
      help: "Whether the configuration was taken when it was last read.",
    },
    ({ reloads }) => bit(reloads.wasLastTaken),
  ),
  single(
    {
      name: "baton_config_last_reload_success_timestamp_seconds",
      type: "gauge",
      unit: "seconds since 1970",
      help: "When the running configuration was read.",
    },
    ({ reloads }) => reloads.lastTakenMs / 1_000,
  ),
  single(
    {
      name: "baton_log_lines_lost_total",
      type: "counter",
      unit: "number",
      help: "Log lines that could not be written: the disk is full, or nobody reads.",
    },
    ({ logLinesLost }) => logLinesLost,
  ),
];

const MAINTENANCE: readonly Family[] = [
  single(
    {
      name: "baton_maintenance",
      type: "gauge",
      unit: "0 or 1",
      help: "Whether this node is in maintenance.",
    },
    ({ maintenance }) => bit(maintenance.isOn),
  ),
  single(
    {
      name: "baton_maintenance_start_time_seconds",
      type: "gauge",
      unit: "seconds since 1970",
      help: "Since when it is in maintenance; absent while it is not.",
    },
    ({ maintenance }) => seconds(maintenance.sinceMs),
  ),
  single(
    {
      name: "baton_maintenance_end_time_seconds",
      type: "gauge",
      unit: "seconds since 1970",
      help: "When maintenance ends by itself; absent if it does not.",
    },
    ({ maintenance }) => seconds(maintenance.untilMs),
  ),
];

const RECORDS: readonly Family[] = [
  single(
    {
      name: "baton_events_stored",
      type: "gauge",
      unit: "number",
      help: "Events in the event log.",
    },
    ({ events }) => events?.count,
  ),
  single(
    {
      name: "baton_events_lost_total",
      type: "counter",
      unit: "number",
      help: "Events that could not be written to the event log.",
    },
    ({ events }) => events?.lost,
  ),
  {
    name: "baton_alerts_total",
    type: "counter",
    unit: "number",
    labels: ["result"],
    help: "Alerts by mail and webhook: sent, or given up after the last attempt.",
    write: ({ alerts, series }, put) => {
      if (alerts === undefined) return;
      put(series.with("result", "sent"), alerts.sent);
      put(series.with("result", "failed"), alerts.failed);
    },
  },
  single(
    {
      name: "baton_alerts_waiting",
      type: "gauge",
      unit: "number",
      help: "Alerts that are being sent, or wait for another attempt.",
    },
    ({ alerts }) => alerts?.waiting,
  ),
];

const GROUP_STATES = ["INIT", "BACKUP", "MASTER", "FAULT", "STOP", "MIXED"] as const;

const GROUPS: readonly Family[] = [
  {
    name: "baton_group_state",
    type: "gauge",
    unit: "0 or 1",
    labels: ["vrrp_group", "state"],
    help: "1 for the state of the sync group, 0 for all others; MIXED while its members differ.",
    write: ({ groups, series }, put) => {
      for (const { name, state: now } of groups)
        for (const state of GROUP_STATES) {
          const kind = `group ${state}`;
          const known = series.get(kind, name);
          const one = known ?? series.add(kind, name, { vrrp_group: name, state });
          put(one, state === now ? 1 : 0);
        }
    },
  },
];

export const DAEMON_FAMILIES: readonly Family[] = [
  ...PROCESSES,
  ...CONFIGURATION,
  ...MAINTENANCE,
  ...RECORDS,
  ...GROUPS,
];
