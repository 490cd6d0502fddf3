/**
 * Counts the results of all questions about one address. It is separate from the machine, which
 * knows only the present.
 */
import { elapsed, type Instant, type Micros, micros } from "#units/time";
import type { AgreementStep } from "./agreement.ts";
import type { AgreementEvent, AgreementState } from "./agreement-state.ts";

/** Since the daemon's start, or since a reload asked elsewhere. */
export interface HavipCounters {
  /**
   * Questions and their answers: the address is ours; it is not; there was no answer, or an
   * error.
   */
  readonly asked: number;
  readonly agreed: number;
  readonly refused: number;
  readonly unanswered: number;
  /** Announcements repeated because of a "no". */
  readonly announced: number;
  /**
   * Times as MASTER without the platform's agreement: after every take-over until the first
   * "ours", and after each later loss.
   */
  readonly disagreementSeconds: number;
}

export interface AgreementCounters extends Omit<HavipCounters, "disagreementSeconds"> {
  /** Time as MASTER without the platform's agreement, without the present period. */
  readonly disagreed: Micros;
}

export const NO_AGREEMENTS: AgreementCounters = {
  asked: 0,
  agreed: 0,
  refused: 0,
  unanswered: 0,
  announced: 0,
  disagreed: micros(0),
};

/** `before` and `step` of the same event. Answers that come too late are not counted. */
export function countAgreement(
  counters: AgreementCounters,
  before: AgreementState,
  event: AgreementEvent,
  step: AgreementStep,
  now: Instant,
): AgreementCounters {
  const performed = (kind: "ask" | "announce"): number =>
    step.effects.filter((effect) => effect.kind === kind).length;
  const answer = event.kind === "answered" && event.turn === before.turn ? event.view : undefined;
  const view = before.kind === "idle" ? undefined : answer?.kind;
  const ended = disagreementSince(before);
  const goesOn = disagreementSince(step.state) !== undefined;
  const past = ended !== undefined && !goesOn ? elapsed(ended, now) : 0;
  return {
    asked: counters.asked + performed("ask"),
    agreed: counters.agreed + (view === "ours" ? 1 : 0),
    refused: counters.refused + (view === "theirs" || view === "no-havip" ? 1 : 0),
    unanswered: counters.unanswered + (view === "unknown" ? 1 : 0),
    announced: counters.announced + performed("announce"),
    disagreed: micros(counters.disagreed + past),
  };
}

/** The counters with the present period included. */
export function disagreedFor(
  counters: AgreementCounters,
  state: AgreementState,
  now: Instant,
): Micros {
  const since = disagreementSince(state);
  return micros(counters.disagreed + (since === undefined ? 0 : elapsed(since, now)));
}

const disagreementSince = (state: AgreementState): Instant | undefined =>
  state.kind === "watching" && !state.agreed ? state.since : undefined;
