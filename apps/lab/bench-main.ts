/**
 * `npm run bench`: what the README's numbers come from. Two pairs, Baton and keepalived, side by side in one run, every
 * fault several times at a random phase of the advertisement interval; medians. Or (`timers`) how regular a master's
 * advertisements are while busy loops hog every core.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { stdout } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { now } from "#linux/clock";
import { type Instant, toMillis } from "#units/time";
import { type DaemonKind, findKeepalived, HOW_TO_INSTALL_KEEPALIVED } from "./daemon.ts";
import { FAULTS, type FaultName } from "./faults.ts";
import { Lab } from "./lab.ts";
import { FAST, PROFILES, type Profile, TUTORIAL } from "./profile.ts";
import { seededRandom } from "./random.ts";
import {
  explainRefusal,
  isInsideSandbox,
  probeSandbox,
  runSelfInSandbox,
  scratchFolder,
} from "./sandbox.ts";
import { type FaultResult, runFault } from "./scenario.ts";
import { printMarkdownTable, printTextTable, type Table } from "./table.ts";

const USAGE = `usage: npm run bench -- [failover|timers] [options]

  failover          every fault, Baton and keepalived side by side (default)
  timers            gaps between a master's advertisements, with a busy loop on every core

  --profile NAME    ${PROFILES.map((one) => one.name).join(", ")} 
                    (default: tutorial for failover, tutorial and ${FAST.name} for timers)
  --faults LIST     ${Object.keys(FAULTS).join(",")}
  --runs N          of each fault (default 5)
  --seconds N       of timers (default 100)
  --seed N          decides the phases (default 1)
  --report FILE.md  the table, for people
`;

interface Options {
  readonly mode: "failover" | "timers";
  /** failover takes the first, timers all. */
  readonly profiles: readonly Profile[];
  readonly faults: readonly FaultName[];
  readonly runs: number;
  readonly seconds: number;
  readonly seed: number;
  readonly report: string | undefined;
}

const DEFAULT_FAULTS = "stop,kill-engine,kill-keeper,kill-all,hang,link,script,flap";
const KINDS: readonly DaemonKind[] = ["baton", "keepalived"];

function parse(argv: readonly string[]): Options | string {
  const text = { type: "string" } as const;
  const options = {
    profile: text,
    faults: text,
    runs: text,
    seconds: text,
    seed: text,
    report: text,
  } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { values, positionals } = parsed;
  const [mode = "failover"] = positionals;
  if (mode !== "failover" && mode !== "timers") return `there is no benchmark ${mode}`;
  const profile = PROFILES.find((one) => one.name === values.profile);
  if (profile === undefined && values.profile !== undefined) {
    return `there is no profile ${values.profile}`;
  }
  const faults = (values.faults ?? DEFAULT_FAULTS).split(",");
  const unknown = faults.find((one) => !Object.hasOwn(FAULTS, one));
  if (unknown !== undefined) return `there is no fault ${unknown}`;
  const [runs, seconds, seed] = [
    values.runs ?? "5",
    values.seconds ?? "100",
    values.seed ?? "1",
  ].map(Number);
  if (
    ![runs, seconds, seed].every((one) => one !== undefined && Number.isInteger(one) && one > 0)
  ) {
    return "--runs, --seconds and --seed want whole numbers";
  }
  return {
    mode,
    profiles: profile === undefined ? [TUTORIAL, FAST] : [profile],
    faults: faults as FaultName[],
    runs: runs ?? 5,
    seconds: seconds ?? 100,
    seed: seed ?? 1,
    report: values.report,
  };
}

const median = (values: readonly number[]): number => quantile(values, 0.5);

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

const ms = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0));
const spread = (values: readonly number[]): string =>
  values.length === 0
    ? "-"
    : `${ms(median(values))} (${ms(Math.min(...values))}..${ms(Math.max(...values))})`;

async function failover(options: Options): Promise<Table> {
  const [profile = TUTORIAL] = options.profiles;
  const labs = KINDS.map(
    (kind) => new Lab({ folder: join(scratchFolder(), kind), profile, kinds: [kind, kind] }),
  );
  try {
    await Promise.all(labs.map((lab) => lab.startDaemons()));
    const results: FaultResult[] = [];
    for (const [index, fault] of options.faults.entries()) {
      for (let run = 0; run < options.runs; run++) {
        const seed = options.seed * 10_000 + index * 100 + run;
        stdout.write(`${fault}, run ${run + 1} of ${options.runs} `);
        const pair = await Promise.all(
          labs.map((lab) => runFault(lab, fault, { random: seededRandom(seed) })),
        );
        for (const one of pair)
          stdout.write(` ${one.daemon}: ${ms(one.longestOutageMilliseconds)} ms`);
        stdout.write("\n");
        results.push(...pair);
      }
    }
    return failoverTable(results, options);
  } finally {
    await Promise.all(labs.map((lab) => lab.close()));
  }
}

