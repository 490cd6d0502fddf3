/**
 * When a packet arrived, by the kernel's timestamp rather than the time of reading, so that a
 * late reader does not make the packet late: it may have been paused, busy with an analysis, or
 * waiting for a processor.
 */
import { now } from "#linux/clock";
import * as libc from "#linux/ffi";
import type { Instant } from "#units/time";

/**
 * asm-generic/sockios.h: when the kernel received the packet read last, struct timespec of
 * CLOCK_REALTIME.
 */
const SIOCGSTAMPNS = 0x8907;
const CLOCK_REALTIME = 0;

const stamp = new Int32Array(4);

/** Seconds fit in the low word until 2106. */
const microsOf = (timespec: Int32Array): number =>
  ((timespec[0] ?? 0) >>> 0) * 1_000_000 + Math.floor((timespec[2] ?? 0) / 1_000);

/**
 * The arrival of the packet that was read last from the socket. The kernel begins to record
 * times when it is asked for the first.
 */
export function arrivedAt(socket: number): Instant {
  const at = now();
  if (libc.ioctl(socket, SIOCGSTAMPNS, stamp) !== 0) return at;
  const received = microsOf(stamp);
  libc.clock_gettime(CLOCK_REALTIME, stamp);
  const age = microsOf(stamp) - received;
  // A negative age means that the wall clock was set back in between.
  return age < 0 ? at : ((at - age) as Instant);
}
