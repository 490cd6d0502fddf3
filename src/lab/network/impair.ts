/**
 * Faults of ports and of ways between them. What a kernel would do with netem, in a place where
 * it can be seen.
 */
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

/**
 * A small generator of its own, so that a fault is the same again with the same seed
 * (xorshift32).
 */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** 0 to 1, 1 excluded. */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state / 4_294_967_296;
  }
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
  dice: Dice,
  now: Instant,
): readonly Instant[] {
  const concerned = fault.onlyProtocol === undefined || fault.onlyProtocol === protocol;
  if (concerned && fault.loss !== undefined && dice.next() < fault.loss) return [];
  const first = arrival(fault, dice, now);
  if (fault.duplicate === undefined || dice.next() >= fault.duplicate) return [first];
  return [first, arrival(fault, dice, now)];
}

function arrival(fault: PortFault, dice: Dice, now: Instant): Instant {
  const { delayMicros = 0, jitterMicros = 0, reorder = 0 } = fault;
  if (delayMicros === 0 && jitterMicros === 0) return now;
  const overtakes = reorder > 0 && dice.next() < reorder;
  const wait: Micros = overtakes ? micros(0) : micros(delayMicros + dice.next() * jitterMicros);
  return (now + wait) as Instant;
}
