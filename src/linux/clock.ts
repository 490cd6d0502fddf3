/**
 * The daemon's clock: microseconds of CLOCK_BOOTTIME. Unlike CLOCK_MONOTONIC it also counts while the machine is
 * suspended, so that a node that was away notices that it was.
 */
import type { Instant } from "#units/time";
import { CLOCK_BOOTTIME } from "./abi.ts";
import * as libc from "./ffi.ts";

// struct timespec as four little-endian words: reading 64-bit fields would allocate a bigint per call.
const timespec = new Int32Array(4);

/** Now; allocates nothing but the number. */
export function now(): Instant {
  // Cannot fail: the clock exists since Linux 2.6.39.
  libc.clock_gettime(CLOCK_BOOTTIME, timespec);
  const seconds = word(1) * 4_294_967_296 + (word(0) >>> 0);
  return (seconds * 1_000_000 + Math.floor(word(2) / 1_000)) as Instant;
}

// By index: taking the array apart would make an iterator each time.
function word(index: number): number {
  return timespec[index] ?? 0;
}
