/**
 * The daemon's clock: microseconds of CLOCK_BOOTTIME. Unlike CLOCK_MONOTONIC it also counts while
 * the machine is suspended, so that a node notices the suspension.
 */
import type { Instant } from "#units/time";
import { CLOCK_BOOTTIME, CLOCK_REALTIME } from "./abi.ts";
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

// By index: destructuring the array would make an iterator in every call.
function part(index: number): number {
  return timespec[index] ?? 0;
}
