/**
 * Faults of ports and of the paths between them: what a kernel would do with netem, done where
 * it can be observed.
 */
import type { Rng } from "#units/rng";
import { type Instant, type Micros, micros } from "#units/time";
import type { FabricDrop } from "./plan.ts";

/** The faults of one port; without any field the port is healthy. */
export interface PortFault {
  /**
   * Nothing passes in either direction. The device inside keeps its carrier: this is a lost
   * uplink, not a pulled cable.
   */
  readonly cut?: boolean;
  /** Only one direction is lost: what the guest sends, or what it should receive. */
  readonly cutFrom?: boolean;
  readonly cutTo?: boolean;
  /**
   * Frames of these ports do not arrive here: one direction of one path, or a partition if both
   * ports name each other.
   */
  readonly notHearing?: readonly number[];
  /** Forwards nothing for this long from now on (spanning tree, a slow switch). */
  readonly lateMicros?: number;
  readonly delayMicros?: number;
  readonly jitterMicros?: number;
  /** Probabilities, 0 to 1, for frames that the guest should receive. */
  readonly loss?: number;
  readonly duplicate?: number;
  /** This fraction of the frames overtakes those before it by one delay. */
  readonly reorder?: number;
  /** Loss affects only frames of this IP protocol (112 is VRRP); ARP counts as protocol 0. */
  readonly onlyProtocol?: number;
  /**
   * How many gratuitous ARP frames of the guest the network passes in a second, after
   * `arpBurst`. Undefined for all.
   */
  readonly arpPerSecond?: number;
  readonly arpBurst?: number;
  /** The network sees the announcements, but the control plane is never notified of them. */
  readonly swallowClaims?: boolean;
}

/** @param way the direction: what the guest sends, or what it should receive */
export function blocked(
  fault: PortFault,
  way: "cutFrom" | "cutTo",
  lateUntil: Instant | undefined,
  now: Instant,
): FabricDrop | undefined {
  if (fault.cut === true || fault[way] === true) return { kind: "port-cut" };
  return lateUntil !== undefined && now < lateUntil ? { kind: "port-not-forwarding" } : undefined;
}

/** The times at which a frame arrives: one, two or none. */
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
