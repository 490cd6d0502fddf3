/**
 * One virtual router as a pure state machine.
 *
 *   packet -> wire/ (parse) -> engine/ (check) -> step(config, state, event, now)
 *          -> effects -> engine/ (perform) -> wire/ (emit) -> network
 *
 * `step` never reads a clock, never waits and never logs: `now` comes in, effects go out in order,
 * and the results of effects come back as events. `deadline(state)` is when to call it again with
 * `timeReached`.
 *
 * The rules are RFC 3768 6.4 (version 2) and RFC 9568 6.4 (version 3) as keepalived applies them,
 * and in addition to them:
 *  - a master that has stalled beyond its ownership window gives the address up before it sends
 *    anything (`afterStall`);
 *  - the time for which a backup has stalled does not count against the master (backup.ts);
 *  - hand-over: on a planned stop the address is answered for until the successor is heard
 *    (leave.ts);
 *  - `nopreempt` also holds between two masters: the longer tenure wins (master-conflict.ts);
 *  - hold-down: a router that keeps failing does not preempt for a while (hold-down.ts);
 *  - an operator's planned move, and maintenance (switch.ts, maintenance.ts);
 *  - a link flap shorter than the peers' detection time does not move the address (fault.ts);
 *  - a gate: a promotion before the address is served, a demotion before its release (gate.ts).
 */
import {
  after,
  earliest,
  fromCentis,
  type Instant,
  instant,
  type Micros,
  micros,
} from "#units/time";
import { RELEASE } from "#units/vrrp";
import { advertReadyAt } from "./advertise.ts";
import { backupDeadline, stepBackup } from "./backup.ts";
import { becomeMaster, withoutSwitch } from "./become-master.ts";
import type { RouterConfig } from "./config.ts";
import { forced, releaseFor, stepDemoting, takeBackDemotion } from "./demoting.ts";
import type { PhaseEvent, RouterEffect, RouterEvent } from "./event.ts";
import {
  areLinkLosses,
  enterFault,
  faultDeadline,
  release,
  stepFault,
  withoutOwnership,
} from "./fault.ts";
import { gateDeadline, heldBack, initialGate, masterOf } from "./gate.ts";
import { gateOnTime, stepGate } from "./gate-events.ts";
import { guardExit } from "./gate-exit.ts";
import { countLoss } from "./hold-down.ts";
import { handoverDeadline, leaveForStop, stepHandover } from "./leave.ts";
import { changeMaintenance, priorityNow } from "./maintenance.ts";
import { masterDeadline, stepMaster } from "./master.ts";
import { listen, watchForOwner } from "./no-owner.ts";
import { giveUpElection, promotingDeadline, stepPromoting } from "./promoting.ts";
import type { RouterState } from "./state.ts";
import {
  enter,
  freshBackup,
  hasAddress,
  inPhase,
  ownershipWindow,
  publicState,
  raise,
  type Step,
  unchanged,
  withEffects,
} from "./step.ts";
import {
  hasStalledWhileSwitching,
  leaveWithGroup,
  recall,
  stalledWhileSwitching,
  stepSwitching,
  switchingDeadline,
  takeBack,
} from "./switch.ts";
import { masterDown, skew } from "./timing.ts";
import { awaitedTracker, effectivePriority, faultCauses } from "./tracking.ts";

/** The state before `startup`, with the kernel's view of link and source address. */
export function initialState(
  config: RouterConfig,
  linkUp: boolean,
  source: RouterState["source"],
): RouterState {
  const trackers = config.trackers.map(() => "unknown" as const);
  return {
    phase: { kind: "init", noMasterSince: 0 as Instant, alarmAt: undefined },
    since: 0 as Instant,
    reason: { kind: "not-started" },
    trackers,
    linkUp,
    source,
    effectivePriority: effectivePriority(config, trackers),
    heard: undefined,
    losses: undefined,
    takeOvers: undefined,
    raised: [],
    ...(config.gate === undefined ? {} : { gate: initialGate() }),
  };
}

/** When `step` is to be called with `timeReached`. Undefined: not before another event. */
export function deadline(state: RouterState): Instant | undefined {
  const due = phaseDeadline(state);
  if (state.gate === undefined || state.phase.kind === "stopped") return due;
  return earliest(due, gateDeadline(state));
}

