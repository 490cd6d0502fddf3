/** What one step returns, and what all phases share. */
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

/** Changes the phase's fields only: `since` and `reason` stay. */
export const inPhase = (state: RouterState, phase: Phase): RouterState => ({ ...state, phase });

export function publicState(phase: Phase): PublicState {
  switch (phase.kind) {
    case "init":
      return "INIT";
    case "backup":
      return "BACKUP";
    case "promoting":
      return phase.takenBack === undefined ? "BACKUP" : "MASTER";
    case "master":
    case "demoting":
    case "switching":
      return "MASTER";
    case "fault":
      return "FAULT";
    case "handover":
    case "stopped":
      return "STOP";
  }
}

/** The address is on this node, or may be (`handover break_before_make`). */
export function hasAddress(phase: Phase): boolean {
  switch (phase.kind) {
    case "master":
    case "demoting":
    case "switching":
    case "handover":
      return true;
    case "promoting":
      return phase.takenBack?.hasAddress === true;
    case "init":
    case "backup":
    case "fault":
    case "stopped":
      return false;
  }
}

/** With a gate the address is never taken from a living master. */
export const preempts = ({ preempt, gate }: RouterConfig): boolean => preempt && gate === undefined;

/** Enters another kind of phase: the effects `before`, then the transition that is reported. */
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
 * BACKUP with the timer at the full detection time, by our own interval until the master's is
 * learned. `extra` is added before it: the start-up delay.
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

/** The highest priority a peer may have: our own, until a higher one was heard. */
export function strongestPeer(config: RouterConfig, state: RouterState): number {
  const own = Math.max(config.priority, state.effectivePriority);
  return Math.max(Math.min(own, 254), state.heard?.priority ?? 0);
}

/**
 * Time without an advertisement after which we take over: ordinarily `masterDown`. A master that is
 * weaker than we are (`nopreempt`, `preempt_delay`) has never heard us and chose its lease by its
 * own priority, so we also wait until that lease has ended.
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

/** What the window depends on. */
interface WindowOf {
  readonly version: number;
  readonly interval: Centis;
  readonly down: number;
  readonly peer: number;
}
/**
 * The last one. It is asked for with every advertisement, of one router or of a thousand, which are
 * mostly configured alike.
 */
let known: (WindowOf & { readonly window: Micros }) | undefined;

/** The ownership window: how long after our last advertisement no peer can have taken over. */
export function ownershipWindow(config: RouterConfig, state: RouterState): Micros {
  const peer = strongestPeer(config, state);
  const { version, advertInterval: interval, downTimerAdverts: down } = config;
  if (
    known?.peer === peer &&
    known.interval === interval &&
    known.down === down &&
    known.version === version
  )
    return known.window;
  const window = windowFor(config, peer);
  known = { version, interval, down, peer, window };
  return window;
}

function windowFor(config: RouterConfig, peer: number): Micros {
  const lease = leaseFor(config, peer, true);
  const isLong = lease.guarantee !== "backstop" && lease.micros >= 1_000_000;
  // Below a second a stall is soon as long as the lease, and giving up that early would move the
  // address for nothing: the window is the whole time in which no peer can take over.
  return isLong ? lease.micros : lease.takeOverMicros;
}

/** One cause per kind: a newer one replaces the older. */
export function raise(raised: readonly FaultCause[], cause: FaultCause): readonly FaultCause[] {
  return [...raised.filter((one) => one.kind !== cause.kind), cause];
}
