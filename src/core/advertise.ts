/** What a master sends on its own account: the next advertisement, and the announcements to come. */
import { after, fromCentis, type Instant, type Micros, micros } from "#units/time";
import type { RouterConfig } from "./config.ts";
import type { RouterEffect } from "./event.ts";
import type { Announcement, AnnounceReason, MasterPhase, RouterState } from "./state.ts";
import { seat } from "./step.ts";

/**
 * Keeps the rhythm: the next one is counted from when this one was due, unless we are so late that it would be due
 * already. Only a sent advertisement moves the timer. (keepalived restarts it at every packet read, so that a stream of
 * packets it rejects silences a healthy master.)
 */
export function sendAdvert(
  config: RouterConfig,
  state: RouterState,
  phase: MasterPhase,
  now: Instant,
): { readonly phase: MasterPhase; readonly effects: readonly RouterEffect[] } {
  const interval = fromCentis(config.advertInterval);
  const regular = after(phase.advertAt, interval);
  const onSchedule = now >= phase.advertAt && regular > now;
  return {
    phase: {
      ...phase,
      advertAt: onSchedule ? regular : after(now, interval),
      lastAdvertAt: now,
      seatUntil: after(now, seat(config, state)),
    },
    effects: [
      { kind: "refreshAddresses" },
      { kind: "sendAdvert", priority: state.effectivePriority },
    ],
  };
}

/** Adds an announcement, keeping the list in order; one pending per reason is enough. */
export function schedule(
  announcements: readonly Announcement[],
  at: Instant,
  repeat: number,
  why: AnnounceReason,
): readonly Announcement[] {
  const place = announcements.findIndex((one) => one.at > at);
  const added = { at, repeat, why };
  return place === -1 ? [...announcements, added] : announcements.toSpliced(place, 0, added);
}

/** After the last sign of a rival: when its own last announcement has surely been sent, and again for lost frames. */
const AFTER_RIVAL: readonly Micros[] = [micros(15_000), micros(150_000), micros(1_000_000)];

export function afterRival(
  announcements: readonly Announcement[],
  now: Instant,
): readonly Announcement[] {
  let list: readonly Announcement[] = announcements.filter((one) => one.why !== "rival-gone");
  for (const delay of AFTER_RIVAL) list = schedule(list, after(now, delay), 1, "rival-gone");
  return list;
}
