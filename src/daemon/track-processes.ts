/** vrrp_track_process: looks through /proc four times a second and counts. */
import { readdirSync, readFileSync } from "node:fs";
import type { ProcessTrackerPlan } from "#keepalived/plan/run-plan";
import { now } from "#linux/clock";
import type { TrackerResult } from "#vrrp/engine/engine-link";
import { errnoOf, isShortage } from "./contain.ts";
import type { Log } from "./log.ts";
import type { DaemonMessages } from "./messages.ts";
import {
  matchesProcess,
  type QuorumState,
  type SeenProcess,
  stepQuorum,
  unknownQuorum,
} from "./process-match.ts";

const LOOK_MS = 250;
/**
 * A process may become another by exec. One that is not tracked is examined only now and then,
 * once it has been examined this often. One that counts is examined every time, because it no
 * longer counts once it is a zombie.
 */
const SETTLED_LOOKS = 8;
const FRESH_LOOK_EVERY = 20;

interface Known {
  /** Undefined for a zombie. */
  readonly seen: SeenProcess | undefined;
  readonly counts: boolean;
  readonly looks: number;
}

/**
 * The result of examining a process: what it is, that it is gone, or that this machine lacks
 * the resources to find out.
 */
type Look =
  | { readonly kind: "seen"; readonly seen: SeenProcess | undefined }
  | { readonly kind: "gone" }
  | { readonly kind: "unknown"; readonly errno: string };

export class TrackProcesses {
  readonly #log: Log;
  readonly #messages: DaemonMessages;
  readonly #report: (result: TrackerResult) => void;
  readonly #states = new Map<string, QuorumState>();
  #plans: readonly ProcessTrackerPlan[] = [];
  #processes = new Map<string, Known>();
  #timer: NodeJS.Timeout | undefined;
  #looks = 0;
  #isBlind = false;

  constructor(log: Log, messages: DaemonMessages, report: (result: TrackerResult) => void) {
    this.#log = log;
    this.#messages = messages;
    this.#report = report;
  }

  configure(plans: readonly ProcessTrackerPlan[]): void {
    this.stop();
    for (const name of this.#states.keys()) {
      if (!plans.some((plan) => plan.name === name)) this.#states.delete(name);
    }
    this.#plans = plans;
    if (plans.length === 0) return;
    this.#look();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  results(): readonly TrackerResult[] {
    return [...this.#states].map(([name, { result }]) => ({ kind: "process", name, result }));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    this.#looks += 1;
    const errno = this.#refresh(this.#looks % FRESH_LOOK_EVERY === 0);
    if (errno !== undefined && !this.#isBlind)
      this.#log("warning", this.#messages.keepsLast("/proc", errno));
    if (errno === undefined && this.#isBlind)
      this.#log("info", this.#messages.lookedAgain("/proc"));
    this.#isBlind = errno !== undefined;
    // An incomplete count would mean that a program has ended.
    if (this.#isBlind) return;
    const all = [...this.#processes.values()].flatMap(({ seen }) => seen ?? []);
    for (const plan of this.#plans) {
      const count = all.filter((seen) => matchesProcess(plan, seen)).length;
      const before = this.#states.get(plan.name) ?? unknownQuorum;
      const state = stepQuorum(plan, before, count, now());
      this.#states.set(plan.name, state);
      if (state.result !== before.result) {
        this.#report({ kind: "process", name: plan.name, result: state.result });
      }
    }
  }

  /** Why the processes cannot be counted now; undefined if they have been. */
  #refresh(isThorough: boolean): string | undefined {
    const found = new Map<string, Known>();
    let pids: readonly string[];
    try {
      pids = readdirSync("/proc");
    } catch (error) {
      return errnoOf(error);
    }
    for (const pid of pids) {
      if (!/^[0-9]+$/.test(pid)) continue;
      const old = this.#processes.get(pid);
      const looks = (old?.looks ?? 0) + 1;
      if (old !== undefined && !old.counts && looks > SETTLED_LOOKS && !isThorough) {
        found.set(pid, { ...old, looks });
        continue;
      }
      const look = readProcess(pid);
      if (look.kind === "unknown") return look.errno;
      const seen = look.kind === "seen" ? look.seen : undefined;
      const counts = seen !== undefined && this.#plans.some((plan) => matchesProcess(plan, seen));
      found.set(pid, { seen, counts, looks });
    }
    this.#processes = found;
    return undefined;
  }
}

function readProcess(pid: string): Look {
  try {
    const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    if (line === "" && isZombie(pid)) return { kind: "seen", seen: undefined };
    const comm = readFileSync(`/proc/${pid}/comm`, "utf8").replace(/\n$/, "");
    const argv = line === "" ? [] : line.replace(/\0$/, "").split("\0");
    return { kind: "seen", seen: { comm, argv } };
  } catch (error) {
    // Usually it ended while it was examined.
    const errno = errnoOf(error);
    return isShortage(errno) ? { kind: "unknown", errno } : { kind: "gone" };
  }
}

/** Kernel threads, and programs that have erased their command line, have none either. */
function isZombie(pid: string): boolean {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const state = text.at(text.lastIndexOf(")") + 2);
  return state === "Z" || state === "X";
}
