/**
 * Promoting: elected, and the gate's answer is waited for. On the wire this is a master, by the
 * rules of one (master.ts, rivals.ts); what it does not have yet, the address, is neither prolonged
 * nor announced. To the outside it is BACKUP, as nobody is served and `notify_master` has to come
 * after the promotion; where a planned move is taken back, it is MASTER all the time.
 *
 * "done": the fence opens, then the address is added and announced. The other way round a client's
 * first packet could be dropped, and it would try again a second later. But not before an owner
 * that lives has had the time to answer, and not while another master is heard, weaker or not:
 * priority 0 may have been forged, and after it nobody is asked for the address.
 * "refused", or no answer in time: the promotion is undone, priority 0 is sent so that another
 * router may try, and this one is not electable for `hold`; or as `on_refusal` says.
 */
import type { IpAddress } from "#units/address";
import { after, earliest, type Instant, micros } from "#units/time";
import { RELEASE } from "#units/vrrp";
import { sendAdvert } from "./advertise.ts";
import { answersOf } from "./allowance.ts";
import type { RouterConfig } from "./config.ts";
import type { PhaseEvent, RouterEffect } from "./event.ts";
import { enterFault } from "./fault.ts";
import { demote, type Gate, gateOf, inGate, tookOf } from "./gate.ts";
import { masterDeadline, stepMaster } from "./master.ts";
import { answeredBy, round } from "./master-conflict.ts";
import type { GateEnd, Reason } from "./reason.ts";
import { answerOnce } from "./rivals.ts";
import type { GateRun, MasterPhase, PromotingPhase, Rival, RouterState } from "./state.ts";
import {
  freshBackup,
  hasAddress,
  inPhase,
  publicState,
  raise,
  type Step,
  unchanged,
} from "./step.ts";
import { masterDown } from "./timing.ts";

export function stepPromoting(
  config: RouterConfig,
  state: RouterState,
  phase: PromotingPhase,
  event: PhaseEvent,
  now: Instant,
): Step {
  const has = hasAddress(phase);
  // The old owner may announce the address until it hears us.
  if (!has && event.kind !== "advertReceived" && event.kind !== "timeReached")
    return unchanged(state);
  const onWire = inPhase(state, phase.master);
  const { state: next, effects } =
    event.kind === "advertReceived" && event.priority === RELEASE
      ? rivalReleases(config, onWire, phase.master, event.from, now)
      : stepMaster(config, onWire, phase.master, event, now);
  const isMaster = next.phase.kind === "master";
  const sent = has ? effects : effects.filter((one) => isWithoutAddress(phase, one));
  if (!isMaster) return { state: next, effects: sent };
  const master: MasterPhase = has
    ? (next.phase as MasterPhase)
    : { ...(next.phase as MasterPhase), announcements: [] };
  const opensAt = has ? phase.opensAt : mayOpenAt(config, next, phase, event, now);
  const waiting: PromotingPhase = { ...phase, master, opensAt };
  if (phase.isDone !== true || !mayServe(waiting, now))
    return { state: inPhase(next, waiting), effects: sent };
  const served = serve(config, inPhase(next, waiting), waiting, now);
  return { state: served.state, effects: [...sent, ...served.effects] };
}

/**
 * A rival that is not heard for some intervals is taken to have yielded, and an owner goes on. Who
 * serves nobody yet loses nothing by waiting as long as a backup would: where packets get lost it
 * may live (seed 614698). One that says itself that it yields is not waited for.
 */
function mayOpenAt(
  config: RouterConfig,
  { phase, effectivePriority }: RouterState,
  { opensAt }: PromotingPhase,
  event: PhaseEvent,
  now: Instant,
): Instant {
  if (event.kind !== "advertReceived" || phase.kind !== "master") return opensAt;
  const isRival = phase.rivals.some(({ from }) => from === event.from);
  if (!isRival) return opensAt;
  if (event.priority === RELEASE) return answeredBy(config, now);
  const interval = config.version === 3 ? event.interval : config.advertInterval;
  const unheard = after(now, masterDown(config, interval, effectivePriority));
  return Math.max(opensAt, unheard) as Instant;
}

/**
 * A rival says that it has yielded, or somebody says so in its name: then it still lives, and is
 * asked for an answer once more, when it may give one whatever it has answered before
 * (allowance.ts).
 */
function rivalReleases(
  config: RouterConfig,
  state: RouterState,
  master: MasterPhase,
  from: IpAddress,
  now: Instant,
): Step {
  const { each } = answersOf(config);
  const rival = master.rivals.find((one) => one.from === from);
  const sent = answerOnce(config, state, master, true, now);
  if (rival === undefined) return { state: inPhase(state, sent.phase), effects: sent.effects };
  const asked: Rival = {
    ...rival,
    // What it advertises next is no duplicate.
    heardAt: (now - round(config)) as Instant,
    goneAt: after(answeredBy(config, now), each),
  };
  const phase: MasterPhase = {
    ...sent.phase,
    rivals: master.rivals.map((one) => (one === rival ? asked : one)),
    probeAt: undefined,
    advertAt: Math.min(after(now, each), sent.phase.advertAt) as Instant,
  };
  return { state: inPhase(state, phase), effects: sent.effects };
}

const mayServe = ({ master, opensAt }: PromotingPhase, now: Instant): boolean =>
  master.rivals.length === 0 && now >= opensAt;

export function promotingDeadline(phase: PromotingPhase): Instant | undefined {
  const due = masterDeadline(phase.master);
  const isWaiting = phase.isDone === true && phase.master.rivals.length === 0;
  return isWaiting ? earliest(due, phase.opensAt) : due;
}

