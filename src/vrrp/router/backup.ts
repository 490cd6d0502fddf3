/** BACKUP: RFC 9568 6.4.2, with keepalived's nopreempt and preempt_delay. */
import type { IpAddress } from "#units/address";
import { after, earliest, fromCentis, type Instant, type Micros, micros } from "#units/time";
import { RELEASE } from "#units/vrrp";
import { available, spend, takeOversOf } from "./allowance.ts";
import { becomeMaster } from "./become-master.ts";
import type { RouterConfig } from "./config.ts";
import type { Report, RouterEffect, RouterEvent } from "./event.ts";
import { heldBack, withoutRequest } from "./gate.ts";
import { noProbe, somebodyAnswers, waitForGate } from "./gate-backup.ts";
import { holdDown, recentLosses } from "./hold-down.ts";
import { waitAside, waitInMaintenance } from "./maintenance.ts";
import { round } from "./master-conflict.ts";
import type { Reason } from "./reason.ts";
import type { BackupPhase, RouterState } from "./state.ts";
import { detection, inPhase, preempts, type Step, unchanged, withEffects } from "./step.ts";
import { masterDown, skew, stallThreshold } from "./timing.ts";

const YIELDS: readonly Reason["kind"][] = [
  "higher-priority",
  "higher-address",
  "unconfirmed-yields",
  "master-was-alive",
  "group",
];

/** Rounds between the first and the second resend; the first follows one round after we yielded. */
const RESEND_GAP_ROUNDS = 2;

type Advert = Extract<RouterEvent, { kind: "advertReceived" }>;

/**
 * Besides `masterDownAt` there is one wake-up per interval: a backup that is woken late knows that
 * it has stalled, and for how long (see `discountStall`).
 */
export function backupDeadline(phase: BackupPhase): Instant | undefined {
  const awake = after(phase.awakeAt, fromCentis(phase.masterInterval));
  return earliest(phase.masterDownAt, awake, phase.resend?.at);
}

export function stepBackup(
  config: RouterConfig,
  state: RouterState,
  before: BackupPhase,
  event: RouterEvent,
  now: Instant,
): Step {
  const readAt = event.kind === "timeReached" ? event.readAt : undefined;
  const stalled = stalledMicros(before, now, readAt);
  const phase = discountStall(config, state, before, stalled, now);
  const reports: readonly RouterEffect[] =
    stalled > 0 ? [{ kind: "report", report: { kind: "stalled-as-backup", micros: stalled } }] : [];
  const next =
    event.kind === "advertReceived"
      ? hear(config, state, phase, event, now)
      : now >= phase.masterDownAt
        ? takeOver(config, state, phase, now)
        : resendRelease(config, state, phase, now);
  return reports.length === 0
    ? next
    : { state: next.state, effects: [...reports, ...next.effects] };
}

/**
 * The winner of a master conflict announces when it hears our priority 0 (rivals.ts). With 30 % of
 * the packets lost, one in three blackhole windows of 0.4 s at `advert_int 0.1` came from that one
 * packet missing; with two resends it is one in thirty.
 */
function resendRelease(
  config: RouterConfig,
  state: RouterState,
  phase: BackupPhase,
  now: Instant,
): Step {
  const { resend } = phase;
  if (resend === undefined || now < resend.at) return unchanged(inPhase(state, phase));
  const left = resend.left - 1;
  const at = after(now, micros(RESEND_GAP_ROUNDS * round(config)));
  const next = left === 0 ? undefined : { ...resend, at, left };
  const effects = resend.to.map(
    (to): RouterEffect => ({ kind: "sendAdvert", priority: RELEASE, to }),
  );
  return withEffects(inPhase(state, { ...phase, resend: next }), ...effects);
}

/**
 * Of three masters that took over together, the one that remains need not be the one we yielded to,
 * so every master heard meanwhile gets the resends.
 */
function alsoTo(resend: BackupPhase["resend"], to: IpAddress): BackupPhase["resend"] {
  if (resend === undefined || resend.to.includes(to)) return resend;
  return { ...resend, to: [...resend.to, to] };
}

/**
 * Only since everything was read last: a thousand routers that take over together take longer than
 * the threshold, but the advertisements of their masters would have been heard meanwhile.
 */
function stalledMicros(phase: BackupPhase, now: Instant, readAt = phase.awakeAt): number {
  const expected = Math.max(backupDeadline(phase) ?? now, readAt);
  if (now - expected <= stallThreshold(phase.masterInterval)) return 0;
  return now - Math.max(phase.awakeAt, readAt);
}

/**
 * While we stalled (stopped process, paused virtual machine, starved CPU) the master's
 * advertisements may have been lost here, so the time does not count against it: the timer is
 * prolonged by it, up to a full detection time from now.
 */