function phaseDeadline({ phase }: RouterState): Instant | undefined {
  switch (phase.kind) {
    case "stopped":
      return undefined;
    case "init":
      return phase.alarmAt;
    case "backup":
      return backupDeadline(phase);
    case "master":
      return earliest(masterDeadline(phase));
    case "promoting":
      return promotingDeadline(phase);
    case "demoting":
      return masterDeadline(phase.master);
    case "switching":
      return switchingDeadline(phase);
    case "handover":
      return handoverDeadline(phase);
    case "fault":
      return faultDeadline(phase);
  }
}

/**
 * From then on `timeReached` may have an effect, a little before the deadline: what is due together
 * with others.
 */
export function readyAt(config: RouterConfig, state: RouterState): Instant | undefined {
  const due = deadline(state);
  return state.phase.kind === "master" ? earliest(due, advertReadyAt(config, state.phase)) : due;
}

/** What follows from one event: the next state, and effects in the order of execution. */
export const step = (
  config: RouterConfig,
  state: RouterState,
  event: RouterEvent,
  now: Instant,
): Step => {
  const next = stepUncounted(config, state, event, now);
  const guarded = state.gate === undefined ? next : withGate(config, state, next, now);
  return countLoss(config, state, guarded, now);
};

/** A stop that waited for a demotion goes on, whatever the router has become meanwhile. */
function withGate(config: RouterConfig, before: RouterState, next: Step, now: Instant): Step {
  const { phase } = before;
  const isStopping = phase.kind === "demoting" && phase.goal.kind === "stop";
  const { kind } = next.state.phase;
  if (!isStopping || (kind !== "backup" && kind !== "fault"))
    return guardExit(config, before, next, now);
  const stopped = leaveForStop(config, next.state, now);
  const effects = [...next.effects, ...stopped.effects];
  return guardExit(config, before, { state: stopped.state, effects }, now);
}

function stepUncounted(
  config: RouterConfig,
  state: RouterState,
  event: RouterEvent,
  now: Instant,
): Step {
  const { phase } = state;
  const owned = masterOf(phase)?.ownershipSafeUntil;
  if (owned !== undefined && now >= owned) return afterStall(config, state, event, now);
  if (hasStalledWhileSwitching(phase, now)) {
    const first = stalledWhileSwitching(config, state, phase, now);
    const then = stepUncounted(config, first.state, event, now);
    return { state: then.state, effects: [...first.effects, ...then.effects] };
  }

  if (state.gate !== undefined) {
    const over = gateOnTime(config, state, now) ?? endOfHold(config, state, now);
    if (over !== undefined) {
      const first = guardExit(config, state, over, now);
      const then = stepUncounted(config, first.state, event, now);
      return { state: then.state, effects: [...first.effects, ...then.effects] };
    }
  }
  return onEvent(config, state, event, now);
}

function onEvent(config: RouterConfig, state: RouterState, event: RouterEvent, now: Instant): Step {
  switch (event.kind) {
    case "gateAnswered":
    case "eligibleChanged":
    case "probeAnswered":
    case "dataCompared":
    case "drained":
    case "successorServes":
    case "unitDemoted":
      return stepGate(config, state, event, now);
    case "promoteAsked": {
      const asked = stepGate(config, state, event, now);
      if (!isRefused(asked.state)) return asked;
      return reconsider(config, withoutRefusal(asked.state), now);
    }
    case "startup":
      return begin(config, withPriority(config, state), now);
    case "startupAfterRelease":
      return beginAfterRelease(config, withPriority(config, state), now);
    case "groupTurned":
      return turnWithGroup(config, state, event, now);
    case "switchAsked": {
      const { kind: _, ...order } = event;
      return releaseFor(config, state, { kind: "switch", order, why: "switch" }, now);
    }
    case "switchBack":
      return switchBack(config, state, now);
    case "maintenanceChanged":
      return changeMaintenance(config, state, event.mode, now);
    case "stop":
      return releaseFor(config, state, { kind: "stop" }, now);
    case "linkChanged":
      return linkChanged(config, unheardSince(config, state, event), event.up, now);
    case "sourceChanged":
      return reconsider(config, { ...state, source: event.source }, now);
    case "faultRaised":
      return reconsider(config, { ...state, raised: raise(state.raised, event.cause) }, now);
    case "faultLifted": {
      const raised = state.raised.filter((cause) => cause.kind !== event.cause);
      return reconsider(config, { ...state, raised }, now);
    }
    case "trackerChanged":
      return trackerChanged(config, state, event, now);
    case "advertReceived":
    case "foreignAnnouncement":
    case "addressRestored":
    case "platformAnswered":
    case "timeReached":
      return stepPhase(config, state, event, now);
  }
}

