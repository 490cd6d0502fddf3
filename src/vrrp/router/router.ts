/**
 * One VRRP router as a pure machine.
 *
 *   packet -> wire/ parses -> engine/ checks -> step(config, state, event, now) -> effects -> engine/ -> wire/ -> network
 *
 * `step` never reads a clock, never waits and never logs: `now` comes in, effects go out in order, the results of
 * effects come back as events. `deadline(state)` says when to call again with `timeReached`.
 *
 * The rules are RFC 3768 6.4 (version 2) and RFC 9568 6.4 (version 3) as keepalived applies them, and on top of them
 * Baton's ownership rules:
 *  - stalled: a master that did not run until its peers may have taken over gives up before it says anything (here);
 *  - a backup's time asleep is not the master's silence (backup.ts);
 *  - handing over: on a planned stop the address answers until the successor is heard (leave.ts);
 *  - nopreempt means it: newcomers yield, established owners do not (rivals.ts);
 *  - hold-down: who keeps failing leaves a weaker master alone for a while (hold-down.ts);
 *  - a link flap shorter than the peers' detection time costs nothing but the flap (fault.ts).
 */
import { after, earliest, type Instant, micros } from "#units/time";
import { RELEASE } from "#units/vrrp";
import { backupDeadline, stepBackup } from "./backup.ts";
import { becomeMaster } from "./become-master.ts";
import type { RouterConfig } from "./config.ts";
import type { PhaseEvent, RouterEffect, RouterEvent } from "./event.ts";
import {
  areLinkLosses,
  enterFault,
  faultDeadline,
  release,
  stepFault,
  withoutOwnership,
} from "./fault.ts";
import { countLoss } from "./hold-down.ts";
import { handoverDeadline, leaveForStop, stepHandover } from "./leave.ts";
import { masterDeadline, stepMaster } from "./master.ts";
import { listen, watchForOwner } from "./no-owner.ts";
import type { RouterState } from "./state.ts";
import {
  enter,
  freshBackup,
  inPhase,
  ownershipWindow,
  raise,
  type Step,
  unchanged,
  withEffects,
} from "./step.ts";
import { masterDown, skew } from "./timing.ts";
import { awaitedTracker, effectivePriority, faultCauses } from "./tracking.ts";

/** Before `startup`. `linkUp` and `source` are what the kernel says at that moment. */
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
  };
}

export function deadline(state: RouterState): Instant | undefined {
  const { phase } = state;
  switch (phase.kind) {
    case "stopped":
      return undefined;
    case "init":
      return phase.alarmAt;
    case "backup":
      return backupDeadline(phase);
    case "master":
      return earliest(masterDeadline(phase));
    case "handover":
      return handoverDeadline(phase);
    case "fault":
      return faultDeadline(phase);
  }
}

export const step = (
  config: RouterConfig,
  state: RouterState,
  event: RouterEvent,
  now: Instant,
): Step => countLoss(config, state, stepUncounted(config, state, event, now), now);

function stepUncounted(
  config: RouterConfig,
  state: RouterState,
  event: RouterEvent,
  now: Instant,
): Step {
  const { phase } = state;
  if (phase.kind === "master" && now >= phase.ownershipSafeUntil)
    return afterStall(config, state, event, now);

  switch (event.kind) {
    case "startup":
      return begin(config, withPriority(config, state), now);
    case "startupAfterRelease":
      return beginAfterRelease(config, withPriority(config, state), now);
    case "groupTurned":
      return turnWithGroup(config, state, event, now);
    case "stop":
      return leaveForStop(config, state, now);
    case "linkChanged":
      return linkChanged(config, state, event.up, now);
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
    case "init":
      return state.reason.kind === "not-started"
        ? unchanged(state)
        : watchForOwner(config, state, phase, event, now);
    case "backup":
      return stepBackup(config, state, phase, event, now);
    case "master":
      return stepMaster(config, state, phase, event, now);
    case "handover":
      return stepHandover(config, state, phase, event, now);
    case "fault":
      return stepFault(config, state, phase, event, now);
  }
}

/**
 * We did not run until a peer may own the address: no advertisement, no announcement, the address goes. What waited in
 * the sockets is then heard as a backup hears it.
 */
function afterStall(
  config: RouterConfig,
  state: RouterState,
  event: RouterEvent,
  now: Instant,
): Step {
  if (state.phase.kind !== "master") return unchanged(state);
  const stalled = micros(now - state.phase.lastAdvertAt);
  const first = enter(
    state,
    freshBackup(config, state, now, micros(0)),
    { kind: "stalled", stalled, allowed: ownershipWindow(config, state) },
    now,
    [{ kind: "cancelAnnouncements" }, { kind: "removeAddresses" }],
  );
  const then = stepUncounted(config, first.state, event, now);
  return { state: then.state, effects: [...first.effects, ...then.effects] };
}

const withPriority = (config: RouterConfig, state: RouterState): RouterState => ({
  ...state,
  effectivePriority: effectivePriority(config, state.trackers),
});

function turnWithGroup(
  config: RouterConfig,
  state: RouterState,
  event: Extract<RouterEvent, { kind: "groupTurned" }>,
  now: Instant,
): Step {
  const reason = { kind: "group", group: event.group, member: event.member } as const;
  const { kind } = state.phase;
  if (event.to === "master") {
    return kind === "backup"
      ? becomeMaster(config, state, reason, "advert-first", now)
      : unchanged(state);
  }
  if (kind !== "master") return unchanged(state);
  return enter(state, freshBackup(config, state, now, micros(0)), reason, now, [
    { kind: "cancelAnnouncements" },
    { kind: "removeAddresses" },
    { kind: "sendAdvert", priority: RELEASE },
  ]);
}

function begin(config: RouterConfig, state: RouterState, now: Instant): Step {
  const cleanUp: readonly RouterEffect[] = [{ kind: "removeAddresses" }];
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

/** Stays where it is, silently; the reason names the check that has no result yet. */
function waitForResult(config: RouterConfig, state: RouterState): RouterState {
  const tracker = awaitedTracker(config, state)?.name ?? "";
  return { ...state, reason: { kind: "waiting-for-first-result", tracker } };
}

/** From init: as backup for one detection time (plus the start-up delay), or at once as the address owner. */
function startElection(config: RouterConfig, state: RouterState, now: Instant): Step {
  const wait = masterDown(config, config.advertInterval, state.effectivePriority);
  const backup = enter(
    state,
    freshBackup(config, state, now, config.startupDelay),
    { kind: "started", masterDown: micros(wait + config.startupDelay) },
    now,
    [],
  );
  if (config.priority !== 255) return backup;
  const master = becomeMaster(config, backup.state, { kind: "address-owner" }, "advert-first", now);
  return { state: master.state, effects: [...backup.effects, ...master.effects] };
}

/** Our supervisor has just sent priority 0 for the engine before us: we wait the skew, like every other router. */
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
    [],
  );
}

/**
 * A port that was down may forward late (spanning tree), and whoever was heard through it before may be gone: unless the
 * seat is still ours, we come back as one who has heard nobody (see rivals.ts).
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
  const priority = effectivePriority(config, trackers);
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
    case "master":
      return causes.length > 0 ? enterFault(config, state, now) : unchanged(state);
    case "fault":
      return causes.length > 0 || awaitedTracker(config, state) !== undefined
        ? stillFaulty(config, state, causes)
        : clearFault(config, state, now);
  }
}

/** The reason shown while in FAULT names what is wrong or missing now; and more than a lost link loses the seat. */
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
  if (config.priority === 255) {
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
