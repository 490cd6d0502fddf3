/**
 * Stopping: the hand-over. A planned move loses no packet, because priority 0 is sent but the
 * address stays and is answered for until the successor's advertisement is heard. (keepalived
 * removes it first, and nobody answers for the successor's skew time.) The wait is bounded:
 * `handOverWait`.
 *
 * Where a platform decides where packets go (a HAVIP), it may take seconds to follow the
 * successor's announcement and forwards everything here until then; `handoverWait` keeps the
 * address that long.
 */
import { after, earliest, fromCentis, type Instant, type Micros, micros } from "#units/time";
import { RELEASE } from "#units/vrrp";
import type { RouterConfig } from "./config.ts";
import type { RouterEffect, RouterEvent } from "./event.ts";
import { release } from "./fault.ts";
import type { Reason } from "./reason.ts";
import type { HandoverPhase, PromotingPhase, RouterState, SwitchingPhase } from "./state.ts";
import { enter, hasAddress, inPhase, type Step, unchanged, withEffects } from "./step.ts";
import { handOverWait, LINGER } from "./timing.ts";

/** `removeAt` may be later than `until`: a successor heard last gets its time too. */
export const handoverDeadline = (phase: HandoverPhase): Instant => phase.removeAt ?? phase.until;

export function leaveForStop(config: RouterConfig, state: RouterState, now: Instant): Step {
  const { phase } = state;
  const stopped = { kind: "stopped" } as const;
  const reason = { kind: "stopping", address: "none" } as const;
  switch (phase.kind) {
    case "stopped":
    case "handover":
      return unchanged(state);
    case "init":
    case "backup":
      return enter(state, stopped, reason, now, []);
    case "fault":
      return enter(state, stopped, reason, now, release(state, phase));
    case "switching":
      return stopWhileSwitching(config, state, phase, now);
    case "promoting":
      return stopPromoting(state, phase, now);
    case "master":
    case "demoting":
      return handOver(config, state, now);
  }
}

/** Elected, and not promoted: others take the address, which nobody is served at. */
function stopPromoting(state: RouterState, phase: PromotingPhase, now: Instant): Step {
  const has = hasAddress(phase);
  const removed: readonly RouterEffect[] = has
    ? [{ kind: "cancelAnnouncements" }, { kind: "removeAddresses" }]
    : [];
  const reason = { kind: "stopping", address: has ? "removed" : "none" } as const;
  const release: RouterEffect = { kind: "sendAdvert", priority: RELEASE };
  return enter(state, { kind: "stopped" }, reason, now, [...removed, release]);
}

function handOver(config: RouterConfig, state: RouterState, now: Instant): Step {
  const release: RouterEffect = { kind: "sendAdvert", priority: RELEASE };
  const drop: RouterEffect = { kind: "cancelAnnouncements" };
  if (config.handover === "break-before-make") {
    const removed = { kind: "stopping", address: "removed" } as const;
    const effects = [drop, { kind: "removeAddresses" }, release] as const;
    return enter(state, { kind: "stopped" }, removed, now, effects);
  }
  const wait = handOverWait(config);
  const until = after(now, wait);
  const platform = config.handoverWait === undefined ? "not-awaited" : "waiting";
  const handover = { kind: "handover", until, removeAt: undefined, platform } as const;
  const kept = { kind: "stopping", address: "kept" } as const;
  return enter(state, handover, kept, now, [
    drop,
    { kind: "holdAddresses", micros: wait },
    release,
  ]);
}

/** A successor that was heard is the stop's too; otherwise the stop begins anew, to all peers. */
function stopWhileSwitching(
  config: RouterConfig,
  state: RouterState,
  { successor, until, platform }: SwitchingPhase,
  now: Instant,
): Step {
  if (successor === undefined || config.handover === "break-before-make")
    return handOver(config, state, now);
  const handover = { kind: "handover", until, removeAt: until, platform } as const;
  return enter(state, handover, { kind: "stopping", address: "kept" }, now, []);
}

