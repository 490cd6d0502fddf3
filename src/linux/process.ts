/** Settings of the running process that Node.js does not offer. All of them concern the calling thread or the whole process. */
import { OK, type Outcome } from "#ports/world";
import { assert } from "#units/assert";
import * as abi from "./abi.ts";
import * as libc from "./ffi.ts";

const SIGHUP = 1;
const SIGINT = 2;
const SIGTERM = 15;

/** The engine: signals are the keeper's business, and Ctrl-C reaches the whole process group. */
export function ignoreSignals(): Outcome {
  for (const number of [SIGHUP, SIGINT, SIGTERM]) {
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
 * Round-robin real-time scheduling of the calling thread, 1 (weakest) to 99: ahead of everything ordinary. Threads and
 * children that it starts later are ordinary ones. Needs CAP_SYS_NICE or RLIMIT_RTPRIO; refused (EPERM) in control
 * groups without a real-time budget.
 */
export function setRealtime(priority: number): Outcome {
  assert(priority >= 1 && priority <= 99, `real-time priority ${priority} is not 1 to 99`);
  const policy = abi.SCHED_RR | abi.SCHED_RESET_ON_FORK;
  const done = libc.sched_setscheduler(0, policy, Int32Array.of(priority));
  return done === 0 ? OK : libc.failure("sched_setscheduler(SCHED_RR)");
}

/**
 * Memory that has been touched once stays in RAM, so that a machine short of memory does not stall us on swapped-out pages.
 * Only what is touched (MCL_ONFAULT): Node.js reserves gigabytes of addresses that it never uses.
 */
export function lockMemory(): Outcome {
  const flags = abi.MCL_CURRENT | abi.MCL_FUTURE | abi.MCL_ONFAULT;
  return libc.mlockall(flags) === 0 ? OK : libc.failure("mlockall");
}

/**
 * By how much the kernel may let timers of the calling thread be late in order to fire several at once; 50,000 ns unless
 * set. Without effect on real-time threads, which have none.
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
