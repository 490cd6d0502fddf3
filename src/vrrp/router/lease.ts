/**
 * The lease: how long the kernel keeps the address if this process stops running.
 *
 * Peers take over `masterDown` after our last advertisement at the earliest. If this machine has
 * stopped answering for the address by then, a hung or killed daemon never leaves two owners. Two
 * mechanisms, both ended by the kernel alone:
 *
 *  - a nftables set element with a timeout (linux/nft-guard.ts), exact to a few milliseconds, so it
 *    is the guarantee wherever the kernel supports it;
 *  - the address's own valid lifetime, in whole seconds, which also removes what a dead daemon left
 *    behind. Linux looks for expired addresses once a second and starts that second anew at every
 *    change of any address, so a lifetime may end almost a second late (0.1 s with a single address
 *    and no changes). Alone it is a guarantee only with that margin.
 *
 * A lease must also outlast the interval at which it is prolonged and a late wake-up. With
 * `down_timer_adverts` 1 or 2 and a strong peer no lease does both; then the lifetime is a
 * backstop, which removes the address some time after the peers may have taken over.
 */

import { type Centis, fromCentis, type Instant, type Micros, micros } from "#units/time";
import type { RouterConfig } from "./config.ts";
import { HEAD_START_MAX, masterDown } from "./timing.ts";

export interface Lease {
  readonly guarantee: "address-lifetime" | "nftables" | "backstop";
  /** After this long without `refreshAddresses` nobody answers for the address here. */
  readonly micros: Micros;
  /** Valid lifetime given to the kernel. */
  readonly addressSeconds: number;
  readonly takeOverMicros: Micros;
}

/** How late Linux may remove an expired address. */
const EXPIRY_LATE = 1_000_000;
/** The usual lateness; the lifetime is chosen by it where the guard is the guarantee. */
const EXPIRY_MARGIN = 250_000;
/** Margin for the kernel's timer and our own jitter: 1 % of the detection time, at least this. */
const GUARD_MARGIN_MIN = 4_000;
/** The highest priority a backup can have: the guard ends before any backup takes over. */
const STRONGEST_BACKUP = 254;
const BACKSTOP_SECONDS = 2;
/** Part of an interval by which an advertisement may be late. */
export const LATENESS = 0.25;

/**
 * A backstop that outlasts the next advertisement is refreshed twice a second at most, also by a
 * kernel that takes its time for it.
 */
const REFRESH_GAP = 500_000 - HEAD_START_MAX;

/** @param peerPriority the highest priority a peer may have: with it its skew time is shortest. */
export function leaseFor(config: RouterConfig, peerPriority: number, hasGuard: boolean): Lease {
  const takeOver = masterDown(config, config.advertInterval, Math.min(peerPriority, 254));
  const interval = fromCentis(config.advertInterval);
  const needed = interval * (1 + LATENESS);
  const soonest = masterDown(config, config.advertInterval, STRONGEST_BACKUP);
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
 * The lifetime in seconds for an address that is set `sinceAdvert` microseconds after the last
 * advertisement. Peers count from that advertisement, so it may last only as long as those set with
 * it still do. At least one second, the kernel's smallest.
 */
export function lifetimeLeft(lease: Lease, sinceAdvert: number): number {
  const { guarantee, addressSeconds, takeOverMicros } = lease;
  if (guarantee !== "address-lifetime") return addressSeconds;
  const left = Math.floor((takeOverMicros - EXPIRY_LATE - sinceAdvert) / 1_000_000);
  return Math.max(1, Math.min(addressSeconds, left));
}

/**
 * With an advertisement: must the addresses' lifetimes be set anew, `sinceSet` microseconds after
 * they were? Where the lifetime is the guarantee, always. A backstop is not refreshed with every
 * advertisement of a tenth of a second, but always lasts until the next one, and mostly longer than
 * the guard and one interval.
 */
export function mustRefresh(lease: Lease, interval: Centis, sinceSet: number): boolean {
  // An interval of 0.49 s beside a lifetime of 1 s, or routers that are spread (engine/crowd.ts).
  if (mustRefreshNow(lease, interval, sinceSet)) return true;
  if (sinceSet < REFRESH_GAP) return false;
  const lifetime = lease.addressSeconds * 1_000_000;
  const guarded = lease.guarantee === "nftables" ? lease.micros : 0;
  return lifetime - sinceSet <= Math.max(lifetime / 2, guarded + untilNext(interval));
}

/** It cannot be left to the next advertisement, even if there is no time for it now. */
export function mustRefreshNow(lease: Lease, interval: Centis, sinceSet: number): boolean {
  if (lease.guarantee === "address-lifetime") return true;
  return lease.addressSeconds * 1_000_000 - sinceSet <= untilNext(interval);
}

/** The guard is prolonged seven times a second at most where that leaves enough of it. */
const GUARD_GAP = 150_000;
/** What is left of it then when the advertisement after this one is due. */
const GUARD_SPARE = 75_000;

/**
 * With an advertisement: must the guard be prolonged, `since` microseconds after it was, in full?
 * It ends sooner without, never later, so this is about an owner that runs late and no other. Only
 * in every second interval of the clock: those that are due together are prolonged together, and
 * the turn between needs no request to the kernel.
 */
export function mustProlong(lease: Lease, interval: Centis, since: number, now: Instant): boolean {
  const micros = fromCentis(interval);
  const number = Math.floor((now + HEAD_START_MAX) / micros);
  return number % 2 === 0 || since >= GUARD_GAP || lease.micros - since - micros < GUARD_SPARE;
}

/** Microseconds to the next advertisement, at the longest. */
const untilNext = (interval: Centis): number => fromCentis(interval) * (1 + LATENESS);

/**
 * Time after its last advertisement at which the lease of a master with this priority and interval
 * has ended, whether its kernel has the guard or not: a lifetime alone may end a second late.
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
