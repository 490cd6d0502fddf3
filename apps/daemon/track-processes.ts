/** vrrp_track_process: looks through /proc four times a second and counts. */
import { readdirSync, readFileSync } from "node:fs";
import type { ProcessTrackerPlan } from "#config/plan";
import type { TrackerResult } from "#contract/engine-link";
import { now } from "#linux/clock";
import {
  matchesProcess,
  type QuorumState,
  type SeenProcess,
  stepQuorum,
  unknownQuorum,
} from "./process-match.ts";

const LOOK_MS = 250;
/**
 * A process may become another by exec. One that nobody tracks and that has been looked at this often is looked at only now
 * and then; one that counts is looked at every time, because a zombie counts no more.
 */
const SETTLED_LOOKS = 8;
const FRESH_LOOK_EVERY = 20;

interface Known {
  /** Undefined: a zombie. */
  readonly seen: SeenProcess | undefined;
  readonly counts: boolean;
  readonly looks: number;
}

export class TrackProcesses {
  readonly #tell: (result: TrackerResult) => void;
  readonly #states = new Map<string, QuorumState>();
  #plans: readonly ProcessTrackerPlan[] = [];
  #processes = new Map<string, Known>();
  #timer: NodeJS.Timeout | undefined;
  #looks = 0;

  constructor(tell: (result: TrackerResult) => void) {
    this.#tell = tell;
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
    this.#refresh(this.#looks % FRESH_LOOK_EVERY === 0);
    const all = [...this.#processes.values()].flatMap(({ seen }) => seen ?? []);
    for (const plan of this.#plans) {
      const count = all.filter((seen) => matchesProcess(plan, seen)).length;
      const before = this.#states.get(plan.name) ?? unknownQuorum;
      const state = stepQuorum(plan, before, count, now());
      this.#states.set(plan.name, state);
      if (state.result !== before.result) {
        this.#tell({ kind: "process", name: plan.name, result: state.result });
      }
    }
  }

  #refresh(isThorough: boolean): void {
    const found = new Map<string, Known>();
    for (const pid of readdirSync("/proc")) {
      if (!/^[0-9]+$/.test(pid)) continue;
      const old = this.#processes.get(pid);
      const looks = (old?.looks ?? 0) + 1;
      if (old !== undefined && !old.counts && looks > SETTLED_LOOKS && !isThorough) {
        found.set(pid, { ...old, looks });
        continue;
      }
      const seen = readProcess(pid);
      const counts = seen !== undefined && this.#plans.some((plan) => matchesProcess(plan, seen));
      found.set(pid, { seen, counts, looks });
    }
    this.#processes = found;
  }
}

function readProcess(pid: string): SeenProcess | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    if (line === "" && isZombie(pid)) return undefined;
    const comm = readFileSync(`/proc/${pid}/comm`, "utf8").replace(/\n$/, "");
    return { comm, argv: line === "" ? [] : line.replace(/\0$/, "").split("\0") };
  } catch {
    // It ended while we looked.
    return undefined;
  }
}

/** A thread of the kernel, and a program that wiped its command line, have none either. */
function isZombie(pid: string): boolean {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const state = text.at(text.lastIndexOf(")") + 2);
  return state === "Z" || state === "X";
}
