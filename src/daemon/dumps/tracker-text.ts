/** The sections of `keepalived.data` about what instances track. */
import type {
  CheckPlan,
  FileTrackerPlan,
  ProcessTrackerPlan,
  ScriptPlan,
} from "#keepalived/plan/run-plan";
import type { CheckReading } from "#metrics/reading";
import { type Micros, toSeconds } from "#units/time";
import type { TrackerConfig, TrackerKind } from "#vrrp/router/config";
import type { TrackerState } from "#vrrp/router/state";
import { block, list, printWeight, section } from "./lines.ts";
import { type DumpReading, quoteCommand } from "./reading.ts";

export function trackerSections(reading: DumpReading): readonly string[] {
  const { scripts, checks = [], files, processes } = reading.plan;
  return [
    ...section(
      "VRRP Scripts",
      [...scripts, ...checks].flatMap((one) => scriptLines(one, reading)),
    ),
    ...section(
      "VRRP Track files",
      files.flatMap((one) => fileLines(one, reading)),
    ),
    ...section(
      "VRRP Track processes",
      processes.flatMap((one) => processLines(one, reading)),
    ),
  ];
}

/** Whoever tracks it, and what is known of it. */
interface Tracking {
  readonly by: readonly { readonly instance: string; readonly tracker: TrackerConfig }[];
  readonly result: TrackerState;
}

function trackingOf({ instances }: DumpReading, kind: TrackerKind, name: string): Tracking {
  const isIt = (one: { readonly kind: string; readonly name: string }): boolean =>
    one.kind === kind && one.name === name;
  const by = instances.flatMap(({ plan }) => {
    const { router } = plan.config;
    const tracker = router.trackers.find(isIt);
    return tracker === undefined ? [] : [{ instance: router.name, tracker }];
  });
  const seen = instances.flatMap((one) => one.seen.trackers.find(isIt) ?? []);
  return { by, result: seen[0]?.result ?? "unknown" };
}

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

function scriptLines(plan: ScriptPlan | CheckPlan, reading: DumpReading): readonly string[] {
  const { name, interval, timeout, rise, fall } = plan;
  const tracking = trackingOf(reading, "script", name);
  const status = reading.scripts.find((one) => one.name === name);
  const run = reading.runs.find((one) => one.name === name)?.run ?? "idle";
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

function fileLines({ name, file }: FileTrackerPlan, reading: DumpReading): readonly string[] {
  const tracking = trackingOf(reading, "file", name);
  const { result } = tracking;
  return block(`Track file = ${name}`, [
    `File = ${file}`,
    `Status = ${typeof result === "number" ? result : 0}`,
    weightOf(tracking),
    ...trackedBy(tracking),
  ]);
}

function processLines(plan: ProcessTrackerPlan, reading: DumpReading): readonly string[] {
  const { name, argv, quorum, quorumMax, fullCommand, terminateDelay, forkDelay } = plan;
  const tracking = trackingOf(reading, "process", name);
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
