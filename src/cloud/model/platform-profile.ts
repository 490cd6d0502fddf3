/**
 * What the platform does in practice without documenting it: its delays, its limits, its
 * quotas.
 */
import type { Micros } from "#units/time";
import { fromMillis, micros } from "#units/time";

export interface Rate {
  /** The number of frames that pass at once after a pause. */
  readonly burst: number;
  readonly perSecond: number;
}

export interface PlatformProfile {
  /**
   * The time from an accepted gratuitous ARP until the address points at the new interface.
   * Users have measured 4 to 10 s.
   */
  readonly claimLatency: Micros;
  /** How long asynchronous work takes. */
  readonly taskTime: Micros;
  readonly garpPerInterface: Rate;
  readonly garpPerAddress: Rate;
  readonly quotas: Quotas;
}

export interface Quotas {
  readonly vpcsPerRegion: number;
  readonly subnetsPerVpc: number;
  readonly havipsPerVpc: number;
  readonly eipsPerRegion: number;
  readonly interfacesPerVpc: number;
  readonly associationsPerHavip: number;
  readonly addressesPerInterface: number;
}

/** Defaults of the platform's quota page. */
export const QUOTAS: Quotas = {
  vpcsPerRegion: 20,
  subnetsPerVpc: 100,
  havipsPerVpc: 10,
  eipsPerRegion: 20,
  interfacesPerVpc: 1000,
  associationsPerHavip: 10,
  addressesPerInterface: 30,
};

/**
 * The real limits of gratuitous ARP are not published. These let a burst of keepalived's defaults
 * through (five frames for each of five addresses, and again a second later) and stop a storm.
 */
export const DEFAULT_PROFILE: PlatformProfile = {
  claimLatency: micros(0),
  taskTime: fromMillis(100),
  garpPerInterface: { burst: 50, perSecond: 20 },
  garpPerAddress: { burst: 20, perSecond: 10 },
  quotas: QUOTAS,
};
