/**
 * Two masters that hear each other: RFC 9568 6.4.3.
 *
 * With preemption, or with an address owner (priority 255): the higher priority wins, then the
 * higher address (`loses`). The loser becomes backup at once; the winner answers with an
 * advertisement and announces the address again.
 *
 * With `nopreempt` the tie-break alone may not move the address away from a healthy owner: see
 * master-conflict.ts.
 *
 * A router that yields removes the address first and then sends priority 0 to the masters it has
 * heard: whatever they announce after that is the last announcement clients see. A winner that does
 * not hear priority 0 announces anyway: some time after each advertisement of the rival, and when
 * another machine's ARP for the address was seen (claim.ts).
 */
import { compareIp } from "#units/address";
import { after, type Instant, micros } from "#units/time";
import { RELEASE } from "#units/vrrp";
import { afterRival, announceOverWeaker, announceProvoked, sendAdvert } from "./advertise.ts";
import { answersOf, available, spend } from "./allowance.ts";
import type { RouterConfig } from "./config.ts";
import type { RouterEffect, RouterEvent } from "./event.ts";
import { expectsToStay, hasReachedThreshold, observe, probe, round } from "./master-conflict.ts";
import type { Reason } from "./reason.ts";
import type { MasterPhase, RouterState } from "./state.ts";
import {
  detection,
  enter,
  freshBackup,
  inPhase,
  preempts,
  type Step,
  withEffects,
} from "./step.ts";

/** How often priority 0 is repeated after we yielded. */
const RESENDS = 2;

type Advert = Extract<RouterEvent, { kind: "advertReceived" }>;

export function hearAsMaster(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  advert: Advert,
  now: Instant,
): Step {
  if (advert.priority === 0) return rivalReleased(config, state, phase, advert, now);
  if (advert.from === state.source && advert.priority === state.effectivePriority) {
    return withEffects(state, {
      kind: "report",
      report: { kind: "own-address-heard", from: advert.from },
    });
  }
  const known: RouterState = {
    ...state,
    heard: { from: advert.from, priority: advert.priority, at: now },
  };
  const theyWin = loses(state, advert);
  const decides = preempts(config) || advert.priority === 255 || config.priority === 255;
  const isAside = state.maintenance !== undefined && !(theyWin === undefined && isPromoting(state));
  if (decides || isAside) {
    return theyWin === undefined
      ? stay(config, known, phase, advert, !config.lowerPrioNoAdvert, now)
      : yieldTo(config, known, advert, theyWin, now);
  }
  return withoutPreemption(config, known, phase, advert, theyWin, now);
}

/** Whoever wins the tie-break: who has been served all the time is found out first. */
const isPromoting = ({ gate }: RouterState): boolean =>
  gate !== undefined && !gate.isPromoted && gate.running?.kind !== "demote";

function withoutPreemption(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  advert: Advert,
  theyWin: Reason | undefined,
  now: Instant,
): Step {
  const rival = observe(config, phase, advert, theyWin === undefined, now);
  if (!hasReachedThreshold(rival)) return probe(config, state, phase, advert, rival, now);
  return yieldTo(
    config,
    state,
    advert,
    theyWin ?? whyYieldAsWinner(state, phase, advert, now),
    now,
  );
}

/** Why we yield although the tie-break is in our favour. */
function whyYieldAsWinner(
  state: RouterState,
  phase: MasterPhase,
  advert: Advert,
  now: Instant,
): Reason {
  const { from, priority: theirs } = advert;
  return now < phase.confirmedAt
    ? { kind: "unconfirmed-yields", from, theirs, ours: state.effectivePriority }
    : { kind: "master-was-alive", from, after: micros(now - phase.ownerSince) };
}

/**
 * The tie-break of RFC 9568 6.4.3 (705): we lose to a higher priority, or to an equal one with a
 * higher address. Undefined: we win.
 */
export function loses(state: RouterState, advert: Advert): Reason | undefined {
  const ours = state.effectivePriority;
  if (advert.priority > ours) {
    return { kind: "higher-priority", from: advert.from, theirs: advert.priority, ours };
  }
  const source = state.source;
  if (advert.priority === ours && source !== undefined && compareIp(advert.from, source) > 0) {
    return { kind: "higher-address", from: advert.from, ours: source, priority: ours };
  }
  return undefined;
}

