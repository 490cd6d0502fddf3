/** What all machines of a drawn cluster have in common. */

import { ipv4 } from "#units/address";
import type { Rng } from "#units/rng";
import { type Centis, centis, fromCentis, fromSeconds, micros } from "#units/time";
import type {
  AnnounceConfig,
  InstanceConfig,
  PacingConfig,
  RouterConfig,
  VirtualAddress,
} from "#vrrp/router/config";

export const NETWORK = 0x0a_00_00_00;

export interface ClusterShape {
  readonly count: number;
  readonly version: 2 | 3;
  readonly intervalMin: Centis;
  readonly intervalMax: Centis;
  readonly preempt: boolean;
  readonly preemptDelay: number;
  readonly equalPriorities: boolean;
  readonly unicast: boolean;
  readonly downTimerAdverts: number;
  readonly secret: string | undefined;
  readonly handover: RouterConfig["handover"];
  readonly announce: AnnounceConfig;
  readonly addressCount: number;
  readonly instanceCount: number;
  readonly grouped: boolean;
  readonly script: { readonly weight: number } | undefined;
  readonly hasGuard: boolean;
  /**
   * Of announcements, `garp_rate` and `vrrp_garp_interval`; the switch lets through as much at
   * least.
   */
  readonly pacing: PacingConfig;
  readonly arpLimit: { readonly perSecond: number; readonly burst: number } | undefined;
  readonly arp: InstanceConfig["arp"];
  /** Nodes that run keepalived, besides the machines. */
  readonly rivals: number;
  readonly checksum: InstanceConfig["checksum"];
  readonly lowerPrioNoAdvert: boolean;
  readonly higherPrioSendAdvert: boolean;
  readonly owner255: boolean;
  readonly veryStrong: boolean;
}

/** @param count machines, undefined: drawn */
export function drawShape(rng: Rng, wanted: number | undefined): ClusterShape {
  const mixed = rng.split("mixed");
  const drawn = rng.pick([2, 2, 2, 3, 3, 4]);
  const rivals = mixed.chance(0.12) ? 1 : 0;
  const count = wanted ?? (rivals > 0 ? mixed.pick([1, 1, 2]) : drawn);
  const version = rng.pick([2, 3, 3] as const);
  const intervalMax =
    version === 2
      ? centis(100 * rng.pick([1, 1, 1, 2, 5]))
      : centis(rng.pick([1, 2, 5, 10, 10, 25, 50, 100, 100, 300]));
  // Version 3 routers may have intervals of their own; each learns the master's.
  const areMixed = version === 3 && intervalMax >= 10 && rng.chance(0.15);
  const repeat = rng.pick([1, 2, 5]);
  const limits = drawLimits(rng.split("limits"));
  const instanceCount = rng.chance(0.2) ? 2 : 1;
  return {
    count,
    version,
    intervalMax,
    intervalMin: areMixed ? centis(Math.ceil(intervalMax / 2)) : intervalMax,
    preempt: rng.chance(0.4),
    preemptDelay: rng.chance(0.3) ? rng.between(1, 10) * fromCentis(intervalMax) : 0,
    equalPriorities: rng.chance(0.4),
    unicast: rng.chance(0.55),
    downTimerAdverts: rng.chance(0.85) ? 3 : rng.between(2, 5),
    secret: version === 2 && rng.chance(0.5) ? "1111" : undefined,
    handover: rng.chance(0.85) ? "make-before-break" : "break-before-make",
    announce: {
      delay: rng.pick([0, fromSeconds(1), fromSeconds(5)] as const) as AnnounceConfig["delay"],
      repeat,
      refresh: rng.pick([0, 0, fromSeconds(5)] as const) as AnnounceConfig["refresh"],
      refreshRepeat: 1,
      lowerPrioDelay: fromSeconds(rng.pick([0, 5])),
      lowerPrioRepeat: repeat,
    },
    addressCount: limits.addressCount,
    instanceCount,
    // keepalived's groups are not part of the model.
    grouped: rivals === 0 && rng.chance(0.5),
    script: rng.chance(0.35) ? { weight: rng.pick([0, 0, -30, 20]) } : undefined,
    hasGuard: rng.chance(0.75),
    pacing: limits.pacing,
    arpLimit: limits.arpLimit,
    arp: limits.arp,
    rivals,
    checksum: rng.pick(["pseudo-header", "no-pseudo-header"] as const),
    lowerPrioNoAdvert: rng.chance(0.08),
    higherPrioSendAdvert: rng.chance(0.1),
    owner255: rng.chance(0.04),
    veryStrong: rng.chance(0.15),
  };
}

/** Every fourth cluster sends its announcements by a budget, most of those with many addresses. */
function drawLimits(rng: Rng): Pick<ClusterShape, "addressCount" | "pacing" | "arpLimit" | "arp"> {
  const arp = rng.pick(["request", "request", "request", "reply", "both"] as const);
  const none = { burst: 0, perSecond: 0, gap: micros(0) };
  if (!rng.chance(0.25)) {
    const addressCount = rng.chance(0.03) ? 20 : rng.pick([1, 1, 1, 2, 3]);
    return { addressCount, pacing: none, arpLimit: undefined, arp };
  }
  const addressCount = rng.pick([1, 2, 3, 5, 10, 20]);
  const isPaced = rng.chance(0.2);
  const burst = rng.pick([1, 2, 5, 10]);
  // With 20 addresses a slower one needs longer than everything else in a run.
  const perSecond = rng.pick(addressCount > 5 ? [5, 10, 50] : [1, 2, 5, 10, 50]);
  const gap = micros(isPaced || rng.chance(0.2) ? rng.pick([1_000, 10_000, 50_000]) : 0);
  if (isPaced) return { addressCount, pacing: { ...none, gap }, arpLimit: undefined, arp };
  const arpLimit = { perSecond, burst: burst * rng.pick([1, 2, 3]) };
  return { addressCount, pacing: { burst, perSecond, gap }, arpLimit, arp };
}

export const virtual = (host: number): VirtualAddress => ({
  address: ipv4(NETWORK + host),
  prefix: 24,
  scope: 0,
});
