/**
 * Settings of the running process that Node.js does not offer. All of them concern the calling
 * thread or the whole process.
 */
import { readFileSync } from "node:fs";
import { assert } from "#units/assert";
import { OK, type Outcome } from "#vrrp/engine/world";
import * as abi from "./abi.ts";
import * as libc from "./ffi.ts";

/**
 * HUP INT QUIT USR1 USR2 PIPE ALRM TERM STKFLT XCPU VTALRM PROF IO PWR: what would end a process
 * that has done nothing wrong (signal(7)), but for KILL. The others are faults of its own (SEGV,
 * ABRT …) or job control.
 */
const ENDING = [1, 2, 3, 10, 12, 13, 14, 15, 16, 24, 26, 27, 29, 30];
const REALTIME_FIRST = 34;
const REALTIME_LAST = 64;

/**
 * The engine: signals are the supervisor's business, and Ctrl-C reaches the whole process group. It
 * starts no programs.
 */
export function ignoreSignals(): Outcome {
  const realtime = Array.from(
    { length: REALTIME_LAST - REALTIME_FIRST + 1 },
    (_, index) => REALTIME_FIRST + index,
  );
  for (const number of [...ENDING, ...realtime]) {
    // SIG_ERR is -1, as a pointer.
    if (Number(libc.signal(number, abi.SIG_IGN)) === -1) return libc.failure(`signal(${number})`);
  }
  return OK;
}

/** Nice value of the calling thread, -20 to 19. Needs CAP_SYS_NICE to go down. */
export function setPriority(nice: number): Outcome {
  return libc.setpriority(abi.PRIO_PROCESS, 0, nice) === 0 ? OK : libc.failure("setpriority");
}

/**
 * Round-robin real-time scheduling of the calling thread, 1 (weakest) to 99: ahead of everything
 * ordinary. Threads and children that it starts later are ordinary ones. Needs CAP_SYS_NICE or
 * RLIMIT_RTPRIO; refused (EPERM) in control groups without a real-time budget.
 */
export function setRealtime(priority: number): Outcome {
  assert(priority >= 1 && priority <= 99, `real-time priority ${priority} is not 1 to 99`);
  const policy = abi.SCHED_RR | abi.SCHED_RESET_ON_FORK;
  const done = libc.sched_setscheduler(0, policy, Int32Array.of(priority));
  return done === 0 ? OK : libc.failure("sched_setscheduler(SCHED_RR)");
}

/**
 * The program's code and libraries stay in RAM once touched. They are pages of files: a machine
 * short of memory drops them first, with or without swap, and reading them again can take longer
 * than a master-down time.
 *
 * Not mlockall(): V8 gives pages of its heap back with madvise(), which the kernel refuses for
 * locked memory (EINVAL), and V8 then aborts the process, at the latest in the next garbage
 * collection that shrinks the heap. The heap can only be protected from outside, by a limit on swap
 * (systemd: MemorySwapMax=0).
 *
 * ENOSYS where the C library has no mlock2; EPERM or ENOMEM without CAP_IPC_LOCK beyond
 * RLIMIT_MEMLOCK.
 */
export function lockMemory(): Outcome {
  const { mlock2 } = libc;
  if (mlock2 === undefined) return { ok: false, errno: "ENOSYS", call: "mlock2" };
  for (const { start, end } of fileMappings(readFileSync("/proc/self/maps", "utf8"))) {
    if (mlock2(start, end - start, abi.MLOCK_ONFAULT) !== 0) return libc.failure("mlock2");
  }
  return OK;
}

/**
 * Readable or executable mappings of files in /proc/PID/maps (proc_pid_maps(5)), never those that
 * could be V8's own.
 */
export function fileMappings(
  maps: string,
): readonly { readonly start: number; readonly end: number }[] {
  const found: { readonly start: number; readonly end: number }[] = [];
  for (const line of maps.split("\n")) {
    // Private pages that were written to are the program's data; they stay what they are. /dev and
    // memfd are no files.
    const match = /^([0-9a-f]+)-([0-9a-f]+) r-[x-][ps] \S+ \S+ (\d+) +(\/.*)$/.exec(line);
    if (match === null || match[3] === "0" || /^\/(dev|memfd:)/.test(match[4] ?? "")) continue;
    found.push({
      start: Number.parseInt(match[1] ?? "", 16),
      end: Number.parseInt(match[2] ?? "", 16),
    });
  }
  return found;
}

/**
 * By how much the kernel may let timers of the calling thread be late in order to fire several at
 * once; 50,000 ns unless set. Without effect on real-time threads, which have none.
 */
export function setTimerSlack(nanoseconds: number): Outcome {
  // 0 would mean "back to the default".
  assert(nanoseconds >= 1, `timer slack of ${nanoseconds} ns`);
  const done = libc.prctl(abi.PR_SET_TIMERSLACK, nanoseconds);
  return done === 0 ? OK : libc.failure("prctl(PR_SET_TIMERSLACK)");
}

/** What `ps -L` and `top` show for the calling thread; cut to 15 bytes. */
export function setThreadName(name: string): Outcome {
  const bytes = new TextEncoder().encode(`${name}\0`);
  return libc.prctlBytes(abi.PR_SET_NAME, bytes) === 0 ? OK : libc.failure("prctl(PR_SET_NAME)");
}

/** linux/capability.h */
const NEEDED = [
  [12, "CAP_NET_ADMIN"],
  [13, "CAP_NET_RAW"],
] as const;

/**
 * The capabilities that a daemon needs for addresses and raw sockets and that this process
 * lacks. Empty if /proc cannot be read.
 */
export function missingCapabilities(status: string = ownStatus()): readonly string[] {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  if (mask === undefined) return [];
  const effective = BigInt(`0x${mask}`);
  return NEEDED.filter(([bit]) => (effective & (1n << BigInt(bit))) === 0n).map(([, name]) => name);
}

function ownStatus(): string {
  try {
    return readFileSync("/proc/self/status", "utf8");
  } catch {
    return "";
  }
}

/**
 * Ends the process without waiting for its threads: `process.exit` waits for a worker inside a
 * system call, and a disk that hangs may keep one there for ever.
 */
export function exitNow(status: number): void {
  libc._exit(status);
}