function discountStall(
  config: RouterConfig,
  state: RouterState,
  phase: BackupPhase,
  stalled: number,
  now: Instant,
): BackupPhase {
  if (stalled === 0) return { ...phase, awakeAt: now };
  const full = after(now, masterDown(config, phase.masterInterval, state.effectivePriority));
  // Never sooner than it was: a start-up delay may be longer than the detection time.
  const extended = Math.max(phase.masterDownAt, Math.min(full, phase.masterDownAt + stalled));
  const stalledUntil = after(now, skew(config, phase.masterInterval, state.effectivePriority));
  const masterDownAt = extended as Instant;
  // Another router may be master by now; a priority 0 from before the stall is not for it.
  const next = { ...phase, awakeAt: now, masterDownAt, stalledUntil, resend: undefined };
  // What was answered meanwhile says nothing about now.
  return noProbe(next);
}

function hear(
  config: RouterConfig,
  state: RouterState,
  phase: BackupPhase,
  advert: Advert,
  now: Instant,
): Step {
  const heard = { from: advert.from, priority: advert.priority, at: now };
  // keepalived throws away what it receives during the start-up delay.
  if (phase.startupDelayUntil !== undefined && now < phase.startupDelayUntil) {
    const known = advert.priority === 0 ? state : { ...state, heard };
    return unchanged(inPhase(known, phase));
  }
  if (advert.priority === 0) return masterReleased(config, state, phase, advert, now);
  // Nothing is to be promoted now.
  const known = withoutRequest({ ...state, heard });
  if (advert.priority >= state.effectivePriority || !preempts(config) || standsAside(state)) {
    return unchanged(inPhase(known, accepted(config, state, phase, advert, undefined, now)));
  }
  // Weaker, and we preempt. With `preempt_delay` it is still accepted until the delay, counted from
  // its first advertisement, is over.
  const held = holdDown(config, state, now);
  const delay = micros(Math.max(config.preemptDelay, held));
  if (delay > 0) {
    const preemptAt = phase.preemptAt ?? after(now, delay);
    if (now < preemptAt) {
      const waits = inPhase(known, accepted(config, state, phase, advert, preemptAt, now));
      return phase.preemptAt === undefined && held === delay
        ? withEffects(waits, { kind: "report", report: heldDown(config, state, advert, held, now) })
        : unchanged(waits);
    }
  }
  return unchanged(inPhase(known, { ...phase, preemptAt: phase.preemptAt ?? now }));
}

/** An operator has moved the address away, or this node is in maintenance: it does not preempt. */
const standsAside = ({ switched, maintenance }: RouterState): boolean =>
  switched !== undefined || maintenance !== undefined;

function heldDown(
  config: RouterConfig,
  state: RouterState,
  advert: Advert,
  held: Micros,
  now: Instant,
): Report {
  const { from, priority: theirs } = advert;
  const losses = recentLosses(config, state, now);
  return { kind: "held-down", from, theirs, ours: state.effectivePriority, losses, micros: held };
}

function accepted(
  config: RouterConfig,
  state: RouterState,
  phase: BackupPhase,
  advert: Advert,
  preemptAt: Instant | undefined,
  now: Instant,
): BackupPhase {
  // Version 3 learns the master's interval; in version 2 unequal intervals never get here.
  const masterInterval = config.version === 3 ? advert.interval : config.advertInterval;
  const wait = detection(config, state, masterInterval, advert.priority);
  return {
    ...phase,
    masterInterval,
    masterDownAt: after(now, wait),
    preemptAt,
    released: false,
    missed: undefined,
    resend: alsoTo(phase.resend, advert.from),
    ...(config.gate === undefined ? {} : NOT_ASKED),
  };
}

/** A master is there: nobody is asked whether one is. */
const NOT_ASKED = { probing: undefined, isAnswered: undefined, skipsProbe: undefined } as const;

/**
 * Priority 0: the master gives the address up (RFC 9568 6.4.2). The skew time decides which of
 * several backups follows; with exactly one unicast peer there is no other backup, so we take over
 * at once; but not on what waited in the socket during a stall, where the next packet may say
 * otherwise (seed 278678).
 */