function stepPhase(
  config: RouterConfig,
  state: RouterState,
  event: PhaseEvent,
  now: Instant,
): Step {
  const { phase } = state;
  switch (phase.kind) {
    case "stopped":
      return unchanged(state);
    case "promoting":
      return stepPromoting(config, state, phase, event, now);
    case "demoting":
      return stepDemoting(config, state, phase, event, now);
    case "init":
      return state.reason.kind === "not-started"
        ? unchanged(state)
        : watchForOwner(config, state, phase, event, now);
    case "backup":
      return stepBackup(config, state, phase, event, now);
    case "master":
      return stepMaster(config, state, phase, event, now);
    case "switching":
      return stepSwitching(config, state, phase, event, now);
    case "handover":
      return stepHandover(config, state, phase, event, now);
    case "fault":
      return stepFault(config, state, phase, event, now);
  }
}

function switchBack(config: RouterConfig, state: RouterState, now: Instant): Step {
  const { phase } = state;
  if (phase.kind !== "switching" && phase.kind !== "demoting")
    return unchanged(withoutSwitch(state));
  // What gives up for maintenance is called back by the end of that alone.
  if (state.maintenance === "on") return unchanged(state);
  return phase.kind === "demoting"
    ? takeBackDemotion(config, state, phase, "recalled", now)
    : recall(config, state, phase, now);
}

const isRefused = ({ raised }: RouterState): boolean =>
  raised.some((cause) => cause.kind === "promotion-refused");

const withoutRefusal = (state: RouterState): RouterState => ({
  ...state,
  raised: state.raised.filter((cause) => cause.kind !== "promotion-refused"),
});

/** `on_refusal fault` lasts for `hold`. */
function endOfHold(config: RouterConfig, state: RouterState, now: Instant): Step | undefined {
  const heldUntil = state.gate?.heldUntil;
  if (!isRefused(state) || heldUntil === undefined || now < heldUntil) return undefined;
  return reconsider(config, withoutRefusal(state), now);
}

/**
 * A master that has stalled beyond its ownership window: a peer may own the address by now, so it
 * is removed without an advertisement or an announcement. The event is then handled as a backup
 * does.
 */
function afterStall(
  config: RouterConfig,
  state: RouterState,
  event: RouterEvent,
  now: Instant,
): Step {
  const { phase } = state;
  const master = masterOf(phase);
  if (master === undefined) return unchanged(state);
  const stalled = micros(now - master.lastAdvertAt);
  const reason = { kind: "stalled", stalled, allowed: ownershipWindow(config, state) } as const;
  const removed: readonly RouterEffect[] = hasAddress(phase)
    ? [{ kind: "cancelAnnouncements" }, { kind: "removeAddresses" }]
    : [];
  const backup = freshBackup(config, state, now, micros(0));
  const left =
    publicState(phase) === "MASTER"
      ? enter(state, backup, reason, now, removed)
      : unchanged({ ...state, phase: backup, since: now, reason });
  const isMove = phase.kind === "demoting" && phase.goal.kind === "switch";
  const waited = isMove ? micros(now - phase.askedAt) : micros(0);
  const ended: readonly RouterEffect[] = isMove
    ? [{ kind: "report", report: { kind: "switch-taken-back", why: "stalled", waited } }]
    : [];
  const whole = { state: left.state, effects: [...left.effects, ...ended] };
  const first = state.gate === undefined ? left : withGate(config, state, whole, now);
  const then = stepUncounted(config, first.state, event, now);
  return { state: then.state, effects: [...first.effects, ...then.effects] };
}

const withPriority = (config: RouterConfig, state: RouterState): RouterState => ({
  ...state,
  effectivePriority: priorityNow(config, state.trackers, state.maintenance),
});

