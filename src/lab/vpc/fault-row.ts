/**
 * A fault in a lab that somebody watches: when its measurement is over, and what the row says.
 * Pure; times are of one clock.
 */
import { elapsed, fromMillis, type Instant, type Micros } from "#units/time";

export interface FaultRow {
  /** Grows with every fault of this lab. */
  readonly id: number;
  /** When it was injected, in milliseconds since 1970. */
  readonly at: number;
  readonly instance: string;
  /** As it was ordered: `cut`, `loss 30% vrrp`, `daemon stop`. */
  readonly order: string;
  readonly state: "measuring" | "done";
  /** Who had the address before, and now. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** What the platform says: the instance to which the HAVIP is bound. */
  readonly boundBefore: string | undefined;
  readonly boundAfter: string | undefined;
  /** Seen by the client in the subnet; undefined while it is measured, or if it could not be. */
  readonly outageMilliseconds: number | undefined;
  readonly lost: number | undefined;
  readonly sent: number | undefined;
  /** The longest time in which the prober itself did not send. */
  readonly pauseMilliseconds: number | undefined;
  /** Seen from outside, through the public address. */
  readonly outsideOutageMilliseconds: number | undefined;
  readonly outsideLost: number | undefined;
  /** How long two instances had the address at the same time. */
  readonly bothMilliseconds: number | undefined;
}

/**
 * Nobody can reach the instance: what it still has on its interface is no second owner. (One that
 * only is not heard, or hears nothing, is reached by somebody.)
 */
export const isIsolating = (order: string): boolean =>
  /^(?:cut|unplug|late .*|daemon power-off)$/.test(order);

/** After a move it is watched a while longer, because a second owner may come. */
const AFTER_MOVE: Micros = fromMillis(1_500);
/** An address that has not moved until now stays. */
const WITHOUT_MOVE: Micros = fromMillis(12_000);
/** An outage that lasts is not waited for. */
const LONGEST: Micros = fromMillis(30_000);

export interface Watched {
  readonly brokenAt: Instant;
  /** When the owner was another one for the first time, and the platform agreed. */
  readonly movedAt: Instant | undefined;
  /** The latest time without an answer, while probing; undefined if all were answered. */
  readonly unansweredAt: Instant | undefined;
}

export function isMeasured({ brokenAt, movedAt, unansweredAt }: Watched, now: Instant): boolean {
  if (elapsed(brokenAt, now) >= LONGEST) return true;
  const isAnswered = unansweredAt === undefined || elapsed(unansweredAt, now) >= AFTER_MOVE;
  if (!isAnswered) return false;
  if (movedAt !== undefined) return elapsed(movedAt, now) >= AFTER_MOVE;
  return elapsed(brokenAt, now) >= WITHOUT_MOVE;
}
