/** State, events and effects of `agreement.ts`: values only. */
import { fromSeconds, type Instant, type Micros } from "#units/time";

export interface Ours {
  readonly kind: "ours";
  /** The platform's date of the last move (FlushedTime), as it came. */
  readonly movedAt: string;
}

/** What the control plane said of the address. */
export type View =
  | Ours
  /** Held by another instance, or by nobody (empty). */
  | { readonly kind: "theirs"; readonly instanceId: string }
  /** No such HAVIP in the subnet: announcements of it cannot work. */
  | { readonly kind: "no-havip" }
  /** No answer, and why, as the client puts it. Empty: none yet. */
  | { readonly kind: "unknown"; readonly why: string };

export interface AgreementTimes {
  /** First question after becoming MASTER: the first announcements have to arrive. */
  readonly firstAsk: Micros;
  /**
   * Between questions while it does not agree: the platform allows 20 a second to an account, all
   * nodes together.
   */
  readonly ask: Micros;
  /** Without an answer: doubled up to this. */
  readonly askMost: Micros;
  /** First repeated announcement after a "no", doubled up to the second. */
  readonly announce: Micros;
  readonly announceMost: Micros;
  /** After so long a disagreement is reported. */
  readonly alarm: Micros;
  /**
   * Between questions while it agrees: the first ones sooner, then this on average
   * (`reconcileWait`).
   */
  readonly reconcile: Micros;
  /** Between questions while another instance announces the address too. */
  readonly disputed: Micros;
  /** Without a claim of another instance for so long, a yes is an agreement again. */
  readonly calm: Micros;
  /** A doubt of the same mastership is reported again after this. */
  readonly doubtGap: Micros;
  /** While leaving: the first question, then doubled from the second up to `ask`. */
  readonly leaveFirst: Micros;
  readonly leave: Micros;
}

/**
 * One question a second at most, one in six while all is well; announcements end at one in ten
 * seconds, far below any limit that was ever measured.
 */
export const AGREEMENT_TIMES: AgreementTimes = {
  firstAsk: fromSeconds(0.3),
  ask: fromSeconds(1),
  askMost: fromSeconds(10),
  announce: fromSeconds(1),
  announceMost: fromSeconds(10),
  alarm: fromSeconds(5),
  reconcile: fromSeconds(6),
  disputed: fromSeconds(2),
  calm: fromSeconds(30),
  doubtGap: fromSeconds(60),
  leaveFirst: fromSeconds(0.1),
  leave: fromSeconds(0.25),
};

/** What was noticed here that does not go with being the only owner. */
export type ContrarySign =
  /** Another router advertises itself as MASTER. */
  | "rival-master"
  /** Another machine announced the address, or answered our announcement of it. */
  | "foreign-announcement";

export interface Doubt {
  readonly sign: ContrarySign;
  readonly since: Instant;
  /** The last sign: answers to questions of before it say nothing. */
  readonly at: Instant;
}

/**
 * The address has left us while we are MASTER: another node owns it too, whoever it is bound to
 * just now.
 */
export interface AddressConflict {
  /** Instance that had it; undefined: it was back before we asked. */
  readonly rival: string | undefined;
  readonly since: Instant;
  /** When it was last seen to be the rival's, or to have been away. */
  readonly lastAt: Instant;
  /** How often it was seen to have left us. */
  readonly moves: number;
}

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
  readonly reported: boolean;
  /**
   * Of the question under way or the last one. An answer is true of some moment after it, so it is
   * dated by it.
   */
  readonly askedAt: Instant | undefined;
  /** When the last answer that was a yes or a no was asked for. */
  readonly viewAt: Instant | undefined;
  /** Yes, so many times in a row. */
  readonly yesCount: number;
  readonly doubt: Doubt | undefined;
  readonly doubtReportedAt: Instant | undefined;
  readonly conflict: AddressConflict | undefined;
}

/**
 * MASTER no more, by a planned stop: the address answers until the platform sends to somebody else.
 */
export interface Leaving {
  readonly kind: "leaving";
  readonly turn: number;
  /** It was so when the stop began, or has been answered since. */
  readonly agreed: boolean;
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
  | { readonly kind: "sign"; readonly sign: ContrarySign }
  | { readonly kind: "timeReached" };

export type AgreementEffect =
  | { readonly kind: "ask"; readonly turn: number }
  | { readonly kind: "announce" }
  /**
   * Leaving: the platform has moved the address, or does not say who has it and is not waited for.
   */
  | { readonly kind: "moved"; readonly moved: boolean }
  | { readonly kind: "report"; readonly news: AgreementNews };

export type AgreementNews =
  /** `after`: since MASTER, or since it was lost. `wasReported`: the end of an alarm. */
  | { readonly kind: "agrees"; readonly after: Micros; readonly wasReported: boolean }
  | {
      readonly kind: "disagrees";
      readonly after: Micros;
      readonly view: View;
      readonly announcements: number;
    }
  /** It agreed once and does not any more, while we are MASTER. */
  | { readonly kind: "lost"; readonly view: View }
  /** The same, and another instance has it: it announced the address too. */
  | { readonly kind: "disputed"; readonly rival: string | undefined }
  /** It agreed, and something here speaks against it; asked at once. */
  | { readonly kind: "doubted"; readonly sign: ContrarySign };

/**
 * What may be said of the platform now. Never "agrees" by an answer that is older than a sign to
 * the contrary.
 */
export type Verdict =
  | { readonly kind: "not-asked" }
  | { readonly kind: "agrees"; readonly asOf: Instant | undefined }
  | { readonly kind: "disagrees" | "unknown"; readonly view: View | undefined }
  | {
      readonly kind: "disputed";
      readonly conflict: AddressConflict;
      readonly view: View | undefined;
    }
  | { readonly kind: "doubtful"; readonly doubt: Doubt };

export function verdictOf(state: AgreementState): Verdict {
  if (state.kind === "idle") return { kind: "not-asked" };
  if (state.kind === "leaving")
    return state.agreed
      ? { kind: "agrees", asOf: undefined }
      : { kind: "unknown", view: undefined };
  const { agreed, conflict, doubt, view } = state;
  if (conflict !== undefined) return { kind: "disputed", conflict, view };
  if (!agreed) {
    if (doubt !== undefined && view?.kind === "ours") return { kind: "doubtful", doubt };
    const isNo = view?.kind === "theirs" || view?.kind === "no-havip";
    return { kind: isNo ? "disagrees" : "unknown", view };
  }
  return doubt === undefined ? { kind: "agrees", asOf: state.viewAt } : { kind: "doubtful", doubt };
}
