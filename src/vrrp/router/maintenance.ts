/**
 * Maintenance: an operator holds this node back (`baton maintenance on`).
 *
 *   on           it never becomes master. A backup goes on listening, and reports when nobody has
 *                owned the address for two detection times, as a router in FAULT does.
 *   last-resort  it becomes master when nobody has been one for two detection times in a row of a
 *                router with priority 1: the weakest peer needs one of them. It advertises priority
 *                1 then, so every peer that preempts takes the address as soon as it can.
 *
 * After priority 0 the skew time, within which a peer is to take over, comes before them. In both
 * modes an address owner (priority 255) is a backup like the others.
 */
import { after, type Instant, micros } from "#units/time";
import { type Priority, priority } from "#units/vrrp";
import type { RouterConfig } from "./config.ts";
import { releaseFor, takeBackDemotion } from "./demoting.ts";
import type { HeldBack } from "./event.ts";
import { release, withoutOwnership } from "./fault.ts";
import { giveUpElection } from "./promoting.ts";
import type { BackupPhase, Maintenance, RouterState, TrackerState } from "./state.ts";
import { inPhase, type Step, unchanged, withEffects } from "./step.ts";
import { recall } from "./switch.ts";
import { masterDown } from "./timing.ts";
import { effectivePriority } from "./tracking.ts";

/** Detection times without an owner, after which the alarm is due or the last resort takes over. */
const MISSED = 2;
const LAST_PRIORITY = priority(1);
/** The address goes, whether anybody takes it or not. */
const MAINTENANCE = { kind: "switch", order: { force: true }, why: "maintenance" } as const;

/** The priority in an advertisement: as a last resort the lowest there is. */
export const priorityNow = (
  config: RouterConfig,
  trackers: readonly TrackerState[],
  maintenance: Maintenance | undefined,
): Priority =>
  maintenance === "last-resort" ? LAST_PRIORITY : effectivePriority(config, trackers);

export function changeMaintenance(
  config: RouterConfig,
  state: RouterState,
  mode: Maintenance | undefined,
  now: Instant,
): Step {
  if (state.maintenance === mode) return unchanged(state);
  const known: RouterState = {
    ...state,
    maintenance: mode,
    switched: mode === undefined ? undefined : state.switched,
    effectivePriority: priorityNow(config, state.trackers, mode),
  };
  const { phase } = state;
  switch (phase.kind) {
    case "init":
    case "stopped":
    case "handover":
      return unchanged(known);
    case "backup": {
      // Whoever answers now is not asked for this router as it is now.
      const { probing } = phase;
      const next = { ...phase, preemptAt: undefined, missed: undefined };
      return unchanged(
        inPhase(known, probing === undefined ? next : { ...next, probing: undefined }),
      );
    }
    case "promoting": {
      const waited = micros(now - state.since);
      return mode === "on"
        ? giveUpElection(config, known, { kind: "gave-up", waited }, now)
        : unchanged(inPhase(known, { ...phase, master: { ...phase.master, advertAt: now } }));
    }
    case "demoting":
      if (mode === undefined) return takeBackDemotion(config, known, phase, "recalled", now);
      return mode === "on" ? releaseFor(config, known, MAINTENANCE, now) : unchanged(known);
    case "fault":
      // A link that comes back in time does not bring the address back.
      return mode === undefined
        ? unchanged(known)
        : withEffects(inPhase(known, withoutOwnership(phase)), ...release(state, phase));
    case "switching":
      if (mode === undefined) return recall(config, known, phase, now);
      return mode === "on" && phase.gives === undefined
        ? unchanged(inPhase(known, { ...phase, gives: { kind: "gave-up" } }))
        : unchanged(known);
    case "master":
      return mode === "on"
        ? releaseFor(config, known, MAINTENANCE, now)
        : unchanged(inPhase(known, { ...phase, advertAt: now }));
  }
}

/**
 * The timer of a backup has fired, and it does not become master, or not yet.
 *
 * @returns undefined: it does
 */
export function waitInMaintenance(
  config: RouterConfig,
  state: RouterState,
  phase: BackupPhase,
  mode: Maintenance,
  now: Instant,
): Step | undefined {
  return missedNow(phase) === MISSED && mode === "last-resort"
    ? undefined
    : waitAside(config, state, phase, now);
}

const missedNow = (phase: BackupPhase): number =>
  Math.min(MISSED, (phase.missed ?? 0) + (phase.released ? 0 : 1));

/** Another detection time. After the second one without an owner that is reported, once. */
export function waitAside(
  config: RouterConfig,
  state: RouterState,
  phase: BackupPhase,
  now: Instant,
  heldBack?: HeldBack,
): Step {
  const missed = missedNow(phase);
  const isNew = missed === MISSED && phase.missed !== MISSED;
  const wait = masterDown(config, phase.masterInterval, state.effectivePriority);
  const next = inPhase(state, {
    ...phase,
    masterDownAt: after(now, wait),
    released: false,
    missed,
  });
  if (!isNew) return unchanged(next);
  const noMasterMicros = micros(now - (state.heard?.at ?? state.since));
  const why = heldBack === undefined ? {} : { heldBack };
  return withEffects(next, {
    kind: "report",
    report: { kind: "no-owner", noMasterMicros, ...why },
  });
}
