/**
 * A gate (`gate { … }`): what must succeed before the address is served. A promotion (a script, a
 * database) comes between the election and the address, a demotion before a planned release, and
 * while this node is not promoted the kernel drops packets to the service's ports (the fence).
 *
 *   backup -- elected --> promoting -- "done" --> master -- planned --> demoting -- "done" -->
 *      ^                      |                     |                                 switching,
 *      +---- refused, late ---+                     +-- fault, stall, rival, group:   handover
 *      +---- fenced at once, the demotion runs beside --+
 *
 *   elect.ts            becoming master begins a promotion; so does a move that is taken back
 *   promoting.ts        its answer, and what a master does on the wire meanwhile
 *   demoting.ts         a planned release: drain, demotion, and then what was asked for
 *   gate-backup.ts      who may be elected, and whether anybody still answers for the address
 *   gate-conflict.ts    two masters: the data decides
 *   gate-exit.ts        every other way out: fenced, and a demotion that nobody waits for
 *   gate-events.ts      answers, time-outs, what a person asks for
 *
 * A router with a gate never takes the address from a living master, whatever `preempt` says.
 * Requests are numbered, and one runs at a time; an answer with another number changes nothing.
 */
import { after, earliest, type Instant, type Micros, micros } from "#units/time";
import type { GateConfig, RouterConfig } from "./config.ts";
import type { HeldBack, RouterEffect } from "./event.ts";
import type { DemoteReason, PromoteReason, Reason } from "./reason.ts";
import type { GateState, MasterPhase, Phase, RouterState } from "./state.ts";

export const initialGate = (isPromoted = false): GateState => ({
  run: 0,
  running: undefined,
  isPromoted,
  fence: isPromoted ? "open" : "closed",
  eligible: "unknown",
  heldUntil: undefined,
  refused: 0,
});

/** Both, for a router that has a gate. */
export interface Gate {
  readonly settings: GateConfig;
  readonly gate: GateState;
}

export const gateOf = (
  { gate: settings }: RouterConfig,
  { gate }: RouterState,
): Gate | undefined =>
  settings === undefined || gate === undefined ? undefined : { settings, gate };

export const inGate = (state: RouterState, change: Partial<GateState>): RouterState =>
  state.gate === undefined ? state : { ...state, gate: { ...state.gate, ...change } };

/** A person's request (`promoteAsked`) is over: there is a master. */
export function withoutRequest(state: RouterState): RouterState {
  if (state.gate?.isAsked === undefined) return state;
  const { isAsked: _, ...gate } = state.gate;
  return { ...state, gate };
}

/** What it is on the wire, if that is a master with a regular advertisement. */
export function masterOf(phase: Phase): MasterPhase | undefined {
  if (phase.kind === "master") return phase;
  return phase.kind === "promoting" || phase.kind === "demoting" ? phase.master : undefined;
}

/** Why it may not be elected now; undefined: it may. */
export function heldBack(
  config: RouterConfig,
  state: RouterState,
  now: Instant,
): HeldBack | undefined {
  const known = gateOf(config, state);
  if (known === undefined) return undefined;
  const { gate, settings } = known;
  if (gate.running !== undefined) return "demoting";
  if (gate.heldUntil !== undefined && now < gate.heldUntil) return "refused";
  if (gate.isAsked === true || gate.eligible === "yes") return undefined;
  if (gate.eligible === "no") return "not-eligible";
  return settings.needsEligible ? "not-known" : undefined;
}

/** A promotion that begins. */
export function promote(
  { settings, gate }: Gate,
  state: RouterState,
  reason: PromoteReason,
  now: Instant,
): { readonly state: RouterState; readonly effects: readonly RouterEffect[] } {
  const run = gate.run + 1;
  const wait = settings.promoteTimeout;
  const until = after(now, wait);
  const running = { run, kind: "promote", since: now, until, isPlanned: true } as const;
  const peer = state.heard?.from;
  return {
    state: { ...state, gate: { ...gate, run, running } },
    effects: [
      { kind: "promote", run, reason, peer, micros: wait },
      { kind: "report", report: { kind: "promotion-begun", reason, run } },
    ],
  };
}

/** A demotion that begins: from here on this node is not promoted. */
export function demote(
  { settings, gate }: Gate,
  state: RouterState,
  reason: DemoteReason,
  isPlanned: boolean,
  now: Instant,
): { readonly state: RouterState; readonly effects: readonly RouterEffect[] } {
  const run = gate.run + 1;
  const wait = settings.demoteTimeout;
  const running = { run, kind: "demote", since: now, until: after(now, wait), isPlanned } as const;
  const peer = state.heard?.from;
  return {
    state: { ...state, gate: { ...gate, run, running, isPromoted: false } },
    effects: [
      { kind: "demote", run, reason, isPlanned, peer, micros: wait },
      { kind: "report", report: { kind: "demotion-begun", reason, isPlanned, run } },
    ],
  };
}

export const closeFence = (gate: GateState): readonly RouterEffect[] =>
  gate.fence === "closed" ? [] : [{ kind: "closeFence" }];

export const tookOf = (since: Instant, now: Instant): Micros => micros(now - since);

/** Why the gate promotes, from why the router was elected. */
export function promoteReason(reason: Reason, { isAsked }: GateState): PromoteReason {
  if (isAsked === true) return "operator";
  if (reason.kind === "master-released") return "released";
  return reason.kind === "group" ? "group" : "master-down";
}

/** Why the gate demotes, from why the router is no longer master. */
export function demoteReason({ reason, maintenance }: RouterState): DemoteReason {
  switch (reason.kind) {
    case "stalled":
    case "group":
    case "fault":
      return reason.kind;
    case "promotion-refused":
      return "refused";
    case "switched":
    case "gave-up":
      return maintenance === undefined ? "switch" : "maintenance";
    case "stopping":
    case "stopped":
    case "no-successor":
    case "successor-heard":
    case "platform-moved":
    case "platform-late":
      return "stop";
    case "higher-priority":
    case "higher-address":
    case "unconfirmed-yields":
    case "master-was-alive":
    case "data-behind":
    case "data-unknown":
      return "rival";
    case "not-started":
    case "started":
    case "waiting-for-first-result":
    case "address-owner":
    case "master-down":
    case "preempts":
    case "master-released":
    case "link-back-in-time":
    case "fault-cleared":
      return "fault";
  }
}

/** When `timeReached` is needed for the gate, in every phase but "stopped". */
export function gateDeadline({ gate, phase, raised }: RouterState): Instant | undefined {
  if (gate === undefined) return undefined;
  const { running, conflict, isPromoted, heldUntil } = gate;
  const compared = conflict?.result === "comparing" ? conflict.until : undefined;
  const drained = phase.kind === "demoting" ? phase.draining?.until : undefined;
  const isHeld = raised.some((cause) => cause.kind === "promotion-refused");
  return earliest(
    earliest(running?.until, compared, drained),
    isHeld ? heldUntil : undefined,
    // A link that is not back in time (gate-exit.ts).
    phase.kind === "fault" && isPromoted ? phase.ownershipSafeUntil : undefined,
  );
}
