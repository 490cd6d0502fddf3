/**
 * Does the platform agree that we hold a HAVIP? A pure machine beside VRRP: it asks, announces again and tells, and never
 * has a say in who is MASTER.
 *
 *   BACKUP ── MASTER ──> asking ── "it is ours" ──> agreed ── every half minute ──> asking …
 *                          │ "it is not": announce again, later and later
 *                          └ five seconds: told once, until it agrees
 *   MASTER ── planned stop ──> leaving ── "it is somebody else's", or no answer ──> the engine is told
 *
 * On a platform that moves addresses by gratuitous ARP, a frame that was lost, limited or refused leaves a daemon that is
 * MASTER and a network that sends everything elsewhere; nothing in VRRP notices.
 */
import { after, earliest, fromSeconds, type Instant, type Micros } from "#units/time";

/** What the control plane said of the address. */
export type View =
  | { readonly kind: "ours" }
  /** Held by another instance, or by nobody (empty). */
  | { readonly kind: "theirs"; readonly instanceId: string }
  /** No such HAVIP in the subnet: announcements of it cannot work. */
  | { readonly kind: "no-havip" }
  /** No answer; why, in the client's words. Empty: none yet. */
  | { readonly kind: "unknown"; readonly why: string };

export interface AgreementTimes {
  /** First question after becoming MASTER: the first announcements have to arrive. */
  readonly firstAsk: Micros;
  /** Between questions while it does not agree: the platform allows 20 a second to an account, all nodes together. */
  readonly ask: Micros;
  /** Without an answer: doubled up to this. */
  readonly askMost: Micros;
  /** First repeated announcement after a "no", doubled up to the second. */
  readonly announce: Micros;
  readonly announceMost: Micros;
  /** Disagreement that is told. */
  readonly alarm: Micros;
  /** Between questions while it agrees. */
  readonly reconcile: Micros;
  /** While leaving: the first question, then doubled from the second up to `ask`. */
  readonly leaveFirst: Micros;
  readonly leave: Micros;
}

/** One question a second at most; announcements end at one in ten seconds, far below any limit that was ever measured. */
export const AGREEMENT_TIMES: AgreementTimes = {
  firstAsk: fromSeconds(0.3),
  ask: fromSeconds(1),
  askMost: fromSeconds(10),
  announce: fromSeconds(1),
  announceMost: fromSeconds(10),
  alarm: fromSeconds(5),
  reconcile: fromSeconds(30),
  leaveFirst: fromSeconds(0.1),
  leave: fromSeconds(0.25),
};

export interface Idle {
  readonly kind: "idle";
  readonly turn: number;
}

export interface Watching {
  readonly kind: "watching";
  /** Answers carry it; an answer of an earlier mastership is ignored. */
  readonly turn: number;
  /** Of the mastership, or of the disagreement after an agreement. */
  readonly since: Instant;
  readonly agreed: boolean;
  readonly view: View | undefined;
  /** Undefined: a question is under way. */
  readonly askAt: Instant | undefined;
  readonly askWait: Micros;
  /** Not before. */
  readonly announceAt: Instant;
  readonly announceWait: Micros;
  readonly announcements: number;
  readonly told: boolean;
}

/** MASTER no more, by a planned stop: the address answers until the platform sends to somebody else. */
export interface Leaving {
  readonly kind: "leaving";
  readonly turn: number;
  /** Undefined: a question is under way. */
  readonly askAt: Instant | undefined;
  readonly askWait: Micros;
}

export type AgreementState = Idle | Watching | Leaving;

export const IDLE: Idle = { kind: "idle", turn: 0 };

export type Role = "master" | "leaving" | "other";

export type AgreementEvent =
  | { readonly kind: "role"; readonly role: Role }
  | { readonly kind: "answered"; readonly turn: number; readonly view: View }
  | { readonly kind: "timeReached" };

