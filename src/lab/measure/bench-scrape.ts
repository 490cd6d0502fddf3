/**
 * `npm run bench -- scrape`: what clients of the HTTP API cost a master: a scrape each second and
 * 50 idle streams of events, against the same daemon without clients, in turns (A B B A).
 */
import { once } from "node:events";
import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { stdout } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { programUrl } from "#units/installation";
import { shadowSystemFolders } from "../sandbox/folders.ts";
import { scratchFolder } from "../sandbox/sandbox.ts";
import type { GapFigures } from "./advert-gaps.ts";
import { median } from "./figures.ts";
import { readMachineTimes, readMemory, sumMemory, TreeUse } from "./process-usage.ts";
import type { ScaleShape } from "./scale-config.ts";
import { ScaleMachine } from "./scale-machine.ts";
import type { ScrapeReport } from "./scrape-clients-main.ts";
import type { Table } from "./table.ts";

export interface ScrapeOptions {
  readonly instances: readonly number[];
  readonly adverts: readonly number[];
  /** Of each of the four windows of a run. */
  readonly seconds: number;
  readonly runs: number;
}

const STREAMS = 50;
const START_SECONDS = 60;
const SETTLE_MILLISECONDS = 8_000;
/** The clients have connected by then, and their connections are of no window. */
const CONNECT_MILLISECONDS = 2_000;
const TURNS = [false, true, true, false] as const;
const CLIENTS = fileURLToPath(programUrl("lab/measure/scrape-clients-main"));

export interface ScrapeWindow {
  readonly hasClients: boolean;
  /** Of one core, in percent: of the daemon's two processes. */
  readonly cpu: number;
  readonly gaps: GapFigures;
  readonly pssMb: number;
  /** Of the machine without the daemon, in percent of a core. */
  readonly others: number;
  readonly report: ScrapeReport | undefined;
}

export async function scrape(options: ScrapeOptions): Promise<Table> {
  shadowSystemFolders();
  const rows: string[][] = [];
  for (const advertSeconds of options.adverts)
    for (const instances of options.instances) {
      const shape: ScaleShape = { role: "master", instances, advertSeconds };
      const windows: ScrapeWindow[] = [];
      for (let run = 0; run < options.runs; run++) windows.push(...(await measure(shape, options)));
      rows.push(...scrapeRows(shape, windows));
    }
  return { columns: scrapeColumns(), rows };
}

async function measure(
  shape: ScaleShape,
  { seconds }: ScrapeOptions,
): Promise<readonly ScrapeWindow[]> {
  const folder = join(scratchFolder(), "scrape");
  rmSync(folder, { recursive: true, force: true });
  const machine = new ScaleMachine({ kind: "baton", folder, shape, daemonArgs: ["--api"] });
  const windows: ScrapeWindow[] = [];
  try {
    await machine.peer.ready();
    await machine.start(START_SECONDS);
    await sleep(SETTLE_MILLISECONDS);
    for (const hasClients of TURNS) {
      const window = await watch(machine, seconds, hasClients);
      windows.push(window);
      const p99 = ((window.gaps.p99 ?? Number.NaN) / 1_000).toFixed(2);
      const what = hasClients ? "with clients" : "without";
      stdout.write(`${what}: ${window.cpu.toFixed(2)} % of a core, p99 ${p99} ms\n`);
    }
    return windows;
  } finally {
    await machine.close();
  }
}

async function watch(
  machine: ScaleMachine,
  seconds: number,
  hasClients: boolean,
): Promise<ScrapeWindow> {
  const stop = hasClients ? startClients(machine) : undefined;
  await sleep(CONNECT_MILLISECONDS);
  machine.peer.order({ kind: "clear" });
  const use = new TreeUse(machine.pid);
  const before = readMachineTimes();
  const begin = performance.now();
  await sleep(seconds * 1_000);
  use.sample();
  const took = (performance.now() - begin) / 1_000;
  const after = readMachineTimes();
  const { heard } = await machine.peer.read();
  machine.notifications();
  const cpu = use.read().run / took / 10_000;
  const busy = (after.busy - before.busy) / (after.total - before.total);
  return {
    hasClients,
    cpu,
    gaps: heard,
    pssMb: sumMemory(readMemory(machine.pid)).pss / 1_024,
    others: Math.max(0, busy * availableParallelism() * 100 - cpu),
    report: await stop?.(),
  };
}

function startClients(machine: ScaleMachine): () => Promise<ScrapeReport> {
  const child = machine.spawn([process.execPath, CLIENTS, "127.0.0.1", "9650", String(STREAMS)]);
  let text = "";
  child.stdout?.on("data", (part: Buffer) => (text += part.toString()));
  return async () => {
    const ended = once(child, "close");
    child.stdin?.end();
    await ended;
    return JSON.parse(text) as ScrapeReport;
  };
}

const TITLES = [
  "instances",
  "interval s",
  "clients",
  "CPU % of a core",
  "gap p50 ms",
  "p99 ms",
  "p99.9 ms",
  "max ms",
  "PSS MB",
  "scrapes",
  "slowest ms",
  "streams",
  "failures",
  "others' CPU %",
] as const;

export const scrapeColumns = (): Table["columns"] =>
  TITLES.map((title) => ({ title, align: title === "clients" ? "left" : "right" }));

/** Medians of the windows without clients, with them, and what is between the two. */
export function scrapeRows(
  { instances, advertSeconds }: Pick<ScaleShape, "instances" | "advertSeconds">,
  windows: readonly ScrapeWindow[],
): readonly string[][] {
  const head = [String(instances), String(advertSeconds)];
  const of = (hasClients: boolean, figure: (window: ScrapeWindow) => number): number =>
    median(windows.filter((one) => one.hasClients === hasClients).map(figure));
  const figures: readonly ((window: ScrapeWindow) => number)[] = [
    ({ cpu }) => cpu,
    ({ gaps }) => (gaps.p50 ?? Number.NaN) / 1_000,
    ({ gaps }) => (gaps.p99 ?? Number.NaN) / 1_000,
    ({ gaps }) => (gaps.p999 ?? Number.NaN) / 1_000,
    ({ gaps }) => (gaps.longest ?? Number.NaN) / 1_000,
    ({ pssMb }) => pssMb,
  ];
  const reports = windows.flatMap(({ report }) => (report === undefined ? [] : [report]));
  const sum = (figure: (report: ScrapeReport) => number): string =>
    String(reports.reduce((all, one) => all + figure(one), 0));
  const did = [
    sum(({ scrapes }) => scrapes),
    Math.max(...reports.map(({ slowestMs }) => slowestMs)).toFixed(1),
    String(Math.min(...reports.map(({ open }) => open))),
    sum(({ failures }) => failures),
  ];
  const others = (hasClients: boolean): string => of(hasClients, (one) => one.others).toFixed(0);
  const row = (hasClients: boolean): string[] =>
    figures.map((figure) => of(hasClients, figure).toFixed(2));
  const between = figures.map((figure) => (of(true, figure) - of(false, figure)).toFixed(2));
  const none = did.map(() => "-");
  return [
    [...head, "none", ...row(false), ...none, others(false)],
    [...head, `${STREAMS} streams, a scrape each second`, ...row(true), ...did, others(true)],
    [...head, "difference", ...between, ...none, "-"],
  ];
}