function masterReleased(
  config: RouterConfig,
  state: RouterState,
  phase: BackupPhase,
  advert: Advert,
  now: Instant,
): Step {
  const heard = { from: advert.from, priority: advert.priority, at: now };
  const known = { ...state, heard: state.heard ?? heard };
  // From somebody who is not the master (possible where sources are not checked) it only shortens
  // the wait, as in keepalived.
  const isMaster = state.heard === undefined || state.heard.from === advert.from;
  const isOnlyPeer = config.peerCount === 1 && isMaster;
  const kind = takeOversOf(config);
  // Too often: forged packets must not set the pace at which the address moves.
  if (!phase.released && available(kind, state.takeOvers, now) === 0)
    return unchanged(inPhase(known, phase));
  const takeOvers = phase.released ? state.takeOvers : spend(kind, state.takeOvers, 1, now);
  const counted = { ...known, takeOvers };
  const takesOver =
    haveBothYielded(state, phase, advert) ||
    (isOnlyPeer &&
      now >= (phase.stalledUntil ?? now) &&
      !hasJustYielded(config, state, phase, now));
  const mayTake = state.maintenance === undefined && heldBack(config, state, now) === undefined;
  if (takesOver && mayTake) {
    const reason = { kind: "master-released", from: advert.from, immediate: true } as const;
    return becomeMaster(config, counted, reason, "address-first", now);
  }
  const at = after(now, skew(config, phase.masterInterval, state.effectivePriority));
  const sooner = Math.min(at, phase.masterDownAt) as Instant;
  const waits = { ...noProbe(phase), masterDownAt: sooner, released: true };
  return unchanged(inPhase(counted, waits));
}

/**
 * The only master we yielded to sends priority 0 too, while our own resends are still due: packets
 * of the master conflict were lost, and both reached their yield threshold. The one that wins the
 * tie-break returns at once, the other one waits the skew time.
 */
function haveBothYielded(state: RouterState, phase: BackupPhase, advert: Advert): boolean {
  const isStronger =
    state.reason.kind === "unconfirmed-yields" || state.reason.kind === "master-was-alive";
  const others = phase.resend?.to ?? [];
  return isStronger && others.length === 1 && others[0] === advert.from;
}

/**
 * When two sync groups rank their members differently on two nodes, each makes the other yield. If
 * the only peer also took over at once, the address would move at the speed of the network
 * (simulator, seed 143). Waiting the skew time makes it as slow as in keepalived.
 */
function hasJustYielded(
  config: RouterConfig,
  state: RouterState,
  phase: BackupPhase,
  now: Instant,
): boolean {
  return (
    YIELDS.includes(state.reason.kind) &&
    now - state.since < masterDown(config, phase.masterInterval, state.effectivePriority)
  );
}

function takeOver(
  config: RouterConfig,
  state: RouterState,
  phase: BackupPhase,
  now: Instant,
): Step {
  const { maintenance } = state;
  if (maintenance !== undefined) {
    const waits = waitInMaintenance(config, state, phase, maintenance, now);
    if (waits !== undefined) return waits;
  }
  return waitForGate(config, state, phase, now) ?? takeFree(config, state, phase, now);
}

/** A gate's probe was answered. */
export function probed(
  config: RouterConfig,
  state: RouterState,
  phase: BackupPhase,
  by: "nobody" | "somebody",
  now: Instant,
): Step {
  if (by === "somebody") return somebodyAnswers(config, state, phase, now);
  const asked = noProbe(phase);
  const why = heldBack(config, state, now);
  return why === undefined
    ? takeFree(config, inPhase(state, asked), asked, now)
    : waitAside(config, state, asked, now, why);
}

/** Nothing holds it back any more, and nobody has owned the address: its timer has fired before. */
export const backupElected = (
  config: RouterConfig,
  state: RouterState,
  phase: BackupPhase,
  now: Instant,
): Step => (phase.probing === undefined ? takeOver(config, state, phase, now) : unchanged(state));

/** Nobody owns the address, or the owner is to be preempted. */
function takeFree(
  config: RouterConfig,
  state: RouterState,
  phase: BackupPhase,
  now: Instant,
): Step {
  const { heard } = state;
  if (phase.released) {
    const reason = { kind: "master-released", from: heard?.from, immediate: false } as const;
    return becomeMaster(config, state, reason, "address-first", now);
  }
  const noAdvertFor = micros(now - (heard?.at ?? state.since));
  const ours = state.effectivePriority;
  const goesOn = noAdvertFor < masterDown(config, phase.masterInterval, ours);
  if (preempts(config) && heard !== undefined && heard.priority < ours && goesOn) {
    const over = { from: heard.from, priority: heard.priority };
    const held = holdDown(config, state, now);
    const reason = { kind: "preempts", over, ours, delay: config.preemptDelay, held } as const;
    return becomeMaster(config, state, reason, "advert-first", now);
  }
  const reason = {
    kind: "master-down",
    noAdvertFor,
    lastHeard: heard === undefined ? undefined : { from: heard.from, priority: heard.priority },
    downTimerAdverts: config.downTimerAdverts,
    interval: phase.masterInterval,
    skew: skew(config, phase.masterInterval, ours),
  } as const;
  return becomeMaster(config, state, reason, "advert-first", now);
}
