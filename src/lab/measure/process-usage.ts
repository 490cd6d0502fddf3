/**
 * What the processes of a daemon have used: processor time and context switches of every
 * thread, and their memory. It comes from /proc; the parsers are pure.
 */
import { readdirSync, readFileSync } from "node:fs";
import { treeOf } from "../sandbox/proc.ts";

/** /proc/PID/task/TID/schedstat: nanoseconds on a processor, nanoseconds waiting for one, turns. */
export function parseSchedstat(
  text: string,
): { readonly run: number; readonly wait: number } | undefined {
  const match = /^(\d+) (\d+) \d+\s*$/.exec(text);
  return match === null ? undefined : { run: Number(match[1]), wait: Number(match[2]) };
}

/** /proc/PID/task/TID/status: voluntary and other context switches together. */
export function parseSwitches(text: string): number | undefined {
  const voluntary = /^voluntary_ctxt_switches:\s+(\d+)$/m.exec(text)?.[1];
  const forced = /^nonvoluntary_ctxt_switches:\s+(\d+)$/m.exec(text)?.[1];
  if (voluntary === undefined || forced === undefined) return undefined;
  return Number(voluntary) + Number(forced);
}

export interface Memory {
  readonly rss: number;
  /** Shared memory is divided among the processes that share it. */
  readonly pss: number;
  /** What would be free without the process. */
  readonly own: number;
}

/** /proc/PID/smaps_rollup, in kB. */
export function parseRollup(text: string): Memory | undefined {
  const field = (name: string): number => {
    const value = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
    return value === undefined ? Number.NaN : Number(value);
  };
  const memory = {
    rss: field("Rss"),
    pss: field("Pss"),
    own: field("Private_Clean") + field("Private_Dirty"),
  };
  return Object.values(memory).some(Number.isNaN) ? undefined : memory;
}

/** /proc/stat, in clock ticks of all processors since the machine was started. */
export interface MachineTimes {
  readonly busy: number;
  readonly steal: number;
  readonly total: number;
}

export function parseMachineTimes(text: string): MachineTimes | undefined {
  const fields = /^cpu +([\d ]+)$/m.exec(text)?.[1]?.split(" ").map(Number);
  if (fields === undefined || fields.length < 8) return undefined;
  // user nice system idle iowait irq softirq steal; guest times are part of the first two.
  const times = fields.slice(0, 8);
  const total = times.reduce((sum, one) => sum + one, 0);
  const steal = times[7] ?? 0;
  return { busy: total - (times[3] ?? 0) - (times[4] ?? 0) - steal, steal, total };
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The thread or process has ended.
    return "";
  }
}

export function readMachineTimes(): MachineTimes {
  const times = parseMachineTimes(read("/proc/stat"));
  if (times === undefined) throw new Error("/proc/stat has no line of processor times");
  return times;
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

interface ThreadUse {
  run: number;
  wait: number;
  switches: number;
}

/**
 * The usage of a process tree since this object was made. Threads and children that come later
 * count from zero, and those that end keep their last values: `sample` often enough for that to
 * be little.
 */
export class TreeUse {
  readonly #root: number;
  readonly #before = new Map<string, ThreadUse>();
  readonly #latest = new Map<string, ThreadUse>();

  constructor(root: number) {
    this.#root = root;
    this.sample();
    for (const [thread, use] of this.#latest) this.#before.set(thread, use);
  }

  sample(): void {
    for (const pid of treeOf(this.#root)) {
      for (const thread of threadsOf(pid)) {
        const folder = `/proc/${pid}/task/${thread}`;
        const times = parseSchedstat(read(`${folder}/schedstat`));
        const switches = parseSwitches(read(`${folder}/status`));
        if (times === undefined || switches === undefined) continue;
        this.#latest.set(`${pid}/${thread}`, { ...times, switches });
      }
    }
  }

  /** Times in microseconds, and counts. */
  read(): { readonly run: number; readonly wait: number; readonly switches: number } {
    const sum = { run: 0, wait: 0, switches: 0 };
    for (const [thread, use] of this.#latest) {
      const before = this.#before.get(thread);
      sum.run += (use.run - (before?.run ?? 0)) / 1_000;
      sum.wait += (use.wait - (before?.wait ?? 0)) / 1_000;
      sum.switches += use.switches - (before?.switches ?? 0);
    }
    return sum;
  }
}

/**
 * The memory of each process of the tree, parents first; one that has just ended is left out.
 */
export function readMemory(root: number): readonly (Memory & { readonly pid: number })[] {
  return treeOf(root).flatMap((pid) => {
    const memory = parseRollup(read(`/proc/${pid}/smaps_rollup`));
    return memory === undefined ? [] : [{ ...memory, pid }];
  });
}

export const sumMemory = (all: readonly Memory[]): Memory => ({
  rss: all.reduce((sum, one) => sum + one.rss, 0),
  pss: all.reduce((sum, one) => sum + one.pss, 0),
  own: all.reduce((sum, one) => sum + one.own, 0),
});