function turnWithGroup(
  config: RouterConfig,
  state: RouterState,
  event: Extract<RouterEvent, { kind: "groupTurned" }>,
  now: Instant,
): Step {
  const reason = { kind: "group", group: event.group, member: event.member } as const;
  const { kind } = state.phase;
  const { phase } = state;
  if (phase.kind === "switching") {
    return event.to === "master"
      ? takeBack(config, state, phase, "group", now)
      : leaveWithGroup(state, phase, reason);
  }
  if (phase.kind === "demoting") {
    return event.to === "master"
      ? takeBackDemotion(config, state, phase, "group", now)
      : forced(state, phase);
  }
  if (event.to === "master") {
    const mayTake = state.maintenance !== "on" && heldBack(config, state, now) === undefined;
    return kind === "backup" && mayTake
      ? becomeMaster(config, state, reason, "advert-first", now)
      : unchanged(state);
  }
  if (kind === "promoting") return giveUpElection(config, state, reason, now);
  if (kind !== "master") return unchanged(state);
  return enter(state, freshBackup(config, state, now, micros(0)), reason, now, [
    { kind: "cancelAnnouncements" },
    { kind: "removeAddresses" },
    { kind: "sendAdvert", priority: RELEASE },
  ]);
}

/** Before anything else: what an earlier process left open, or a kernel that was started anew. */
const fenced = ({ gate }: RouterConfig): readonly RouterEffect[] =>
  gate === undefined ? [] : [{ kind: "closeFence" }];

function begin(config: RouterConfig, state: RouterState, now: Instant): Step {
  const cleanUp: readonly RouterEffect[] = [...fenced(config), { kind: "removeAddresses" }];
  if (faultCauses(config, state).length > 0) {
    const faulty = enterFault(config, state, now);
    return { state: faulty.state, effects: [...cleanUp, ...faulty.effects] };
  }
  if (awaitedTracker(config, state) !== undefined) {
    const phase = { kind: "init", ...listen(config, state, now) } as const;
    return { state: waitForResult(config, { ...state, phase, since: now }), effects: cleanUp };
  }
  const started = startElection(config, state, now);
  return { state: started.state, effects: [...cleanUp, ...started.effects] };
}

/** The phase stays, without a transition; the reason names the check that has no result yet. */
function waitForResult(config: RouterConfig, state: RouterState): RouterState {
  const tracker = awaitedTracker(config, state)?.name ?? "";
  return { ...state, reason: { kind: "waiting-for-first-result", tracker } };
}

/**
 * RFC 9568 6.4.1: an address owner becomes master at once; everybody else is backup for one
 * detection time, plus the delay at the start.
 */
function startElection(config: RouterConfig, state: RouterState, now: Instant): Step {
  const wait = masterDown(config, config.advertInterval, state.effectivePriority);
  const delay = delayAtStart(config, now);
  const backup = enter(
    state,
    freshBackup(config, state, now, delay),
    { kind: "started", masterDown: micros(wait + delay) },
    now,
    [],
  );
  const isOwner = config.priority === 255 && config.gate === undefined;
  if (!isOwner || state.maintenance !== undefined) return backup;
  const master = becomeMaster(config, backup.state, { kind: "address-owner" }, "advert-first", now);
  return { state: master.state, effects: [...backup.effects, ...master.effects] };
}

/**
 * `vrrp_startup_delay`, or what is left of `vrrp_delay_after_boot` if that is longer. The clock
 * counts from the machine's boot (CLOCK_BOOTTIME, which /proc/uptime shows).
 */
const delayAtStart = ({ startupDelay, delayAfterBoot }: RouterConfig, now: Instant): Micros =>
  delayAfterBoot === undefined
    ? startupDelay
    : micros(Math.max(startupDelay, delayAfterBoot - now));

/**
 * The supervisor has just sent priority 0 for the engine that died before us: we wait the skew
 * time, like every other router that heard it.
 */
function beginAfterRelease(config: RouterConfig, state: RouterState, now: Instant): Step {
  if (faultCauses(config, state).length > 0 || awaitedTracker(config, state) !== undefined) {
    return begin(config, state, now);
  }
  const wait = skew(config, config.advertInterval, state.effectivePriority);
  const phase = { ...freshBackup(config, state, now, micros(0)), released: true };
  return enter(
    state,
    { ...phase, masterDownAt: after(now, wait) },
    { kind: "started", masterDown: wait },
    now,
    fenced(config),
  );
}

/**
 * A switch port that was down may forward late (spanning tree), and whoever was heard before may
 * have gone. Unless we still own the address, we return as a router that has heard nobody, so that
 * a master it becomes is unconfirmed (master-conflict.ts).
 */
