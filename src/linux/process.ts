/** Settings of the running process that Node.js does not offer. */
import { OK, type Outcome } from "#ports/world";
import { PRIO_PROCESS, SIG_IGN } from "./abi.ts";
import * as libc from "./ffi.ts";

const SIGHUP = 1;
const SIGINT = 2;
const SIGTERM = 15;

/** The engine: signals are the keeper's business, and Ctrl-C reaches the whole process group. */
export function ignoreSignals(): void {
  for (const number of [SIGHUP, SIGINT, SIGTERM]) libc.signal(number, SIG_IGN);
}

/** Nice value of the calling thread, -20 to 19. Needs CAP_SYS_NICE to go down. */
export function setPriority(nice: number): Outcome {
  return libc.setpriority(PRIO_PROCESS, 0, nice) === 0 ? OK : libc.failure("setpriority");
}
