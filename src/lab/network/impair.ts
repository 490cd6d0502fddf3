/**
 * Faults of ports and of ways between them. What a kernel would do with netem, in a place where
 * it can be seen.
 */
import type { Rng } from "#units/rng";
import { type Instant, type Micros, micros } from "#units/time";
import type { FabricDrop } from "./plan.ts";

/** Of one port; every field absent is a healthy port. */
export interface PortFault {
  /**
   * Nothing passes, either way. The device inside keeps its carrier: a lost uplink, not a
   * pulled cable.
   */
  readonly cut?: boolean;
  /** Only one direction is lost: what the guest sends, or what it should get. */
  readonly cutFrom?: boolean;
  readonly cutTo?: boolean;
  /**
   * Frames of these ports do not arrive here: one direction of one way, or a partition where
   * both ports name each other.
   */
  readonly notHearing?: readonly number[];
  /** Forwards nothing for this long from now on (spanning tree, a slow switch). */
  readonly lateMicros?: number;
  readonly delayMicros?: number;
  readonly jitterMicros?: number;
  /** Probabilities, 0 to 1, of frames the guest should get. */
  readonly loss?: number;
  readonly duplicate?: number;
  /** This part of the frames overtakes those before it by one delay. */
  readonly reorder?: number;
  /** Only frames of this IP protocol are concerned by loss (112 is VRRP); ARP is protocol 0. */
  readonly onlyProtocol?: number;
  /**
   * Gratuitous ARP of the guest that the network passes in a second, after `arpBurst`;
   * undefined: all.
   */
  readonly arpPerSecond?: number;
  readonly arpBurst?: number;
  /** The network sees the announcements and the control plane never hears of them. */
  readonly swallowClaims?: boolean;
}

/** @param way what the guest sends, or what it should get */
export function blocked(
  fault: PortFault,
  way: "cutFrom" | "cutTo",
  lateUntil: Instant | undefined,
  now: Instant,
): FabricDrop | undefined {
  if (fault.cut === true || fault[way] === true) return { kind: "port-cut" };
  return lateUntil !== undefined && now < lateUntil ? { kind: "port-not-forwarding" } : undefined;
}

/** When a frame arrives, once or twice or never. */
export function arrivals(
  fault: PortFault,
  protocol: number,
  rng: Rng,
  now: Instant,
): readonly Instant[] {
  const concerned = fault.onlyProtocol === undefined || fault.onlyProtocol === protocol;
  if (concerned && fault.loss !== undefined && rng.real() < fault.loss) return [];
  const first = arrival(fault, rng, now);
  if (fault.duplicate === undefined || rng.real() >= fault.duplicate) return [first];
  return [first, arrival(fault, rng, now)];
}

function arrival(fault: PortFault, rng: Rng, now: Instant): Instant {
  const { delayMicros = 0, jitterMicros = 0, reorder = 0 } = fault;
  if (delayMicros === 0 && jitterMicros === 0) return now;
  const overtakes = reorder > 0 && rng.real() < reorder;
  const wait: Micros = overtakes ? micros(0) : micros(delayMicros + rng.real() * jitterMicros);
  return (now + wait) as Instant;
}
