/**
 * `npm run bench -- scale`: what many instances cost, with the daemons that are shipped, real
 * sockets and real addresses, Baton and keepalived in turns.
 *
 * The two are not run at the same time: two processors would have to carry both, and the one that
 * needs more would spoil the other's gaps. Each row is made of short windows in the order A B B A,
 * every window with a fresh daemon, so that what else happens on the machine disturbs both alike;
 * how much that was stands in the row.
 */
import { rmSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { stdout } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "#linux/clock";
import { elapsed } from "#units/time";
import { shadowSystemFolders } from "../sandbox/folders.ts";
import { scratchFolder } from "../sandbox/sandbox.ts";
import type { PeerReading } from "./advert-peer-protocol.ts";
import { BusyLoops } from "./busy-loops.ts";
import { type DaemonKind, KINDS } from "./daemon.ts";
import { median, spread } from "./figures.ts";
import { type Memory, readMachineTimes, readMemory, sumMemory, TreeUse } from "./process-usage.ts";
import { PEER_PRIORITY, type ScaleRole, type ScaleShape } from "./scale-config.ts";
import { ScaleMachine, type StartUp } from "./scale-machine.ts";
import { type CallCounts, type Counted, countCalls } from "./system-calls.ts";
import type { Table } from "./table.ts";

export interface ScaleOptions {
  readonly instances: readonly number[];
  readonly adverts: readonly number[];
  readonly roles: readonly ScaleRole[];
  /** Of each daemon in each run, in two windows. */
  readonly seconds: number;
  readonly runs: number;
  /** A busy loop on each processor meanwhile. */
  readonly busy: boolean;
}

const WINDOWS_PER_RUN = 2;
/** Announcements after a start, and what a daemon does late, are over by then. */
const SETTLE_MILLISECONDS = 3_000;
const START_SECONDS = 60;
const SAMPLE_MILLISECONDS = 500;
/** Of the windows in which system calls are counted. */
const COUNT_SECONDS = 2;

export interface ScaleWindow {
  readonly seconds: number;
  /** Microseconds on a processor, of every thread of the daemon. */
  readonly cpu: number;
  readonly switches: number;
  /** Of the peer; as backup what it sent counts, as master what it heard. */
  readonly reading: PeerReading;
  /** Parts of one processor: of everybody but the daemon, and taken by the hypervisor. */
  readonly others: number;
  readonly steal: number;
  readonly memory: Memory;
  readonly start: StartUp;
  readonly present: number;
  /** Per advertisement; undefined: not counted in this window. */
  readonly counts:
    | Counted<{ readonly all: number; readonly netlink: number; readonly top: string }>
    | undefined;
}

export async function scale(options: ScaleOptions): Promise<Table> {
  shadowSystemFolders();
  using _busy = options.busy ? new BusyLoops() : undefined;
  const rows: string[][] = [];
  const shapes = options.roles.flatMap((role) =>
    options.adverts.flatMap((advertSeconds) =>
      options.instances.map((instances) => ({ role, advertSeconds, instances })),
    ),
  );
  for (const shape of shapes) {
    const windows = await measureShape(shape, options);
    for (const kind of KINDS) rows.push(scaleRow(kind, shape, windows[kind]));
  }
  return { columns: scaleColumns(), rows };
}

async function measureShape(
  shape: ScaleShape,
  options: ScaleOptions,
): Promise<Readonly<Record<DaemonKind, ScaleWindow[]>>> {
  const windows: Record<DaemonKind, ScaleWindow[]> = { baton: [], keepalived: [] };
  const seconds = options.seconds / WINDOWS_PER_RUN;
  for (let turn = 0; turn < options.runs * WINDOWS_PER_RUN; turn++) {
    for (const kind of turn % 2 === 0 ? KINDS : KINDS.toReversed()) {
      stdout.write(
        `${shape.role}, ${shape.instances} instances at ${shape.advertSeconds} s, window ${turn + 1} of ${options.runs * WINDOWS_PER_RUN}, ${kind} …`,
      );
      const window = await measureWindow(kind, shape, { seconds, hasCounts: turn === 0 });
      windows[kind].push(window);
      const load = loadavg()[0]?.toFixed(1) ?? "?";
      stdout.write(` ${percent(window)} % of a core, load ${load}\n`);
    }
  }
  return windows;
}

async function measureWindow(
  kind: DaemonKind,
  shape: ScaleShape,
  { seconds, hasCounts }: { readonly seconds: number; readonly hasCounts: boolean },
): Promise<ScaleWindow> {
  const folder = join(scratchFolder(), kind);
  rmSync(folder, { recursive: true, force: true });
  const machine = new ScaleMachine({ kind, folder, shape });
  try {
    await machine.peer.ready();
    if (shape.role === "backup") {
      machine.peer.order({ kind: "advertise", priority: PEER_PRIORITY });
    }
    const start = await machine.start(START_SECONDS);
    await sleep(SETTLE_MILLISECONDS);
    machine.notifications();
    const measured = await watch(machine, seconds);
    const memory = sumMemory(readMemory(machine.pid));
    const present = machine.present();
    const counted = hasCounts ? await countPerAdvert(machine) : undefined;
    return { ...measured, counts: counted, start, memory, present };
  } finally {
    await machine.close();
  }
}

/** What was counted in a window of its own, for each advertisement of the same time. */
async function countPerAdvert(machine: ScaleMachine): Promise<ScaleWindow["counts"]> {
  const { instances, advertSeconds } = machine.shape;
  machine.peer.order({ kind: "clear" });
  const counted = await countCalls(machine.pid, {
    seconds: COUNT_SECONDS,
    rate: instances / advertSeconds,
    file: join(machine.folder, "trace"),
  });
  const adverts = advertsOf(machine.shape, await machine.peer.read());
  if ("reason" in counted) return counted;
  if (adverts === 0) return { reason: "no advertisement meanwhile" };
  const { all, netlink } = counted.value;
  const top = topCalls(counted.value, adverts);
  return { value: { all: all / adverts, netlink: netlink / adverts, top } };
}

const advertsOf = (shape: ScaleShape, reading: PeerReading): number =>
  shape.role === "master" ? reading.heard.adverts : reading.sent;

async function watch(
  machine: ScaleMachine,
  seconds: number,
): Promise<Omit<ScaleWindow, "memory" | "start" | "present" | "counts">> {
  machine.peer.order({ kind: "clear" });
  const use = new TreeUse(machine.pid);
  const machineBefore = readMachineTimes();
  const begin = now();
  for (;;) {
    const left = seconds * 1_000 - elapsed(begin, now()) / 1_000;
    if (left <= 0) break;
    await sleep(Math.min(left, SAMPLE_MILLISECONDS));
    use.sample();
    if (!machine.isRunning()) {
      throw new Error(`${machine.kind} ended\n${machine.logTail(20)}`);
    }
  }
  const took = elapsed(begin, now()) / 1_000_000;
  const machineAfter = readMachineTimes();
  const reading = await machine.peer.read();
  machine.notifications();
  const { run, switches } = use.read();
  const processors = availableParallelism();
  const ticks = machineAfter.total - machineBefore.total;
  const busy = ((machineAfter.busy - machineBefore.busy) / ticks) * processors;
  return {
    seconds: took,
    cpu: run,
    switches,
    reading,
    others: Math.max(0, busy - run / 1_000_000 / took),
    steal: ((machineAfter.steal - machineBefore.steal) / ticks) * processors,
  };
}

/** The five commonest, per advertisement. */
function topCalls({ calls }: CallCounts, adverts: number): string {
  return [...calls]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 5)
    .map(([name, count]) => `${name} ${(count / adverts).toFixed(2)}`)
    .join(", ");
}

