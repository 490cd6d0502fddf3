/**
 * Does the platform agree that we hold a HAVIP? This is a pure machine beside VRRP: it asks,
 * announces again and reports, and never influences who is MASTER.
 *
 *   BACKUP ── MASTER ──> asking ── "it is ours" ──> agreed ──> asking …
 *   (a few seconds)        │ "it is not": announce again, later and later
 *                          ├ five seconds: reported once, until it agrees
 *                          └ it was, now another instance has it: reported at once, disputed until
 *                            half a minute has passed in which it was ours
 *   a sign to the contrary ──> doubted: what was answered before it does not count, asked at once
 *   MASTER ── planned stop ──> leaving ── "somebody else has it", or no answer ──> the engine hears
 *
 * On a platform that moves addresses by gratuitous ARP, a frame that was lost, limited or refused
 * leaves a daemon that is MASTER and a network that sends everything elsewhere; nothing in VRRP
 * notices.
 */
import { after, earliest, type Instant, type Micros } from "#units/time";
import {
  type AddressConflict,
  AGREEMENT_TIMES,
  type AgreementEffect,
  type AgreementEvent,
  type AgreementState,
  type AgreementTimes,
  type ContrarySign,
  type Leaving,
  type Ours,
  type Role,
  type View,
  type Watching,
} from "./agreement-state.ts";

export interface AgreementStep {
  readonly state: AgreementState;
  readonly effects: readonly AgreementEffect[];
}

export function agreementDeadline(
  state: AgreementState,
  times: AgreementTimes = AGREEMENT_TIMES,
): Instant | undefined {
  if (state.kind === "idle") return undefined;
  if (state.kind === "leaving") return state.askAt;
  return earliest(state.askAt, alarmAt(state, times));
}

/** A doubtful "yes" is not a disagreement. */
const alarmAt = (state: Watching, times: AgreementTimes): Instant | undefined =>
  state.agreed || state.reported || state.view?.kind === "ours"
    ? undefined
    : after(state.since, times.alarm);

export function stepAgreement(
  state: AgreementState,
  event: AgreementEvent,
  now: Instant,
  times: AgreementTimes = AGREEMENT_TIMES,
): AgreementStep {
  switch (event.kind) {
    case "role":
      return changeRole(state, event.role, now, times);
    case "answered":
      if (state.turn !== event.turn || state.kind === "idle") return unchanged(state);
      return state.kind === "watching"
        ? answered(state, event.view, now, times)
        : answeredLeaving(state, event.view, now, times);
    case "sign":
      return state.kind === "watching" ? doubted(state, event.sign, now, times) : unchanged(state);
    case "timeReached":
      if (state.kind === "watching") return onTime(state, now, times);
      return state.kind === "leaving" && state.askAt !== undefined && now >= state.askAt
        ? { state: { ...state, askAt: undefined }, effects: [{ kind: "ask", turn: state.turn }] }
        : unchanged(state);
  }
}

const unchanged = (state: AgreementState): AgreementStep => ({ state, effects: [] });

function changeRole(
  state: AgreementState,
  role: Role,
  now: Instant,
  times: AgreementTimes,
): AgreementStep {
  const turn = state.turn + 1;
  if (role === "other")
    return state.kind === "idle" ? unchanged(state) : unchanged({ kind: "idle", turn });
  if (role === "leaving") {
    if (state.kind !== "watching") return unchanged(state);
    const askAt = after(now, times.leaveFirst);
    const { agreed } = state;
    return unchanged({ kind: "leaving", turn, agreed, askAt, askWait: times.leave });
  }
  if (state.kind === "watching") return unchanged(state);
  return {
    state: {
      kind: "watching",
      turn,
      since: now,
      agreed: false,
      view: undefined,
      askAt: after(now, times.firstAsk),
      askWait: times.ask,
      announceAt: after(now, times.announce),
      announceWait: times.announce,
      announcements: 0,
      reported: false,
      askedAt: undefined,
      viewAt: undefined,
      yesCount: 0,
      doubt: undefined,
      doubtReportedAt: undefined,
      conflict: undefined,
    },
    effects: [],
  };
}

