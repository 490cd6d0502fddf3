/**
 * `npm run bench -- flood`: what ten thousand packets a second from an unknown peer do to an owner
 * and to a backup, and other work of that kind. The shipped daemons, real sockets, the same flood
 * for Baton and for keepalived, one after the other; times are the kernel's at the receiver.
 */
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { stdout } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { WorstLateness } from "#vrrp/engine/lateness";
import { shadowSystemFolders } from "../sandbox/folders.ts";
import { scratchFolder } from "../sandbox/sandbox.ts";
import type { PeerReading } from "./advert-peer-protocol.ts";
import { statusOf } from "./control.ts";
import { type DaemonKind, KINDS } from "./daemon.ts";
import { LOUD_SCRIPT, startAddressStorm, startClients } from "./flood-local.ts";
import type { Flood } from "./flood-names.ts";
import type { FloodAnswer } from "./flood-sender.ts";
import { readMemory, sumMemory, TreeUse } from "./process-usage.ts";
import { PEER_PRIORITY, type ScaleRole, type ScaleShape } from "./scale-config.ts";
import { ScaleMachine } from "./scale-machine.ts";
import type { Table } from "./table.ts";

export interface FloodOptions {
  readonly instances: readonly number[];
  readonly adverts: readonly number[];
  readonly roles: readonly ScaleRole[];
  readonly floods: readonly Flood[];
  /** Frames in a second. */
  readonly rate: number;
  /** Of each flood. */
  readonly seconds: number;
}

const START_SECONDS = 60;
const SETTLE_MILLISECONDS = 3_000;
/** Between two floods: what the first has left in sockets is read. */
const REST_MILLISECONDS = 500;
const ADDRESSES_RATE = 1_000;
const CLIENTS_RATE = 500;
const PASSWORD = "flooded";

/** What a daemon is allowed. */
const LATE_MS_MAX = 5;
const LOG_BYTES_MAX = 65_536;
/** What is kept for work of a new kind; a longer flood shows whether it ends. */
const MEMORY_MB_MAX = 32;
const STATUS_MS_MAX = 1_000;
/** The window begins and ends between two advertisements. */
const EXPECTED_PART = 0.8;

export interface FloodFigures {
  readonly flood: Flood;
  readonly answer: FloodAnswer;
  readonly seconds: number;
  readonly reading: PeerReading;
  readonly changes: number;
  readonly log: { readonly lines: number; readonly bytes: number };
  readonly memoryMb: number;
  /** Undefined: the daemon has no control socket, or did not answer. */
  readonly statusMs: number | undefined;
  readonly cpuPercent: number;
  /** What Baton itself says about its worst wake-up, if that was during the flood. */
  readonly worst?: WorstLateness | undefined;
}

export async function flood(options: FloodOptions): Promise<Table> {
  shadowSystemFolders();
  const rows: string[][] = [];
  for (const role of options.roles) {
    for (const advertSeconds of options.adverts) {
      for (const instances of options.instances) {
        const plain = { role, advertSeconds, instances };
        const isWhole = Number.isInteger(advertSeconds);
        const shape = isWhole ? { ...plain, password: PASSWORD } : plain;
        for (const kind of KINDS) {
          for (const one of await measureDaemon(kind, shape, options)) {
            rows.push(floodRow(kind, shape, one));
          }
        }
      }
    }
  }
  return { columns: floodColumns(), rows };
}

/** A check script that floods is part of the configuration: it has a daemon of its own. */
async function measureDaemon(
  kind: DaemonKind,
  shape: ScaleShape,
  options: FloodOptions,
): Promise<readonly FloodFigures[]> {
  const others = options.floods.filter(
    (one) => one !== "script" && (one !== "clients" || kind === "baton"),
  );
  const figures = [...(await measureFloods(kind, shape, others, options))];
  if (options.floods.includes("script")) {
    const loud = { ...shape, script: LOUD_SCRIPT };
    figures.push(...(await measureFloods(kind, loud, ["script"], options)));
  }
  return figures;
}

async function measureFloods(
  kind: DaemonKind,
  shape: ScaleShape,
  floods: readonly Flood[],
  options: FloodOptions,
): Promise<readonly FloodFigures[]> {
  if (floods.length === 0) return [];
  const folder = join(scratchFolder(), `flood-${kind}`);
  rmSync(folder, { recursive: true, force: true });
  const machine = new ScaleMachine({ kind, folder, shape });
  const figures: FloodFigures[] = [];
  try {
    await machine.peer.ready();
    if (shape.role === "backup") {
      machine.peer.order({ kind: "advertise", priority: PEER_PRIORITY });
    }
    await machine.start(START_SECONDS);
    await sleep(SETTLE_MILLISECONDS);
    for (const one of floods) {
      const measured = await measureFlood(machine, one, options);
      figures.push(measured);
      stdout.write(`${floodRow(kind, shape, measured).join("  ")}\n`);
      await sleep(REST_MILLISECONDS);
    }
    return figures;
  } finally {
    await machine.close();
  }
}

function start(machine: ScaleMachine, one: Flood, rate: number): () => Promise<FloodAnswer> {
  switch (one) {
    case "none":
    case "script":
      return () => Promise.resolve({ sent: 0, seconds: 1 });
    case "addresses":
      return startAddressStorm(machine, ADDRESSES_RATE);
    case "clients":
      return startClients(machine, CLIENTS_RATE);
    case "unknown":
    case "lower":
    case "refused":
    case "garbage":
    case "elsewhere":
    case "arp":
      return machine.flood(one, rate);
  }
}

