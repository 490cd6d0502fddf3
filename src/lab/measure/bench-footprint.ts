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
/** Memory is given back when nothing happens (src/daemon/housekeeping.ts, #linux/memory). */
const SETTLE_SECONDS = 12;
/** The longest between two trims of the engine's, and then some. */
const QUIET_SECONDS = 90;
const SAMPLE_MILLISECONDS = 1_000;
/** At rest, the row is that of the median of so many. */
const SAMPLES = 11;
const COMMAND_TIMES = 20;
const PROGRESS_MILLISECONDS = 20_000;
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
  const remember = async (when: string, seconds: number): Promise<void> => {
    await sleep(seconds * 1_000);
    const all = await memoryAtRest(machine);
    const pss = sumMemory(all).pss / 1_024;
    const goal = isOurs ? memoryVerdict(instances, pss, before) : "";
    before ??= pss;
    rows.push(...memoryRows(all, when, goal).map((row) => [String(instances), kind, ...row]));
  };
  const period = async (what: string, work: (peak: Peak) => Promise<void>): Promise<void> => {
    const peak = new Peak(machine);
    await work(peak);
    const { highest } = peak;
    const goal = isOurs ? memoryVerdict(instances, highest / 1_024, undefined) : "";
    const row = [`in ${what}`, "all, highest", "", megabytes(highest), "", "", goal];
    rows.push([String(instances), kind, ...row]);
    await remember(`${SETTLE_SECONDS} s after ${what}`, SETTLE_SECONDS);
    await remember(`${QUIET_SECONDS} s after ${what}`, QUIET_SECONDS - SETTLE_SECONDS);
  };
  try {
    stdout.write(`${kind}, ${instances} instances: starting\n`);
    await machine.peer.ready();
    const start = await machine.start(START_SECONDS);
    time("exec to READY", figure(start.ready), readyVerdict(instances, start.ready));
    time("exec to the first address", figure(start.first), "");
    time("exec to the last address", figure(start.last), "");
    await remember("start", SETTLE_SECONDS);
    const { hours, reloads, moves } = options;
    if (hours > 0) await period(`${hours} h`, async (peak) => await pass(machine, hours, peak));
    if (reloads > 0) {
      const what = `${reloads} reloads`;
      await period(what, async (peak) => await repeat(machine, what, reloads, reload, peak));
    }
    if (moves > 0) {
      const what = `${moves} moves`;
      await period(what, async (peak) => await repeat(machine, what, moves, move, peak));
    }
    for (const [what, argv] of commandsOf(kind, folder)) {
      const times = await timeCommand(argv, COMMAND_TIMES);
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

async function memoryAtRest(machine: ScaleMachine): Promise<Processes> {
  const samples: Processes[] = [];
  while (samples.length < SAMPLES) {
    samples.push(readMemory(machine.pid));
    await sleep(SAMPLE_MILLISECONDS);
  }
  mustRun(machine);
  const inOrder = samples.toSorted((a, b) => sumMemory(a).pss - sumMemory(b).pss);
  return inOrder[Math.floor(SAMPLES / 2)] ?? [];
}

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

/** The most memory that the daemon has had, kB, looked at every second. */
class Peak {
  readonly #machine: ScaleMachine;
  #sampledAt = Number.NEGATIVE_INFINITY;
  #shownAt = performance.now();
  highest = 0;

  constructor(machine: ScaleMachine) {
    this.#machine = machine;
  }

  /** @param progress what is written now and then, before the memory */
  sample(progress: string): void {
    const at = performance.now();
    if (at - this.#sampledAt < SAMPLE_MILLISECONDS) return;
    this.#sampledAt = at;
    mustRun(this.#machine);
    const { pss } = sumMemory(readMemory(this.#machine.pid));
    this.highest = Math.max(this.highest, pss);
    if (at - this.#shownAt < PROGRESS_MILLISECONDS) return;
    this.#shownAt = at;
    const highest = megabytes(this.highest);
    stdout.write(`  ${progress}, PSS ${megabytes(pss)} MB, highest ${highest} MB\n`);
  }
}

async function pass(machine: ScaleMachine, hours: number, peak: Peak): Promise<void> {
  const end = performance.now() + hours * 3_600_000;
  for (;;) {
    const left = end - performance.now();
    if (left <= 0) return;
    peak.sample(`${Math.ceil(left / 60_000)} min left`);
    await sleep(Math.min(left, SAMPLE_MILLISECONDS));
    machine.notifications();
  }
}

function mustRun(machine: ScaleMachine): void {
  if (!machine.isRunning()) throw new Error(`${machine.kind} ended\n${machine.logTail(20)}`);
}

/** A thing that does not come to its end is an error. */
async function repeat(
  machine: ScaleMachine,
  what: string,
  times: number,
  once: (machine: ScaleMachine) => Promise<void>,
  peak: Peak,
): Promise<void> {
  for (let done = 1; done <= times; done++) {
    await once(machine);
    mustRun(machine);
    peak.sample(`${done} of ${what}`);
  }
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

/**
 * All instances give way to a stronger router that resigns at once. On a busy machine they may have
 * taken over again, by themselves, before anybody looks: that they gave way is counted.
 */
async function move(machine: ScaleMachine): Promise<void> {
  const { instances } = machine.shape;
  const before = machine.changes();
  machine.peer.order({ kind: "once", priority: PEER_PRIORITY });
  if (!(await until(EVENT_SECONDS, () => machine.changes() - before >= instances))) {
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
