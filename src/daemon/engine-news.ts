/** What the supervisor reports about its engine: one sentence for the log and for the event. */
import type { Language } from "#diagnostics/diagnostic";
import type { EventData, NewEventOf } from "#events/record";
import { printFailure } from "#vrrp/engine/world";
import type { SupervisorReport } from "#vrrp/supervisor/event";
import { both } from "./event-texts.ts";
import { daemonMessages } from "./messages.ts";

/** keepalived's phrases, which tools look for in a log of any language. */
interface Phrases {
  readonly sent: string;
  readonly removedAndSent: string;
  readonly removing: string;
  readonly colon: string;
}
const KEEPALIVED: Phrases = {
  sent: "sent 0 priority",
  removedAndSent: "removed VIPs, sent 0 priority",
  removing: "removing VIPs",
  colon: ": ",
};
const CHINESE: Phrases = {
  sent: "已发送优先级 0 的通告",
  removedAndSent: "已删除地址并发送优先级 0 的通告",
  removing: "正在删除地址",
  colon: "：",
};

export interface EngineNews {
  readonly level: "info" | "warning" | "error";
  readonly what: EventData["engine"]["what"];
  readonly text: string;
  readonly instance?: string | undefined;
}

/** @param phrases undefined for those of the log */
export function engineNews(
  report: SupervisorReport,
  language: Language,
  phrases: Phrases = KEEPALIVED,
): EngineNews {
  const { sent, removedAndSent, removing, colon } = phrases;
  const messages = daemonMessages(language);
  const { diedAsMaster } = messages;
  switch (report.kind) {
    case "engine-gone":
      return { level: "error", what: "ended", text: messages.engineGone };
    case "engine-does-not-stop":
      return { level: "error", what: "unresponsive", text: messages.engineDoesNotStop };
    case "engine-unresponsive":
      return { level: "error", what: "unresponsive", text: messages.engineUnresponsive };
    case "engine-unresponsive-for-long":
      return { level: "error", what: "unresponsive", text: messages.engineUnresponsiveForLong };
    case "engine-answers-again":
      return { level: "info", what: "answers", text: messages.engineAnswersAgain };
    case "handing-over": {
      const text = `${diedAsMaster}${colon}${sent}`;
      return { level: "warning", what: "handed-over", text, instance: report.instance };
    }
    case "removed-first": {
      const text = `${diedAsMaster}${colon}${removedAndSent}`;
      return { level: "warning", what: "handed-over", text, instance: report.instance };
    }
    case "lease-was-over": {
      const text = `${diedAsMaster}${colon}${messages.leaseWasOver}`;
      return { level: "warning", what: "handed-over", text, instance: report.instance };
    }
    case "handed-over": {
      const end = messages.removedForEngine(report.isSuccessorHeard);
      const text = `${removing}. ${end}`;
      return { level: "info", what: "handed-over", text, instance: report.instance };
    }
    case "cannot-hand-over": {
      const { instance, failure } = report;
      const why = failure === undefined ? messages.noSource : printFailure(failure);
      const end = instance === undefined ? "" : `; ${removing}`;
      const text = `${messages.cannotHandOver}${colon}${why}${end}`;
      return { level: "error", what: "other", text, instance };
    }
  }
}

export function supervisionEvent(report: SupervisorReport): NewEventOf<"engine"> {
  const { level, what, instance } = engineNews(report, "en");
  const text = both(
    (language) => engineNews(report, language, language === "en" ? KEEPALIVED : CHINESE).text,
  );
  return { kind: "engine", severity: level, instance, text, data: { what } };
}
