/**
 * `npm run bench -- footprint`: the memory of each process at the start, after a time, after many
 * reloads and many moves; how long a start takes, and the commands that people and scripts wait
 * for. Baton and keepalived one after the other: memory does not depend on what else runs.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { stdout } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { shadowSystemFolders } from "../sandbox/folders.ts";
import { readCommandLine } from "../sandbox/proc.ts";
import { scratchFolder } from "../sandbox/sandbox.ts";
import { BATON, type DaemonKind, KINDS } from "./daemon.ts";
import { median, spread } from "./figures.ts";
import { commandVerdict, memoryVerdict, printVerdicts, readyVerdict } from "./footprint-goals.ts";
import { readMemory, sumMemory } from "./process-usage.ts";
import { PEER_PRIORITY } from "./scale-config.ts";
import { ScaleMachine, timeCommand } from "./scale-machine.ts";
import type { Table } from "./table.ts";

export interface FootprintOptions {
  readonly instances: readonly number[];
  readonly hours: number;
  readonly reloads: number;
  readonly moves: number;
  /** Without keepalived. */
  readonly alone: boolean;
}

const ADVERT_SECONDS = 0.1;
const START_SECONDS = 60;
const SETTLE_MILLISECONDS = 12_000;
const COMMAND_TIMES = 20;
const PROGRESS_MILLISECONDS = 10_000;
const EVENT_SECONDS = 30;
const RELOAD_SECONDS = 30;
/** keepalived reports the end of a reload to systemd alone: it gets this long for each. */
const KEEPALIVED_RELOAD_MILLISECONDS = 1_000;
const POLL_MILLISECONDS = 2;

export async function footprint(options: FootprintOptions): Promise<Table> {
  bundle();
  shadowSystemFolders();
  const rows: string[][] = [];
  for (const instances of options.instances) {
    for (const kind of options.alone ? (["baton"] as const) : KINDS)
      rows.push(...(await measure(kind, instances, options)));
  }
  stdout.write(`${printVerdicts(rows.map((row) => row.at(-1) ?? ""))}\n`);
  return { columns: footprintColumns(), rows };
}

/** What is measured is what is installed: one file a process, compiled. A package is that. */
function bundle(): void {
  if (process.env["BATON_PROGRAM"] !== undefined) return;
  for (const tool of ["bundle.mjs", "warm-cache.mjs"]) {
    const path = join(dirname(BATON), "..", "tools", tool);
    const { status, stderr } = spawnSync(process.execPath, [path], { encoding: "utf8" });
    if (status !== 0) throw new Error(`${path}: ${stderr}`);
  }
}

export const footprintColumns = (): Table["columns"] => [
  { title: "instances", align: "right" },
  { title: "daemon", align: "left" },
  { title: "when", align: "left" },
  { title: "what", align: "left" },
  { title: "RSS MB", align: "right" },
  { title: "PSS MB", align: "right" },
  { title: "private MB", align: "right" },
  { title: "ms", align: "right" },
  { title: "goal", align: "left" },
];

async function measure(
  kind: DaemonKind,
  instances: number,
  options: FootprintOptions,
): Promise<string[][]> {
  const folder = join(scratchFolder(), `footprint-${kind}`);
  rmSync(folder, { recursive: true, force: true });
  const shape = { instances, advertSeconds: ADVERT_SECONDS, role: "master" } as const;
  const machine = new ScaleMachine({ kind, folder, shape });
  const rows: string[][] = [];
  const isOurs = kind === "baton";
  const time = (what: string, ms: string, goal: string): void => {
    rows.push([String(instances), kind, "start", what, "", "", "", ms, isOurs ? goal : ""]);
  };
  let before: number | undefined;
  const remember = async (when: string): Promise<void> => {
    // Memory is given back when nothing happens (src/daemon/housekeeping.ts).
    await sleep(SETTLE_MILLISECONDS);
    const all = readMemory(machine.pid);
    const pss = sumMemory(all).pss / 1_024;
    const goal = isOurs ? memoryVerdict(instances, pss, before) : "";
    before ??= pss;
    rows.push(...memoryRows(all, when, goal).map((row) => [String(instances), kind, ...row]));
  };
  try {
    stdout.write(`${kind}, ${instances} instances: starting\n`);
    await machine.peer.ready();
    const start = await machine.start(START_SECONDS);
    time("exec to READY", figure(start.ready), readyVerdict(instances, start.ready));
    time("exec to the first address", figure(start.first), "");
    time("exec to the last address", figure(start.last), "");
    await remember("start");
    await pass(machine, options.hours);
    await remember(`after ${options.hours} h`);
    const reloads = await repeat(machine, "reloads", options.reloads, reload);
    await remember(`after ${reloads}`);
    const moves = await repeat(machine, "moves", options.moves, move);
    await remember(`after ${moves}`);
    for (const [what, argv] of commandsOf(kind, folder)) {
      const times = timeCommand(argv, COMMAND_TIMES);
      const goal = commandVerdict(what, median(times));
      time(`${what}, ${COMMAND_TIMES} times`, spread(times), goal);
    }
    return rows;
  } finally {
    await machine.close();
  }
}