function linkChanged(config: RouterConfig, state: RouterState, up: boolean, now: Instant): Step {
  const { phase } = state;
  const resumes =
    phase.kind === "fault" &&
    phase.ownershipSafeUntil !== undefined &&
    now < phase.ownershipSafeUntil;
  const forgets = up && !state.linkUp && config.trackPrimary && !resumes;
  const heard = forgets ? undefined : state.heard;
  return reconsider(config, { ...state, linkUp: up, heard }, now);
}

/**
 * What was sent while the link was down nobody has heard, nor perhaps what was sent just before:
 * the last advertisement that counts may be an interval older than the loss.
 */
function unheardSince(
  config: RouterConfig,
  state: RouterState,
  { up, since }: Extract<RouterEvent, { kind: "linkChanged" }>,
): RouterState {
  const { phase } = state;
  if (up || since === undefined || phase.kind !== "master") return state;
  const heard = since - fromCentis(config.advertInterval);
  return {
    ...state,
    phase: { ...phase, lastAdvertAt: instant(Math.min(phase.lastAdvertAt, heard)) },
  };
}

function trackerChanged(
  config: RouterConfig,
  state: RouterState,
  event: Extract<RouterEvent, { kind: "trackerChanged" }>,
  now: Instant,
): Step {
  const tracker = config.trackers[event.index];
  if (tracker === undefined || state.trackers[event.index] === event.result)
    return unchanged(state);
  const trackers = state.trackers.with(event.index, event.result);
  const priority = priorityNow(config, trackers, state.maintenance);
  const next = { ...state, trackers, effectivePriority: priority };
  const result = reconsider(config, next, now);
  if (priority === state.effectivePriority) return result;
  // keepalived: the new priority goes out with the next regular advertisement, not at once.
  return {
    state: result.state,
    effects: [
      {
        kind: "priorityChanged",
        from: state.effectivePriority,
        to: priority,
        tracker: tracker.name,
      },
      ...result.effects,
    ],
  };
}

/** After anything that may cause or clear a fault. */
function reconsider(config: RouterConfig, state: RouterState, now: Instant): Step {
  const causes = faultCauses(config, state);
  switch (state.phase.kind) {
    case "stopped":
    case "handover":
      return unchanged(state);
    case "init":
      if (state.reason.kind === "not-started") return unchanged(state);
      if (causes.length > 0) return enterFault(config, state, now);
      return awaitedTracker(config, state) === undefined
        ? startElection(config, state, now)
        : unchanged(waitForResult(config, state));
    case "backup":
    case "promoting":
    case "master":
    case "demoting":
    case "switching":
      return causes.length > 0 ? enterFault(config, state, now) : unchanged(state);
    case "fault":
      return causes.length > 0 || awaitedTracker(config, state) !== undefined
        ? stillFaulty(config, state, causes)
        : clearFault(config, state, now);
  }
}

/**
 * Still in FAULT: the reason names what is wrong or missing now. Anything but a lost link ends the
 * ownership window.
 */
function stillFaulty(
  config: RouterConfig,
  state: RouterState,
  causes: ReturnType<typeof faultCauses>,
): Step {
  const { phase } = state;
  if (causes.length === 0 || phase.kind !== "fault") return unchanged(waitForResult(config, state));
  const reason = { kind: "fault", causes } as const;
  if (areLinkLosses(causes)) return unchanged({ ...state, reason });
  return withEffects(
    { ...state, phase: withoutOwnership(phase), reason },
    ...release(state, phase),
  );
}

function clearFault(config: RouterConfig, state: RouterState, now: Instant): Step {
  if (state.phase.kind !== "fault") return unchanged(state);
  const { ownershipSafeUntil } = state.phase;
  const isOwner = config.priority === 255 && config.gate === undefined;
  if (isOwner && state.maintenance === undefined) {
    return becomeMaster(config, state, { kind: "address-owner" }, "advert-first", now);
  }
  if (ownershipSafeUntil !== undefined && now < ownershipSafeUntil) {
    const reason = {
      kind: "link-back-in-time",
      away: micros(now - state.since),
      allowed: micros(ownershipSafeUntil - state.since),
    } as const;
    return becomeMaster(config, state, reason, "advert-first", now);
  }
  const wait = masterDown(config, config.advertInterval, state.effectivePriority);
  return enter(
    inPhase(state, state.phase),
    freshBackup(config, state, now, micros(0)),
    { kind: "fault-cleared", masterDown: wait },
    now,
    [],
  );
}
