/**
 * A planned move that an operator asks for (`baton switch`), and what holds a router back after it.
 *
 * It begins like a stop (leave.ts): priority 0 is sent, the address stays and is answered for until
 * the successor's advertisement is heard. But the router lives on:
 *
 *   a successor is heard   the address is removed `LINGER` later (with a `havip`, when the platform
 *                          has moved it), and the router is a BACKUP that does not preempt, also
 *                          where its priority is higher (`RouterState.switched`), until it is
 *                          master again, or an operator ends it
 *   nobody is heard        MASTER as before: the lease is prolonged, an advertisement and an
 *                          announcement are sent. The address was there all the time.
 *
 * The wait is the longest skew time, which a successor may have to wait, and an interval. A quarter
 * of an interval before its end ownership is resumed, so that the kernel keeps the address no
 * longer than after a stop if this process does not run then (`ownedUntil`).
 *
 * The outside sees MASTER until the address is removed: this node answers for it until then.
 */
import { after, earliest, fromCentis, type Instant, type Micros, micros } from "#units/time";
import { RELEASE } from "#units/vrrp";
import { afterRival } from "./advertise.ts";
import type { RouterConfig } from "./config.ts";
import { electAgain } from "./elect.ts";
import type { PhaseEvent, RouterEffect, RouterEvent, TakenBack } from "./event.ts";
import { gateOf } from "./gate.ts";
import { LATENESS } from "./lease.ts";
import { lingerOf, successorAnnounces, successorWait } from "./leave.ts";
import type { Reason } from "./reason.ts";
import type {
  BackupPhase,
  MasterPhase,
  Phase,
  RouterState,
  Successor,
  SwitchingPhase,
  SwitchOrder,
} from "./state.ts";
import {
  detection,
  enter,
  freshBackup,
  inPhase,
  ownershipWindow,
  type Step,
  unchanged,
  withEffects,
} from "./step.ts";
import { LINGER, longestSkewAndInterval, stallThreshold } from "./timing.ts";

type Advert = Extract<RouterEvent, { kind: "advertReceived" }>;

/** With `to` the other peers go on hearing our advertisements until the successor is heard. */
export const switchingDeadline = (phase: SwitchingPhase): Instant | undefined =>
  phase.successor === undefined && phase.to !== undefined
    ? earliest(phase.until, phase.master.advertAt)
    : phase.until;

/** Anything but a master without a rival is not asked (engine/operator.ts). */
export function beginSwitch(
  config: RouterConfig,
  state: RouterState,
  { to, leastWait, force }: SwitchOrder,
  now: Instant,
  askedAt: Instant = now,
): Step {
  const { phase } = state;
  if (phase.kind !== "master") return unchanged(state);
  const wait = Math.max(switchWindow(config), leastWait ?? 0);
  const until = after(now, micros(wait));
  const keeps = config.handover === "make-before-break";
  const held = micros(wait + lateness(config));
  const switching: SwitchingPhase = {
    kind: "switching",
    master: { ...phase, announcements: [], probeAt: undefined, claim: undefined },
    askedAt,
    until,
    ownedUntil: after(now, held),
    to,
    successor: undefined,
    platform: config.handoverWait === undefined ? "not-awaited" : "waiting",
    gives: force === true ? { kind: "gave-up" } : undefined,
  };
  const release: RouterEffect =
    to === undefined
      ? { kind: "sendAdvert", priority: RELEASE }
      : { kind: "sendAdvert", priority: RELEASE, to };
  return withEffects(
    inPhase(state, switching),
    { kind: "cancelAnnouncements" },
    keeps ? { kind: "holdAddresses", micros: held } : { kind: "removeAddresses" },
    release,
    { kind: "report", report: { kind: "switch-begun", to } },
  );
}

/** How long a successor is waited for. */
export const switchWindow = (config: RouterConfig): Micros =>
  micros(longestSkewAndInterval(config) + LINGER - lateness(config));

/** How late we may be to resume ownership. */
const lateness = (config: RouterConfig): number => fromCentis(config.advertInterval) * LATENESS;

