/**
 * What the kernel counts about the calling thread and the machine (proc(5), PSI). Read each second
 * for years: the files stay open and are read into one buffer. `readFileSync` would take 64 KB
 * outside V8's heap for each, and V8 collects the old generation when that has become much.
 */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";

/** USER_HZ, in which /proc/stat counts, is 100 on every architecture that Node.js runs on. */
const TICK_MICROSECONDS = 10_000;
/** More than the first line of each, which is all that is looked at. */
const PART = 512;

/** In microseconds; 0 where the kernel does not say. */
export interface Scheduling {
  readonly ran: number;
  readonly waited: number;
  readonly stolen: number;
  readonly memory: number;
}

/** Each call reads again. For the thread that opens it, and as long as it lives. */
export function openScheduling(): () => Scheduling {
  const thread = openProc("/proc/thread-self/schedstat");
  const machine = openProc("/proc/stat");
  const pressure = openProc("/proc/pressure/memory");
  const processors = processorsIn(readWhole("/proc/stat"));
  return () => {
    const [ran = 0, waited = 0] = thread().split(" ").map(Number);
    return {
      ran: ran / 1_000,
      waited: waited / 1_000,
      stolen: stolenIn(machine(), processors),
      memory: stalledIn(pressure()),
    };
  };
}

/** @param stat /proc/stat; the average of its processors */
export function stolenIn(stat: string, processors: number): number {
  const steal = Number(/^cpu +(?:\d+ ){7}(\d+)/m.exec(stat)?.[1] ?? 0);
  return (steal * TICK_MICROSECONDS) / processors;
}

export const processorsIn = (stat: string): number => stat.match(/^cpu\d/gm)?.length ?? 1;

/** @param pressure /proc/pressure/memory, which kernels without PSI do not have */
export function stalledIn(pressure: string): number {
  return Number(/^some .*total=(\d+)/m.exec(pressure)?.[1] ?? 0);
}

const part = Buffer.alloc(PART);

/** Its beginning, as it is at each call; always empty if it cannot be read. */
function openProc(path: string): () => string {
  let fd: number | undefined;
  try {
    fd = openSync(path, "r");
  } catch {
    return () => "";
  }
  const opened = fd;
  return () => {
    if (fd === undefined) return "";
    try {
      return part.toString("latin1", 0, readSync(opened, part, 0, PART, 0));
    } catch {
      // It does not come back: a kernel that refuses once has no such numbers.
      closeSync(opened);
      fd = undefined;
      return "";
    }
  };
}

function readWhole(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