const figure = (value: number | undefined): string => value?.toFixed(0) ?? "n/a";
const megabytes = (kilobytes: number): string => (kilobytes / 1_024).toFixed(1);

type Processes = ReturnType<typeof readMemory>;

function memoryRows(all: Processes, when: string, goal: string): string[][] {
  const row = (
    what: string,
    { rss, pss, own }: Processes[number] | Sum,
    verdict = "",
  ): string[] => [when, what, megabytes(rss), megabytes(pss), megabytes(own), "", verdict];
  return [...all.map((one) => row(nameOf(one.pid), one)), row("all", sumMemory(all), goal)];
}

type Sum = ReturnType<typeof sumMemory>;

/** What a reader would call the process: its program, or the file that Node.js runs. */
function nameOf(pid: number): string {
  const argv = readCommandLine(pid);
  const main = argv.find((one) => /\.[jt]s$/.test(one)) ?? argv[0] ?? String(pid);
  return main.slice(main.lastIndexOf("/") + 1);
}

async function pass(machine: ScaleMachine, hours: number): Promise<void> {
  const end = performance.now() + hours * 3_600_000;
  for (;;) {
    const left = end - performance.now();
    if (left <= 0) return;
    const pss = megabytes(sumMemory(readMemory(machine.pid)).pss);
    stdout.write(`  ${Math.ceil(left / 60_000)} min left, PSS ${pss} MB\n`);
    await sleep(Math.min(left, PROGRESS_MILLISECONDS));
    machine.notifications();
    mustRun(machine);
  }
}

function mustRun(machine: ScaleMachine): void {
  if (!machine.isRunning()) throw new Error(`${machine.kind} ended\n${machine.logTail(20)}`);
}

/** How many were done, for a title. A thing that does not come to its end is an error. */
async function repeat(
  machine: ScaleMachine,
  what: string,
  times: number,
  once: (machine: ScaleMachine) => Promise<void>,
): Promise<string> {
  let shownAt = performance.now();
  for (let done = 0; done < times; done++) {
    await once(machine);
    mustRun(machine);
    if (performance.now() - shownAt < PROGRESS_MILLISECONDS) continue;
    shownAt = performance.now();
    stdout.write(`  ${done + 1} of ${times} ${what}\n`);
  }
  return `${times} ${what}`;
}

/** True as soon as the condition holds, false after the time. */
async function until(seconds: number, condition: () => boolean): Promise<boolean> {
  const end = performance.now() + seconds * 1_000;
  while (!condition()) {
    if (performance.now() > end) return false;
    await sleep(POLL_MILLISECONDS);
  }
  return true;
}

async function reload(machine: ScaleMachine): Promise<void> {
  machine.notifications();
  machine.signal("SIGHUP");
  if (machine.kind === "keepalived") {
    await sleep(KEEPALIVED_RELOAD_MILLISECONDS);
    return;
  }
  const isReady = await until(RELOAD_SECONDS, () =>
    machine.notifications().some((text) => /^READY=1$/m.test(text)),
  );
  if (!isReady) throw new Error("a reload did not end");
}

/** All instances give way to a stronger router that resigns at once. */
async function move(machine: ScaleMachine): Promise<void> {
  const { instances } = machine.shape;
  machine.peer.order({ kind: "once", priority: PEER_PRIORITY });
  if (!(await until(EVENT_SECONDS, () => machine.present() === 0))) {
    throw new Error(`${machine.kind} kept ${machine.present()} addresses\n${machine.logTail(20)}`);
  }
  machine.peer.order({ kind: "once", priority: 0 });
  if (!(await until(EVENT_SECONDS, () => machine.present() === instances))) {
    throw new Error(
      `${machine.kind} has ${machine.present()} of ${instances} addresses\n${machine.logTail(20)}`,
    );
  }
}

function commandsOf(
  kind: DaemonKind,
  folder: string,
): readonly (readonly [string, readonly string[]])[] {
  if (kind === "keepalived") return [];
  const runtimeDir = join(folder, "run", "baton");
  return [
    ["baton status", [BATON, "status", "--runtime-dir", runtimeDir]],
    ["baton --version", [BATON, "--version"]],
  ];
}
