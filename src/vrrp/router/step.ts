/** What one step gives back, and the small vocabulary all phases share. */
import { after, type Centis, type Instant, type Micros, micros } from "#units/time";
import type { RouterConfig } from "./config.ts";
import type { RouterEffect } from "./event.ts";
import { leaseEnd, leaseFor } from "./lease.ts";
import type { FaultCause, Reason } from "./reason.ts";
import type { BackupPhase, Phase, PublicState, RouterState } from "./state.ts";
import { masterDown } from "./timing.ts";

export interface Step {
  readonly state: RouterState;
  /** In the order in which they are to be carried out. */
  readonly effects: readonly RouterEffect[];
}

const NOTHING: readonly RouterEffect[] = [];

export const unchanged = (state: RouterState): Step => ({ state, effects: NOTHING });

export const withEffects = (state: RouterState, ...effects: readonly RouterEffect[]): Step => ({
  state,
  effects,
});

/** A change inside the same kind of phase: `since` and `reason` stay. */
export const inPhase = (state: RouterState, phase: Phase): RouterState => ({ ...state, phase });

export function publicState(phase: Phase): PublicState {
  switch (phase.kind) {
    case "init":
      return "INIT";
    case "backup":
      return "BACKUP";
    case "master":
      return "MASTER";
    case "fault":
      return "FAULT";
    case "handover":
    case "stopped":
      return "STOP";
  }
}

/** Enters another kind of phase: `before` effects first, then the transition that notify, log and status see. */
export function enter(
  state: RouterState,
  phase: Phase,
  reason: Reason,
  now: Instant,
  before: readonly RouterEffect[],
): Step {
  return {
    state: { ...state, phase, since: now, reason },
    effects: [
      ...before,
      {
        kind: "transition",
        from: publicState(state.phase),
        to: publicState(phase),
        reason,
        priority: state.effectivePriority,
      },
    ],
  };
}

/**
 * A backup that gives the master the full detection time, by our own interval until one is learned. `extra` comes before
 * it: the start-up delay.
 */
export function freshBackup(
  config: RouterConfig,
  state: RouterState,
  now: Instant,
  extra: Micros,
): BackupPhase {
  const wait = masterDown(config, config.advertInterval, state.effectivePriority);
  return {
    kind: "backup",
    masterDownAt: after(now, micros(wait + extra)),
    masterInterval: config.advertInterval,
    startupDelayUntil: extra > 0 ? after(now, extra) : undefined,
    preemptAt: undefined,
    awakeAt: now,
    released: false,
    resend: undefined,
  };
}

/** Strongest peer we have to reckon with: as strong as ourselves until we have heard better. */
export function strongestPeer(config: RouterConfig, state: RouterState): number {
  const own = Math.max(config.priority, state.effectivePriority);
  return Math.max(Math.min(own, 254), state.heard?.priority ?? 0);
}

/**
 * How long a master has to be silent before we take over. Ordinarily `masterDown`; a backup that is stronger than its master
 * (nopreempt, preempt_delay) was never heard by it, so it also waits until the lease of a master that knows of nobody
 * stronger than itself has surely ended.
 */
export function detection(
  config: RouterConfig,
  state: RouterState,
  interval: Centis,
  masterPriority: number,
): Micros {
  const ours = state.effectivePriority;
  const wait = masterDown(config, interval, ours);
  if (masterPriority === 0 || masterPriority >= ours) return wait;
  return Math.max(wait, leaseEnd(config, interval, masterPriority)) as Micros;
}

/** How long after our last advertisement the address is safely ours. */
export function ownershipWindow(config: RouterConfig, state: RouterState): Micros {
  const lease = leaseFor(config, strongestPeer(config, state), true);
  const isLong = lease.guarantee !== "backstop" && lease.micros >= 1_000_000;
  // Below a second every millisecond of patience counts against a false move.
  return isLong ? lease.micros : lease.takeOverMicros;
}

/** One cause a kind; a newer one replaces the older. */
export function raise(raised: readonly FaultCause[], cause: FaultCause): readonly FaultCause[] {
  return [...raised.filter((one) => one.kind !== cause.kind), cause];
}
