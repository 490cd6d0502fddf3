/**
 * nopreempt, and two masters hear each other: who has owned the address longer keeps it.
 *
 * An advertisement does not say how long its sender has been master, so nobody can compare. Instead each shows patience
 * by its own tenure: it goes on asking (an advertisement every round), counts the signs that the rival hears it and stays,
 * and yields when the count reaches its patience. The shorter tenure loses patience first:
 *
 *   seniority   0     master for less than two intervals: took over by mistake, or at the same moment as another
 *               1, 2  for two intervals and more
 *               3, 4  for 16
 *               5, 6  for 256
 *               the lower one of two: never heard anybody in this life, and at most a minute old
 *   patience    5 signs for each step; 3 more for the one who would win the tie-break of RFC 9568 6.4.3
 *
 * Tenure counts first. Who never heard anybody may be a rebooted node behind a port that forwards late; whoever took over from
 * it has been master since before it started, so among two of about the same tenure it goes.
 *
 * Equals are thus decided by the tie-break, and a loser without seniority goes at once. A round is an eighth of an interval,
 * 25 ms at the most: two masters that both owned the address for hours are one again after 30 rounds.
 *
 * A sign is an advertisement off the rival's beat, because only who hears us sends such. One on its beat proves nothing: it
 * counts as a whole step against who would lose anyway (a keepalived rival may be told not to answer) and against a
 * newcomer, and nothing against an established owner that would win: a rival that cannot hear us cannot hear clients either.
 */
import { after, fromCentis, type Instant, type Micros, micros } from "#units/time";
import { afterRival, announceOverWeaker, sendAdvert } from "./advertise.ts";
import type { RouterConfig } from "./config.ts";
import type { RouterEffect, RouterEvent } from "./event.ts";
import type { MasterPhase, Rival, RouterState } from "./state.ts";
import { inPhase, type Step } from "./step.ts";

type Advert = Extract<RouterEvent, { kind: "advertReceived" }>;

const STEP = 5;
const WINNER_MORE = 3;
const ROUND_MIN = 2_000;
const ROUND_MAX = 25_000;
/** Part of the interval after which an unanswered question is probed once more. */
const PROBE_AGAIN = 0.5;
/** An advertisement earlier than this part of the rival's interval is off its beat. */
const OFF_BEAT = 0.75;
/** Intervals of the rival without a word after which what was counted is void: it comes as a new one. */
const VOID_INTERVALS = 2.5;
/** And after which it is gone. */
const GONE_INTERVALS = 4;
/** More rivals at once than this are not told apart. */
const RIVALS_MAX = 16;

export const round = (config: RouterConfig): Micros =>
  micros(Math.min(ROUND_MAX, Math.max(ROUND_MIN, fromCentis(config.advertInterval) / 8)));

export function seniority(config: RouterConfig, phase: MasterPhase, now: Instant): number {
  const intervals = (now - phase.ownerSince) / fromCentis(config.advertInterval);
  if (intervals < 2) return 0;
  const isConfirmed = now >= phase.confirmedAt;
  if (intervals < 16) return isConfirmed ? 2 : 1;
  if (intervals < 256) return isConfirmed ? 4 : 3;
  return isConfirmed ? 6 : 5;
}

const isEstablished = ({ seniority: ours }: Rival): boolean => ours > 0 && ours % 2 === 0;
const yieldThreshold = (rival: Rival): number =>
  STEP * rival.seniority + (rival.weWin ? WINNER_MORE : 0);

/** What this advertisement adds to what we know of its sender, as a rival. */
export function observe(
  config: RouterConfig,
  phase: MasterPhase,
  advert: Advert,
  weWin: boolean,
  now: Instant,
): Rival {
  const interval = fromCentis(advert.interval);
  const known = phase.rivals.find((one) => one.from === advert.from);
  const goneAt = after(now, micros(GONE_INTERVALS * interval));
  if (known === undefined || now - known.heardAt > VOID_INTERVALS * interval) {
    const ours = seniority(config, phase, now);
    return { from: advert.from, seniority: ours, weWin, signs: 0, heardAt: now, goneAt };
  }
  const gap = now - known.heardAt;
  // A copy, or two in a row that crossed ours.
  if (gap < round(config) / 2) return { ...known, weWin };
  const isOffBeat = gap < interval * OFF_BEAT;
  const sign = isOffBeat ? 1 : weWin && isEstablished(known) ? 0 : STEP;
  return { ...known, weWin, signs: known.signs + sign, heardAt: now, goneAt };
}

