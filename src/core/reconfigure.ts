/**
 * A changed configuration for a running router (reload): state and timers stay. A master says at once what is new, as
 * keepalived does after reading its configuration again: peers of version 2 refuse the old interval or password by now, and
 * a shorter interval also means a shorter lease.
 */
import { after, type Instant } from "#units/time";
import type { RouterConfig } from "./config.ts";
import type { Phase, RouterState, TrackerState } from "./state.ts";
import { effectivePriority } from "./tracking.ts";

/** @param trackers results for `config.trackers`, in its order */
export function reconfigure(
  before: RouterConfig,
  config: RouterConfig,
  state: RouterState,
  trackers: readonly TrackerState[],
  now: Instant,
): RouterState {
  return {
    ...state,
    trackers,
    effectivePriority: effectivePriority(config, trackers),
    phase: rePhase(before, config, state.phase, now),
  };
}

function rePhase(before: RouterConfig, config: RouterConfig, phase: Phase, now: Instant): Phase {
  switch (phase.kind) {
    case "init":
    case "stopped":
    case "handover":
    case "fault":
      return phase;
    case "backup":
      // Version 2 learns no interval: a backup waits by the new one from the next advertisement on.
      return config.version === 2 ? { ...phase, masterInterval: config.advertInterval } : phase;
    case "master": {
      const { refresh } = config.announce;
      const refreshAt =
        refresh === before.announce.refresh
          ? phase.refreshAt
          : refresh > 0
            ? after(now, refresh)
            : undefined;
      return { ...phase, advertAt: now, refreshAt };
    }
  }
}
