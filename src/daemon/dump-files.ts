/**
 * Writes the dump files. Loaded with the first signal that asks for one.
 *
 * A file is written whole under another name and renamed, mode 0600, into a folder where nobody
 * else can replace it; never through a link, and never in place of a file that is no dump: a path
 * that was mistyped must not cost the machine that file. While the engine does not answer there is
 * no file: whoever reads an old one would take the state of the past for today's.
 */
import { lstatSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Language } from "#diagnostics/diagnostic";
import type { DumpPlan, RunPlan } from "#keepalived/plan/run-plan";
import type { Instant } from "#units/time";
import type { CheckFeed } from "./check-feed.ts";
import { errnoOf } from "./contain.ts";
import { printData } from "./dumps/data-text.ts";
import { printDumpJson } from "./dumps/dump-json.ts";
import type { DumpInstance, DumpKind, DumpReading } from "./dumps/reading.ts";
import { printStats } from "./dumps/stats-text.ts";
import type { EngineProcess, Snapshot } from "./engine-process.ts";
import type { Log } from "./log.ts";
import { daemonMessages } from "./messages.ts";
import { findProblemOnWay, isTrusted, readOwnFile, removeFile, writeOwnFile } from "./own-files.ts";
import { folderProblem } from "./start-problem.ts";

export interface DumpParts {
  readonly plan: RunPlan;
  readonly engine: Pick<EngineProcess, "pid" | "snapshot">;
  /** How long to wait for the engine, milliseconds. */
  readonly engineMs: number;
  readonly scripts: Pick<CheckFeed, "status" | "readings">;
  readonly log: Log;
  readonly language: Language;
}

type Counts = Readonly<Record<string, number>>;

const DEFAULTS = {
  data: "/tmp/keepalived.data",
  stats: "/tmp/keepalived.stats",
  json: "/tmp/keepalived.json",
} as const;
type Written = keyof typeof DEFAULTS;
const MODE = 0o600;
/** What the question took is less: two clocks are as far apart as before. */
const CLOCKS_MICROS = 50_000;

export class DumpFiles {
  readonly #parts: () => DumpParts;
  /** As they were at the last STATS_CLEAR, of that engine. */
  #cleared: { readonly engine: number | undefined; readonly counts: ReadonlyMap<string, Counts> } =
    {
      engine: undefined,
      counts: new Map(),
    };
  /** Of the wall clock after the engine's, microseconds. */
  #ahead: number | undefined;
  /** What was logged of each file last: an exporter asks every few seconds. */
  readonly #logged = new Map<string, string>();

  constructor(parts: () => DumpParts) {
    this.#parts = parts;
  }

  /** All are of one snapshot. Fails never: what went wrong is logged. */
  async write(kinds: ReadonlySet<DumpKind>): Promise<void> {
    const { engine, engineMs } = this.#parts();
    const { pid } = engine;
    const snapshot = await engine.snapshot(engineMs);
    // Another one was started meanwhile, and it is not known which of them has answered.
    const seen = pid === engine.pid ? snapshot : undefined;
    const parts = this.#parts();
    const wanted = (["data", "stats", "json"] as const).filter(
      (kind) => kinds.has(kind) || (kind === "stats" && kinds.has("clear")),
    );
    if (seen === undefined) {
      for (const kind of wanted) this.#remove(pathOf(kind, parts.plan.globals.dumps), parts);
      return;
    }
    const reading = this.#read(parts, pid, seen);
    for (const kind of wanted)
      this.#write(pathOf(kind, parts.plan.globals.dumps), textOf(kind, reading), parts);
    if (kinds.has("clear")) {
      const counts = new Map(seen.instances.map(({ name, counters }) => [name, counters]));
      this.#cleared = { engine: pid, counts };
    }
  }