export async function measureFlood(
  machine: ScaleMachine,
  one: Flood,
  { rate, seconds }: Pick<FloodOptions, "rate" | "seconds">,
): Promise<FloodFigures> {
  const memory = sumMemory(readMemory(machine.pid)).pss;
  const changes = machine.changes();
  const logged = logSize(machine);
  machine.peer.order({ kind: "clear" });
  const use = new TreeUse(machine.pid);
  const stop = start(machine, one, rate);
  const begin = performance.now();
  const beganAt = new Date().toISOString();
  await sleep(seconds * 500);
  const statusMs = await timeStatus(machine);
  await sleep(Math.max(0, seconds * 1_000 - (performance.now() - begin)));
  const answer = await stop();
  const took = (performance.now() - begin) / 1_000;
  use.sample();
  if (!machine.isRunning()) throw new Error(`${machine.kind} ended\n${machine.logTail(20)}`);
  const reading = await machine.peer.read();
  machine.notifications();
  const worst = (await statusOf(machine.folder))?.lateness?.worst;
  const after = logSize(machine);
  return {
    flood: one,
    answer,
    seconds: took,
    reading,
    changes: machine.changes() - changes,
    log: { lines: after.lines - logged.lines, bytes: after.bytes - logged.bytes },
    memoryMb: (sumMemory(readMemory(machine.pid)).pss - memory) / 1_024,
    statusMs,
    cpuPercent: use.read().run / took / 10_000,
    worst: worst !== undefined && worst.at >= beganAt ? worst : undefined,
  };
}

async function timeStatus(machine: ScaleMachine): Promise<number | undefined> {
  if (machine.kind === "keepalived") return undefined;
  const begin = performance.now();
  const status = await statusOf(machine.folder);
  return status?.engineAnswers === true ? performance.now() - begin : undefined;
}

function logSize({ logFile }: ScaleMachine): { readonly lines: number; readonly bytes: number } {
  const bytes = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  return { bytes, lines: bytes === 0 ? 0 : readFileSync(logFile, "latin1").split("\n").length - 1 };
}

export const floodColumns = (): Table["columns"] => [
  { title: "role", align: "left" },
  { title: "instances", align: "right" },
  { title: "interval s", align: "right" },
  { title: "daemon", align: "left" },
  { title: "flood", align: "left" },
  { title: "a second", align: "right" },
  { title: "late ms p99", align: "right" },
  { title: "at most", align: "right" },
  { title: "adverts", align: "right" },
  { title: "moves", align: "right" },
  { title: "log lines", align: "right" },
  { title: "bytes", align: "right" },
  { title: "PSS MB", align: "right" },
  { title: "status ms", align: "right" },
  { title: "CPU %", align: "right" },
  { title: "", align: "left" },
];

/** Milliseconds after the interval; an advertisement may come early, as an answer to another. */
function lateness(shape: ScaleShape, gap: number | undefined): number | undefined {
  return gap === undefined ? undefined : Math.max(0, gap / 1_000 - shape.advertSeconds * 1_000);
}

export function floodRow(kind: DaemonKind, shape: ScaleShape, one: FloodFigures): string[] {
  const { reading, answer, log } = one;
  const { p99, longest, adverts } = reading.heard;
  const isMaster = shape.role === "master";
  const late = (gap: number | undefined): string =>
    isMaster ? (lateness(shape, gap)?.toFixed(2) ?? "n/a") : "-";
  return [
    shape.role,
    String(shape.instances),
    String(shape.advertSeconds),
    kind,
    one.flood,
    answer.sent === 0 ? "-" : (answer.sent / answer.seconds).toFixed(0),
    late(p99),
    late(longest),
    String(adverts),
    String(one.changes),
    String(log.lines),
    String(log.bytes),
    `${one.memoryMb < 0 ? "" : "+"}${one.memoryMb.toFixed(1)}`,
    one.statusMs?.toFixed(0) ?? (kind === "baton" ? "none" : "-"),
    one.cpuPercent.toFixed(1),
    faultsOf(kind, shape, one).join(", ") || "pass",
  ];
}

const lateWhy = ({ worst }: FloodFigures): string =>
  worst === undefined ? "late" : `late (${worst.cause}, ${(worst.micros / 1_000).toFixed(1)} ms)`;

/** Why it failed; empty if it did not. */
export function faultsOf(kind: DaemonKind, shape: ScaleShape, one: FloodFigures): string[] {
  const { reading, log } = one;
  const { longest, routers, adverts } = reading.heard;
  const isMaster = shape.role === "master";
  const expected = (shape.instances * one.seconds) / shape.advertSeconds;
  const late = lateness(shape, longest) ?? Number.POSITIVE_INFINITY;
  return [
    ...(isMaster && late > LATE_MS_MAX ? [lateWhy(one)] : []),
    ...(isMaster && adverts < expected * EXPECTED_PART ? ["missing"] : []),
    ...(isMaster && routers < shape.instances ? ["not heard"] : []),
    ...(reading.drops > 0 ? ["the peer lost frames"] : []),
    ...(one.changes > 0 || (!isMaster && adverts > 0) ? ["moved"] : []),
    ...(log.bytes > LOG_BYTES_MAX ? ["log"] : []),
    ...(one.memoryMb > MEMORY_MB_MAX ? ["memory"] : []),
    ...(kind === "baton" && (one.statusMs ?? Number.POSITIVE_INFINITY) > STATUS_MS_MAX
      ? ["status"]
      : []),
  ];
}