/** We win: answer with an advertisement, and make our announcement the last one clients see. */
export function stay(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  advert: Advert,
  withAdvert: boolean,
  now: Instant,
): Step {
  // Not again when we have just announced: `afterRival` follows each of its advertisements anyway.
  const isFresh = now - phase.lastAdvertAt >= answersOf(config).each || phase.advertAt <= now;
  const answer = answerOnce(config, state, phase, withAdvert, now);
  const effects: RouterEffect[] = [...answer.effects];
  const { announcements } = answer.phase;
  let next: MasterPhase = { ...answer.phase, announcements: afterRival(announcements, now) };
  if (answer.isAllowed && isFresh) {
    const over = announceOverWeaker(config, next, now);
    next = over.phase;
    effects.push(...over.effects);
  }
  effects.push({
    kind: "report",
    report: {
      kind: "weaker-master",
      from: advert.from,
      theirs: advert.priority,
      ours: state.effectivePriority,
    },
  });
  return { state: inPhase(state, next), effects };
}

export interface Answer {
  readonly phase: MasterPhase;
  readonly effects: readonly RouterEffect[];
  readonly isAllowed: boolean;
}

/**
 * Every advertisement is answered at once, even shortly after one of ours, which the rival may not
 * have received; but a flood is not. What is not answered now is answered by the next regular
 * advertisement.
 */
export function answerOnce(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  withAdvert: boolean,
  now: Instant,
): Answer {
  const kind = answersOf(config);
  // Then the answer is the regular one and costs nothing.
  const isDue = phase.advertAt <= now;
  const isAllowed = isDue || available(kind, phase.answers, now) > 0;
  if (!isAllowed) return { phase, effects: [], isAllowed };
  const answers = isDue ? phase.answers : spend(kind, phase.answers, 1, now);
  const spent = { ...phase, answers };
  if (!withAdvert) return { phase: spent, effects: [], isAllowed };
  return { ...sendAdvert(config, state, spent, now), isAllowed };
}

/**
 * Priority 0 heard as master: RFC 9568 6.4.3 (695) answers with an advertisement. A rival has
 * removed the address, so we announce it too.
 */
function rivalReleased(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  advert: Advert,
  now: Instant,
): Step {
  const rivals = phase.rivals.filter((one) => one.from !== advert.from);
  const probeAt = rivals.length === 0 ? undefined : phase.probeAt;
  const sent = answerOnce(config, state, { ...phase, rivals, probeAt }, true, now);
  // We may still have to yield to another rival: our announcement must not be the last one.
  if (!expectsToStay(sent.phase))
    return { state: inPhase(state, sent.phase), effects: sent.effects };
  const announcements = afterRival(sent.phase.announcements, now);
  const made = announceProvoked(config, { ...sent.phase, announcements }, 1, "rival-gone", now);
  return {
    state: inPhase(state, made.phase),
    effects: [...sent.effects, ...made.effects],
  };
}

/** Yields: the address is removed before priority 0 is sent, so that the winner announces last. */
export function yieldTo(
  config: RouterConfig,
  state: RouterState,
  advert: Advert,
  reason: Reason,
  now: Instant,
): Step {
  const effects: RouterEffect[] = [{ kind: "cancelAnnouncements" }];
  // Only to a stronger one: a weaker one might yield to it, and then no master would be left.
  const isWeaker = reason.kind === "higher-priority" || reason.kind === "higher-address";
  if (config.higherPrioSendAdvert && isWeaker)
    effects.push({ kind: "sendAdvert", priority: state.effectivePriority });
  effects.push({ kind: "removeAddresses" });
  // To the other masters alone, also with multicast: priority 0 to the group would start an
  // election among backups, which already have a master.
  const rivals = state.phase.kind === "master" ? state.phase.rivals.map(({ from }) => from) : [];
  const others = [advert.from, ...rivals.filter((from) => from !== advert.from)];
  for (const to of others) effects.push({ kind: "sendAdvert", priority: RELEASE, to });
  const interval = config.version === 3 ? advert.interval : config.advertInterval;
  const phase = {
    ...freshBackup(config, state, now, micros(0)),
    masterInterval: interval,
    masterDownAt: after(now, detection(config, state, interval, advert.priority)),
    resend: { to: others, at: after(now, round(config)), left: RESENDS },
  };
  return enter(state, phase, reason, now, effects);
}