export type AgreementEffect =
  | { readonly kind: "ask"; readonly turn: number }
  | { readonly kind: "announce" }
  /** Leaving: the platform has moved the address, or does not say whose it is and is not waited for. */
  | { readonly kind: "moved"; readonly moved: boolean }
  | { readonly kind: "tell"; readonly news: AgreementNews };

export type AgreementNews =
  /** `after`: since MASTER, or since it was lost. `wasTold`: the end of an alarm. */
  | { readonly kind: "agrees"; readonly after: Micros; readonly wasTold: boolean }
  | {
      readonly kind: "disagrees";
      readonly after: Micros;
      readonly view: View;
      readonly announcements: number;
    }
  /** It agreed once and does not any more, while we are MASTER. */
  | { readonly kind: "lost"; readonly view: View };

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
  const alarmAt = state.agreed || state.told ? undefined : after(state.since, times.alarm);
  return earliest(state.askAt, alarmAt);
}

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
    return unchanged({ kind: "leaving", turn, askAt, askWait: times.leave });
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
      told: false,
    },
    effects: [],
  };
}

function onTime(state: Watching, now: Instant, times: AgreementTimes): AgreementStep {
  const effects: AgreementEffect[] = [];
  let next = state;
  if (next.askAt !== undefined && now >= next.askAt) {
    next = { ...next, askAt: undefined };
    effects.push({ kind: "ask", turn: next.turn });
  }
  if (!next.agreed && !next.told && now >= after(next.since, times.alarm)) {
    next = { ...next, told: true };
    const view = next.view ?? { kind: "unknown", why: "" };
    const { announcements, since } = next;
    const news = {
      kind: "disagrees",
      after: (now - since) as Micros,
      view,
      announcements,
    } as const;
    effects.push({ kind: "tell", news });
  }
  return { state: next, effects };
}

function answered(state: Watching, view: View, now: Instant, times: AgreementTimes): AgreementStep {
  switch (view.kind) {
    case "ours":
      return agrees({ ...state, view }, now, times);
    case "unknown": {
      // Not a "no": nothing is announced for it, and an agreement stays what it was.
      const askWait = Math.min(state.askWait * 2, times.askMost) as Micros;
      const askAt = after(now, state.askWait);
      const seen = state.agreed ? state.view : view;
      return { state: { ...state, view: seen, askAt, askWait }, effects: [] };
    }
    case "theirs":
    case "no-havip":
      return refused({ ...state, view }, view, now, times);
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
  return unchanged({ ...state, askAt: after(now, state.askWait), askWait });
}

function agrees(state: Watching, now: Instant, times: AgreementTimes): AgreementStep {
  const next: Watching = {
    ...state,
    agreed: true,
    told: false,
    askAt: after(now, times.reconcile),
    askWait: times.ask,
    announceWait: times.announce,
    announcements: 0,
  };
  if (state.agreed) return { state: next, effects: [] };
  const wait = (now - state.since) as Micros;
  const news = { kind: "agrees", after: wait, wasTold: state.told } as const;
  return { state: next, effects: [{ kind: "tell", news }] };
}

function refused(before: Watching, view: View, now: Instant, times: AgreementTimes): AgreementStep {
  const effects: AgreementEffect[] = [];
  let state: Watching = { ...before, askAt: after(now, times.ask), askWait: times.ask };
  if (before.agreed) {
    state = { ...state, agreed: false, since: now, announceAt: now };
    effects.push({ kind: "tell", news: { kind: "lost", view } });
  }
  // The frame is repeated also where there is no such HAVIP: somebody may be creating it.
  if (now >= state.announceAt) {
    effects.push({ kind: "announce" });
    state = {
      ...state,
      announcements: state.announcements + 1,
      announceAt: after(now, state.announceWait),
      announceWait: Math.min(state.announceWait * 2, times.announceMost) as Micros,
    };
  }
  return { state, effects };
}
