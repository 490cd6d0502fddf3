/** track_file and vrrp_track_process: values that are watched, not run. Polled, because both have to work everywhere. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { FileTrackerPlan, ProcessTrackerPlan } from "#config/plan";
import type { TrackerResult } from "#contract/engine-link";
import { toMillis } from "#units/time";
import type { Log } from "./log.ts";

const POLL_MS = 100;
const PROCESS_POLL_MS = 250;

export class Trackers {
  readonly #log: Log;
  readonly #tell: (result: TrackerResult) => void;
  #processes: readonly ProcessTrackerPlan[] = [];
  readonly #known = new Map<string, TrackerResult>();
  /** Since when a process count has been beyond its limits, or back within them. */
  readonly #pending = new Map<string, { readonly result: "up" | "down"; readonly since: number }>();
  #timers: NodeJS.Timeout[] = [];

  constructor(log: Log, tell: (result: TrackerResult) => void) {
    this.#log = log;
    this.#tell = tell;
  }

  configure(files: readonly FileTrackerPlan[], processes: readonly ProcessTrackerPlan[]): void {
    this.stop();
    this.#processes = processes;
    for (const plan of files) this.#initialise(plan);
    for (const plan of files) this.#readFile(plan);
    this.#readProcesses();
    if (files.length > 0)
      this.#timers.push(setInterval(() => files.forEach((one) => this.#readFile(one)), POLL_MS));
    if (processes.length > 0)
      this.#timers.push(setInterval(() => this.#readProcesses(), PROCESS_POLL_MS));
  }

  results(): readonly TrackerResult[] {
    return [...this.#known.values()];
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }

  /** `init_file`: the file is made at the start, an existing one only with `overwrite`. */
  #initialise(plan: FileTrackerPlan): void {
    if (plan.initValue === undefined) return;
    try {
      writeFileSync(plan.file, `${plan.initValue}\n`, { flag: plan.initOverwrite ? "w" : "wx" });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EEXIST")
        this.#log("error", `track_file ${plan.name}: ${plan.file} cannot be made: ${code}`);
    }
  }

  #readFile(plan: FileTrackerPlan): void {
    let value = 0;
    try {
      const text = readFileSync(plan.file, "utf8").trim();
      // keepalived: empty, missing or not a number is 0.
      value = /^[+-]?[0-9]+$/.test(text) ? Number(text) : 0;
    } catch {
      value = 0;
    }
    this.#say({ kind: "file", name: plan.name, result: value });
  }

  #readProcesses(): void {
    if (this.#processes.length === 0) return;
    const running = commandLines();
    for (const plan of this.#processes) {
      const count = running.filter((argv) => matches(plan, argv)).length;
      const enough =
        count >= plan.quorum && (plan.quorumMax === undefined || count <= plan.quorumMax);
      this.#debounce(plan, enough ? "up" : "down");
    }
  }

  #debounce(plan: ProcessTrackerPlan, result: "up" | "down"): void {
    const key = `process/${plan.name}`;
    const known = this.#known.get(key)?.result;
    if (known === result) {
      this.#pending.delete(key);
      return;
    }
    const since =
      this.#pending.get(key)?.result === result ? this.#pending.get(key)?.since : undefined;
    const started = since ?? performance.now();
    this.#pending.set(key, { result, since: started });
    const delay = toMillis(result === "up" ? plan.forkDelay : plan.terminateDelay);
    if (known !== undefined && performance.now() - started < delay) return;
    this.#pending.delete(key);
    this.#say({ kind: "process", name: plan.name, result });
  }

  #say(result: TrackerResult): void {
    const key = `${result.kind}/${result.name}`;
    if (this.#known.get(key)?.result === result.result) return;
    this.#known.set(key, result);
    this.#tell(result);
  }
}

function commandLines(): readonly (readonly string[])[] {
  const found: string[][] = [];
  for (const entry of readdirSync("/proc")) {
    if (!/^[0-9]+$/.test(entry)) continue;
    try {
      const line = readFileSync(`/proc/${entry}/cmdline`, "utf8");
      if (line !== "") found.push(line.replace(/\0$/, "").split("\0"));
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}

function matches(plan: ProcessTrackerPlan, argv: readonly string[]): boolean {
  const [wanted = "", ...parameters] = plan.argv;
  const [program = "", ...given] = argv;
  const base = program.slice(program.lastIndexOf("/") + 1);
  if (wanted.includes("/") ? program !== wanted : base !== wanted) return false;
  switch (plan.paramMatch) {
    case "none":
      return true;
    case "exact":
      return parameters.length === given.length && parameters.every((one, i) => one === given[i]);
    case "initial":
      return parameters.every((one, i) => one === given[i]);
    case "partial":
      return given.join(" ").includes(parameters.join(" "));
  }
}
