/**
 * Election with a gate: the router advertises, so that nobody else is elected, and the promotion
 * runs. The address follows it (promoting.ts).
 */
import { after, fromCentis, type Instant } from "#units/time";
import type { RouterConfig } from "./config.ts";
import type { RouterEffect } from "./event.ts";
import { type Gate, promote, promoteReason } from "./gate.ts";
import { answeredBy } from "./master-conflict.ts";
import type { Reason } from "./reason.ts";
import type { MasterPhase, PromotingPhase, RouterState } from "./state.ts";
import { inPhase, ownershipWindow, publicState, type Step } from "./step.ts";

/** @param master what it will be */
export function elect(
  config: RouterConfig,
  known: Gate,
  state: RouterState,
  master: MasterPhase,
  reason: Reason,
  now: Instant,
): Step {
  const phase: PromotingPhase = {
    kind: "promoting",
    master: { ...master, announcements: [], refreshAt: undefined },
    elected: reason,
    opensAt: answeredBy(config, now),
  };
  const began = promote(known, state, promoteReason(reason, known.gate), now);
  const priority = state.effectivePriority;
  const [from, to] = [publicState(state.phase), publicState(phase)];
  // BACKUP before and after, but for a router that comes from FAULT.
  const shown: readonly RouterEffect[] =
    from === to ? [] : [{ kind: "transition", from, to, reason, priority }];
  return {
    state: { ...began.state, phase, since: now, reason },
    effects: [{ kind: "sendAdvert", priority }, ...shown, ...began.effects],
  };
}

/**
 * A planned move is taken back after the demotion: MASTER as before, and promoted again before
 * anybody is served. An address that was not removed is kept.
 */
export function electAgain(
  config: RouterConfig,
  known: Gate,
  state: RouterState,
  master: MasterPhase,
  hasAddress: boolean,
  now: Instant,
): Step {
  const began = promote(known, state, "taken-back", now);
  const phase: PromotingPhase = {
    kind: "promoting",
    master: {
      ...master,
      advertAt: after(now, fromCentis(config.advertInterval)),
      lastAdvertAt: now,
      ownershipSafeUntil: after(now, ownershipWindow(config, state)),
      resumedSafeUntil: undefined,
      announcements: [],
      refreshAt: undefined,
      // One that was heard a moment ago is there still.
      rivals: master.rivals.filter(({ goneAt }) => now < goneAt),
      probeAt: undefined,
      foreignAt: undefined,
      claim: undefined,
    },
    elected: state.reason,
    opensAt: answeredBy(config, now),
    takenBack: { hasAddress },
  };
  const kept: readonly RouterEffect[] = hasAddress ? [{ kind: "addAddresses" }] : [];
  const priority = state.effectivePriority;
  return {
    state: inPhase(began.state, phase),
    effects: [...kept, { kind: "sendAdvert", priority }, ...began.effects],
  };
}
