/**
 * Two masters that hear each other.
 *
 * Plain VRRP (preemption on): the higher priority wins, then the higher address; the loser goes at once, the winner
 * answers with an advertisement and announces the address again.
 *
 * With nopreempt the tie-break may not move an address away from a healthy owner, so who was there first wins:
 *  - a newcomer (master without ever having heard a peer, for less than `NEWCOMER`) yields at once, to anybody;
 *  - an established owner that would lose keeps the seat for `GRACE_INTERVALS` of the rival's advertisements, answering
 *    each, so that a newcomer can yield; only then it obeys (a keepalived rival never yields by itself);
 *  - who took over because the master fell silent, and hears that very master again within one detection time, took over
 *    by mistake (lost packets): if it would win, it gives the other half an interval to show that it stays, then yields.
 *
 * Whoever yields removes the address first, then says priority 0 to the winner, which thereby knows that its word is
 * now the last one and announces. A winner that hears nothing announces on evidence: after each sign of the rival, and
 * when somebody else's ARP for the address was seen (master.ts).
 */
import { after, fromCentis, type Instant, micros } from "#units/time";
import { RELEASE } from "#units/vrrp";
import { afterRival, schedule, sendAdvert } from "./advertise.ts";
import type { RouterConfig } from "./config.ts";
import type { RouterEffect, RouterEvent } from "./event.ts";
import type { Reason } from "./reason.ts";
import type { MasterPhase, Rival, RouterState } from "./state.ts";
import { enter, freshBackup, inPhase, type Step, withEffects } from "./step.ts";
import { masterDown } from "./timing.ts";

type Advert = Extract<RouterEvent, { kind: "advertReceived" }>;

const GRACE_INTERVALS = 3;

export function hearAsMaster(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  advert: Advert,
  now: Instant,
): Step {
  if (advert.priority === 0) return rivalReleased(config, state, phase, now);
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
  if (now < phase.provenAt) {
    const reason = {
      kind: "newcomer-yields",
      from: advert.from,
      theirs: advert.priority,
      ours: state.effectivePriority,
    } as const;
    return give(config, state, advert, reason, now);
  }
  const since = micros(now - state.since);
  const mistaken =
    phase.predecessor === advert.from &&
    since < masterDown(config, advert.interval, state.effectivePriority);
  if (theyWin !== undefined) {
    if (mistaken) return give(config, state, advert, theyWin, now);
    return grant(config, state, phase, advert, now, GRACE_INTERVALS, theyWin);
  }
  if (!mistaken && phase.rival === undefined) return stay(config, state, phase, advert, now);
  const reason = { kind: "master-was-alive", from: advert.from, after: since } as const;
  return grant(config, state, phase, advert, now, 0.5, reason);
}

/** The rival gets `intervals` of time to yield, and hears us at once; still there after it, we give the address up. */
function grant(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  advert: Advert,
  now: Instant,
  intervals: number,
  reason: Reason,
): Step {
  const { rival } = phase;
  if (rival !== undefined && rival.from === advert.from && now >= rival.yieldAt) {
    return give(config, state, advert, reason, now);
  }
  const interval = fromCentis(advert.interval);
  const granted: Rival = {
    from: advert.from,
    yieldAt: rival?.from === advert.from ? rival.yieldAt : after(now, micros(intervals * interval)),
    goneAt: after(now, micros((GRACE_INTERVALS + 1) * interval)),
  };
  const answer = answerOnce(config, state, { ...phase, rival: granted }, now);
  const effects: RouterEffect[] = [...answer.effects];
  // Our announcements could be the last the clients hear before we go; the rival's are as good meanwhile.
  effects.push({ kind: "cancelAnnouncements" });
  if (rival === undefined) {
    const graceMicros = granted.yieldAt - now;
    effects.push({
      kind: "report",
      report: { kind: "grace", from: advert.from, theirs: advert.priority, micros: graceMicros },
    });
  }
  return { state: inPhase(state, { ...answer.phase, announcements: [] }), effects };
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
  const { announce } = config;
  const fresh = isFresh(config, phase, now);
  const answer = config.lowerPrioNoAdvert
    ? { phase, effects: [] }
    : answerOnce(config, state, phase, now);
  const effects: RouterEffect[] = [...answer.effects];
  let announcements = afterRival(answer.phase.announcements, now);
  if (fresh && announce.lowerPrioRepeat > 0) {
    effects.push({ kind: "announce", repeat: announce.lowerPrioRepeat, why: "weaker-master" });
    if (announce.lowerPrioDelay > 0) {
      const others = announcements.filter((one) => one.why !== "weaker-master");
      const at = after(now, announce.lowerPrioDelay);
      announcements = schedule(others, at, announce.lowerPrioRepeat, "weaker-master");
    }
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
  return { state: inPhase(state, { ...answer.phase, announcements }), effects };
}

/**
 * An answer to each advertisement, but not to a flood: one that left within the last eighth of an interval has told the
 * rival already.
 */
function isFresh(config: RouterConfig, phase: MasterPhase, now: Instant): boolean {
  return now - phase.lastAdvertAt >= fromCentis(config.advertInterval) / 8 || phase.advertAt <= now;
}

function answerOnce(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  now: Instant,
): ReturnType<typeof sendAdvert> {
  return isFresh(config, phase, now)
    ? sendAdvert(config, state, phase, now)
    : { phase, effects: [] };
}

/** Priority 0 heard as master: RFC 9568 6.4.3 (695) answers with an advertisement; a rival has let go, so announce too. */
function rivalReleased(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  now: Instant,
): Step {
  const sent = sendAdvert(config, state, { ...phase, rival: undefined }, now);
  return {
    state: inPhase(state, {
      ...sent.phase,
      announcements: afterRival(sent.phase.announcements, now),
    }),
    effects: [...sent.effects, { kind: "announce", repeat: 1, why: "rival-gone" }],
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
  if (config.higherPrioSendAdvert)
    effects.push({ kind: "sendAdvert", priority: state.effectivePriority });
  effects.push({ kind: "removeAddresses" });
  // To the group it would start elections among routers that are not concerned.
  if (config.peerCount > 0)
    effects.push({ kind: "sendAdvert", priority: RELEASE, to: advert.from });
  const fresh = freshBackup(config, state, now, micros(0));
  const interval = config.version === 3 ? advert.interval : config.advertInterval;
  const wait = masterDown(config, interval, state.effectivePriority);
  const phase = { ...fresh, masterInterval: interval, masterDownAt: after(now, wait) };
  return enter(state, phase, reason, now, effects);
}
