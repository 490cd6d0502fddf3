/**
 * The lease: how long the kernel keeps the address if we stop running.
 *
 * Peers take over no earlier than `masterDown` after our last advertisement. If nobody answers for the address here before
 * that, a hung or killed daemon can never leave two owners. Two layers, both ended by the kernel alone:
 *
 *  - a nftables set element with a timeout (linux/nft-guard.ts): exact to some milliseconds, so it is the guarantee
 *    wherever the kernel has it;
 *  - the address's own lifetime, in whole seconds: it also removes what a dead daemon left behind. Linux looks for
 *    expired addresses once a second and starts that second anew at every change of any address, so a lifetime may end
 *    almost a second late (a single address that nobody disturbs: 0.1 s). Alone it is a guarantee only with that margin.
 *
 * A lease also has to outlast the interval at which it is prolonged, and a late wake-up. With `down_timer_adverts` 1 or 2
 * and a strong peer nothing does both; then, too, the lifetime is a backstop.
 */

import { type Centis, fromCentis, type Micros, micros } from "#units/time";
import type { RouterConfig } from "./config.ts";
import { masterDown } from "./timing.ts";

export interface Lease {
  readonly guarantee: "address-lifetime" | "nftables" | "backstop";
  /** After this long without `refreshAddresses` nobody answers for the address here. */
  readonly micros: Micros;
  /** Lifetime given to the kernel. */
  readonly addressSeconds: number;
  readonly takeOverMicros: Micros;
}

/** Linux ends an address's lifetime up to this late. */
const EXPIRY_LATE = 1_000_000;
/** The usual case, and what the lifetime is chosen by where the guard is the guarantee. */
const EXPIRY_MARGIN = 250_000;
/** Left for the kernel's timer and for our own jitter: a hundredth of the detection time, and at least this. */
const GUARD_MARGIN_MIN = 4_000;
/** Priority of the least patient peer: whatever the peers are, a guard ends before any of them takes over. */
const LEAST_PATIENT = 254;
const BACKSTOP_SECONDS = 2;
/** Part of an interval by which an advertisement may be late. */
const LATENESS = 0.25;

/** @param peerPriority the highest priority a peer may have: with it its skew time is shortest. */
export function leaseFor(config: RouterConfig, peerPriority: number, hasGuard: boolean): Lease {
  const takeOver = masterDown(config, config.advertInterval, Math.min(peerPriority, 254));
  const interval = fromCentis(config.advertInterval);
  const needed = interval * (1 + LATENESS);
  const soonest = masterDown(config, config.advertInterval, LEAST_PATIENT);
  const guarded = micros(soonest - Math.max(GUARD_MARGIN_MIN, soonest / 100));
  const backstop = Math.max(BACKSTOP_SECONDS, Math.ceil((2 * interval) / 1_000_000));
  const fitting = (late: number): number | undefined => {
    const seconds = Math.floor((takeOver - late) / 1_000_000);
    return seconds * 1_000_000 >= needed ? seconds : undefined;
  };
  if (hasGuard && guarded >= needed) {
    return {
      guarantee: "nftables",
      micros: guarded,
      addressSeconds: fitting(EXPIRY_MARGIN) ?? backstop,
      takeOverMicros: takeOver,
    };
  }
  const seconds = fitting(EXPIRY_LATE);
  const addressSeconds = seconds ?? backstop;
  return {
    guarantee: seconds === undefined ? "backstop" : "address-lifetime",
    micros: micros(addressSeconds * 1_000_000),
    addressSeconds,
    takeOverMicros: takeOver,
  };
}

/**
 * The lifetime in seconds for an address that is set so long after the last advertisement: peers count from that, so it
 * may last only as long as the others still do. At least one second, the shortest there is.
 */
export function lifetimeLeft(lease: Lease, sinceAdvert: number): number {
  const { guarantee, addressSeconds, takeOverMicros } = lease;
  if (guarantee !== "address-lifetime") return addressSeconds;
  const left = Math.floor((takeOverMicros - EXPIRY_LATE - sinceAdvert) / 1_000_000);
  return Math.max(1, Math.min(addressSeconds, left));
}

/**
 * When the lease of such a master has surely ended, counted from its last advertisement, whether its kernel has the guard or
 * not: a lifetime alone may end a second late.
 */
export function leaseEnd(config: RouterConfig, interval: Centis, masterPriority: number): Micros {
  const learned = { ...config, advertInterval: interval };
  const unguarded = leaseFor(learned, masterPriority, false);
  if (unguarded.guarantee === "address-lifetime") return micros(unguarded.micros + EXPIRY_LATE);
  const guarded = leaseFor(learned, masterPriority, true);
  return guarded.guarantee === "nftables"
    ? micros(guarded.micros + GUARD_MARGIN_MIN)
    : guarded.takeOverMicros;
}
