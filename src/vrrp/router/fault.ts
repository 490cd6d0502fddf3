/**
 * FAULT. Break before make: a master in FAULT removes the address, then sends priority 0 (once;
 * keepalived sends it twice).
 *
 * A lost link is different: no priority 0 can reach a peer, and none takes over before its
 * detection time has passed. If the link is back within that ownership window, we are master again
 * at once. keepalived returns as BACKUP, so that after a flap of 0.1 s nobody owns the address for
 * 3 s.
 *
 * The same holds for the other members of a sync group when one has lost its link: they remove
 * their addresses, for one network without the other is of no use, and send priority 0 only when
 * the ownership window has ended.
 */
import { after, earliest, fromCentis, type Instant, micros } from "#units/time";
import { RELEASE } from "#units/vrrp";
import type { RouterConfig } from "./config.ts";
import type { PhaseEvent, RouterEffect } from "./event.ts";
import { listen, watchForOwner } from "./no-owner.ts";
import type { FaultCause } from "./reason.ts";
import type { FaultPhase, Listening, MasterPhase, RouterState } from "./state.ts";
import { enter, hasAddress, inPhase, type Step } from "./step.ts";
import { masterDown } from "./timing.ts";
import { faultCauses } from "./tracking.ts";

export const faultDeadline = ({ alarmAt, releaseAt }: FaultPhase): Instant | undefined =>
  earliest(alarmAt, releaseAt);

/** Only lost links: our own, or those of other members of the sync group. */
export const areLinkLosses = (causes: readonly FaultCause[]): boolean =>
  causes.every((cause) => cause.kind === "link-down" || (cause.kind === "group" && cause.link));

export function enterFault(config: RouterConfig, state: RouterState, now: Instant): Step {
  const causes = faultCauses(config, state);
  const { phase } = state;
  const onlyLink = areLinkLosses(causes);
  const isAlone = phase.kind === "master" && phase.rivals.length === 0;
  const keepsOwnership = isAlone && onlyLink && state.gate?.conflict === undefined;
  const ownershipSafeUntil = keepsOwnership ? safeEnd(config, phase) : undefined;
  const fault: FaultPhase = {
    kind: "fault",
    ownershipSafeUntil,
    releaseAt: state.linkUp ? ownershipSafeUntil : undefined,
    ownerSince: keepsOwnership ? phase.ownerSince : undefined,
    ...listening(config, state, now),
  };
  const effects: RouterEffect[] = [];
  if (hasAddress(phase)) effects.push({ kind: "cancelAnnouncements" }, { kind: "removeAddresses" });
  if (hasAddress(phase) || phase.kind === "promoting") {
    const couldBeHeard = state.linkUp && !keepsOwnership;
    if (!onlyLink || couldBeHeard) effects.push({ kind: "sendAdvert", priority: RELEASE });
  }
  return enter(state, fault, { kind: "fault", causes }, now, effects);
}

/**
 * Since when nobody owns the address: INIT has been counting already, a backup knows when it last
 * heard its master, and a master owned it until now.
 */
function listening(config: RouterConfig, state: RouterState, now: Instant): Listening {
  const { phase, heard, since } = state;
  if (phase.kind === "init" && phase.alarmAt !== undefined) {
    const { noMasterSince, alarmAt } = phase;
    return { noMasterSince, alarmAt };
  }
  const isHeard = phase.kind === "backup" && heard !== undefined;
  const noMasterSince = isHeard ? (Math.max(heard.at, since) as Instant) : now;
  return listen(config, state, now, noMasterSince);
}

/**
 * A margin before the earliest moment at which a peer may take over, since the advertisement with
 * which we resume must reach it in time.
 */
function safeEnd(config: RouterConfig, phase: MasterPhase): Instant {
  if (phase.resumedSafeUntil !== undefined) return phase.resumedSafeUntil;
  const earliestTakeOver = masterDown(config, config.advertInterval, 254);
  const margin = Math.min(100_000, fromCentis(config.advertInterval) / 4);
  return after(phase.lastAdvertAt, micros(earliestTakeOver - margin));
}

/** An advertisement shows that another router owns the address, so ours is not resumed. */
export function stepFault(
  config: RouterConfig,
  state: RouterState,
  phase: FaultPhase,
  event: PhaseEvent,
  now: Instant,
): Step {
  const isOwned = event.kind === "advertReceived" && event.priority > 0;
  if (isOwned) return watchForOwner(config, state, withoutOwnership(phase), event, now);
  if (phase.releaseAt === undefined || now < phase.releaseAt)
    return watchForOwner(config, state, phase, event, now);
  const known = withoutOwnership(phase);
  const next = watchForOwner(config, inPhase(state, known), known, event, now);
  return { state: next.state, effects: [...release(state, phase), ...next.effects] };
}

export const withoutOwnership = (phase: FaultPhase): FaultPhase => ({
  ...phase,
  ownershipSafeUntil: undefined,
  releaseAt: undefined,
});

/** Priority 0 at the end of an ownership window, if a lost link has put it off until now. */
export const release = (state: RouterState, { releaseAt }: FaultPhase): readonly RouterEffect[] =>
  releaseAt !== undefined && state.linkUp ? [{ kind: "sendAdvert", priority: RELEASE }] : [];