export function stepHandover(
  config: RouterConfig,
  state: RouterState,
  phase: HandoverPhase,
  event: RouterEvent,
  now: Instant,
): Step {
  if (event.kind === "advertReceived" && event.priority > 0)
    return hearSuccessor(config, state, phase, event, now);
  if (event.kind === "foreignAnnouncement") return successorAnnounces(config, state, phase, now);
  if (event.kind === "platformAnswered") {
    const platform = event.moved ? "moved" : "not-awaited";
    const { removeAt } = phase;
    const sooner = removeAt && earliest(removeAt, after(now, lingerOf(config)));
    return unchanged(inPhase(state, { ...phase, platform, removeAt: sooner }));
  }
  if (now < handoverDeadline(phase)) return unchanged(state);
  const reason = endOfHandover(state, phase, now);
  return {
    state: { ...state, phase: { kind: "stopped" }, since: now, reason },
    effects: [
      { kind: "removeAddresses" },
      { kind: "report", report: { kind: "handed-over", reason } },
    ],
  };
}

/**
 * At a stop and at a planned move. Without a gate the successor announces before it advertises.
 * With one it does when it is promoted (`successorWait`), and the address goes soon after that.
 *
 * @param reset what is reset at once; connections that are left are reset with the removal
 */
export function successorAnnounces(
  config: RouterConfig,
  state: RouterState,
  phase: HandoverPhase | SwitchingPhase,
  now: Instant,
  reset: readonly RouterEffect[] = resets(config),
): Step {
  const isStop = phase.kind === "handover";
  const planned = isStop ? phase.removeAt : phase.successor && phase.until;
  const sooner = afterAnnouncement(config, planned, phase.platform, now);
  if (sooner === undefined) return unchanged(state);
  const next = isStop ? { ...phase, removeAt: sooner } : { ...phase, until: sooner };
  return withEffects(inPhase(state, next), ...reset);
}

/**
 * From a successor's first advertisement to the removal of the address. With a gate it advertises
 * before it is promoted, and announces the address after that: until then nobody else would answer
 * for it, and a client that connects anew would have to try again later.
 */
export function successorWait(config: RouterConfig, platform: HandoverPhase["platform"]): Micros {
  const { handoverWait, gate } = config;
  const promotion = gate?.promoteTimeout ?? micros(0);
  if (platform === "waiting" && handoverWait !== undefined) return micros(handoverWait + promotion);
  return micros(Math.max(lingerOf(config), promotion));
}

/**
 * A gate, and the successor announces the address: the removal comes so soon after it. Undefined:
 * it stays as it is.
 */
function afterAnnouncement(
  config: RouterConfig,
  removeAt: Instant | undefined,
  platform: HandoverPhase["platform"],
  now: Instant,
): Instant | undefined {
  const { gate } = config;
  if (gate === undefined || removeAt === undefined || platform === "waiting") return undefined;
  const sooner = after(now, gate.resetConnections ? RESET : lingerOf(config));
  return sooner < removeAt ? sooner : undefined;
}

/** Connections are reset as soon as who connects anew finds the successor. */
const resets = ({ gate }: RouterConfig): readonly RouterEffect[] =>
  gate?.resetConnections === true ? [{ kind: "resetConnections", stays: true }] : [];

/** Thousands of connections are reset in this time, before the address goes. */
const RESET: Micros = micros(40_000);

/** `LINGER`, but never more than half an interval. */
export const lingerOf = (config: RouterConfig): Micros =>
  micros(Math.min(LINGER, fromCentis(config.advertInterval) / 2));

function hearSuccessor(
  config: RouterConfig,
  state: RouterState,
  phase: HandoverPhase,
  event: Extract<RouterEvent, { kind: "advertReceived" }>,
  now: Instant,
): Step {
  const heard = { from: event.from, priority: event.priority, at: now };
  if (phase.removeAt !== undefined) return unchanged({ ...state, heard });
  const wait = successorWait(config, phase.platform);
  const waits = wait > lingerOf(config);
  const next = { ...inPhase(state, { ...phase, removeAt: after(now, wait) }), heard };
  return waits ? withEffects(next, { kind: "holdAddresses", micros: wait }) : unchanged(next);
}

function endOfHandover(state: RouterState, phase: HandoverPhase, now: Instant): Reason {
  const waited = micros(now - state.since);
  const from = state.heard?.from;
  if (phase.removeAt === undefined || from === undefined) return { kind: "no-successor", waited };
  switch (phase.platform) {
    case "moved":
      return { kind: "platform-moved", from, after: waited };
    case "waiting":
      return { kind: "platform-late", from, waited };
    case "not-awaited":
      return { kind: "successor-heard", from, after: waited };
  }
}
