/**
 * The core's decisions as one sentence each: what was compared, with the numbers. Lower case and without a full stop, like
 * every diagnostic message, so that a log line, `baton status` and the console can put it where they like.
 */
import type { Report } from "#core/event";
import type { FaultCause, Reason } from "#core/reason";
import type { Language } from "./diagnostic.ts";
import * as english from "./en/reasons.ts";
import * as chinese from "./zh/reasons.ts";

/** A refused packet: its kind and the numbers (`wire/`, `engine/`). Unknown kinds are told with their numbers. */
export type Drop = { readonly kind: string } & Readonly<Record<string, string | number>>;

export const reasonSentence = (reason: Reason, lang: Language): string =>
  lang === "en" ? english.reason(reason) : chinese.reason(reason);

export const faultSentence = (cause: FaultCause, lang: Language): string =>
  lang === "en" ? english.fault(cause) : chinese.fault(cause);

export const reportSentence = (report: Report, lang: Language): string =>
  lang === "en" ? english.report(report) : chinese.report(report);

export const dropSentence = (drop: Drop, lang: Language): string =>
  lang === "en" ? english.drop(drop) : chinese.drop(drop);
