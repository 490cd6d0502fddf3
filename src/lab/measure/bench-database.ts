/**
 * `npm run bench -- database`: clients write through the address of a pair of databases, something
 * breaks, and afterwards the rows that are left are compared with what was acknowledged. Baton
 * with its gate, and keepalived with the notify scripts that guides print, one after the other: two
 * pairs at once would take each other's processor.
 */
import { join } from "node:path";
import { stderr, stdout } from "node:process";
import { createRng } from "#units/rng";
import { scratchFolder } from "../sandbox/sandbox.ts";
import { type DaemonKind, KINDS } from "./daemon.ts";
import type { Detection, GateKind } from "./database-config.ts";
import type { DatabaseFaultName, EngineName } from "./database-fault-names.ts";
import { DatabaseLab } from "./database-lab.ts";
import { beginRound, type DatabaseResult, runDatabaseFault } from "./database-run.ts";
import { median, ms, spread } from "./figures.ts";
import { loadKit } from "./load-kit.ts";
import type { Profile } from "./profile.ts";
import type { Table } from "./table.ts";

export interface DatabaseOptions {
  readonly profile: Profile;
  readonly engine: EngineName;
  readonly databaseFaults: readonly DatabaseFaultName[];
  readonly runs: number;
  readonly seed: number;
  readonly detection: Detection;
  /** Without keepalived. */
  readonly alone: boolean;
  readonly gate: GateKind;
  readonly isScripted: boolean;
}

const LOG_LINES = 25;

export async function database(options: DatabaseOptions): Promise<Table> {
  const { profile, databaseFaults, runs, detection, seed } = options;
  const kinds = options.alone ? KINDS.filter((kind) => kind === "baton") : KINDS;
  const kit = await loadKit(options.engine);
  const results: DatabaseResult[] = [];
  const pairs = await Promise.all(
    kinds.map((kind: DaemonKind) =>
      DatabaseLab.start({
        folder: join(scratchFolder(), kind),
        profile,
        kit,
        kinds: [kind, kind],
        detection,
        gate: options.gate,
        isScripted: options.isScripted,
      }),
    ),
  );
  try {
    for (const [index, fault] of databaseFaults.entries()) {
      for (let run = 0; run < runs; run += 1) {
        stdout.write(`${fault}, run ${run + 1} of ${runs} `);
        for (const pair of pairs) {
          const { real } = createRng(seed * 10_000 + index * 100 + run);
          const owner = await beginRound(pair, fault);
          const result = await runDatabaseFault(pair, fault, owner, { random: real });
          results.push(result);
          stdout.write(` ${describe(result)};`);
          // Why is in what the daemons logged.
          const isWrong = result.problems.length > 0 || isLate(result);
          if (result.daemon === "baton" && isWrong)
            stderr.write(`\n${pair.lab.describe(LOG_LINES)}\n`);
        }
        stdout.write("\n");
      }
    }
  } finally {
    for (const pair of pairs) await pair.close();
  }
  return databaseTable(results, databaseFaults, kinds);
}

/** In how many runs which of it should not have been. */
function wrongOf(results: readonly DatabaseResult[]): string {
  const found = results.flatMap(({ problems }) => problems);
  const names = [...new Set(found)];
  if (names.length === 0) return "-";
  return names.map((name) => `${name} (${found.filter((one) => one === name).length})`).join(", ");
}

/** `0`, or median and extremes. */
const counts = (values: readonly number[]): string =>
  values.every((one) => one === values[0])
    ? String(values[0] ?? "-")
    : `${median(values)} (${Math.min(...values)}..${Math.max(...values)})`;

const isLate = ({ outageMilliseconds, goalMilliseconds }: DatabaseResult): boolean =>
  goalMilliseconds !== undefined && outageMilliseconds > goalMilliseconds;

/** What the settings in use should give, and in how many runs they did. */
function verdict(results: readonly DatabaseResult[]): string {
  const goal = results[0]?.goalMilliseconds;
  if (goal === undefined) return "-";
  const count = results.filter((one) => !isLate(one)).length;
  const how = count === results.length ? "reached" : `reached in ${count} of ${results.length}`;
  return `${ms(goal)}, ${how}`;
}

function describe(result: DatabaseResult): string {
  const { daemon, outageMilliseconds, isOpen, goalMilliseconds, lost, byBoth, problems } = result;
  const late = isLate(result) ? ` > ${ms(goalMilliseconds ?? 0)}` : "";
  const outage = `${ms(outageMilliseconds)} ms${late}${isOpen ? " and on" : ""}`;
  const wrong = problems.length === 0 ? "" : ` (${problems.join(", ")})`;
  return `${daemon}: ${outage}, lost ${lost}, both ${byBoth}${wrong}`;
}

export function databaseTable(
  results: readonly DatabaseResult[],
  faults: readonly DatabaseFaultName[],
  kinds: readonly DaemonKind[],
): Table {
  const right = (title: string) => ({ title, align: "right" }) as const;
  const rows = faults.flatMap((fault) =>
    kinds.map((daemon) => {
      const mine = results.filter((one) => one.fault === fault && one.daemon === daemon);
      const milliseconds = (of: (one: DatabaseResult) => number): string => spread(mine.map(of));
      const count = (of: (one: DatabaseResult) => number): string => counts(mine.map(of));
      const open = mine.filter(({ isOpen }) => isOpen).length;
      const names = mine.map(({ before, after = "nobody" }) => `${before} → ${after}`);
      return [
        fault,
        daemon,
        `${milliseconds((one) => one.outageMilliseconds)}${open === 0 ? "" : `, ${open} up to the repair`}`,
        verdict(mine),
        count((one) => one.lost),
        count((one) => one.byBoth),
        count((one) => one.readOnly),
        count((one) => one.stale),
        milliseconds((one) => one.healOutageMilliseconds),
        [...new Set(names)].join(", "),
        `${mine.filter(({ isFollowed }) => isFollowed).length} of ${mine.length}`,
        wrongOf(mine),
        String(mine.reduce((all, one) => all + one.acknowledged, 0)),
      ];
    }),
  );
  return {
    columns: [
      { title: "fault on the owner", align: "left" },
      { title: "daemon", align: "left" },
      right("write outage ms"),
      right("goal ms"),
      right("acknowledged, lost"),
      right("taken by both"),
      right("read-only errors"),
      right("stale answers"),
      right("outage at repair ms"),
      { title: "writes before → after", align: "left" },
      right("followed again"),
      { title: "not as it should be", align: "left" },
      right("acknowledged"),
    ],
    rows,
  };
}
