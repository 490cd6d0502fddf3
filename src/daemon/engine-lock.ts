/**
 * Finds out whether an engine is still alive without its supervisor. Such an engine goes on for
 * a hand-over (a skew time and an interval), and whoever removes its addresses meanwhile takes
 * them from the clients before the successor has them.
 *
 * The engine holds a lock on a file that its supervisor opened and handed over: so there is no
 * path and no PID that could become stale.
 */
import { closeSync, constants, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lockFile } from "#linux/lock-file";

const NAME = "engine.lock";
/** The name that the engine gives itself (engine-main.ts). */
const COMM = "baton-engine";
const POLL_MS = 20;
/** A hand-over usually takes less than 2 s, and at most twice the longest interval. */
const TIMEOUT_MS = 10_000;

/**
 * Runs `use` with the descriptor to hand over, which is undefined if the file cannot be opened.
 */
export function withLockFile<T>(folder: string | undefined, use: (fd: number | undefined) => T): T {
  let fd: number | undefined;
  try {
    const flags = constants.O_RDWR | constants.O_CREAT;
    if (folder !== undefined) fd = openSync(join(folder, NAME), flags, 0o600);
  } catch {
    // The lock only helps other processes: without it the engine runs all the same.
  }
  try {
    return use(fd);
  } finally {
    // The child's copy is the one that counts.
    if (fd !== undefined) closeSync(fd);
  }
}

/** False if the engine is still there, and therefore must be hanging. */
export async function untilEngineGone(
  folder: string,
  timeoutMs: number = TIMEOUT_MS,
): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const locked = lockFile(join(folder, NAME));
    if (locked.kind === "locked") locked.release();
    // If the lock cannot be examined, there is nothing to wait for.
    if (locked.kind !== "taken") return true;
    if (performance.now() >= end) return false;
    await sleep(POLL_MS);
  }
}

/**
 * Kills the engine that holds the lock. An engine that hangs may run again one day, and would
 * then send priority 0 and remove addresses that belong to another engine by then.
 *
 * @returns its PID, or undefined if there is none to be found
 */
export function killEngine(folder: string): number | undefined {
  try {
    const { dev, ino } = statSync(join(folder, NAME));
    const pid = lockHolder(readFileSync("/proc/locks", "utf8"), deviceText(dev), ino);
    if (pid === undefined || readFileSync(`/proc/${pid}/comm`, "utf8").trim() !== COMM) return;
    process.kill(pid, "SIGKILL");
    return pid;
  } catch {
    // It ended meanwhile, or /proc does not show it to us.
    return undefined;
  }
}

/**
 * As /proc/locks writes a device number (linux/kdev_t.h: 12 bits of major number between 8 and 12
 * of minor number).
 */
function deviceText(device: number): string {
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  return [major, minor].map((part) => part.toString(16).padStart(2, "0")).join(":");
}

/**
 * Finds in /proc/locks (proc_locks(5)) the process that holds the flock(2) on this file; a
 * process that waits for it is marked with an arrow. Small file systems have the same inode
 * numbers, so the device decides. Some file systems (overlay, btrfs) show another device there,
 * and then the inode number has to be unique in the list.
 */
export function lockHolder(locks: string, device: string, inode: number): number | undefined {
  const holders: { readonly pid: number; readonly device: string }[] = [];
  for (const line of locks.split("\n")) {
    const match = /^\d+: FLOCK +\S+ +\S+ +(\d+) +([0-9a-f]+:[0-9a-f]+):(\d+) /.exec(line);
    if (match !== null && Number(match[3]) === inode)
      holders.push({ pid: Number(match[1]), device: match[2] ?? "" });
  }
  const exact = holders.filter((one) => one.device === device);
  const [holder, ...others] = exact.length > 0 ? exact : holders;
  // 0 stands for a process of another process namespace.
  return holder === undefined || others.length > 0 || holder.pid === 0 ? undefined : holder.pid;
}
