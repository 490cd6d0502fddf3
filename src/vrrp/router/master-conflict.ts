/**
 * Master conflict: two masters with `nopreempt` hear each other. The one that has been master
 * longer keeps the address.
 *
 * An advertisement does not say how long its sender has been master, so the two cannot compare.
 * Instead each has a yield threshold that grows with its own tenure. It probes (sends an
 * advertisement every round), counts the signs that the other hears it and stays master, and yields
 * when the count reaches the threshold. The one with the shorter tenure reaches its threshold
 * first:
 *
 *   seniority         0     master for less than 2 intervals: took over by mistake, or together
 *                           with another router
 *                     1, 2  for 2 intervals and more
 *                     3, 4  for 16
 *                     5, 6  for 256
 *                     the lower number of each pair: an unconfirmed master, that is, no peer was
 *                     heard before it became master, and less than `UNCONFIRMED` has passed
 *   yield threshold   5 signs per step of seniority; 3 more for the winner of the tie-break of
 *                     RFC 9568 6.4.3 (higher priority, then higher address)
 *
 * Tenure counts first, confirmation second. An unconfirmed master may be a rebooted node behind a
 * switch port that forwards late; the node that took over from it has been master since before it
 * started, so of two with about the same tenure the unconfirmed one yields.
 *
 * With equal seniority the tie-break decides, and a loser with seniority 0 yields to the first
 * advertisement. A round is an eighth of an interval, at most 25 ms: even two masters that have
 * both owned the address for hours are down to one after about 30 rounds.
 *
 * A sign is an advertisement that comes earlier than the rival's interval: it answers ours. One at
 * the rival's regular interval proves nothing. It counts as a whole step against the loser of the
 * tie-break (`lower_prio_no_advert` may keep a keepalived rival from answering) and against an
 * unconfirmed master. Against a confirmed winner it does not count: a rival that does not hear us
 * most likely does not receive clients' packets either.
 */
import { after, type Centis, fromCentis, type Instant, type Micros, micros } from "#units/time";
import { afterRival, announceOverWeaker, sendAdvert } from "./advertise.ts";
import type { RouterConfig } from "./config.ts";
import type { RouterEffect, RouterEvent } from "./event.ts";
import type { MasterPhase, Rival, RouterState } from "./state.ts";
import { inPhase, type Step } from "./step.ts";
import { ANSWER_WAIT } from "./timing.ts";

type Advert = Extract<RouterEvent, { kind: "advertReceived" }>;

const STEP = 5;
const WINNER_MORE = 3;
const ROUND_MIN = 2_000;
const ROUND_MAX = 25_000;
/** Part of the interval after which an unanswered probe is repeated once. */
const PROBE_AGAIN = 0.5;
/**
 * An advertisement earlier than this part of the rival's interval is an answer, not a regular one.
 */
const OUT_OF_TURN = 0.75;
/** Intervals without an advertisement of the rival after which counting starts anew. */
const VOID_INTERVALS = 2.5;
/** Intervals after which it is taken to have yielded. */
const GONE_INTERVALS = 4;
/** More rivals than this are not remembered, so that forged packets cannot fill the memory. */
const RIVALS_MAX = 16;

export const round = (config: RouterConfig): Micros =>
  micros(Math.min(ROUND_MAX, Math.max(ROUND_MIN, fromCentis(config.advertInterval) / 8)));

/**
 * A master that lives has answered an advertisement by then: at its next round at the latest. So
 * long a router that was elected waits before it serves (`gate`); most promotions take longer.
 */
export const answeredBy = (config: RouterConfig, now: Instant): Instant =>
  after(now, micros(round(config) + ANSWER_WAIT));

export function seniority(config: RouterConfig, phase: MasterPhase, now: Instant): number {
  const intervals = (now - phase.ownerSince) / fromCentis(config.advertInterval);
  if (intervals < 2) return 0;
  const isConfirmed = now >= phase.confirmedAt;
  if (intervals < 16) return isConfirmed ? 2 : 1;
  if (intervals < 256) return isConfirmed ? 4 : 3;
  return isConfirmed ? 6 : 5;
}

const isConfirmedOwner = ({ seniority: ours }: Rival): boolean => ours > 0 && ours % 2 === 0;
const yieldThreshold = (rival: Rival): number =>
  STEP * rival.seniority + (rival.weWin ? WINNER_MORE : 0);

/** The sender as a rival, with what this advertisement adds to what is known of it. */
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
  const gap = micros(now - known.heardAt);
  // A duplicate, or two in a row that crossed ours.
  if (gap < round(config) / 2) return { ...known, weWin };
  const sign = isOutOfTurn(gap, advert.interval) ? 1 : weWin && isConfirmedOwner(known) ? 0 : STEP;
  return { ...known, weWin, signs: known.signs + sign, heardAt: now, goneAt };
}

/** So soon after the one before, it answers ours. */
export const isOutOfTurn = (gap: Micros, interval: Centis): boolean =>
  gap < fromCentis(interval) * OUT_OF_TURN;

export const hasReachedThreshold = (rival: Rival): boolean => rival.signs >= yieldThreshold(rival);

/** We stay master for now: answer, and probe again. */
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
  // Also with `lower_prio_no_advert`: a conflict in which one side sends nothing cannot be decided.
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
    // If we yield, our announcement must not be the last one clients see; the rival announces too.
    next = { ...next, announcements: [] };
    effects.push({ kind: "cancelAnnouncements" });
  }
  if (isNew) effects.push(report(config, state, advert, rival));
  return { state: inPhase(state, next), effects };
}

/** Confirmed, and the winner of the tie-break against every rival that is left. */
export const expectsToStay = (phase: MasterPhase): boolean =>
  phase.rivals.every((one) => one.weWin && isConfirmedOwner(one));

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
 * One probe at a time: the next one follows an answer, so that both sides count in step however
 * long a packet takes. An unanswered probe is repeated once; then the rival's next advertisement
 * starts again.
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
 * Two probes without an answer: most likely the rivals have yielded, or they do not hear us. Where
 * we win the tie-break, their priority-0 advertisements may all have been lost, and clients need
 * our announcement.
 */
function afterNoAnswer(phase: MasterPhase, now: Instant): MasterPhase {
  const announcements = phase.rivals.every((one) => one.weWin)
    ? afterRival(phase.announcements, now)
    : phase.announcements;
  return { ...phase, probeAt: undefined, announcements };
}

/** Probes that are due, and rivals that no longer advertise; see `masterDeadline`. */
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
  // Its priority 0 was not heard, and its announcement may be the last one that clients saw.
  if (rivals.length === 0)
    next = { ...next, probeAt: undefined, announcements: afterRival(next.announcements, now) };
  return { phase: next, effects };
}
