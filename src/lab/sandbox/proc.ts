/**
 * What /proc says about processes. A process that is gone reads as undefined or as an empty
 * list, never as an error.
 */
import { readdirSync, readFileSync } from "node:fs";

export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  /** R running, S sleeping, T stopped, Z zombie … (proc(5)). */
  readonly state: string;
  /** Clock ticks from the machine's start to its own. */
  readonly startTime: number;
}

export function readProcess(pid: number): ProcessInfo | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The name in parentheses may contain anything, so count from the last parenthesis.
  const rest = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const startTime = Number(rest[19]);
  return { pid, parent: Number(rest[1]), state: rest[0] ?? "?", startTime };
}

/** The process's real user, as seen from here. */
export function readOwner(pid: number): number | undefined {
  try {
    const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return uid === undefined ? undefined : Number(uid);
  } catch {
    return undefined;
  }
}

export function isAlive(pid: number): boolean {
  const info = readProcess(pid);
  return info !== undefined && info.state !== "Z" && info.state !== "X";
}

export function readCommandLine(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  } catch {
    return [];
  }
}

export function listProcesses(): readonly ProcessInfo[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((info) => info !== undefined);
}

export function childrenOf(pid: number): readonly number[] {
  return listProcesses()
    .filter((info) => info.parent === pid && info.state !== "Z")
    .map((info) => info.pid);
}

/** The process and everything below it, parents first. */
export function treeOf(pid: number): readonly number[] {
  const all = listProcesses();
  const found = [pid];
  for (const parent of found) {
    for (const info of all) if (info.parent === parent && info.state !== "Z") found.push(info.pid);
  }
  return found;
}

/** Sends the signal; false if the process is gone already. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
