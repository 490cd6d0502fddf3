/**
 * A changed configuration for a running router (reload). The phase stays; what the configuration
 * decides becomes as after a start with it. A master advertises at once, as keepalived does after a
 * reload: peers of version 2 refuse the old interval or password by now, and a shorter interval
 * also means a shorter lease.
 */
import { after, type Instant, instant, type Micros, micros } from "#units/time";
import type { RouterConfig } from "./config.ts";
import { initialGate } from "./gate.ts";
import { priorityNow } from "./maintenance.ts";
import type {
  BackupPhase,
  FaultPhase,
  GateState,
  MasterPhase,
  Phase,
  RouterState,
  TrackerState,
} from "./state.ts";
import { freshBackup, hasAddress } from "./step.ts";
import { masterDown } from "./timing.ts";

/** @param trackers results for the trackers of `config`, in its order */
export function reconfigure(
  before: RouterConfig,
  config: RouterConfig,
  state: RouterState,
  trackers: readonly TrackerState[],
  now: Instant,
): RouterState {
  const priority = priorityNow(config, trackers, state.maintenance);
  const known = reGate(before, config, state, now);
  const phase = rePhase({ before, config, priority, now }, known.phase);
  return { ...known, trackers, effectivePriority: priority, phase };
}

/**
 * A gate that is new: who owns the address counts as promoted, and serves on. One that is removed:
 * what waits for it does not wait any more. The engine closes, opens and removes fences, and ends
 * what runs (engine/reload.ts).
 */
function reGate(
  before: RouterConfig,
  config: RouterConfig,
  state: RouterState,
  now: Instant,
): RouterState {
  if ((before.gate === undefined) === (config.gate === undefined)) return state;
  if (config.gate !== undefined) return { ...state, gate: newGate(state.phase) };
  const { gate: _, phase, ...rest } = state;
  const raised = state.raised.filter(
    ({ kind }) => kind !== "promotion-refused" && kind !== "fence-refused",
  );
  return { ...rest, raised, phase: withoutGate(config, { ...rest, phase }, now) };
}

/** So does an owner with a link that is down and may be back in time. */
function newGate(phase: Phase): GateState {
  const isOwner = hasAddress(phase);
  const mayBeBack = phase.kind === "fault" && phase.ownershipSafeUntil !== undefined;
  return { ...initialGate(isOwner), isPromoted: isOwner || mayBeBack };
}

function withoutGate(config: RouterConfig, state: RouterState, now: Instant): Phase {
  const { phase } = state;
  switch (phase.kind) {
    case "promoting":
      // Elected already: it has only to take the address.
      if (phase.takenBack === undefined)
        return { ...freshBackup(config, state, now, micros(0)), masterDownAt: now };
      // MASTER, and an address that is not there is not owned: it is elected anew at once.
      return hasAddress(phase) ? phase.master : { ...phase.master, ownershipSafeUntil: now };
    case "demoting":
      return phase.master;
    case "backup":
      return { ...phase, probing: undefined, isAnswered: undefined, skipsProbe: undefined };
    case "init":
    case "master":
    case "switching":
    case "handover":
    case "fault":
    case "stopped":
      return phase;
  }
}

interface Change {
  readonly before: RouterConfig;
  readonly config: RouterConfig;
  /** The effective priority from now on. */
  readonly priority: number;
  readonly now: Instant;
}

function rePhase(change: Change, phase: Phase): Phase {
  switch (phase.kind) {
    case "init":
    case "stopped":
    case "handover":
      return phase;
    case "fault":
      return reFault(change, phase);
    case "backup":
      return reBackup(change, phase);
    case "master":
      return reMaster(change, phase);
    case "promoting":
    case "demoting":
    case "switching":
      // The move goes on with its own times; what it is taken back to is as new.
      return { ...phase, master: reMaster(change, phase.master) };
  }
}

/** The shortest time in which a peer with this configuration takes over (fault.ts rests on it). */
const earliestTakeOver = (config: RouterConfig): Micros =>
  masterDown(config, config.advertInterval, 254);

/**
 * Peers are given the same configuration. If it makes them quicker, the ownership window after a
 * lost link is no longer certain and ends.
 */
function reFault({ before, config, now }: Change, phase: FaultPhase): FaultPhase {
  if (earliestTakeOver(config) >= earliestTakeOver(before)) return phase;
  const releaseAt = phase.releaseAt === undefined ? undefined : now;
  return { ...phase, ownershipSafeUntil: undefined, releaseAt };
}

function reBackup({ before, config, priority, now }: Change, phase: BackupPhase): BackupPhase {
  // An address owner (priority 255) is master from its start on, without waiting (RFC 9568 6.4.1).
  if (config.priority === 255 && before.priority !== 255) return { ...phase, masterDownAt: now };
  // Version 2 learns no interval, so the master has ours.
  const masterInterval = config.version === 2 ? config.advertInterval : phase.masterInterval;
  const hasOtherTimers =
    masterInterval !== phase.masterInterval ||
    config.downTimerAdverts !== before.downTimerAdverts ||
    config.version !== before.version;
  // With a longer interval the master's next advertisement may come after the old detection time,
  // so the timer is set to the new one, as after a start.
  const full = after(now, masterDown(config, masterInterval, priority));
  const masterDownAt =
    hasOtherTimers && !phase.released
      ? instant(Math.max(phase.masterDownAt, full))
      : phase.masterDownAt;
  return { ...phase, masterInterval, masterDownAt, preemptAt: preemptAt(before, config, phase) };
}

/**
 * A changed `preempt_delay` counts from the weaker master's first advertisement, a changed
 * `hold_down` from its next one.
 */
function preemptAt(
  before: RouterConfig,
  config: RouterConfig,
  phase: BackupPhase,
): Instant | undefined {
  if (phase.preemptAt === undefined) return undefined;
  const isHeldOtherwise =
    config.holdDown?.first !== before.holdDown?.first ||
    config.holdDown?.max !== before.holdDown?.max;
  if (isHeldOtherwise) return undefined;
  return after(phase.preemptAt, micros(config.preemptDelay - before.preemptDelay));
}

function reMaster({ before, config, now }: Change, phase: MasterPhase): MasterPhase {
  const { refresh } = config.announce;
  const refreshAt =
    refresh === before.announce.refresh
      ? phase.refreshAt
      : refresh > 0
        ? after(now, refresh)
        : undefined;
  return { ...phase, advertAt: now, refreshAt };
}
