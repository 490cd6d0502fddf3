/** MASTER: RFC 9568 6.4.3. What is sent when it is due; other masters are in rivals.ts. */
import { after, earliest, type Instant } from "#units/time";
import { advertReadyAt, announceDue, sendAdvert } from "./advertise.ts";
import { answerClaim, claimEnd, claimOnTime } from "./claim.ts";
import type { RouterConfig } from "./config.ts";
import type { PhaseEvent, RouterEffect, TimeReached } from "./event.ts";
import { hearWithData } from "./gate-conflict.ts";
import { conflictOnTime } from "./master-conflict.ts";
import { hearAsMaster } from "./rivals.ts";
import type { MasterPhase, RouterState } from "./state.ts";
import { inPhase, type Step, unchanged, withEffects } from "./step.ts";

export function masterDeadline(phase: MasterPhase): Instant | undefined {
  let first = earliest(phase.advertAt, phase.announcements[0]?.at, phase.refreshAt, phase.probeAt);
  for (const rival of phase.rivals) first = earliest(first, rival.goneAt);
  return earliest(first, claimEnd(phase.claim));
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
      if (ignoresAdverts(config, state)) return unchanged(state);
      return (
        hearWithData(config, state, phase, event, now) ??
        hearAsMaster(config, state, phase, event, now)
      );
    case "foreignAnnouncement":
      return answerClaim(config, state, phase, event, now);
    case "addressRestored":
      return withEffects(state, {
        kind: "announce",
        repeat: config.announce.repeat,
        why: "address-restored",
      });
    case "platformAnswered":
      return unchanged(state);
    case "timeReached":
      return onTime(config, state, phase, now, event);
  }
}

/** Whom an operator has put aside is to hear who takes over. */
const ignoresAdverts = (config: RouterConfig, { maintenance }: RouterState): boolean =>
  config.ownerIgnoresAdverts === true && config.priority === 255 && maintenance === undefined;

function onTime(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  now: Instant,
  event: TimeReached,
): Step {
  if (now < advertReadyAt(config, phase)) return besides(config, state, phase, [], now);
  const sent = sendAdvert(config, state, phase, now, event);
  return besides(config, state, sent.phase, sent.effects, now);
}

/** What is due besides the regular advertisement; ordinarily nothing is. */
function besides(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  before: readonly RouterEffect[],
  now: Instant,
): Step {
  const due = masterDeadline(phase);
  if (due === undefined || due > now) return { state: inPhase(state, phase), effects: before };
  const effects: RouterEffect[] = [...before];
  let next = phase;
  if (next.rivals.length > 0 || next.probeAt !== undefined) {
    const conflict = conflictOnTime(config, state, next, now);
    next = conflict.phase;
    effects.push(...conflict.effects);
  }
  if ((next.announcements[0]?.at ?? now + 1) <= now) {
    const announced = announceDue(config, next, now);
    next = announced.phase;
    effects.push(...announced.effects);
  }
  if (next.claim !== undefined) {
    const ended = claimOnTime(next, now);
    next = ended.phase;
    effects.push(...ended.effects);
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