export const hasReachedThreshold = (rival: Rival): boolean => rival.signs >= yieldThreshold(rival);

/** We stay for now: answer, and ask again. */
export function probe(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  advert: Advert,
  rival: Rival,
  now: Instant,
): Step {
  const others = phase.rivals.filter((one) => one.from !== rival.from);
  const rivals = others.length < RIVALS_MAX ? [...others, rival] : others;
  const isNew = !phase.rivals.some((one) => one.from === rival.from);
  const effects: RouterEffect[] = [];
  let next: MasterPhase = { ...phase, rivals };
  // Also with `lower_prio_no_advert`: a contest in which one side says nothing cannot be decided.
  const roundAt = after(phase.lastAdvertAt, round(config));
  if (now >= roundAt) {
    const probed = sendProbe(config, state, next, now);
    next = probed.phase;
    effects.push(...probed.effects);
  } else if (next.probeAt === undefined || next.probeAt > roundAt) {
    next = { ...next, probeAt: roundAt };
  }
  if (expectsToStay(next)) {
    next = { ...next, announcements: afterRival(next.announcements, now) };
    if (isNew) {
      const over = announceOverWeaker(config, next, now);
      next = over.phase;
      effects.push(...over.effects);
    }
  } else {
    // Our word could be the last one clients hear before we go; the rival's are as good meanwhile.
    next = { ...next, announcements: [] };
    effects.push({ kind: "cancelAnnouncements" });
  }
  if (isNew) effects.push(report(config, state, advert, rival));
  return { state: inPhase(state, next), effects };
}

/** Stronger than all rivals (or none is left), and no newcomer that will have to go. */
export const expectsToStay = (phase: MasterPhase): boolean =>
  phase.rivals.every((one) => one.weWin && isEstablished(one));

function report(
  config: RouterConfig,
  state: RouterState,
  advert: Advert,
  rival: Rival,
): RouterEffect {
  const { from, priority: theirs } = advert;
  if (rival.weWin) {
    const ours = state.effectivePriority;
    return { kind: "report", report: { kind: "weaker-master", from, theirs, ours } };
  }
  const granted = yieldThreshold(rival) * round(config);
  return { kind: "report", report: { kind: "grace", from, theirs, micros: granted } };
}

/**
 * One question at a time: the next one follows an answer, so that both count in step however long a packet takes. A lost
 * one is repeated once, and after that the rival's next advertisement begins anew.
 */
function sendProbe(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  now: Instant,
): ReturnType<typeof sendAdvert> {
  const sent = sendAdvert(config, state, phase, now);
  const again = micros(fromCentis(config.advertInterval) * PROBE_AGAIN);
  return { phase: { ...sent.phase, probeAt: after(now, again) }, effects: sent.effects };
}

/**
 * Asked twice and not answered: the rivals have gone, most likely, or do not hear us. Where we would win they may have
 * yielded and all their farewells were lost, and clients wait for our word.
 */
function afterNoAnswer(phase: MasterPhase, now: Instant): MasterPhase {
  const announcements = phase.rivals.every((one) => one.weWin)
    ? afterRival(phase.announcements, now)
    : phase.announcements;
  return { ...phase, probeAt: undefined, announcements };
}

/** Questions, and rivals that have fallen silent; see `masterDeadline`. */
export function conflictOnTime(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  now: Instant,
): { readonly phase: MasterPhase; readonly effects: readonly RouterEffect[] } {
  let next = phase;
  let effects: readonly RouterEffect[] = [];
  if (next.probeAt !== undefined && now >= next.probeAt) {
    const answerWait = fromCentis(config.advertInterval) * PROBE_AGAIN * 1.5;
    const isUnanswered = next.rivals.every((one) => now - one.heardAt > answerWait);
    const probed = isUnanswered
      ? { phase: afterNoAnswer(next, now), effects: [] }
      : sendProbe(config, state, next, now);
    next = probed.phase;
    effects = probed.effects;
  }
  const rivals = next.rivals.filter((one) => now < one.goneAt);
  if (rivals.length === next.rivals.length) return { phase: next, effects };
  next = { ...next, rivals };
  // Nobody heard it say goodbye, and its last announcement may be what clients remember.
  if (rivals.length === 0)
    next = { ...next, probeAt: undefined, announcements: afterRival(next.announcements, now) };
  return { phase: next, effects };
}
