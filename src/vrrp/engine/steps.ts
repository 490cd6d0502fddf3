/**
 * One event for one router: its step, the effects of that, and the events that follow from those,
 * until nothing follows.
 */
import type { Instant } from "#units/time";
import { advertiseAgain } from "../router/advertise-again.ts";
import type { RouterEffect, RouterEvent, TimeReached } from "../router/event.ts";
import { step } from "../router/router.ts";
import type { Phase, RouterState } from "../router/state.ts";
import type { EngineContext, Refused } from "./context.ts";
import { type Effects, isRegular } from "./effects.ts";
import { endOfHold } from "./foreign-addresses.ts";
import type { Groups } from "./groups.ts";
import type { Instance } from "./instance.ts";
import type { EngineRecord } from "./recording.ts";

const isSentAsOwner = (effect: RouterEffect): boolean =>
  effect.kind === "announce" || (effect.kind === "sendAdvert" && effect.priority > 0);

/**
 * A regular advertisement and its lease wait for those of other instances: first the leases of all
 * of them are prolonged, with one request, then the advertisements leave, many with one call.
 * Everything else is done at once, behind what waits.
 */
const mayWait = (effect: RouterEffect): boolean =>
  effect.kind === "refreshAddresses" || (effect.kind === "sendAdvert" && isRegular(effect));

/** No other router is elected beside it. */
const isElected = ({ kind }: Phase): boolean =>
  kind === "master" || kind === "switching" || kind === "promoting" || kind === "demoting";

const isFault = ({ kind }: RouterEvent): boolean => kind === "faultRaised";

export class Steps {
  readonly #context: EngineContext;
  readonly #effects: Effects;
  readonly #groups: Groups;
  readonly #recorder: ((record: EngineRecord) => void) | undefined;
  /** Leases that were refused while another instance's effects were carried out. */
  readonly #refused: Refused[] = [];
  /** Of the router that advertises, where it does not step. */
  readonly #outcomes: RouterEvent[] = [];
  #isTurn = false;
  #takenOver = 0;
  #depth = 0;

  constructor(
    context: EngineContext,
    effects: Effects,
    groups: Groups,
    recorder: ((record: EngineRecord) => void) | undefined,
  ) {
    this.#context = context;
    this.#effects = effects;
    this.#groups = groups;
    this.#recorder = recorder;
  }

  /** Until `endTurn` what may wait does, for all instances that are due now. */
  beginTurn(): void {
    this.#isTurn = true;
    this.#takenOver = 0;
  }

  /** How many addresses this turn has taken over, those of sync groups among them. */
  get takenOver(): number {
    return this.#takenOver;
  }

  endTurn(now: Instant): void {
    this.#isTurn = false;
    this.#settle(now);
  }

