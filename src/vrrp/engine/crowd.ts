/**
 * Routers that are due together, more of them than one turn takes: a thousand that became master at
 * the same moment, or were late together. What comes after the first turn is late by the time of
 * those before it, and varies with it. So the next advertisements of each further turn are due a
 * part of an interval sooner than those of the turn before, once, and the routers are spread over
 * their interval from then on. A gap between two advertisements never gets longer by it.
 *
 * Where there are more routers than parts of an interval, each has its advertisements at the
 * beginning of a part, so that there are as many turns as parts at the most. A turn has its price,
 * of which the lease's transaction with the kernel is the largest part, and routers that became
 * master one after the other would otherwise have a turn each.
 */
import { fromCentis } from "#units/time";
import { beyondPart } from "../router/advertise.ts";
import type { TimeReached } from "../router/event.ts";
import type { Instance } from "./instance.ts";

/**
 * How many routers a turn takes before inputs are read again. Between its lease and its
 * advertisement a router must not wait long, either: an engine that is killed there has a lease
 * that lasts up to an interval longer than its peers assume.
 */
export const TURN_MAX = 64;
/**
 * How many addresses a turn takes over before those that are owners by now have their turn. An
 * address costs ten times an advertisement and more, 70 to 300 us: without the bound, or with 64, a
 * new owner's advertisements would be late by it.
 */
export const TAKE_OVER_MAX = 16;
/**
 * Parts of an interval over which routers are spread: of a thousand, 40 are due in each, which a
 * turn takes even where some parts have more than others.
 */
export const PARTS = 25;

const EVENTS: readonly TimeReached[] = Array.from({ length: PARTS }, (_, part) =>
  part === 0
    ? { kind: "timeReached" }
    : { kind: "timeReached", sooner: part / PARTS, parts: PARTS },
);
const [ON_TIME] = EVENTS as readonly [TimeReached];
const TO_PART: TimeReached = { kind: "timeReached", parts: PARTS };

export class Crowd {
  readonly #turnMax: number;
  /** Turns that left some behind, one after the other. */
  #turns = 0;

  constructor(turnMax: number) {
    this.#turnMax = turnMax;
  }

  /**
   * What the routers of this turn hear. As many turns as all of them need when they are spread are
   * no crowd.
   *
   * @param all the number of routers there are
   */
  event(all: number): TimeReached {
    const ordinary = Math.max(1, Math.ceil(all / (PARTS * this.#turnMax)));
    return EVENTS[Math.floor(this.#turns / ordinary) % PARTS] ?? ON_TIME;
  }

  /**
   * What this one hears in a turn with that event.
   *
   * @param all the number of routers there are
   */
  eventFor({ state, config }: Instance, event: TimeReached, all: number): TimeReached {
    if (event !== ON_TIME || all <= PARTS || state.phase.kind !== "master") return event;
    const interval = fromCentis(config.router.advertInterval);
    return beyondPart(state.phase.advertAt, interval, PARTS) === 0 ? event : TO_PART;
  }

  /** @param hasMore other owners are due by now, and were not in this turn */
  turnEnded(hasMore: boolean): void {
    this.#turns = hasMore ? this.#turns + 1 : 0;
  }
}
