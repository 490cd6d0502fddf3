/**
 * The lease: how long the kernel keeps the address if we stop running.
 *
 * Peers take over no earlier than `masterDown` after our last advertisement. If the address is gone before that, a hung
 * or killed daemon can never leave two owners. Address lifetimes are whole seconds, and Linux ends one up to 0.2 s late
 * (it rounds its timer), hence the margin. Where no whole second fits (intervals under about 0.3 s) a nftables set
 * element with a timeout does the same in milliseconds, where the kernel has it; the address lifetime is then only a
 * backstop that removes what a dead daemon left behind.
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

const EXPIRY_MARGIN = 250_000;
const BACKSTOP_SECONDS = 2;
/** Part of an interval by which an advertisement may be late. */
const LATENESS = 0.25;

/** @param peerPriority the highest priority a peer may have: with it its skew time is shortest. */
export function leaseFor(config: RouterConfig, peerPriority: number, hasGuard: boolean): Lease {
  const takeOver = masterDown(config, config.advertInterval, Math.min(peerPriority, 254));
  const interval = fromCentis(config.advertInterval);
  const needed = interval * (1 + LATENESS);
  const seconds = Math.floor((takeOver - EXPIRY_MARGIN) / 1_000_000);
  if (seconds * 1_000_000 >= needed) {
    return {
      guarantee: "address-lifetime",
      micros: micros(seconds * 1_000_000),
      addressSeconds: seconds,
      takeOverMicros: takeOver,
    };
  }
  // A tenth of the detection time, at least 4 ms, is left for the kernel's timer and for our own jitter.
  const guarded = micros(takeOver - Math.max(4_000, takeOver / 10));
  const guards = hasGuard && guarded >= needed;
  const addressSeconds = Math.max(BACKSTOP_SECONDS, Math.ceil((2 * interval) / 1_000_000));
  return {
    guarantee: guards ? "nftables" : "backstop",
    micros: guards ? guarded : micros(addressSeconds * 1_000_000),
    addressSeconds,
    takeOverMicros: takeOver,
  };
}

/** When the lease of such a master has surely ended, counted from its last advertisement. */
export function leaseEnd(config: RouterConfig, interval: Centis, masterPriority: number): Micros {
  const lease = leaseFor({ ...config, advertInterval: interval }, masterPriority, true);
  switch (lease.guarantee) {
    case "address-lifetime":
      return micros(lease.micros + EXPIRY_MARGIN);
    case "nftables":
    case "backstop":
      return lease.takeOverMicros;
  }
}
