/**
 * The daemon's clock: microseconds of CLOCK_BOOTTIME. Unlike CLOCK_MONOTONIC it also counts while
 * the machine is suspended, so that a node notices the suspension.
 */
import { type Instant, type Micros, micros } from "#units/time";
import { CLOCK_BOOTTIME, CLOCK_REALTIME, CLOCK_THREAD_CPUTIME_ID } from "./abi.ts";
import * as libc from "./ffi.ts";

// struct timespec as four little-endian 32-bit integers: reading 64-bit fields would allocate a
// bigint in every call.
const timespec = new Int32Array(4);

/** The time by the calendar, microseconds since 1970: what the kernel stamps packets with. */
export function wallClock(): number {
  libc.clock_gettime(CLOCK_REALTIME, timespec);
  return ((timespec[0] ?? 0) >>> 0) * 1_000_000 + Math.floor(part(2) / 1_000);
}

/** The present time; allocates nothing but the number. */
export function now(): Instant {
  // This cannot fail: the clock has existed since Linux 2.6.39.
  libc.clock_gettime(CLOCK_BOOTTIME, timespec);
  const seconds = part(1) * 4_294_967_296 + (part(0) >>> 0);
  return (seconds * 1_000_000 + Math.floor(part(2) / 1_000)) as Instant;
}

/**
 * What this thread has worked since it was started: it stands still while others have the
 * processor.
 */
export function worked(): Micros {
  libc.clock_gettime(CLOCK_THREAD_CPUTIME_ID, timespec);
  return micros(((timespec[0] ?? 0) >>> 0) * 1_000_000 + Math.floor(part(2) / 1_000));
}

/**
 * Whether a piece of work that begins now has had its time.
 *
 * @param most of this thread's own: while others have the processor nothing of it is used up
 * @param longest until it is over all the same
 */
export function workBound(most: Micros, longest: Micros): () => boolean {
  const until = now() + longest;
  const workedUntil = worked() + most;
  return () => worked() >= workedUntil || now() >= until;
}

// By index: destructuring the array would make an iterator in every call.
function part(index: number): number {
  return timespec[index] ?? 0;
}