function failoverTable(results: readonly FaultResult[], options: Options): Table {
  const right = (title: string) => ({ title, align: "right" }) as const;
  const rows = options.faults.flatMap((fault) =>
    KINDS.map((daemon) => {
      const mine = results.filter((one) => one.fault === fault && one.daemon === daemon);
      const open = mine.filter((one) => one.dualOpen).length;
      const dual = spread(mine.map((one) => one.dualMilliseconds));
      return [
        fault,
        daemon,
        spread(mine.map((one) => one.longestOutageMilliseconds)),
        spread(mine.map((one) => one.lost)),
        spread(
          mine.map((one) => one.afterLastAdvertMilliseconds).filter((one) => one !== undefined),
        ),
        open === 0 ? dual : `${dual}, ${open} of ${mine.length} without end`,
        spread(mine.map((one) => one.healOutageMilliseconds)),
        String(mine.filter((one) => one.finally === one.before).length),
      ];
    }),
  );
  return {
    columns: [
      { title: "fault on the owner", align: "left" },
      { title: "daemon", align: "left" },
      right("outage ms"),
      right("lost probes"),
      right("taken over after the last advert ms"),
      right("two owners ms"),
      right("outage at repair ms"),
      right(`back at the former owner, of ${options.runs}`),
    ],
    rows,
  };
}

/** A master of each kind and for each profile, all under the same busy loops, as their peers' kernels saw them. */
async function timers(options: Options): Promise<Table> {
  const labs = options.profiles.flatMap((profile) =>
    KINDS.map((kind) => {
      const folder = join(scratchFolder(), profile.name, kind);
      return { kind, lab: new Lab({ folder, profile, kinds: [kind, kind] }) };
    }),
  );
  const hogs: ChildProcess[] = [];
  try {
    const owners = await Promise.all(labs.map(({ lab }) => lab.startDaemons()));
    const loops = availableParallelism();
    stdout.write(`${options.seconds} s with ${loops} busy loops\n`);
    for (let i = 0; i < loops; i++) {
      hogs.push(spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }));
    }
    const from = now();
    await sleep(options.seconds * 1_000);
    const to = now();
    const rows = labs.map(({ kind, lab }, index) =>
      timersRow(kind, lab, owners[index]?.name ?? "", from, to),
    );
    return { columns: timersColumns(), rows };
  } finally {
    for (const hog of hogs) hog.kill("SIGKILL");
    await Promise.all(labs.map(({ lab }) => lab.close()));
  }
}

function timersColumns(): Table["columns"] {
  const figures = ["interval ms", "gaps", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "false moves"];
  return [
    { title: "daemon", align: "left" },
    ...figures.map((title) => ({ title, align: "right" }) as const),
  ];
}

function timersRow(
  kind: DaemonKind,
  lab: Lab,
  owner: string,
  from: Instant,
  to: Instant,
): string[] {
  const { adverts } = lab.instruments;
  const peer = lab.nodes.find((node) => node.name !== owner)?.name ?? "";
  const gaps = adverts.gaps(peer, lab.node(owner).address, from, to).map(toMillis);
  const moves = lab.nodes.reduce(
    (count, node) => count + lab.instruments.changesWithin(node.name, from, to),
    0,
  );
  const figures = [0.5, 0.99, 0.999].map((part) => quantile(gaps, part).toFixed(2));
  const interval = String(lab.profile.advertSeconds * 1000);
  return [
    kind,
    interval,
    String(gaps.length),
    ...figures,
    Math.max(...gaps).toFixed(2),
    String(moves),
  ];
}

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  const options = argv.includes("--help") || argv.includes("-h") ? "" : parse(argv);
  if (typeof options === "string") {
    (options === "" ? stdout : process.stderr).write(
      options === "" ? USAGE : `${options}\n\n${USAGE}`,
    );
    return options === "" ? 0 : 2;
  }
  if (findKeepalived() === undefined) {
    process.stderr.write(`keepalived is needed to compare with: ${HOW_TO_INSTALL_KEEPALIVED}\n`);
    return 1;
  }
  if (!isInsideSandbox()) {
    const sandbox = probeSandbox();
    if (sandbox.kind === "refused") {
      process.stderr.write(`${explainRefusal(sandbox.detail, "en")}\n`);
      return 1;
    }
    return runSelfInSandbox(sandbox);
  }
  const table = options.mode === "timers" ? await timers(options) : await failover(options);
  const names = options.mode === "timers" ? options.profiles : options.profiles.slice(0, 1);
  const title = `${options.mode}, ${names.map((one) => one.name).join(" and ")}`;
  stdout.write(`\n${title}\n\n${printTextTable(table)}\n`);
  if (options.report !== undefined)
    writeFileSync(options.report, `## ${title}\n\n${printMarkdownTable(table)}\n`);
  return 0;
}

process.exitCode = await main();
