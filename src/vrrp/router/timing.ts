/**
 * The arithmetic of VRRP timers (RFC 3768 6.1, RFC 9568 6.1), in microseconds.
 *
 *   skew          version 2: (256 - priority) / 256 seconds, whatever the interval (keepalived does the same)
 *                 version 3: (256 - priority) x interval / 256
 *   master down   down_timer_adverts x interval + skew
 */
import { type Centis, fromCentis, type Micros, micros } from "#units/time";
import type { RouterConfig } from "./config.ts";

type Timers = Pick<RouterConfig, "version" | "downTimerAdverts">;

export function skew(
  config: Pick<RouterConfig, "version">,
  interval: Centis,
  priority: number,
): Micros {
  const unit = config.version === 2 ? 1_000_000 : fromCentis(interval);
  return micros(((256 - priority) * unit) / 256);
}

export function masterDown(config: Timers, interval: Centis, priority: number): Micros {
  return micros(config.downTimerAdverts * fromCentis(interval) + skew(config, interval, priority));
}

/** The old owner goes on answering this long after the successor's first advertisement, while clients learn its MAC. */
export const LINGER: Micros = micros(5_000);

/**
 * A lone new master counts as a newcomer this long: longer than the 50 s in which a classic spanning tree keeps a port
 * from forwarding, so that a rebooted node behind such a port never beats the node that took over from it.
 */
export const UNCONFIRMED: Micros = micros(60_000_000);

/** How long a former owner may have to be gone for "I was only paused" rules: one advertisement late is still in time. */
export function stallThreshold(interval: Centis): Micros {
  return micros(Math.max(20_000, fromCentis(interval) / 2));
}
