/** The sections of `keepalived.data` about what instances track. */
import type {
  CheckPlan,
  FileTrackerPlan,
  ProcessTrackerPlan,
  ScriptPlan,
} from "#keepalived/plan/run-plan";
import type { CheckReading } from "#metrics/reading";
import { type Micros, toSeconds } from "#units/time";
import type { InstanceSnapshot } from "#vrrp/engine/engine-link";
import type { TrackerConfig, TrackerKind } from "#vrrp/router/config";
import type { TrackerState } from "#vrrp/router/state";
import { block, list, printWeight, section } from "./lines.ts";
import { type DumpReading, type DumpScript, quoteCommand } from "./reading.ts";

export function trackerSections(reading: DumpReading): readonly string[] {
  const { scripts, checks = [], sessions = [], files, processes } = reading.plan;
  const trackings = trackingsOf(reading);
  const states = new Map(reading.scripts.map((one) => [one.name, one]));
  const runs = new Map(reading.runs.map((one) => [one.name, one.run]));
  return [
    ...section(
      "VRRP Scripts",
      [...scripts, ...checks].flatMap((one) =>
        scriptLines(
          one,
          trackingOf(trackings, "script", one.name),
          states.get(one.name),
          runs.get(one.name),
        ),
      ),
    ),
    ...section(
      "VRRP Track files",
      files.flatMap((one) => fileLines(one, trackingOf(trackings, "file", one.name))),
    ),
    ...section(
      "VRRP Track processes",
      processes.flatMap((one) => processLines(one, trackingOf(trackings, "process", one.name))),
    ),
    ...section(
      "VRRP Track BFDs",
      sessions.flatMap(({ name }) => sessionLines(name, trackingOf(trackings, "bfd", name))),
    ),
  ];
}

/** Whoever tracks it, and what is known of it. */
interface Tracking {
  readonly by: readonly { readonly instance: string; readonly tracker: TrackerConfig }[];
  readonly result: TrackerState;
}

type Trackings = ReadonlyMap<string, Tracking>;

/** Looked up once: a thousand instances may track a thousand scripts. */
function trackingsOf({ instances }: DumpReading): Trackings {
  const found = new Map<string, { by: Tracking["by"][number][]; result: TrackerState }>();
  for (const { plan, seen } of instances) {
    const { name: instance, trackers } = plan.config.router;
    for (const tracker of trackers) {
      const key = `${tracker.kind} ${tracker.name}`;
      const known = found.get(key) ?? { by: [], result: resultOf(seen, tracker) };
      known.by.push({ instance, tracker });
      found.set(key, known);
    }
  }
  return found;
}

const resultOf = ({ trackers }: InstanceSnapshot, { kind, name }: TrackerConfig): TrackerState =>
  trackers.find((one) => one.kind === kind && one.name === name)?.result ?? "unknown";

const UNTRACKED: Tracking = { by: [], result: "unknown" };
const trackingOf = (all: Trackings, kind: TrackerKind, name: string): Tracking =>
  all.get(`${kind} ${name}`) ?? UNTRACKED;

/** The plan has the weight where it is tracked, and not where it is defined. */
function weightOf({ by: [first] }: Tracking): string {
  if (first === undefined) return "Weight = 0";
  const { weight, reverse } = first.tracker;
  return `Weight = ${weight}${reverse ? " reverse" : ""}`;
}

const trackedBy = ({ by }: Tracking): readonly string[] =>
  list(
    "Tracking instances :",
    by.map(({ instance, tracker }) => `${instance}, ${printWeight(tracker)}`),
  );

/** As exporters know them. */
const RUNS: Readonly<Record<CheckReading["run"], string>> = {
  idle: "idle",
  running: "running",
  terminating: "requested termination",
  killing: "forcing termination",
};

function scriptLines(
  { name, interval, timeout, rise, fall }: ScriptPlan | CheckPlan,
  tracking: Tracking,
  status: DumpScript | undefined,
  run: CheckReading["run"] = "idle",
): readonly string[] {
  const isUp = status?.result === "up";
  return block(`VRRP Script = ${name}`, [
    `Command = ${quoteCommand(status?.command ?? [])}`,
    `Interval = ${toSeconds(interval)} sec`,
    `Timeout = ${toSeconds(timeout)} sec`,
    weightOf(tracking),
    `Rise = ${rise}`,
    `Fall = ${fall}`,
    `Result = ${isUp ? rise + fall - 1 : 0}`,
    "Insecure = no",
    `Init state = ${status?.result === "unknown" ? "INIT" : "unknown"}`,
    `Status = ${isUp ? "GOOD" : "BAD"}`,
    "VRRP instances :",
    ...trackedBy(tracking),
    `State = ${RUNS[run]}`,
  ]);
}

function sessionLines(name: string, tracking: Tracking): readonly string[] {
  return block(`VRRP Track BFD = ${name}`, [
    weightOf(tracking),
    `Bfd is ${tracking.result === "up" ? "up" : "down"}`,
    "Tracking VRRP instances :",
    ...trackedBy(tracking),
  ]);
}

function fileLines({ name, file }: FileTrackerPlan, tracking: Tracking): readonly string[] {
  const { result } = tracking;
  return block(`Track file = ${name}`, [
    `File = ${file}`,
    `Status = ${typeof result === "number" ? result : 0}`,
    weightOf(tracking),
    ...trackedBy(tracking),
  ]);
}

function processLines(plan: ProcessTrackerPlan, tracking: Tracking): readonly string[] {
  const { name, argv, quorum, quorumMax, fullCommand, terminateDelay, forkDelay } = plan;
  const fixed = (delay: Micros): string => `${toSeconds(delay).toFixed(6)}s`;
  return block(`VRRP Track process = ${name}`, [
    `Process = ${argv[0] ?? ""}`,
    `Min processes = ${quorum}`,
    ...(quorumMax === undefined ? [] : [`Max processes = ${quorumMax}`]),
    `Have quorum = ${tracking.result === "up"}`,
    weightOf(tracking),
    `Terminate delay = ${fixed(terminateDelay)}`,
    `Fork delay = ${fixed(forkDelay)}`,
    `Full command = ${fullCommand}`,
    ...trackedBy(tracking),
  ]);
}
