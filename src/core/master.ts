/** MASTER: RFC 9568 6.4.3. Adverts, announcements, and everything heard from others; rivals are in rivals.ts. */
import { after, earliest, type Instant, micros } from "#units/time";
import { reschedule, sendAdvert } from "./advertise.ts";
import type { RouterConfig } from "./config.ts";
import { contestOnTime } from "./contest.ts";
import type { PhaseEvent, RouterEffect } from "./event.ts";
import { hearAsMaster } from "./rivals.ts";
import type { MasterPhase, RouterState } from "./state.ts";
import { inPhase, type Step, unchanged, withEffects } from "./step.ts";

/** Two answers to foreign announcements are at least this far apart, or two owners would outshout each other. */
const FOREIGN_GAP = micros(200_000);
/** So soon after it was heard: whoever takes over says so first, and we hear that. */
const FOREIGN_WAIT = micros(2_000);

export function masterDeadline(phase: MasterPhase): Instant | undefined {
  let first = earliest(phase.advertAt, phase.announcements[0]?.at, phase.refreshAt, phase.askAt);
  for (const rival of phase.rivals) first = earliest(first, rival.goneAt);
  return first;
}

export function stepMaster(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  event: PhaseEvent,
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
    case "platformAnswered":
      return unchanged(state);
    case "timeReached":
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
  if (next.rivals.length > 0 || next.askAt !== undefined) {
    const contest = contestOnTime(config, state, next, now);
    next = contest.phase;
    effects.push(...contest.effects);
  }
  const due = next.announcements.filter((one) => one.at <= now);
  if (due.length > 0) {
    next = { ...next, announcements: next.announcements.filter((one) => one.at > now) };
    for (const one of due) effects.push({ kind: "announce", repeat: one.repeat, why: one.why });
  }
  if (next.refreshAt !== undefined && now >= next.refreshAt) {
    next = { ...next, refreshAt: nextRefresh(config, next.refreshAt, now) };
    if (next.rivals.length === 0) {
      effects.push({ kind: "announce", repeat: config.announce.refreshRepeat, why: "refresh" });
    }
  }
  return { state: inPhase(state, next), effects };
}

function nextRefresh(config: RouterConfig, due: Instant, now: Instant): Instant {
  const next = after(due, config.announce.refresh);
  return next > now ? next : after(now, config.announce.refresh);
}

/**
 * Somebody else spoke for our address: clients may have learned its MAC, so we speak again, and once more after that, since
 * the foreign frame may reach a client later than it reached us, and our answer may be lost.
 */
function answerForeign(state: RouterState, phase: MasterPhase, now: Instant): Step {
  // Who is about to yield does not announce: its word would be the last one clients hear.
  if (phase.rivals.length > 0) return unchanged(state);
  const { foreignAt } = phase;
  const allowedAt = foreignAt === undefined ? now : after(foreignAt, FOREIGN_GAP);
  // One that waits already is not put off, or a flood would silence us.
  const waiting = phase.announcements.find((one) => one.why === "foreign-announcement");
  const first = waiting?.at ?? (Math.max(after(now, FOREIGN_WAIT), allowedAt) as Instant);
  const second = after(first, FOREIGN_GAP);
  const why = "foreign-announcement";
  const announcements = reschedule(phase.announcements, [first, second], 1, why);
  return unchanged(inPhase(state, { ...phase, foreignAt: second, announcements }));
}
