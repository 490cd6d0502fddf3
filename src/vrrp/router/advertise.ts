/** What a master sends on its own account: the next advertisement, and the announcements to come. */
import { after, fromCentis, type Instant, type Micros, micros } from "#units/time";
import { announcementsOf, available, nextAt, spend } from "./allowance.ts";
import type { RouterConfig } from "./config.ts";
import type { RouterEffect } from "./event.ts";
import type { Announcement, AnnounceReason, MasterPhase, RouterState } from "./state.ts";
import { ownershipWindow } from "./step.ts";

/**
 * Keeps the rhythm: the next one is counted from when this one was due, unless we are so late that it would be due
 * already. Only a sent advertisement moves the timer. (keepalived restarts it at every packet read, so that a stream of
 * packets it rejects silences a healthy master.)
 */
export function sendAdvert(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  now: Instant,
): { readonly phase: MasterPhase; readonly effects: readonly RouterEffect[] } {
  const interval = fromCentis(config.advertInterval);
  const regular = after(phase.advertAt, interval);
  const onSchedule = now >= phase.advertAt && regular > now;
  return {
    phase: {
      ...phase,
      advertAt: onSchedule ? regular : after(now, interval),
      lastAdvertAt: now,
      ownershipSafeUntil: after(now, ownershipWindow(config, state)),
      resumedSafeUntil: undefined,
    },
    effects: [
      { kind: "refreshAddresses" },
      { kind: "sendAdvert", priority: state.effectivePriority },
    ],
  };
}

/** Adds an announcement, keeping the list in order; one pending per reason is enough. */
export function schedule(
  announcements: readonly Announcement[],
  at: Instant,
  repeat: number,
  why: AnnounceReason,
): readonly Announcement[] {
  const place = announcements.findIndex((one) => one.at > at);
  const added = { at, repeat, why };
  return place === -1 ? [...announcements, added] : announcements.toSpliced(place, 0, added);
}

/** After the last sign of a rival: when its own last announcement has surely been sent, and again for lost frames. */
const AFTER_RIVAL: readonly Micros[] = [micros(15_000), micros(150_000), micros(1_000_000)];

export function afterRival(
  announcements: readonly Announcement[],
  now: Instant,
): readonly Announcement[] {
  const times = AFTER_RIVAL.map((delay) => after(now, delay));
  return reschedule(announcements, times, 1, "rival-gone");
}

/** In the place of what waits for the same reason. */
export function reschedule(
  announcements: readonly Announcement[],
  times: readonly Instant[],
  repeat: number,
  why: AnnounceReason,
): readonly Announcement[] {
  let list: readonly Announcement[] = announcements.filter((one) => one.why !== why);
  for (const at of times) list = schedule(list, at, repeat, why);
  return list;
}

/** Their number is decided by what others send. */
const PROVOKED: readonly AnnounceReason[] = ["rival-gone", "weaker-master", "foreign-announcement"];

interface Announced {
  readonly phase: MasterPhase;
  readonly effects: readonly RouterEffect[];
}

/** At once as far as the allowance goes; nothing left: as soon as there is. */
export function announceProvoked(
  config: RouterConfig,
  phase: MasterPhase,
  repeat: number,
  why: AnnounceReason,
  now: Instant,
): Announced {
  const kind = announcementsOf(config);
  const count = Math.min(repeat, available(kind, phase.announced, now));
  if (count === 0) {
    const at = nextAt(kind, phase.announced, now);
    const isPlanned = phase.announcements.some((one) => one.why === why && one.at <= at);
    const announcements = isPlanned
      ? phase.announcements
      : schedule(phase.announcements, at, 1, why);
    return { phase: { ...phase, announcements }, effects: [] };
  }
  const announced = spend(kind, phase.announced, count, now);
  return {
    phase: { ...phase, announced },
    effects: [{ kind: "announce", repeat: count, why }],
  };
}

/** Counted, for the answers to a claim come later and later (claim.ts). */
function claimAnswered(phase: MasterPhase): MasterPhase {
  const { claim } = phase;
  return claim === undefined
    ? phase
    : { ...phase, claim: { ...claim, answers: claim.answers + 1 } };
}

/** What was to be announced by now. */
export function announceDue(config: RouterConfig, phase: MasterPhase, now: Instant): Announced {
  const due = phase.announcements.filter((one) => one.at <= now);
  let next: MasterPhase = {
    ...phase,
    announcements: phase.announcements.filter((one) => one.at > now),
  };
  const effects: RouterEffect[] = [];
  for (const { repeat, why } of due) {
    if (!PROVOKED.includes(why)) {
      effects.push({ kind: "announce", repeat, why });
      continue;
    }
    const made = announceProvoked(config, next, repeat, why, now);
    const isAnswer = why === "foreign-announcement" && made.effects.length > 0;
    next = isAnswer ? claimAnswered(made.phase) : made.phase;
    effects.push(...made.effects);
  }
  return { phase: next, effects };
}

/** keepalived's announcements after a weaker master was heard: at once, and again after `garp_lower_prio_delay`. */
export function announceOverWeaker(
  config: RouterConfig,
  phase: MasterPhase,
  now: Instant,
): Announced {
  const { lowerPrioRepeat: repeat, lowerPrioDelay: delay } = config.announce;
  if (repeat === 0) return { phase, effects: [] };
  const why = "weaker-master";
  const made = announceProvoked(config, phase, repeat, why, now);
  if (delay === 0) return made;
  const later = [after(now, delay)];
  const announcements = reschedule(made.phase.announcements, later, repeat, why);
  return { phase: { ...made.phase, announcements }, effects: made.effects };
}
