/** State, events and effects of `agreement.ts`: values only. */
import { fromSeconds, type Instant, type Micros } from "#units/time";

export interface Ours {
  readonly kind: "ours";
  /** The platform's date of the last move (FlushedTime), as it came. */
  readonly movedAt: string;
}

/** What the control plane said about the address. */
export type View =
  | Ours
  /** Held by another instance, or by nobody (empty). */
  | { readonly kind: "theirs"; readonly instanceId: string }
  /** There is no such HAVIP in the subnet, so announcements cannot work. */
  | { readonly kind: "no-havip" }
  /** There is no answer; the text is the client's reason. Empty if none has come yet. */
  | { readonly kind: "unknown"; readonly why: string };

export interface AgreementTimes {
  /**
   * The delay of the first question after becoming MASTER, so that the first announcements can
   * arrive.
   */
  readonly firstAsk: Micros;
  /**
   * The pause between questions while it does not agree. The platform allows an account 20 a
   * second, for all nodes together.
   */
  readonly ask: Micros;
  /** Without an answer the pause doubles up to this. */
  readonly askMost: Micros;
  /**
   * The delay of the first repeated announcement after a "no", and the limit up to which it
   * doubles.
   */
  readonly announce: Micros;
  readonly announceMost: Micros;
  /** A disagreement is reported after this time. */
  readonly alarm: Micros;
  /**
   * The pause between questions while it agrees: shorter at first, then this on average
   * (`reconcileWait`).
   */
  readonly reconcile: Micros;
  /** The pause between questions while another instance announces the address too. */
  readonly disputed: Micros;
  /**
   * When no other instance has claimed the address for this time, a "yes" is an agreement
   * again.
   */
  readonly calm: Micros;
  /** A doubt within the same term as MASTER is reported again after this. */
  readonly doubtGap: Micros;
  /**
   * While leaving: the delay of the first question, and the pause after it, which doubles up to
   * `ask`.
   */
  readonly leaveFirst: Micros;
  readonly leave: Micros;
}

/**
 * At most one question a second, and one in six seconds while all is well. Announcements slow
 * down to one in ten seconds, far below any limit that was ever measured.
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

/** What was noticed here that contradicts being the only owner. */
export type ContrarySign =
  /** Another router advertises itself as MASTER. */
  | "rival-master"
  /** Another machine announced the address, or answered our announcement of it. */
  | "foreign-announcement";

export interface Doubt {
  readonly sign: ContrarySign;
  readonly since: Instant;
  /** The time of the last sign: answers to earlier questions do not count. */
  readonly at: Instant;
}

/**
 * The address has left us while we are MASTER, so another node owns it too, whichever one it is
 * bound to now.
 */
export interface AddressConflict {
  /** The instance that had it; undefined if it was back before we asked. */
  readonly rival: string | undefined;
  readonly since: Instant;
  /** When the rival was last seen to have it, or when it was last seen to have been away. */
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
  /**
   * The number of this term as MASTER. Answers carry it, and an answer of an earlier term is
   * ignored.
   */
  readonly turn: number;
  /** When the term as MASTER began, or the disagreement after an agreement. */
  readonly since: Instant;
  readonly agreed: boolean;
  readonly view: View | undefined;
  /** Undefined while a question is in progress. */
  readonly askAt: Instant | undefined;
  readonly askWait: Micros;
  /** The earliest time for the next announcement. */
  readonly announceAt: Instant;
  readonly announceWait: Micros;
  readonly announcements: number;
  readonly reported: boolean;
  /**
   * When the question in progress, or the last one, was asked. An answer describes some moment
   * after that, so it is dated by its question.
   */
  readonly askedAt: Instant | undefined;
  /** When the question was asked that got the last "yes" or "no". */
  readonly viewAt: Instant | undefined;
  /** The number of "yes" answers in a row. */
  readonly yesCount: number;
  readonly doubt: Doubt | undefined;
  readonly doubtReportedAt: Instant | undefined;
  readonly conflict: AddressConflict | undefined;
}

/**
 * No longer MASTER after a planned stop: the address answers until the platform sends its
 * traffic to another node.
 */
export interface Leaving {
  readonly kind: "leaving";
  readonly turn: number;
  /** The address was ours when the stop began, or an answer has said so since. */
  readonly agreed: boolean;
  /** Undefined while a question is in progress. */
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
   * While leaving: the platform has moved the address, or does not say who has it and is no
   * longer waited for.
   */
  | { readonly kind: "moved"; readonly moved: boolean }
  | { readonly kind: "report"; readonly news: AgreementNews };

export type AgreementNews =
  /**
   * `after` counts from becoming MASTER, or from the loss. `wasReported`: this ends an alarm.
   */
  | { readonly kind: "agrees"; readonly after: Micros; readonly wasReported: boolean }
  | {
      readonly kind: "disagrees";
      readonly after: Micros;
      readonly view: View;
      readonly announcements: number;
    }
  /** It agreed before and no longer does, while we are MASTER. */
  | { readonly kind: "lost"; readonly view: View }
  /** The same, and another instance has the address because it announced it too. */
  | { readonly kind: "disputed"; readonly rival: string | undefined }
  /** It agreed, but something noticed here contradicts it; the platform is asked at once. */
  | { readonly kind: "doubted"; readonly sign: ContrarySign };

/**
 * What may be said about the platform now. It is never "agrees" because of an answer that is
 * older than a sign to the contrary.
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
