/**
 * A router's decisions as one sentence each: what was compared, with the numbers. Lower case and
 * without a full stop, like every diagnostic message, so that a log line, `baton status` and the
 * console can put it where they like.
 */
import type { Report } from "#vrrp/router/event";
import type { FaultCause, Reason } from "#vrrp/router/reason";
import type { Language } from "../diagnostic.ts";
import type { Drop } from "../drop.ts";
import { drop as englishDrop } from "../en/drops.ts";
import * as english from "../en/reasons.ts";
import { drop as chineseDrop } from "../zh/drops.ts";
import * as chinese from "../zh/reasons.ts";

export const reasonSentence = (reason: Reason, lang: Language): string =>
  lang === "en" ? english.reason(reason) : chinese.reason(reason);

export const faultSentence = (cause: FaultCause, lang: Language): string =>
  lang === "en" ? english.fault(cause) : chinese.fault(cause);

export const reportSentence = (report: Report, lang: Language): string =>
  lang === "en" ? english.report(report) : chinese.report(report);

export const dropSentence = (drop: Drop, lang: Language): string =>
  lang === "en" ? englishDrop(drop) : chineseDrop(drop);