  apply(instance: Instance, event: RouterEvent, now: Instant): void {
    const outcomes: RouterEvent[] = [];
    this.#depth += 1;
    let next: RouterEvent | undefined = event;
    while (next !== undefined) {
      this.#step(instance, next, now, outcomes);
      next = outcomes.shift();
    }
    this.#depth -= 1;
    this.#context.instances.reschedule(instance);
    if (this.#depth === 0 && !this.#isTurn) this.#settle(now);
  }

  /**
   * As `apply`, of an advertisement that may come again and then need not step. What is recorded
   * steps every time.
   */
  repeat(instance: Instance, event: RouterEvent, now: Instant): void {
    this.apply(instance, event, now);
    if (this.#recorder === undefined) instance.mayHearAgain(event, now);
  }

  /**
   * As `apply`, inside a turn. A master that has to advertise and nothing else does not step
   * (router/advertise-again.ts), unless what happens is recorded.
   */
  timeReached(instance: Instance, event: TimeReached, now: Instant): void {
    const { router } = instance.config;
    const isRegular =
      this.#recorder === undefined &&
      event.sooner === undefined &&
      event.parts === undefined &&
      !this.#effects.isAdvertWaiting(instance) &&
      advertiseAgain(router, instance.state, now);
    if (!isRegular) return this.apply(instance, event, now);
    const outcomes = this.#outcomes;
    this.#effects.refresh(instance, now, outcomes);
    if (!outcomes.some(isFault))
      this.#effects.advertise(instance, instance.state.effectivePriority);
    this.#context.instances.reschedule(instance);
    if (outcomes.length === 0) return;
    for (const outcome of outcomes.splice(0)) this.apply(instance, outcome, now);
  }

  /** What waits is done; a refusal is an event for the instance it concerns. */
  #settle(now: Instant): void {
    this.#effects.settle(now, this.#context.instances.nextDue(), this.#refused);
    for (let one = this.#refused.shift(); one !== undefined; one = this.#refused.shift())
      this.apply(one.instance, one.event, now);
  }

  /** The same in the middle of a step: of this instance's own refusals its next effect depends. */
  #settleWithin(instance: Instance, now: Instant, outcomes: RouterEvent[]): void {
    if (!this.#effects.hasWaiting) return;
    const from = this.#refused.length;
    this.#effects.settle(now, this.#context.instances.nextDue(), this.#refused);
    for (let at = this.#refused.length - 1; at >= from; at--) {
      const one = this.#refused[at];
      if (one?.instance !== instance) continue;
      outcomes.unshift(one.event);
      this.#refused.splice(at, 1);
    }
  }

  #step(instance: Instance, event: RouterEvent, now: Instant, outcomes: RouterEvent[]): void {
    const before = instance.state;
    const wanted = step(instance.config.router, before, event, now);
    // A move that is taken back: it has been master all the time.
    const wasMaster = isElected(before.phase);
    // With a gate it is promoted first, and is a master on the wire already.
    const { kind } = wanted.state.phase;
    const turnsMaster = (kind === "master" || kind === "promoting") && !wasMaster;
    const held = turnsMaster
      ? this.#groups.holdBack(instance, before, wanted.state, now)
      : undefined;
    const { state, effects } = held ?? wanted;
    instance.state = state;
    const isNew = turnsMaster || before.phase.kind === "promoting";
    if (isNew && held === undefined && state.phase.kind === "master")
      this.#takenOver += instance.addresses.length;
    if (state.phase.kind === "master") {
      if (instance.resuming) endOfHold(instance, now);
      instance.resuming = false;
    }
    if (this.#recorder !== undefined && held === undefined) {
      // Wake-ups in which nothing happens are left out.
      const isIdle = event.kind === "timeReached" && effects.length === 0;
      const { name } = instance.config.router;
      if (!isIdle) this.#recorder({ at: now, instance: name, event, before, after: state });
    }
    for (const effect of effects) {
      if (!mayWait(effect) || this.#effects.isWaiting(instance, effect))
        this.#settleWithin(instance, now, outcomes);
      // Refused a moment ago: a router that is about to give up does not send as the owner, or its
      // frame may come after the successor's.
      if (outcomes.length > 0 && isSentAsOwner(effect) && outcomes.some(isFault)) continue;
      this.#effects.perform(instance, effect, now, outcomes);
    }
    if (before.phase.kind !== state.phase.kind)
      this.#groups.memberChanged(this, instance, before, now);
    else if (before.phase.kind === "fault" && before.reason !== state.reason)
      this.#groups.causesChanged(this, instance, now);
    // A member that was held back is ready, whatever the advertisement (of priority 0) did to its
    // timer.
    else if (event.kind === "advertReceived" && held === undefined)
      this.#groups.advertHeard(instance, before);
    if (state.gate !== undefined && hasBegunDemotion(before, state))
      this.#groups.unitDemoted(this, instance, now);
  }
}

const hasBegunDemotion = (before: RouterState, { gate }: RouterState): boolean =>
  gate?.running?.kind === "demote" && gate.run !== before.gate?.run;
