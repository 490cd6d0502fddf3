/**
 * Two masters that hear each other.
 *
 * Plain VRRP (preemption on, or an address owner at 255): the higher priority wins, then the higher address; the loser goes at
 * once, the winner answers with an advertisement and announces the address again.
 *
 * With nopreempt the tie-break may not move an address away from a healthy owner: see master-conflict.ts.
 *
 * Whoever yields removes the address first, then says priority 0 to the masters it heard, which thereby know that their word
 * is now the last one and announce. A winner that hears nothing announces on evidence: after each sign of the rival, and
 * when somebody else's ARP for the address was seen (master.ts).
 */
import { after, type Instant, micros } from "#units/time";
import { RELEASE } from "#units/vrrp";
import { afterRival, announceOverWeaker, announceProvoked, sendAdvert } from "./advertise.ts";
import { answersOf, available, spend } from "./allowance.ts";
import type { RouterConfig } from "./config.ts";
import type { RouterEffect, RouterEvent } from "./event.ts";
import { expectsToStay, hasReachedThreshold, observe, probe, round } from "./master-conflict.ts";
import type { Reason } from "./reason.ts";
import type { MasterPhase, RouterState } from "./state.ts";
import { detection, enter, freshBackup, inPhase, type Step, withEffects } from "./step.ts";

/** Repetitions of the word that we have gone. */
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
  if (config.preempt || advert.priority === 255 || config.priority === 255) {
    return theyWin === undefined
      ? stay(config, known, phase, advert, now)
      : give(config, known, advert, theyWin, now);
  }
  return withoutPreemption(config, known, phase, advert, theyWin, now);
}

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
  return give(config, state, advert, theyWin ?? whyJunior(state, phase, advert, now), now);
}

/** We would win the tie-break, and go all the same. */
function whyJunior(state: RouterState, phase: MasterPhase, advert: Advert, now: Instant): Reason {
  const { from, priority: theirs } = advert;
  return now < phase.confirmedAt
    ? { kind: "unconfirmed-yields", from, theirs, ours: state.effectivePriority }
    : { kind: "master-was-alive", from, after: micros(now - phase.ownerSince) };
}

/** RFC 9568 6.4.3 (705): higher priority, or equal and higher address. Undefined: we win. */
function loses(state: RouterState, advert: Advert): Reason | undefined {
  const ours = state.effectivePriority;
  if (advert.priority > ours) {
    return { kind: "higher-priority", from: advert.from, theirs: advert.priority, ours };
  }
  const source = state.source;
  if (advert.priority === ours && source !== undefined && advert.from > source) {
    return { kind: "higher-address", from: advert.from, ours: source, priority: ours };
  }
  return undefined;
}

/** We are the stronger: say so, and make sure that clients hear us last. */
function stay(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  advert: Advert,
  now: Instant,
): Step {
  // Announced over it a moment ago: what follows each sign of a rival anyway will do.
  const isFresh = now - phase.lastAdvertAt >= answersOf(config).each || phase.advertAt <= now;
  const answer = answerOnce(config, state, phase, !config.lowerPrioNoAdvert, now);
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

interface Answer {
  readonly phase: MasterPhase;
  readonly effects: readonly RouterEffect[];
  readonly isAllowed: boolean;
}

/**
 * An answer to each advertisement at once, also shortly after one of ours, which the rival may not have heard; but not to a
 * flood. What is not answered now is answered by the next regular one.
 */
function answerOnce(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  bySpeaking: boolean,
  now: Instant,
): Answer {
  const kind = answersOf(config);
  // Due anyway.
  const isDue = phase.advertAt <= now;
  const isAllowed = isDue || available(kind, phase.answers, now) > 0;
  if (!isAllowed) return { phase, effects: [], isAllowed };
  const answers = isDue ? phase.answers : spend(kind, phase.answers, 1, now);
  const spent = { ...phase, answers };
  if (!bySpeaking) return { phase: spent, effects: [], isAllowed };
  return { ...sendAdvert(config, state, spent, now), isAllowed };
}

/** Priority 0 heard as master: RFC 9568 6.4.3 (695) answers with an advertisement; a rival has let go, so announce too. */
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
  // Another one is left that we may have to yield to: our word must not be the last one that clients hear.
  if (!expectsToStay(sent.phase))
    return { state: inPhase(state, sent.phase), effects: sent.effects };
  const announcements = afterRival(sent.phase.announcements, now);
  const made = announceProvoked(config, { ...sent.phase, announcements }, 1, "rival-gone", now);
  return {
    state: inPhase(state, made.phase),
    effects: [...sent.effects, ...made.effects],
  };
}

/** The address goes first, then the word that it is gone: what the winner announces after that is the last word. */
function give(
  config: RouterConfig,
  state: RouterState,
  advert: Advert,
  reason: Reason,
  now: Instant,
): Step {
  const effects: RouterEffect[] = [{ kind: "cancelAnnouncements" }];
  // Only to the stronger: one that we would win against may obey that word, and then nobody is left.
  const isWeaker = reason.kind === "higher-priority" || reason.kind === "higher-address";
  if (config.higherPrioSendAdvert && isWeaker)
    effects.push({ kind: "sendAdvert", priority: state.effectivePriority });
  effects.push({ kind: "removeAddresses" });
  // To the other masters alone, multicast or not: the group would start an election among routers that are not concerned.
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
