/** A session as the operator wants it (keepalived's `bfd_instance`). JSON-safe. */
import type { Ipv4 } from "#units/address";
import type { Micros } from "#units/time";
import type { SessionConfig } from "./session.ts";

export interface SessionPlan {
  readonly name: string;
  readonly neighbor: Ipv4;
  /** Undefined: the one that the routes give. */
  readonly source?: Ipv4;
  readonly minTx: Micros;
  readonly minRx: Micros;
  /** As long as it is not Up. */
  readonly idleTx: Micros;
  /** 1 to 255 */
  readonly multiplier: number;
  readonly isPassive: boolean;
  /** Of what is sent, 1 to 255; what arrives has lost at most `maxHops` of it (RFC 5881 5). */
  readonly ttl: number;
  /** 255: whatever has arrived. */
  readonly maxHops: number;
}

export const HOPS_UNCHECKED = 255;

export const sessionConfig = (plan: SessionPlan, discriminator: number): SessionConfig => ({
  discriminator,
  desiredMinTx: plan.minTx,
  requiredMinRx: plan.minRx,
  detectMultiplier: plan.multiplier,
  idleTx: plan.idleTx,
  isPassive: plan.isPassive,
});

/** A packet of this TTL came over no more routers than the operator allows. */
export const hasCome = ({ ttl, maxHops }: SessionPlan, arrived: number): boolean =>
  maxHops === HOPS_UNCHECKED || ttl - arrived <= maxHops;

/** The same session goes on with other intervals; with another end it is another session. */
export const isSameSession = (a: SessionPlan, b: SessionPlan): boolean =>
  a.name === b.name && a.neighbor === b.neighbor && a.source === b.source;
