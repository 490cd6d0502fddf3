/**
 * Becoming master (RFC 9568 6.4.2, (365) ff.).
 *
 * "advert-first" is keepalived's order: other routers learn of it at once, then the address is
 * added and announced. "address-first" is for a take-over after priority 0, where the old owner
 * goes on answering until it hears our advertisement: clients have learned our MAC address before
 * it removes its own, so no packet is lost.
 *
 * With a gate the promotion comes first (elect.ts), unless this node is promoted still.
 */
import { after, fromCentis, type Instant } from "#units/time";
import type { RouterConfig } from "./config.ts";
import { elect } from "./elect.ts";
import type { RouterEffect } from "./event.ts";
import { gateOf, inGate } from "./gate.ts";
import type { Reason } from "./reason.ts";
import type { Announcement, MasterPhase, RouterState } from "./state.ts";
import { enter, ownershipWindow, type Step } from "./step.ts";
import { UNCONFIRMED } from "./timing.ts";

export function becomeMaster(
  config: RouterConfig,
  state: RouterState,
  reason: Reason,
  order: "advert-first" | "address-first",
  now: Instant,
): Step {
  const { announce } = config;
  const second: readonly Announcement[] =
    announce.delay > 0
      ? [{ at: after(now, announce.delay), repeat: announce.repeat, why: "second-block" }]
      : [];
  const resumes = reason.kind === "link-back-in-time" && state.phase.kind === "fault";
  const phase: MasterPhase = {
    kind: "master",
    advertAt: after(now, fromCentis(config.advertInterval)),
    lastAdvertAt: now,
    ownershipSafeUntil: after(now, ownershipWindow(config, state)),
    resumedSafeUntil: resumes ? state.phase.ownershipSafeUntil : undefined,
    ownerSince: (resumes ? state.phase.ownerSince : undefined) ?? now,
    // Confirmed at once: ownership is resumed, or a master was heard and has since gone.
    confirmedAt: resumes || state.heard !== undefined ? now : after(now, UNCONFIRMED),
    announcements: second,
    refreshAt: announce.refresh > 0 ? after(now, announce.refresh) : undefined,
    rivals: [],
    probeAt: undefined,
    foreignAt: undefined,
    claim: undefined,
    answers: undefined,
    announced: undefined,
  };
  const known = gateOf(config, state);
  if (known !== undefined && !known.gate.isPromoted)
    return elect(config, known, withoutSwitch(state), phase, reason, now);
  const advert: RouterEffect = { kind: "sendAdvert", priority: state.effectivePriority };
  const opened: readonly RouterEffect[] = known === undefined ? [] : [{ kind: "openFence" }];
  const address: readonly RouterEffect[] = [
    ...opened,
    { kind: "addAddresses" },
    { kind: "announce", repeat: announce.repeat, why: "became-master" },
  ];
  const work = order === "advert-first" ? [advert, ...address] : [...address, advert];
  const promoted = known === undefined ? state : inGate(state, { fence: "open" });
  return enter(withoutSwitch(promoted), phase, reason, now, work);
}

/** Master again: an earlier move by an operator is over (switch.ts). */
export const withoutSwitch = (state: RouterState): RouterState =>
  state.switched === undefined ? state : { ...state, switched: undefined };
