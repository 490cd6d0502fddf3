/** What a master sends unasked: the next advertisement, and the announcements that are due. */
import { after, fromCentis, type Instant, type Micros, micros } from "#units/time";
import { announcementsOf, available, nextAt, spend } from "./allowance.ts";
import type { RouterConfig } from "./config.ts";
import type { RouterEffect, TimeReached } from "./event.ts";
import type { Announcement, AnnounceReason, MasterPhase, RouterState } from "./state.ts";
import { ownershipWindow } from "./step.ts";
import { headStart } from "./timing.ts";

type Spread = Pick<TimeReached, "sooner" | "parts">;
const ON_TIME: Spread = {};

/**
 * The next advertisement is due one interval after this one was due, unless that has passed
 * already, or sooner by as much as the event says (`sooner`, `parts`). Only one that is
 * sent moves the timer: keepalived restarts it with every packet it reads, so a stream of packets
 * it rejects keeps a healthy master from advertising.
 */
export function sendAdvert(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  now: Instant,
  { sooner = 0, parts }: Spread = ON_TIME,
): { readonly phase: MasterPhase; readonly effects: readonly RouterEffect[] } {
  const interval = fromCentis(config.advertInterval);
  const regular = after(phase.advertAt, interval);
  const onSchedule = sooner === 0 && now >= advertReadyAt(config, phase) && regular > now;
  const next = onSchedule ? regular : after(now, micros(interval * (1 - sooner)));
  return {
    phase: {
      ...phase,
      advertAt: parts === undefined ? next : alignToPart(next, interval, parts, now),
      lastAdvertAt: now,
      ownershipSafeUntil: after(now, ownershipWindow(config, state)),
      resumedSafeUntil: undefined,
    },
    effects: [REFRESH, { kind: "sendAdvert", priority: state.effectivePriority }],
  };
}

/**
 * The last instant up to `at`, and after `now`, at which one of the equal parts of an interval
 * begins, counted from the clock's zero: the same instants for every router with this interval, so
 * that those who share one are due in one turn.
 */
export function alignToPart(at: Instant, interval: Micros, parts: number, now: Instant): Instant {
  const aligned = (at - beyondPart(at, interval, parts)) as Instant;
  return aligned > now ? aligned : at;
}

/** How long after the beginning of such a part. */
export function beyondPart(at: Instant, interval: Micros, parts: number): number {
  const within = at % interval;
  const part = Math.floor((within * parts) / interval);
  // Rounded up: what this gives is in the same part again, when it is asked for it.
  return within - Math.ceil((part * interval) / parts);
}

const REFRESH: RouterEffect = { kind: "refreshAddresses" };

/**
 * From then on the regular advertisement may be sent; it is due at `advertAt`. With
 * `down_timer_adverts 1` and a strong peer that takes over 1 ms after an interval, the gap to the
 * next one may not be longer than an interval.
 */
export const advertReadyAt = (config: RouterConfig, { advertAt }: MasterPhase): Instant =>
  config.downTimerAdverts === 1
    ? advertAt
    : ((advertAt - headStart(config.advertInterval)) as Instant);

/** Adds an announcement and keeps the list in order of time. */
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

/**
 * After a rival's last advertisement: once its own last announcement has surely left, and again
 * because frames may be lost.
 */
const AFTER_RIVAL: readonly Micros[] = [micros(15_000), micros(150_000), micros(1_000_000)];

export function afterRival(
  announcements: readonly Announcement[],
  now: Instant,
): readonly Announcement[] {
  const times = AFTER_RIVAL.map((delay) => after(now, delay));
  return reschedule(announcements, times, 1, "rival-gone");
}

/** Replaces the announcements that wait for the same reason. */
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

/** Announcements caused by others' packets, so that an allowance bounds them. */
const PROVOKED: readonly AnnounceReason[] = ["rival-gone", "weaker-master", "foreign-announcement"];

interface Announced {
  readonly phase: MasterPhase;
  readonly effects: readonly RouterEffect[];
}

/** Announces at once as far as the allowance goes; with none left, as soon as there is one. */
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

/** Counts an answer to a claim: each one makes the gap to the next longer (claim.ts). */
function claimAnswered(phase: MasterPhase): MasterPhase {
  const { claim } = phase;
  return claim === undefined
    ? phase
    : { ...phase, claim: { ...claim, answers: claim.answers + 1 } };
}

/** Makes the announcements that are due. */
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

/**
 * keepalived's announcements after a weaker master was heard: at once, and again after
 * `garp_lower_prio_delay`.
 */
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
