/** MASTER: RFC 9568 6.4.3. Adverts, announcements, and everything heard from others; rivals are in rivals.ts. */
import { after, earliest, fromCentis, type Instant, type Micros, micros } from "#units/time";
import type { RouterConfig } from "./config.ts";
import type { RouterEffect, RouterEvent } from "./event.ts";
import { hearAsMaster } from "./rivals.ts";
import type { Announcement, AnnounceReason, MasterPhase, RouterState } from "./state.ts";
import { inPhase, type Step, seat, unchanged, withEffects } from "./step.ts";

/** Two answers to foreign announcements are at least this far apart, or two owners would outshout each other. */
const FOREIGN_GAP = 200_000;

export function masterDeadline(phase: MasterPhase): Instant | undefined {
  return earliest(phase.advertAt, phase.announcements[0]?.at, phase.refreshAt, phase.rival?.goneAt);
}

export function stepMaster(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  event: RouterEvent,
  now: Instant,
): Step {
  switch (event.kind) {
    case "advertReceived":
      return hearAsMaster(config, state, phase, event, now);
    case "foreignAnnouncement":
      return answerForeign(state, phase, now);
    case "addressRestored":
      return withEffects(state, {
        kind: "announce",
        repeat: config.announce.repeat,
        why: "address-restored",
      });
    default:
      return onTime(config, state, phase, now);
  }
}

function onTime(config: RouterConfig, state: RouterState, phase: MasterPhase, now: Instant): Step {
  const effects: RouterEffect[] = [];
  let next = phase;
  if (now >= phase.advertAt) {
    const sent = sendAdvert(config, state, next, now);
    next = sent.phase;
    effects.push(...sent.effects);
  }
  if (next.rival !== undefined && now >= next.rival.goneAt) {
    next = { ...next, rival: undefined, announcements: afterRival(next.announcements, now) };
  }
  const due = next.announcements.filter((one) => one.at <= now);
  if (due.length > 0) {
    next = { ...next, announcements: next.announcements.filter((one) => one.at > now) };
    for (const one of due) effects.push({ kind: "announce", repeat: one.repeat, why: one.why });
  }
  if (next.refreshAt !== undefined && now >= next.refreshAt) {
    next = { ...next, refreshAt: nextRefresh(config, next.refreshAt, now) };
    if (next.rival === undefined) {
      effects.push({ kind: "announce", repeat: config.announce.refreshRepeat, why: "refresh" });
    }
  }
  return { state: inPhase(state, next), effects };
}

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
      seatUntil: after(now, seat(config, state)),
    },
    effects: [
      { kind: "refreshAddresses" },
      { kind: "sendAdvert", priority: state.effectivePriority },
    ],
  };
}

function nextRefresh(config: RouterConfig, due: Instant, now: Instant): Instant {
  const next = after(due, config.announce.refresh);
  return next > now ? next : after(now, config.announce.refresh);
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
  let list: readonly Announcement[] = announcements.filter((one) => one.why !== "rival-gone");
  for (const delay of AFTER_RIVAL) list = schedule(list, after(now, delay), 1, "rival-gone");
  return list;
}

/** Somebody else spoke for our address: clients may have learned its MAC, so we speak again. */
function answerForeign(state: RouterState, phase: MasterPhase, now: Instant): Step {
  // Who is about to yield does not announce: its word would be the last one clients hear.
  if (phase.rival !== undefined) return unchanged(state);
  if (phase.announcements.some((one) => one.why === "foreign-announcement"))
    return unchanged(state);
  const soonest =
    phase.foreignAt === undefined ? now : ((phase.foreignAt + FOREIGN_GAP) as Instant);
  const at = Math.max(now + 2_000, soonest) as Instant;
  const next = {
    ...phase,
    foreignAt: at,
    announcements: schedule(phase.announcements, at, 1, "foreign-announcement"),
  };
  return unchanged(inPhase(state, next));
}
