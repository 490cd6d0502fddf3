/** What the kernel counts about the calling thread and the machine (proc(5), PSI). */
import { readFileSync } from "node:fs";

/** USER_HZ, in which /proc/stat counts, is 100 on every architecture that Node.js runs on. */
const TICK_MICROSECONDS = 10_000;

/** In microseconds; 0 where the kernel does not say. */
export interface Scheduling {
  readonly ran: number;
  readonly waited: number;
  readonly stolen: number;
  readonly memory: number;
}

export function readScheduling(): Scheduling {
  const [ran = 0, waited = 0] = readProc("/proc/thread-self/schedstat").split(" ").map(Number);
  return {
    ran: ran / 1_000,
    waited: waited / 1_000,
    stolen: stolenIn(readProc("/proc/stat")),
    memory: stalledIn(readProc("/proc/pressure/memory")),
  };
}

/** @param stat /proc/stat; the average of its processors */
export function stolenIn(stat: string): number {
  const steal = Number(/^cpu +(?:\d+ ){7}(\d+)/m.exec(stat)?.[1] ?? 0);
  const processors = stat.match(/^cpu\d/gm)?.length ?? 1;
  return (steal * TICK_MICROSECONDS) / processors;
}

/** @param pressure /proc/pressure/memory, which kernels without PSI do not have */
export function stalledIn(pressure: string): number {
  return Number(/^some .*total=(\d+)/m.exec(pressure)?.[1] ?? 0);
}

function readProc(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
