/**
 * Stopping. A planned move loses no packet: priority 0 is sent, but the address stays and answers until the successor's
 * advertisement is heard (keepalived takes it away first, and nobody answers for the successor's skew time). It is
 * bounded: one skew time, which a keepalived successor waits, plus one interval.
 */
import { after, fromCentis, type Instant, micros } from "#units/time";
import { RELEASE } from "#units/vrrp";
import type { RouterConfig } from "./config.ts";
import type { RouterEffect, RouterEvent } from "./event.ts";
import type { HandoverPhase, RouterState } from "./state.ts";
import { enter, inPhase, type Step, unchanged } from "./step.ts";
import { LINGER, skew } from "./timing.ts";

/** A successor heard at the last moment gets its time too, so `removeAt` may lie behind `until`. */
export const handoverDeadline = (phase: HandoverPhase): Instant => phase.removeAt ?? phase.until;

export function leaveForStop(config: RouterConfig, state: RouterState, now: Instant): Step {
  const { phase } = state;
  const stopped = { kind: "stopped" } as const;
  const reason = { kind: "stopping" } as const;
  switch (phase.kind) {
    case "stopped":
    case "handover":
      return unchanged(state);
    case "init":
    case "backup":
    case "fault":
      return enter(state, stopped, reason, now, []);
    case "master": {
      const release: RouterEffect = { kind: "sendAdvert", priority: RELEASE };
      const silence: RouterEffect = { kind: "cancelAnnouncements" };
      if (config.handover === "break-before-make") {
        return enter(state, stopped, reason, now, [silence, { kind: "removeAddresses" }, release]);
      }
      const wait = micros(
        skew(config, config.advertInterval, 1) + fromCentis(config.advertInterval) + LINGER,
      );
      const until = after(now, wait);
      const handover = { kind: "handover", until, removeAt: undefined } as const;
      return enter(state, handover, reason, now, [
        silence,
        { kind: "holdAddresses", micros: wait },
        release,
      ]);
    }
  }
}

export function stepHandover(
  config: RouterConfig,
  state: RouterState,
  phase: HandoverPhase,
  event: RouterEvent,
  now: Instant,
): Step {
  if (event.kind === "advertReceived" && event.priority > 0) {
    const heard = { from: event.from, priority: event.priority, at: now };
    if (phase.removeAt !== undefined) return unchanged({ ...state, heard });
    // A whole interval of ours has room for it; sub-10-ms intervals linger less.
    const linger = micros(Math.min(LINGER, fromCentis(config.advertInterval) / 2));
    return unchanged({ ...inPhase(state, { ...phase, removeAt: after(now, linger) }), heard });
  }
  if (now < handoverDeadline(phase)) return unchanged(state);
  const waited = micros(now - state.since);
  const { heard } = state;
  const reason =
    phase.removeAt !== undefined && heard !== undefined
      ? ({ kind: "successor-heard", from: heard.from, after: waited } as const)
      : ({ kind: "no-successor", waited: waited } as const);
  return {
    state: { ...state, phase: { kind: "stopped" }, since: now, reason },
    effects: [
      { kind: "removeAddresses" },
      { kind: "report", report: { kind: "handed-over", reason } },
    ],
  };
}
