/**
 * Every way out of being master, but the planned one: a fault, a stall, a rival, the sync group, a
 * promotion that nobody waits for. Phases are compared before and after a step, so that no exit is
 * forgotten:
 *
 *   the fence is closed before anything else; connections are reset while the address that a reset
 *   is sent from is still there; the address is removed; and the demotion runs, which nobody waits
 *   for. Until it is over this node is not electable.
 *
 * A link flap: the fence is closed and the address removed at once. The demotion waits until the
 * ownership window is over: nobody can have been promoted before, so a link that is back in time
 * finds this node promoted and serves on, where a promotion would take seconds.
 */
import type { Instant } from "#units/time";
import type { RouterConfig } from "./config.ts";
import type { RouterEffect } from "./event.ts";
import { closeFence, demote, demoteReason, gateOf, inGate } from "./gate.ts";
import type { Phase, RouterState } from "./state.ts";
import { hasAddress, type Step } from "./step.ts";

/** @param before the state before the step that may have been an exit */
export function guardExit(
  config: RouterConfig,
  before: RouterState,
  after: Step,
  now: Instant,
): Step {
  const known = gateOf(config, after.state);
  if (known === undefined) return after;
  const { settings, gate } = known;
  const isReset = settings.resetConnections && hasAddress(before.phase) && !isResetAlready(after);
  const effects = isReset ? withReset(after.effects) : after.effects;
  if (isOwner(after.state.phase)) return { state: after.state, effects };
  const closing = closeFence(gate);
  const closed = inGate(after.state, { fence: "closed", conflict: undefined });
  const { running } = gate;
  const isPromoting = running?.kind === "promote";
  // Unless an earlier part of this step has demoted it.
  const wasDone =
    before.phase.kind === "promoting" && before.phase.isDone === true && running === undefined;
  const isPromoted = wasDone || (gate.isPromoted && !mayBeBack(after.state.phase, now));
  if (!isPromoting && !isPromoted) return { state: closed, effects: [...closing, ...effects] };
  const ended: readonly RouterEffect[] = isPromoting
    ? [{ kind: "cancelGate", run: running.run }]
    : [];
  const began = demote(
    { settings, gate: { ...gate, fence: "closed", conflict: undefined } },
    closed,
    demoteReason(closed),
    false,
    now,
  );
  return { state: began.state, effects: [...closing, ...effects, ...ended, ...began.effects] };
}

/** On the wire, or with the address: no exit. */
function isOwner({ kind }: Phase): boolean {
  switch (kind) {
    case "promoting":
    case "master":
    case "demoting":
    case "switching":
    case "handover":
      return true;
    case "init":
    case "backup":
    case "fault":
    case "stopped":
      return false;
  }
}

const mayBeBack = (phase: Phase, now: Instant): boolean =>
  phase.kind === "fault" &&
  phase.ownershipSafeUntil !== undefined &&
  now < phase.ownershipSafeUntil;

/** A step of several parts comes here after each. */
const isResetAlready = ({ effects }: Step): boolean =>
  effects.some(({ kind }) => kind === "resetConnections");

/** Before the first removal. */
function withReset(effects: readonly RouterEffect[]): readonly RouterEffect[] {
  const place = effects.findIndex(({ kind }) => kind === "removeAddresses");
  return place === -1 ? effects : effects.toSpliced(place, 0, { kind: "resetConnections" });
}
