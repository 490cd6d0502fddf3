/**
 * The arithmetic of VRRP timers (RFC 3768 6.1, RFC 9568 6.1), in microseconds.
 *
 *   skew time     version 2: (256 - priority) / 256 seconds, whatever the interval
 *                 version 3: (256 - priority) x interval / 256
 *   master down   down_timer_adverts x interval + skew time
 *
 * Rounding: to the nearest microsecond, once, when the skew time is complete (`skew`). RFC 9568
 * gives the formula in centiseconds; with an interval of 10 cs every priority from 77 to 102 would
 * then have a skew time of 6 cs, and backups would take over at the same moment. keepalived
 * computes in microseconds too and rounds down (VRRP_TIMER_SKEW), so the two differ by 1 us at the
 * most.
 */
import { type Centis, fromCentis, type Micros, micros } from "#units/time";
import type { RouterConfig } from "./config.ts";

type Timers = Pick<RouterConfig, "version" | "downTimerAdverts">;

/** Skew_Time of a router with this priority; `interval` is the master's (version 3). */
export function skew(
  config: Pick<RouterConfig, "version">,
  interval: Centis,
  priority: number,
): Micros {
  const unit = config.version === 2 ? 1_000_000 : fromCentis(interval);
  return micros(((256 - priority) * unit) / 256);
}

/** Active_Down_Interval of RFC 9568 (Master_Down_Interval of RFC 3768). */
export function masterDown(config: Timers, interval: Centis, priority: number): Micros {
  return micros(config.downTimerAdverts * fromCentis(interval) + skew(config, interval, priority));
}

/**
 * How long the old owner goes on answering after its successor's first advertisement, while clients
 * and switches learn the successor's MAC address.
 */
export const LINGER: Micros = micros(5_000);

/**
 * How long an answer to an advertisement is under way (`gate`): two ways through a network, and two
 * wake-ups on busy machines.
 */
export const ANSWER_WAIT: Micros = micros(20_000);

/**
 * How long a router that became master without having heard a peer stays unconfirmed. Longer than
 * the 50 s for which IEEE 802.1D spanning tree keeps a port from forwarding, so that a rebooted
 * node behind such a port never wins against the node that took over from it.
 */
export const UNCONFIRMED: Micros = micros(60_000_000);

/** The longest skew time, in which a keepalived successor waits, and one interval. */
export const longestSkewAndInterval = (
  router: Pick<RouterConfig, "version" | "advertInterval">,
): Micros => micros(skew(router, router.advertInterval, 1) + fromCentis(router.advertInterval));

/**
 * How long addresses are kept for a successor that is not heard, at a stop and when an engine has
 * died. Nobody else has them then, so a longer wait costs time alone, and a successor that is late
 * costs the clients: below a second the skew time would be less than a machine may stall, or its
 * kernel may take to add an address while another program changes many.
 */
export const handOverWait = (router: RouterConfig): Micros =>
  micros(Math.max(HAND_OVER_MIN, longestSkewAndInterval(router)) + LINGER);
const HAND_OVER_MIN = 500_000;

/**
 * A master's advertisement may go out so much before it is due, together with others that are: one
 * turn of the engine for many. The next one is due when it would have been, so a gap is never
 * longer than an interval and this.
 */
export function headStart(interval: Centis): Micros {
  return micros(Math.min(HEAD_START_MAX, fromCentis(interval) / 100));
}
export const HEAD_START_MAX: Micros = micros(1_000);

/**
 * How long packets that come by the hundred may wait to be read together, where this is the
 * shortest interval. A deadline is never put off by it; an advertisement is dated that much later,
 * so a backup takes over later, never sooner. Of two backups with priorities 8 apart the stronger
 * one still is the first, since their skew times differ by more (from 32 ms on).
 */
export function packetPause(interval: Centis): Micros {
  return micros(Math.min(PAUSE_MAX, Math.max(PAUSE_MIN, fromCentis(interval) / 32)));
}
const PAUSE_MIN = 1_000;
const PAUSE_MAX = 10_000;

/**
 * A backup woken later than this after its deadline has stalled; less is ordinary scheduling delay.
 */
export function stallThreshold(interval: Centis): Micros {
  return micros(Math.max(20_000, fromCentis(interval) / 2));
}