/** What a master without an address does; one that yields was BACKUP to the outside, or was not. */
function isWithoutAddress({ takenBack }: PromotingPhase, effect: RouterEffect): boolean {
  if (effect.kind === "transition") return takenBack !== undefined;
  // It announces nothing over a weaker one yet.
  if (effect.kind === "report") return effect.report.kind !== "weaker-master";
  return effect.kind === "sendAdvert";
}

/**
 * The gate has promoted this node. While another master is heard, or may yet be, nobody is served:
 * it may have been the owner all the time, and then this node yields.
 */
export function promoted(
  config: RouterConfig,
  known: Gate,
  state: RouterState,
  phase: PromotingPhase,
  running: GateRun,
  now: Instant,
): Step {
  const gate = {
    ...known.gate,
    running: undefined,
    refused: 0,
    conflict: undefined,
  };
  const { isAsked: _, ...rest } = gate;
  const report = { kind: "promoted", run: running.run, took: tookOf(running.since, now) } as const;
  const done = { ...state, gate: rest };
  const next = mayServe(phase, now)
    ? serve(config, done, phase, now)
    : unchanged(inPhase(done, { ...phase, isDone: true }));
  return { state: next.state, effects: [...next.effects, { kind: "report", report }] };
}

/** The fence, the address, announcements: MASTER. */
function serve(
  config: RouterConfig,
  state: RouterState,
  phase: PromotingPhase,
  now: Instant,
): Step {
  const { announce } = config;
  const { takenBack, elected } = phase;
  const sent = sendAdvert(config, state, phase.master, now);
  const master: MasterPhase = {
    ...sent.phase,
    announcements:
      announce.delay > 0
        ? [{ at: after(now, announce.delay), repeat: announce.repeat, why: "second-block" }]
        : [],
    refreshAt: announce.refresh > 0 ? after(now, announce.refresh) : undefined,
    foreignAt: undefined,
    claim: undefined,
  };
  const why = takenBack === undefined ? "became-master" : "taken-back";
  const priority = state.effectivePriority;
  const from = publicState(phase);
  const shown: readonly RouterEffect[] =
    from === "MASTER"
      ? []
      : [{ kind: "transition", from, to: "MASTER", reason: elected, priority }];
  const opened = inGate(state, { fence: "open", isPromoted: true, heldUntil: undefined });
  return {
    state: { ...opened, phase: master, since: takenBack === undefined ? now : state.since },
    effects: [
      { kind: "sendAdvert", priority },
      { kind: "openFence" },
      { kind: "addAddresses" },
      { kind: "announce", repeat: announce.repeat, why },
      ...shown,
    ],
  };
}

/** It was refused, or is late. */
export function promotionFailed(
  config: RouterConfig,
  known: Gate,
  state: RouterState,
  phase: PromotingPhase,
  running: GateRun,
  outcome: GateEnd,
  now: Instant,
): Step {
  const { settings } = known;
  const took = tookOf(running.since, now);
  const follows = settings.onRefusal;
  const hold = follows === "serve" ? micros(0) : settings.hold;
  const report = {
    kind: "promotion-failed",
    run: running.run,
    outcome,
    took,
    follows,
    hold,
  } as const;
  const effects: readonly RouterEffect[] = [
    ...(outcome === "late" ? [{ kind: "cancelGate", run: running.run } as const] : []),
    { kind: "report", report },
  ];
  const { isAsked: _, ...rest } = known.gate;
  const gate = { ...rest, running: undefined, refused: known.gate.refused + 1 };
  const next =
    follows === "serve"
      ? serve(config, { ...state, gate }, phase, now)
      : undo(
          config,
          { settings, gate: { ...gate, heldUntil: after(now, hold) } },
          state,
          { kind: "promotion-refused", outcome, after: took },
          now,
        );
  return { state: next.state, effects: [...effects, ...next.effects] };
}

/** What the promotion may have done is undone by a demotion; the address is for others. */
function undo(
  config: RouterConfig,
  known: Gate,
  state: RouterState,
  reason: Extract<Reason, { kind: "promotion-refused" }>,
  now: Instant,
): Step {
  const { outcome } = reason;
  const began = demote(known, state, "refused", false, now);
  if (known.settings.onRefusal === "fault") {
    const raised = raise(state.raised, { kind: "promotion-refused", outcome });
    const faulty = enterFault(config, { ...began.state, raised }, now);
    return { state: faulty.state, effects: [...faulty.effects, ...began.effects] };
  }
  const left = giveUpElection(config, began.state, reason, now);
  return { state: left.state, effects: [...left.effects, ...began.effects] };
}

/**
 * BACKUP, and priority 0, which others hear: a promotion that is not waited for any more. What
 * becomes of it is the business of gate-exit.ts.
 */
export function giveUpElection(
  config: RouterConfig,
  state: RouterState,
  reason: Reason,
  now: Instant,
): Step {
  const { phase: before } = state;
  const removed: readonly RouterEffect[] = hasAddress(before)
    ? [{ kind: "cancelAnnouncements" }, { kind: "removeAddresses" }]
    : [];
  const phase = freshBackup(config, state, now, micros(0));
  const [from, to] = [publicState(before), publicState(phase)];
  const priority = state.effectivePriority;
  const shown: readonly RouterEffect[] =
    from === to ? [] : [{ kind: "transition", from, to, reason, priority }];
  return {
    state: { ...state, phase, since: now, reason },
    effects: [...removed, { kind: "sendAdvert", priority: RELEASE }, ...shown],
  };
}

/** Of the running promotion or demotion, if it is the one with this number. */
export const runningOf = (
  config: RouterConfig,
  state: RouterState,
  run: number,
): (Gate & { readonly running: GateRun }) | undefined => {
  const known = gateOf(config, state);
  const running = known?.gate.running;
  return known === undefined || running?.run !== run ? undefined : { ...known, running };
};