export function stepSwitching(
  config: RouterConfig,
  state: RouterState,
  phase: SwitchingPhase,
  event: PhaseEvent,
  now: Instant,
): Step {
  switch (event.kind) {
    case "advertReceived":
      return event.from === state.source
        ? unchanged(state)
        : hearWhileSwitching(config, state, phase, event, now);
    case "platformAnswered": {
      const platform = event.moved ? "moved" : "not-awaited";
      const sooner =
        phase.successor === undefined
          ? phase.until
          : (Math.min(phase.until, after(now, lingerOf(config))) as Instant);
      return unchanged(inPhase(state, { ...phase, platform, until: sooner }));
    }
    case "foreignAnnouncement":
      return successorAnnounces(config, state, phase, now);
    case "addressRestored":
      return unchanged(state);
    case "timeReached":
      return onTime(config, state, phase, now);
  }
}

function onTime(
  config: RouterConfig,
  state: RouterState,
  phase: SwitchingPhase,
  now: Instant,
): Step {
  if (now >= phase.until) {
    const { successor, gives } = phase;
    if (successor !== undefined) return atItsEnd(config, state, phase, successor, now);
    return gives === undefined
      ? takeBack(config, state, phase, "no-successor", now)
      : giveUp(config, state, phase, gives, now);
  }
  const { master, to } = phase;
  if (to === undefined || phase.successor !== undefined || now < master.advertAt)
    return unchanged(state);
  const advertAt = after(now, fromCentis(config.advertInterval));
  return withEffects(inPhase(state, { ...phase, master: { ...master, advertAt } }), {
    kind: "sendAdvert",
    priority: state.effectivePriority,
    except: to,
  });
}

/** Whoever advertises now is the successor, also where another one was asked for. */
function hearWhileSwitching(
  config: RouterConfig,
  state: RouterState,
  phase: SwitchingPhase,
  advert: Advert,
  now: Instant,
): Step {
  const { from, priority } = advert;
  if (priority === RELEASE) {
    return phase.successor?.from === from
      ? takeBack(config, state, phase, "successor-gone", now)
      : unchanged(state);
  }
  const known = { ...state, heard: { from, priority, at: now } };
  const interval = config.version === 3 ? advert.interval : config.advertInterval;
  const firstAt = phase.successor?.firstAt ?? now;
  const successor: Successor = { from, priority, interval, firstAt, lastAt: now };
  if (phase.successor !== undefined) return unchanged(inPhase(known, { ...phase, successor }));
  const wait = successorWait(config, phase.platform);
  const waits = wait > lingerOf(config);
  const next: SwitchingPhase = { ...phase, successor, until: after(now, wait) };
  if (!waits) return unchanged(inPhase(known, next));
  const held = micros(wait + lateness(config));
  const waiting = inPhase(known, { ...next, ownedUntil: after(now, held) });
  return config.handover === "make-before-break"
    ? withEffects(waiting, { kind: "holdAddresses", micros: held })
    : unchanged(waiting);
}

/**
 * While a platform was waited for the successor may have gone. Time in which we did not run says
 * nothing about it.
 */
function atItsEnd(
  config: RouterConfig,
  state: RouterState,
  phase: SwitchingPhase,
  successor: Successor,
  now: Instant,
): Step {
  const { priority, interval, lastAt } = successor;
  const wait = detection(config, state, interval, priority);
  const hasStalled = now - phase.until > stallThreshold(interval);
  const goneAt = after(hasStalled ? now : lastAt, wait);
  return now < goneAt
    ? moved(config, state, phase, successor, goneAt, now)
    : takeBack(config, state, phase, "successor-gone", now);
}

/** The successor has the address: BACKUP, and no preemption of it. */
function moved(
  config: RouterConfig,
  state: RouterState,
  phase: SwitchingPhase,
  successor: Successor,
  masterDownAt: Instant,
  now: Instant,
): Step {
  const { from, priority, interval, firstAt } = successor;
  const took = micros(now - phase.askedAt);
  const both = micros(now - firstAt);
  const backup: BackupPhase = {
    ...freshBackup(config, state, now, micros(0)),
    masterInterval: interval,
    masterDownAt,
  };
  const { platform } = phase;
  const reason: Reason = { kind: "switched", to: from, after: took };
  const aside = phase.isRecalled === true ? state : { ...state, switched: { at: now, to: from } };
  const next = enter(aside, backup, reason, now, [{ kind: "removeAddresses" }]);
  const report = { kind: "switched", to: from, priority, took, both, platform } as const;
  return { state: next.state, effects: [...next.effects, { kind: "report", report }] };
}

