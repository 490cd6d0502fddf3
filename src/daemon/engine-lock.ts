/**
 * Is an engine still alive without its supervisor? It goes on for a hand-over (a skew time and an
 * interval), and who removes its addresses meanwhile takes them from the clients before the
 * successor has them.
 *
 * The engine holds a lock on a file that its supervisor opened and handed over: no path and no PID
 * to go stale.
 */
import { closeSync, constants, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lockFile } from "#linux/lock-file";

const NAME = "engine.lock";
/** What the engine calls itself (engine-main.ts). */
const COMM = "baton-engine";
const POLL_MS = 20;
/** The usual hand-over is over in 2 s; the longest takes twice the longest interval. */
const TIMEOUT_MS = 10_000;

/** Runs `use` with the descriptor to hand over; undefined where there is no such file to be had. */
export function withLockFile<T>(folder: string | undefined, use: (fd: number | undefined) => T): T {
  let fd: number | undefined;
  try {
    const flags = constants.O_RDWR | constants.O_CREAT;
    if (folder !== undefined) fd = openSync(join(folder, NAME), flags, 0o600);
  } catch {
    // A lock is a help to others, and no reason not to run.
  }
  try {
    return use(fd);
  } finally {
    // The child's copy is the one that counts.
    if (fd !== undefined) closeSync(fd);
  }
}

/** False: it is there still, and must be hanging. */
export async function untilEngineGone(
  folder: string,
  timeoutMs: number = TIMEOUT_MS,
): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const locked = lockFile(join(folder, NAME));
    if (locked.kind === "locked") locked.release();
    // What cannot be asked cannot be waited for.
    if (locked.kind !== "taken") return true;
    if (performance.now() >= end) return false;
    await sleep(POLL_MS);
  }
}

/**
 * Ends the engine that holds the lock. One that hangs comes back some day: it would say priority 0
 * and remove addresses that belong to another engine by then.
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
 * Of /proc/locks (proc_locks(5)): who has the flock(2) on this file. Who waits for one is marked
 * with an arrow. Inode numbers are the same on every small file system, so the device decides; some
 * file systems (overlay, btrfs) show another one there, and then the inode has to be the only one
 * of its number.
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
  // 0 is a process of another process namespace.
  return holder === undefined || others.length > 0 || holder.pid === 0 ? undefined : holder.pid;
}