function onTime(state: Watching, now: Instant, times: AgreementTimes): AgreementStep {
  const effects: AgreementEffect[] = [];
  let next = state;
  if (next.askAt !== undefined && now >= next.askAt) {
    next = { ...next, askAt: undefined, askedAt: now };
    effects.push({ kind: "ask", turn: next.turn });
  }
  const alarm = alarmAt(next, times);
  if (alarm !== undefined && now >= alarm) {
    next = { ...next, reported: true };
    const view = next.view ?? { kind: "unknown", why: "" };
    const { announcements, since } = next;
    const news = {
      kind: "disagrees",
      after: (now - since) as Micros,
      view,
      announcements,
    } as const;
    effects.push({ kind: "report", news });
  }
  return { state: next, effects };
}

function answered(state: Watching, view: View, now: Instant, times: AgreementTimes): AgreementStep {
  switch (view.kind) {
    case "ours":
      return saidYes(state, view, now, times);
    case "unknown": {
      // This is not a "no": nothing is announced because of it, and an agreement stays as it
      // was.
      const askWait = Math.min(state.askWait * 2, times.askMost) as Micros;
      const askAt = after(now, state.askWait);
      const seen = state.agreed ? state.view : view;
      return { state: { ...state, view: seen, askAt, askWait }, effects: [] };
    }
    case "theirs":
    case "no-havip":
      return refused(state, view, now, times);
  }
}

function answeredLeaving(
  state: Leaving,
  view: View,
  now: Instant,
  times: AgreementTimes,
): AgreementStep {
  if (view.kind !== "ours") {
    const idle = { kind: "idle", turn: state.turn + 1 } as const;
    return { state: idle, effects: [{ kind: "moved", moved: view.kind === "theirs" }] };
  }
  const askWait = Math.min(state.askWait * 2, times.ask) as Micros;
  return unchanged({ ...state, agreed: true, askAt: after(now, state.askWait), askWait });
}

/** Bounded like everything that others can cause: one question a second, one line a minute. */
function doubted(
  state: Watching,
  sign: ContrarySign,
  now: Instant,
  times: AgreementTimes,
): AgreementStep {
  const doubt = { sign, since: state.doubt?.since ?? now, at: now };
  const soon = Math.max(now, state.askedAt === undefined ? now : after(state.askedAt, times.ask));
  const askAt = state.askAt === undefined ? undefined : (Math.min(state.askAt, soon) as Instant);
  const next: Watching = { ...state, doubt, askAt };
  const isReported =
    !state.agreed ||
    state.doubt !== undefined ||
    (state.doubtReportedAt !== undefined && now < after(state.doubtReportedAt, times.doubtGap));
  if (isReported) return { state: next, effects: [] };
  const news = { kind: "doubted", sign } as const;
  return { state: { ...next, doubtReportedAt: now }, effects: [{ kind: "report", news }] };
}

/** The address is ours, as of the moment of the question. */
function saidYes(before: Watching, view: Ours, now: Instant, times: AgreementTimes): AgreementStep {
  const { doubt, askedAt } = before;
  const state: Watching = { ...before, view, viewAt: askedAt };
  if (doubt !== undefined && (askedAt === undefined || askedAt <= doubt.at))
    return unchanged({ ...state, askAt: after(now, times.ask), askWait: times.ask });
  const sure: Watching = { ...state, doubt: undefined, yesCount: before.yesCount + 1 };
  // It left and came back between two questions: the platform's own date of the last move shows it.
  if (before.view?.kind === "ours" && before.view.movedAt !== view.movedAt)
    return disputed(sure, undefined, true, now, times);
  const { conflict } = sure;
  if (conflict !== undefined && now < after(conflict.lastAt, times.calm))
    return unchanged({ ...sure, askAt: after(now, times.disputed), askWait: times.ask });
  return agrees({ ...sure, conflict: undefined }, now, times);
}