/** MASTER as before: nobody has taken over. */
export function takeBack(
  config: RouterConfig,
  state: RouterState,
  phase: SwitchingPhase,
  why: TakenBack,
  now: Instant,
): Step {
  if (state.maintenance === "on") return stayAway(config, state, phase, why, now);
  const gate = gateOf(config, state);
  const waited = micros(now - phase.askedAt);
  const report: RouterEffect = {
    kind: "report",
    report: { kind: "switch-taken-back", why, waited },
  };
  if (gate !== undefined && !gate.gate.isPromoted) {
    const has = config.handover === "make-before-break";
    const again = electAgain(config, gate, state, phase.master, has, now);
    return { state: again.state, effects: [...again.effects, report] };
  }
  const { refresh } = config.announce;
  const master: MasterPhase = {
    ...phase.master,
    advertAt: after(now, fromCentis(config.advertInterval)),
    lastAdvertAt: now,
    ownershipSafeUntil: after(now, ownershipWindow(config, state)),
    resumedSafeUntil: undefined,
    // A successor that goes again may have announced last.
    announcements: afterRival([], now),
    refreshAt: refresh > 0 ? after(now, refresh) : undefined,
    rivals: [],
    foreignAt: undefined,
  };
  return withEffects(
    inPhase(state, master),
    { kind: "addAddresses" },
    { kind: "sendAdvert", priority: state.effectivePriority },
    { kind: "announce", repeat: config.announce.repeat, why: "taken-back" },
    report,
  );
}

/** In maintenance nothing is taken back. After a successor that has gone another is waited for. */
function stayAway(
  config: RouterConfig,
  state: RouterState,
  phase: SwitchingPhase,
  why: TakenBack,
  now: Instant,
): Step {
  if (now >= phase.until)
    return giveUp(config, state, phase, phase.gives ?? { kind: "gave-up" }, now);
  if (why !== "successor-gone") return unchanged(state);
  const until = after(phase.ownedUntil, micros(-lateness(config)));
  return unchanged(inPhase(state, { ...phase, successor: undefined, until }));
}

/**
 * Without a successor, and the address goes all the same: the rest of the sync group has moved, or
 * the operator wants it so.
 */
function giveUp(
  config: RouterConfig,
  state: RouterState,
  phase: SwitchingPhase,
  gives: NonNullable<SwitchingPhase["gives"]>,
  now: Instant,
): Step {
  const waited = micros(now - phase.askedAt);
  const reason: Reason = gives.kind === "gave-up" ? { kind: "gave-up", waited } : gives;
  const backup = freshBackup(config, state, now, micros(0));
  const aside = { ...state, switched: { at: now, to: undefined } };
  return enter(aside, backup, reason, now, [
    { kind: "removeAddresses" },
    { kind: "sendAdvert", priority: RELEASE },
  ]);
}

export const hasStalledWhileSwitching = (phase: Phase, now: Instant): phase is SwitchingPhase =>
  phase.kind === "switching" && now >= phase.ownedUntil;

/**
 * We did not run until the kernel took the address away, and somebody else may be the owner: it
 * goes, without an advertisement. The event is then handled as a backup does.
 */
export function stalledWhileSwitching(
  config: RouterConfig,
  state: RouterState,
  phase: SwitchingPhase,
  now: Instant,
): Step {
  const { successor } = phase;
  if (successor !== undefined) {
    const wait = detection(config, state, successor.interval, successor.priority);
    return moved(config, state, phase, successor, after(now, wait), now);
  }
  const waited = micros(now - phase.askedAt);
  const reason: Reason = {
    kind: "stalled",
    stalled: waited,
    allowed: micros(phase.ownedUntil - phase.askedAt),
  };
  const left = enter(state, freshBackup(config, state, now, micros(0)), reason, now, [
    { kind: "removeAddresses" },
  ]);
  const report = { kind: "switch-taken-back", why: "stalled", waited } as const;
  return { state: left.state, effects: [...left.effects, { kind: "report", report }] };
}

/**
 * The operator has thought better of it, or the maintenance is over already. A successor that was
 * heard keeps the address as any other master does.
 */
export function recall(
  config: RouterConfig,
  state: RouterState,
  phase: SwitchingPhase,
  now: Instant,
): Step {
  return phase.successor === undefined
    ? takeBack(config, state, phase, "recalled", now)
    : unchanged(inPhase(state, { ...phase, isRecalled: true }));
}

/** Another member of the sync group has moved: this one follows at the end of its wait. */
export const leaveWithGroup = (state: RouterState, phase: SwitchingPhase, reason: Reason): Step =>
  reason.kind === "group"
    ? unchanged(inPhase(state, { ...phase, gives: phase.gives ?? reason }))
    : unchanged(state);
