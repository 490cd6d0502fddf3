/**
 * keepalived has decided otherwise: the shadow goes on from what keepalived did, so that one
 * difference is reported once and the next decision is compared on its own.
 */
import { after, type Centis, fromCentis, type Instant, type Micros, micros } from "#units/time";
import type { Priority } from "#units/vrrp";
import { becomeMaster } from "#vrrp/router/become-master";
import type { RouterConfig } from "#vrrp/router/config";
import type { RouterState } from "#vrrp/router/state";
import { detection, freshBackup } from "#vrrp/router/step";

const ADOPTED = { kind: "started", masterDown: micros(0) } as const;

export function asMaster(config: RouterConfig, state: RouterState, now: Instant): RouterState {
  return becomeMaster(config, state, ADOPTED, "advert-first", now).state;
}

/** A master that is heard, as of its last advertisement. */
export interface HeardMaster {
  readonly priority: Priority;
  readonly interval: Centis;
  readonly at: Instant;
}

/** @param since when it became BACKUP, which may only be known now */
export function asBackup(
  config: RouterConfig,
  state: RouterState,
  master: HeardMaster | undefined,
  since: Instant,
  now: Instant,
): RouterState {
  const fresh = { ...freshBackup(config, state, since, micros(0)), awakeAt: now };
  const known = { ...state, phase: fresh, since, reason: ADOPTED };
  const isAccepted =
    master !== undefined && (!config.preempt || master.priority >= state.effectivePriority);
  if (!isAccepted) return known;
  const interval = config.version === 3 ? master.interval : config.advertInterval;
  const wait = detection(config, state, interval, master.priority);
  const masterDownAt = after(master.at, wait);
  return { ...known, phase: { ...fresh, masterInterval: interval, masterDownAt } };
}

/** The priority that keepalived advertises: what its checks have made of the configured one. */
export function withPriority(state: RouterState, priority: Priority): RouterState {
  return state.effectivePriority === priority ? state : { ...state, effectivePriority: priority };
}

/** How long after it was due an advertisement may come before its sender counts as gone. */
export const slackOf = (interval: Micros, tolerance: Micros): Micros =>
  micros(Math.max(tolerance, interval / 2));

export const intervalOf = (config: RouterConfig): Micros => fromCentis(config.advertInterval);

/** Short intervals are kept more exactly. */
const TOLERANCE_MIN = 20_000;
const TOLERANCE_MAX = 100_000;

/** How far apart two decisions may be and still be the same, unless the user says so. */
export function toleranceOf(given: Micros | undefined, config: RouterConfig): Micros {
  const usual = Math.min(TOLERANCE_MAX, Math.max(TOLERANCE_MIN, intervalOf(config) / 5));
  return given ?? micros(usual);
}
