/**
 * Two masters that hear each other, each with a gate that can compare data: after a cut of the
 * network two nodes may have been written to. Not tenure decides, and not priority: the one with
 * all data of the other stays, and nobody is served until that is known.
 *
 *   the other one is heard   both close the fence, answer, and go on advertising; each compares
 *   ours                     serves again, and does not yield. If the other one hears that and
 *                            goes on, it has found the same: it was promoted between the two
 *                            comparisons. So the data is compared again, fenced.
 *   theirs                   yields: fenced, demoted
 *   equal                    the tie-break of RFC 9568 6.4.3 decides
 *   diverged, unknown        nobody is served. Both wait until the other comparison is over as
 *                            well, which may have shown more; then the loser of the tie-break
 *                            yields, and the winner has the address and waits for a person. With
 *                            `on_refusal serve` it is as with "equal".
 *
 * Of three masters each hears two. What could not be decided with the first of them stays
 * undecided, whatever the other comparison says, and the time to yield counts from there.
 *
 * If the other one yields, it is read-only soon, and the data is compared once more. A winner that
 * waits yields to a master that it hears long after that: it has been able to compare, or a person
 * has decided for it.
 */
import type { IpAddress } from "#units/address";
import { after, type Instant, type Micros, micros } from "#units/time";
import { afterRival, announceProvoked } from "./advertise.ts";
import type { RouterConfig } from "./config.ts";
import type { DataComparison, RouterEffect, RouterEvent } from "./event.ts";
import { closeFence, gateOf, inGate } from "./gate.ts";
import { isOutOfTurn, round } from "./master-conflict.ts";
import type { Reason } from "./reason.ts";
import { answerOnce, loses, stay, yieldTo } from "./rivals.ts";
import type { GateConflict, GateState, MasterPhase, RouterState } from "./state.ts";
import { detection, inPhase, type Step, unchanged } from "./step.ts";

type Advert = Extract<RouterEvent, { kind: "advertReceived" }>;

/** @returns undefined: the rules of VRRP decide (rivals.ts) */
export function hearWithData(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  advert: Advert,
  now: Instant,
): Step | undefined {
  const known = gateOf(config, state);
  if (known?.settings.comparesData !== true || !known.gate.isPromoted) return undefined;
  const { conflict, fence } = known.gate;
  if (advert.from === state.source || fence === "new") return undefined;
  const { from, priority } = advert;
  if (priority === 0) {
    const isOpen = conflict?.result === "undecided";
    return isOpen && (conflict.peer === from || conflict.undecided?.peer === from)
      ? beginComparison(config, state, phase, advert, now)
      : undefined;
  }
  const heard = { from, priority, at: now };
  // One comparison at a time, whoever else is heard meanwhile; who is promoted has to hear us.
  if (conflict?.result === "comparing") {
    const { phase: next, effects } = answerOnce(config, state, phase, true, now);
    return { state: inPhase({ ...state, heard }, next), effects };
  }
  const undecided = conflict?.undecided;
  if (
    undecided !== undefined &&
    now >= after(undecided.until, undecidedFor(config, state, advert))
  ) {
    const why: Reason = { kind: "data-unknown", from };
    return yieldTo(config, { ...state, heard }, advert, why, now);
  }
  const isNew = conflict?.peer !== from || isStale(config, state, conflict, advert, now);
  if (isNew) return beginComparison(config, { ...state, heard }, phase, advert, now);
  switch (conflict.result) {
    case "ours":
      // Also with `lower_prio_no_advert`: it has to hear that we go on.
      return stay(config, { ...state, heard }, phase, advert, true, now);
    case "undecided":
      return unchanged({ ...state, heard });
  }
}

/** The loser of the tie-break first, so that two who do not know do not both yield. */
function undecidedFor(config: RouterConfig, state: RouterState, advert: Advert): Micros {
  const wait = detection(config, state, advert.interval, advert.priority);
  return loses(state, advert) === undefined ? micros(3 * wait) : wait;
}

/**
 * Rounds in which a rival that hears us has yielded: by its own comparison, or while it is promoted
 * by the rules of VRRP (the threshold of one without tenure is 3 signs).
 */
const YIELD_ROUNDS = 16;

/**
 * What was compared then says nothing about now: it was gone, and is master again; or it goes on,
 * though it hears us, or though its own comparison is over at the latest, since that found the same
 * (of a node that was promoted between the two).
 */