  #read({ plan, scripts }: DumpParts, pid: number | undefined, snapshot: Snapshot): DumpReading {
    const byName = new Map(snapshot.instances.map((one) => [one.name, one]));
    const ahead = this.#wallAhead(snapshot.at);
    const instances = plan.instances.flatMap((one): DumpInstance[] => {
      const seen = byName.get(one.config.router.name);
      if (seen === undefined) return [];
      return [{ plan: one, seen, counters: this.#since(pid, seen.name, seen.counters) }];
    });
    return {
      plan,
      instances,
      scripts: scripts.status(),
      runs: scripts.readings(),
      wall: (at) => Math.round(at + ahead),
    };
  }

  /** An instant that has not changed is printed as before. */
  #wallAhead(at: Instant): number {
    const ahead = Date.now() * 1_000 - at;
    if (this.#ahead === undefined || Math.abs(ahead - this.#ahead) > CLOCKS_MICROS)
      this.#ahead = ahead;
    return this.#ahead;
  }

  /** Another engine, or another router of this name, counts from 0. */
  #since(pid: number | undefined, name: string, counters: Counts): Counts {
    const before = this.#cleared.engine === pid ? this.#cleared.counts.get(name) : undefined;
    if (before === undefined) return counters;
    return Object.fromEntries(
      Object.entries(counters).map(([key, count]) => {
        const cleared = before[key] ?? 0;
        return [key, cleared > count ? count : count - cleared];
      }),
    );
  }

  #write(path: string, text: string, { log, language }: DumpParts): void {
    const problem = obstacleAt(path, language) ?? writeOwnFile(path, text, MODE);
    const messages = daemonMessages(language);
    if (problem === undefined) this.#log(log, path, "written", messages.dumpWritten(path), "info");
    else this.#log(log, path, problem, messages.dumpFailed(path, problem), "warning");
  }

  #remove(path: string, { log, language }: DumpParts): void {
    if (obstacleAt(path, language) === undefined && isOwnFile(path)) removeFile(path);
    this.#log(log, path, "no engine", daemonMessages(language).dumpWithoutEngine(path), "warning");
  }

  #log(log: Log, path: string, what: string, text: string, level: "info" | "warning"): void {
    log(this.#logged.get(path) === what ? "debug" : level, text);
    this.#logged.set(path, what);
  }
}

function textOf(kind: Written, reading: DumpReading): string {
  switch (kind) {
    case "data":
      return printData(reading);
    case "stats":
      return printStats(reading);
    case "json":
      return printDumpJson(reading, reading.plan.globals.dumps?.jsonVersion ?? 1);
  }
}

/**
 * keepalived 2.2.7: `data_use_instance` is about the state file alone, and `.NAME` stands before
 * its end.
 */
function pathOf(kind: Written, plan: DumpPlan | undefined): string {
  switch (kind) {
    case "data": {
      const path = plan?.stateFile ?? DEFAULTS.data;
      if (plan?.instance === undefined) return path;
      const end = path.lastIndexOf(".");
      return end > path.lastIndexOf("/")
        ? `${path.slice(0, end)}.${plan.instance}${path.slice(end)}`
        : `${path}.${plan.instance}`;
    }
    case "stats":
      return plan?.statsFile ?? DEFAULTS.stats;
    case "json":
      return plan?.jsonFile ?? DEFAULTS.json;
  }
}

/** How a dump begins, ours and keepalived's. */
const DUMP = /^(?:------<|VRRP Instance:|\[(?:\{|\])|\{"vrrp")/;
const START_BYTES = 64;

const isOwnFile = (path: string): boolean => {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && isTrusted(stats.uid);
};

/** What speaks against a file at this path; undefined: nothing. */
function obstacleAt(path: string, language: Language): string | undefined {
  try {
    const problem = findProblemOnWay(dirname(resolve(path)), true);
    if (problem !== undefined) return folderProblem(problem, language);
    const isEmpty = !isOwnFile(path) || lstatSync(path).size === 0;
    return isEmpty || DUMP.test(readOwnFile(path, START_BYTES) ?? "") ? undefined : "ENODUMP";
  } catch (error) {
    return errnoOf(error);
  }
}
