/** BACKUP: RFC 9568 6.4.2, with keepalived's nopreempt and preempt_delay. */
import type { Ipv4 } from "#units/address";
import { after, earliest, fromCentis, type Instant, type Micros, micros } from "#units/time";
import { RELEASE } from "#units/vrrp";
import { available, spend, takeOversOf } from "./allowance.ts";
import { becomeMaster } from "./become-master.ts";
import type { RouterConfig } from "./config.ts";
import type { Report, RouterEffect, RouterEvent } from "./event.ts";
import { holdDown, recentLosses } from "./hold-down.ts";
import { round } from "./master-conflict.ts";
import type { Reason } from "./reason.ts";
import type { BackupPhase, RouterState } from "./state.ts";
import { detection, inPhase, type Step, unchanged, withEffects } from "./step.ts";
import { masterDown, skew, stallThreshold } from "./timing.ts";

const YIELDS: readonly Reason["kind"][] = [
  "higher-priority",
  "higher-address",
  "unconfirmed-yields",
  "master-was-alive",
  "group",
];

/** Between the first and the second repetition of a resend; the first one follows after one round. */
const RESEND_GAP_ROUNDS = 2;

type Advert = Extract<RouterEvent, { kind: "advertReceived" }>;

/**
 * Besides the master's last moment, one wake-up each interval: a backup that is woken late knows that it slept, and for
 * how long (see `discountSleep`).
 */
export function backupDeadline(phase: BackupPhase): Instant | undefined {
  const awake = after(phase.awakeAt, fromCentis(phase.masterInterval));
  return earliest(phase.masterDownAt, awake, phase.resend?.at);
}

export function stepBackup(
  config: RouterConfig,
  state: RouterState,
  asleep: BackupPhase,
  event: RouterEvent,
  now: Instant,
): Step {
  const slept = sleptMicros(asleep, now);
  const phase = discountSleep(config, state, asleep, slept, now);
  const reports: readonly RouterEffect[] =
    slept > 0 ? [{ kind: "report", report: { kind: "stalled-as-backup", micros: slept } }] : [];
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
 * The winner waits for our word before it announces (rivals.ts). With 30 % of the packets lost, one in three silences of
 * 0.4 s at `advert_int 0.1` was that word missing; two more of them make it one in thirty.
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

/** Of three that took over together the last one standing may not be the one we yielded to: it has to know too. */
function alsoTo(resend: BackupPhase["resend"], to: Ipv4): BackupPhase["resend"] {
  if (resend === undefined || resend.to.includes(to)) return resend;
  return { ...resend, to: [...resend.to, to] };
}

function sleptMicros(phase: BackupPhase, now: Instant): number {
  const expected = backupDeadline(phase) ?? now;
  return now - expected > stallThreshold(phase.masterInterval) ? now - phase.awakeAt : 0;
}

/**
 * Time in which we did not run is not time in which the master was silent: after a pause (stopped process, paused
 * virtual machine, starved CPU) the packets of that time may be lost, so the master gets it added, up to a full
 * detection time from now.
 */
function discountSleep(
  config: RouterConfig,
  state: RouterState,
  phase: BackupPhase,
  slept: number,
  now: Instant,
): BackupPhase {
  if (slept === 0) return { ...phase, awakeAt: now };
  const full = after(now, masterDown(config, phase.masterInterval, state.effectivePriority));
  // Never sooner than it was: a start-up delay may be longer than the detection time.
  const extended = Math.max(phase.masterDownAt, Math.min(full, phase.masterDownAt + slept));
  // A resend from before the pause may meet another master by now.
  return { ...phase, awakeAt: now, masterDownAt: extended as Instant, resend: undefined };
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
  const known = { ...state, heard };
  if (advert.priority >= state.effectivePriority || !config.preempt) {
    return unchanged(inPhase(known, accepted(config, state, phase, advert, undefined, now)));
  }
  // Weaker, and we preempt. With preempt_delay it is still accepted until the delay since the first one is over.
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
    resend: alsoTo(phase.resend, advert.from),
  };
}

/**
 * Priority 0: the master gives up. The skew time orders several backups; with exactly one unicast peer there is
 * nobody to be ordered with, so we take over at once.
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
  // A stranger's word (possible where sources are not checked) only shortens the wait, as in keepalived.
  const isMaster = state.heard === undefined || state.heard.from === advert.from;
  const isOnlyPeer = config.peerCount === 1 && isMaster;
  const kind = takeOversOf(config);
  // Told already, or too often: an address that moves at the pace of somebody's packets serves nobody.
  if (!phase.released && available(kind, state.takeOvers, now) === 0)
    return unchanged(inPhase(known, phase));
  const takeOvers = phase.released ? state.takeOvers : spend(kind, state.takeOvers, 1, now);
  const counted = { ...known, takeOvers };
  if (
    haveBothYielded(state, phase, advert) ||
    (isOnlyPeer && !hasJustYielded(config, state, phase, now))
  ) {
    const reason = { kind: "master-released", from: advert.from, immediate: true } as const;
    return becomeMaster(config, counted, reason, "address-first", now);
  }
  const at = after(now, skew(config, phase.masterInterval, state.effectivePriority));
  const sooner = Math.min(at, phase.masterDownAt) as Instant;
  return unchanged(inPhase(counted, { ...phase, masterDownAt: sooner, released: true }));
}

/**
 * The only master we made room for says, while we still say it, that it has gone as well: packets of the contest were lost,
 * and both lost patience. Who would win the tie-break comes back at once, the other one waits the skew time.
 */
function haveBothYielded(state: RouterState, phase: BackupPhase, advert: Advert): boolean {
  const isStronger =
    state.reason.kind === "unconfirmed-yields" || state.reason.kind === "master-was-alive";
  const others = phase.resend?.to ?? [];
  return isStronger && others.length === 1 && others[0] === advert.from;
}

/**
 * Two sync groups whose members are ranked differently on both nodes make each other yield; if both also took over at
 * once, they would do it at the speed of the network (seed 143). The skew time slows that down to what keepalived does.
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
  const { heard } = state;
  if (phase.released) {
    const reason = { kind: "master-released", from: heard?.from, immediate: false } as const;
    return becomeMaster(config, state, reason, "address-first", now);
  }
  const noAdvertFor = micros(now - (heard?.at ?? state.since));
  const ours = state.effectivePriority;
  const goesOn = noAdvertFor < masterDown(config, phase.masterInterval, ours);
  if (config.preempt && heard !== undefined && heard.priority < ours && goesOn) {
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