/**
 * The address was seen, once more, to have left us while we are MASTER. The rival is reported
 * once, as soon as it is known.
 */
function disputed(
  state: Watching,
  rival: string | undefined,
  wasOurs: boolean,
  now: Instant,
  times: AgreementTimes,
): AgreementStep & { readonly state: Watching } {
  const { conflict: before } = state;
  const hasMoved = before === undefined || wasOurs;
  const conflict: AddressConflict = {
    rival: rival ?? before?.rival,
    since: before?.since ?? now,
    lastAt: now,
    // Consecutive answers that the rival has it count as one move.
    moves: (before?.moves ?? 0) + (hasMoved ? 1 : 0),
  };
  const isNews = before === undefined || (before.rival === undefined && rival !== undefined);
  const news = { kind: "disputed", rival } as const;
  return {
    state: {
      ...state,
      conflict,
      agreed: false,
      reported: true,
      yesCount: 0,
      since: before === undefined ? now : state.since,
      announceWait: before === undefined ? times.announceMost : state.announceWait,
      askAt: after(now, times.disputed),
    },
    effects: isNews ? [{ kind: "report", news }] : [],
  };
}

/** How many answers are asked for sooner after a take-over or a conflict. */
const EARLY: readonly number[] = [1, 2, 4];

function reconcileWait(yesCount: number, times: AgreementTimes): Micros {
  const early = EARLY[yesCount - 1];
  return early === undefined
    ? times.reconcile
    : (Math.min(early * times.ask, times.reconcile) as Micros);
}

function agrees(state: Watching, now: Instant, times: AgreementTimes): AgreementStep {
  const next: Watching = {
    ...state,
    agreed: true,
    reported: false,
    askAt: after(now, reconcileWait(state.yesCount, times)),
    askWait: times.ask,
    announceWait: times.announce,
    announcements: 0,
  };
  if (state.agreed) return { state: next, effects: [] };
  const wait = (now - state.since) as Micros;
  const news = { kind: "agrees", after: wait, wasReported: state.reported } as const;
  return { state: next, effects: [{ kind: "report", news }] };
}

function refused(before: Watching, view: View, now: Instant, times: AgreementTimes): AgreementStep {
  const effects: AgreementEffect[] = [];
  const dated = { view, viewAt: before.askedAt, yesCount: 0 };
  let state: Watching = { ...before, ...dated, askAt: after(now, times.ask), askWait: times.ask };
  const rival = view.kind === "theirs" && view.instanceId !== "" ? view.instanceId : undefined;
  // The first frame is sent at once, whatever the previous answers were.
  if (before.agreed)
    state = { ...state, agreed: false, since: now, announceAt: now, doubt: undefined };
  if (rival !== undefined && (before.agreed || before.conflict !== undefined)) {
    // An address moves to another instance only when that one announces it, and we are MASTER.
    const step = disputed(state, rival, before.view?.kind === "ours", now, times);
    effects.push(...step.effects);
    state = { ...state, ...step.state, askAt: state.askAt };
  } else if (before.agreed) effects.push({ kind: "report", news: { kind: "lost", view } });
  // The frame is repeated even if there is no such HAVIP, because somebody may be creating it.
  // In a conflict the pauses are longer and keep growing: whoever announces last has the
  // address, and racing for that helps no client.
  const waitMost = state.conflict === undefined ? times.announceMost : times.calm;
  if (now >= state.announceAt) {
    effects.push({ kind: "announce" });
    state = {
      ...state,
      announcements: state.announcements + 1,
      announceAt: after(now, state.announceWait),
      announceWait: Math.min(state.announceWait * 2, waitMost) as Micros,
    };
  }
  return { state, effects };
}