const percent = ({ cpu, seconds }: ScaleWindow): string =>
  ((cpu / 1_000_000 / seconds) * 100).toFixed(2);

const TITLES = [
  "role",
  "instances",
  "interval s",
  "daemon",
  "CPU %",
  "µs per advert",
  "adverts/s (wanted)",
  "gap p50 ms",
  "p99 ms",
  "p99.9 ms",
  "max ms",
  "switches per advert",
  "system calls per advert",
  "netlink requests per advert",
  "RSS MB",
  "PSS MB",
  "private MB",
  "READY ms",
  "first address ms",
  "last address ms",
  "addresses",
  "others' CPU %",
  "steal %",
  "false or lost",
  "sent late ms",
  "commonest calls per advert",
] as const;

const TEXT_COLUMNS: ReadonlySet<string> = new Set(["role", "daemon", TITLES[25]]);

export const scaleColumns = (): Table["columns"] =>
  TITLES.map((title) => ({ title, align: TEXT_COLUMNS.has(title) ? "left" : "right" }));

/** Medians of the windows; where they differ much, with the lowest and the highest. */
export function scaleRow(
  kind: DaemonKind,
  shape: ScaleShape,
  windows: readonly ScaleWindow[],
): string[] {
  const of = (figure: (window: ScaleWindow) => number, digits: number): string =>
    number(median(windows.map(figure)), digits);
  const gap = (figure: (window: ScaleWindow) => number | undefined): string =>
    shape.role === "master" ? of((one) => (figure(one) ?? Number.NaN) / 1_000, 2) : "-";
  const since = (figure: (start: StartUp) => number | undefined): string => {
    const times = windows.map(({ start }) => figure(start)).filter((one) => one !== undefined);
    return times.length < windows.length ? "n/a" : spread(times);
  };
  const rate = (one: ScaleWindow): number => advertsOf(shape, one.reading) / one.seconds;
  const wanted = Math.round(shape.instances / shape.advertSeconds);
  return [
    shape.role,
    String(shape.instances),
    String(shape.advertSeconds),
    kind,
    spreadOf(windows.map((one) => (one.cpu / 1_000_000 / one.seconds) * 100)),
    of((one) => one.cpu / Math.max(1, advertsOf(shape, one.reading)), 1),
    `${of(rate, 0)} (${wanted})`,
    gap(({ reading }) => reading.heard.p50),
    gap(({ reading }) => reading.heard.p99),
    gap(({ reading }) => reading.heard.p999),
    gap(({ reading }) => reading.heard.longest),
    of((one) => one.switches / Math.max(1, advertsOf(shape, one.reading)), 2),
    counted(windows, ({ all }) => number(all, 2)),
    counted(windows, ({ netlink }) => number(netlink, 2)),
    of(({ memory }) => memory.rss / 1_024, 1),
    of(({ memory }) => memory.pss / 1_024, 1),
    of(({ memory }) => memory.own / 1_024, 1),
    since(({ ready }) => ready),
    since(({ first }) => first),
    since(({ last }) => last),
    of(({ present }) => present, 0),
    of(({ others }) => others * 100, 0),
    of(({ steal }) => steal * 100, 1),
    // A backup that advertises has taken over by mistake; a frame that was lost is not a gap.
    String(windows.reduce((sum, { reading }) => sum + wrongOf(shape, reading), 0)),
    shape.role === "backup" ? of(({ reading }) => reading.latest / 1_000, 1) : "-",
    counted(windows, ({ top }) => top),
  ];
}

const wrongOf = (shape: ScaleShape, { drops, heard }: PeerReading): number =>
  shape.role === "master" ? drops : heard.adverts;

const number = (value: number, digits: number): string =>
  Number.isNaN(value) ? "-" : value.toFixed(digits);

const spreadOf = (values: readonly number[]): string =>
  `${number(median(values), 2)} (${number(Math.min(...values), 2)}..${number(Math.max(...values), 2)})`;

type Value = Extract<NonNullable<ScaleWindow["counts"]>, { value: unknown }>["value"];

/** Of the window in which it was counted, or why it could not be. */
function counted(windows: readonly ScaleWindow[], text: (value: Value) => string): string {
  const counts = windows.find((one) => one.counts !== undefined)?.counts;
  if (counts === undefined) return "n/a";
  return "value" in counts ? text(counts.value) : `n/a: ${counts.reason}`;
}
