/**
 * track_file: a number in a file, reported when it changes. The file is watched through
 * inotify, and read now and then all the same.
 */
import {
  constants,
  type FSWatcher,
  fstatSync,
  openSync,
  readSync,
  watch,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import type { FileTrackerPlan } from "#keepalived/plan/run-plan";
import type { TrackerResult } from "#vrrp/engine/engine-link";
import { errnoOf, isShortage } from "./contain.ts";
import type { Log } from "./log.ts";
import type { DaemonMessages } from "./messages.ts";
import { closeQuietly } from "./own-files.ts";

/**
 * The period of that reading, for what inotify does not report: a folder that appears later, a
 * link that gets another target.
 */
const LOOK_MS = 250;
const BYTES_MAX = 128;

export class TrackFiles {
  readonly #log: Log;
  readonly #messages: DaemonMessages;
  readonly #report: (result: TrackerResult) => void;
  readonly #known = new Map<string, number>();
  /** The files that keep their last value. */
  readonly #blind = new Set<string>();
  #plans: readonly FileTrackerPlan[] = [];
  #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Log, messages: DaemonMessages, report: (result: TrackerResult) => void) {
    this.#log = log;
    this.#messages = messages;
    this.#report = report;
  }

  configure(plans: readonly FileTrackerPlan[]): void {
    this.stop();
    for (const plan of plans) if (!this.#known.has(plan.name)) this.#initialise(plan);
    for (const name of this.#known.keys()) {
      if (!plans.some((plan) => plan.name === name)) this.#known.delete(name);
    }
    this.#plans = plans;
    this.#look();
    for (const folder of new Set(plans.map(({ file }) => dirname(file)))) this.#watch(folder);
    if (plans.length > 0) this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  results(): readonly TrackerResult[] {
    return [...this.#known].map(([name, result]) => ({ kind: "file", name, result }));
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }

  /**
   * `init_file`: the file is made at the start; an existing one is changed only with `overwrite`.
   */
  #initialise(plan: FileTrackerPlan): void {
    if (plan.initValue === undefined) return;
    try {
      writeFileSync(plan.file, `${plan.initValue}\n`, { flag: plan.initOverwrite ? "w" : "wx" });
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "?";
      if (code === "EEXIST") return;
      this.#log(
        "error",
        `track_file ${plan.name}: ${this.#messages.cannotBeMade(plan.file, code)}`,
      );
    }
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#look());
      // The folder is gone, or there are too many watches: reading now and then is enough.
      watcher.on("error", () => watcher.close());
      this.#watchers.push(watcher);
    } catch {
      // The same.
    }
  }

  #look(): void {
    for (const { name, file } of this.#plans) {
      const read = readTracked(file);
      if (typeof read !== "number") {
        if (!this.#blind.has(name))
          this.#log("warning", this.#messages.keepsLast(file, read.errno));
        this.#blind.add(name);
        if (!this.#known.has(name)) this.#known.set(name, 0);
        continue;
      }
      if (this.#blind.delete(name)) this.#log("info", this.#messages.lookedAgain(file));
      const result = read;
      if (this.#known.get(name) === result) continue;
      this.#known.set(name, result);
      this.#report({ kind: "file", name, result });
    }
  }
}

/**
 * keepalived: empty, missing or not a number is 0. If this machine lacks the resources to read
 * it, the value is unknown.
 */
export function readTracked(path: string): number | { readonly errno: string } {
  let fd: number | undefined;
  try {
    // If the file is a named pipe, opening it must not block the daemon.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!fstatSync(fd).isFile()) return 0;
    const bytes = Buffer.alloc(BYTES_MAX);
    const text = bytes.subarray(0, readSync(fd, bytes)).toString("latin1").trim();
    return /^[+-]?[0-9]{1,9}$/.test(text) ? Number(text) : 0;
  } catch (error) {
    const errno = errnoOf(error);
    return isShortage(errno) ? { errno } : 0;
  } finally {
    closeQuietly(fd);
  }
}