function isStale(
  config: RouterConfig,
  state: RouterState,
  { result, until, againAt, isAsked }: GateConflict,
  { interval, priority }: Advert,
  now: Instant,
): boolean {
  const { heard } = state;
  if (result !== "ours" || heard === undefined) return false;
  const wait = detection(config, state, interval, priority);
  if (now - heard.at > wait) return true;
  if (isAsked === true) return false;
  const hearsUs = isOutOfTurn(micros(now - heard.at), interval);
  return now >= after(until, wait) || (hearsUs && againAt !== undefined && now >= againAt);
}

function beginComparison(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  advert: Advert,
  now: Instant,
): Step {
  const known = gateOf(config, state);
  if (known === undefined) return unchanged(state);
  const run = known.gate.run + 1;
  const wait = known.settings.demoteTimeout;
  const peer = advert.from;
  const { undecided } = known.gate.conflict ?? {};
  const isOver = advert.priority === 0 && undecided?.peer === peer;
  const conflict: GateConflict = {
    run,
    peer,
    until: after(now, wait),
    result: "comparing",
    ...(undecided === undefined || isOver ? {} : { undecided }),
  };
  // So that it begins as well.
  const answer = answerOnce(config, state, phase, true, now);
  return {
    state: inPhase(inGate(state, { run, conflict, fence: "closed" }), answer.phase),
    effects: [
      ...closeFence(known.gate),
      ...answer.effects,
      { kind: "compare", run, peer, micros: wait },
    ],
  };
}

/** The comparison is over; without an answer in time the result is "unknown". */
export function compared(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  conflict: GateConflict,
  result: DataComparison,
  now: Instant,
): Step {
  const { peer: from } = conflict;
  const priority = state.heard?.priority ?? state.effectivePriority;
  const advert: Advert = {
    kind: "advertReceived",
    from,
    priority,
    interval: config.advertInterval,
  };
  const isByVrrp = result === "equal" || config.gate?.onRefusal === "serve";
  const why = whyYield(result, isByVrrp ? loses(state, advert) : undefined, from);
  if (why !== undefined) {
    const left = yieldTo(config, inGate(state, { conflict: undefined }), advert, why, now);
    return withReport(left, from, result, false);
  }
  const { undecided = { peer: from, until: conflict.until } } = conflict;
  const isByData = result === "ours" || result === "equal";
  // What is undecided with a third one stays so.
  const isOpen = config.gate?.onRefusal === "serve" || (isByData && undecided.peer === from);
  // Where the data says nothing, another comparison would only close the fence again.
  const againAt = isByData ? after(now, micros(YIELD_ROUNDS * round(config))) : undefined;
  const settled = { ...conflict, undecided: undefined, againAt };
  return isOpen
    ? withReport(settle(config, state, phase, settled, now), from, result, true)
    : withReport(
        unchanged(inGate(state, { conflict: { ...conflict, undecided, result: "undecided" } })),
        from,
        result,
        false,
      );
}

function whyYield(
  result: DataComparison,
  theyWin: Reason | undefined,
  from: IpAddress,
): Reason | undefined {
  if (result === "theirs") return { kind: "data-behind", from };
  return result === "ours" ? undefined : theyWin;
}

/**
 * Decided for this node: it serves, and does not yield to that peer. Clients may have learned the
 * other one's MAC address.
 */
export function settle(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  conflict: Omit<GateConflict, "result">,
  now: Instant,
): Step {
  const change: Partial<GateState> = { conflict: { ...conflict, result: "ours" }, fence: "open" };
  const announcements = afterRival(phase.announcements, now);
  const next: MasterPhase = { ...phase, rivals: [], probeAt: undefined, announcements };
  const made = announceProvoked(config, next, 1, "rival-gone", now);
  const opened: readonly RouterEffect[] =
    state.gate?.fence === "open" ? [] : [{ kind: "openFence" }];
  return {
    state: inPhase(inGate(state, change), made.phase),
    effects: [...opened, ...made.effects],
  };
}

function withReport(
  { state, effects }: Step,
  from: IpAddress,
  result: DataComparison,
  isOpen: boolean,
): Step {
  const report: RouterEffect = {
    kind: "report",
    report: { kind: "data-compared", from, result, isOpen },
  };
  return { state, effects: [...effects, report] };
}
