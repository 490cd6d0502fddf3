/** What happened, as events: the sentences in both languages, and what programs need. */
import type { Language } from "#diagnostics/diagnostic";
import { dropSentence, reasonSentence, reportSentence } from "#diagnostics/render/reasons";
import type { EventData, EventSeverity, EventText, NewEvent, NewEventOf } from "#events/record";
import { printIpv4 } from "#units/address";
import type { FromEngine } from "#vrrp/engine/engine-link";
import type { Report } from "#vrrp/router/event";
import type { Reason } from "#vrrp/router/reason";
import type { Aside } from "./event-file.ts";
import { type DaemonMessages, daemonMessages } from "./messages.ts";
import type { NotifySubject } from "./notify-command.ts";

type Message<T extends FromEngine["type"]> = Extract<FromEngine, { readonly type: T }>;

/** The same sentence in each language. */
export const both = (say: (language: Language) => string): EventText => ({
  en: say("en"),
  "zh-CN": say("zh-CN"),
});

/** A sentence that the log has too. */
export const fromMessages = (say: (messages: DaemonMessages) => string): EventText =>
  both((language) => say(daemonMessages(language)));

/** Nobody planned it. */
const UNPLANNED: ReadonlySet<Reason["kind"]> = new Set<Reason["kind"]>([
  "master-down",
  "stalled",
  "unconfirmed-yields",
  "master-was-alive",
  "no-successor",
  "platform-late",
]);

function severityOf(to: string, reason: Reason): EventSeverity {
  if (to === "FAULT") return "error";
  return UNPLANNED.has(reason.kind) ? "warning" : "info";
}

export function stateEvent(message: Message<"transition">): NewEventOf<"state"> {
  const { instance, from, to, reason, priority } = message;
  const change = `${from} → ${to}`;
  return {
    kind: "state",
    severity: severityOf(to, reason),
    instance,
    text: {
      en: `${change}: ${reasonSentence(reason, "en")}`,
      "zh-CN": `${change}：${reasonSentence(reason, "zh-CN")}`,
    },
    data: { from, to, reason, priority },
  };
}

export const groupEvent = ({ group, to }: Message<"groupTransition">): NewEventOf<"group"> => ({
  kind: "group",
  severity: to === "FAULT" ? "error" : "info",
  group,
  text: { en: `all members go to ${to}`, "zh-CN": `全组切换到 ${to}` },
  data: { to },
});

export function priorityEvent(message: Message<"priorityChanged">): NewEventOf<"priority"> {
  const { instance, from, to, tracker } = message;
  const change = `${from} → ${to}`;
  return {
    kind: "priority",
    severity: "info",
    instance,
    text: {
      en: `effective priority ${change} (${tracker ?? "reload"})`,
      "zh-CN": `实际优先级 ${change}（${tracker ?? "重新加载"}）`,
    },
    data: { from, to, tracker },
  };
}

export function reportEvent(instance: string, report: Report, severity: EventSeverity): NewEvent {
  const text = both((language) => reportSentence(report, language));
  const about = { severity, instance, text };
  if (report.kind === "stalled-as-backup")
    return { ...about, kind: "stall", data: { microseconds: report.micros } };
  const { kind, ...details } = report;
  return { ...about, kind: "conflict", data: { report: kind, ...readable(details) } };
}

/** Addresses as text: the engine has them as numbers. */
function readable(details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const entries = Object.entries(details).map(([name, value]) => {
    const isAddress = ["from", "to", "address", "ours"].includes(name) && typeof value === "number";
    // A priority is below every address.
    return [name, isAddress && value > 255 ? printIpv4(value as never) : value] as const;
  });
  return Object.fromEntries(entries);
}

export function dropEvent({ instance, from, count, drop }: Message<"drop">): NewEvent {
  const times = count > 1 ? ` (${count})` : "";
  const sender = printIpv4(from);
  return {
    kind: "conflict",
    severity: "warning",
    instance,
    text: {
      en: `packet from ${sender}: ${dropSentence({ ...drop }, "en")}${times}`,
      "zh-CN": `来自 ${sender} 的报文：${dropSentence({ ...drop }, "zh-CN")}${times}`,
    },
    data: { report: "refused-packet", drop: drop.kind, from: sender, count },
  };
}

export const checkEvent = (
  script: string,
  result: "up" | "down",
  exit: number | string | undefined,
): NewEventOf<"check"> => ({
  kind: "check",
  severity: result === "up" ? "info" : "warning",
  text:
    result === "up"
      ? { en: `check ${script} succeeds`, "zh-CN": `检查 ${script} 成功` }
      : {
          en: `check ${script} fails${exit === undefined ? "" : ` (${exit})`}`,
          "zh-CN": `检查 ${script} 失败${exit === undefined ? "" : `（${exit}）`}`,
        },
  data: { script, result, exit },
});

/** A script's run for a state; what it did is in the log. */
export function notifyEvent(
  { kind, name }: NotifySubject,
  data: EventData["notify"],
): NewEventOf<"notify"> {
  const { command, state, exit, milliseconds } = data;
  const isFine = exit === 0;
  const program = command[0] ?? "";
  const how = isFine ? `${milliseconds} ms` : `${exit}, ${milliseconds} ms`;
  return {
    kind: "notify",
    severity: isFine ? "info" : "warning",
    ...(kind === "GROUP" ? { group: name } : { instance: name }),
    text: isFine
      ? {
          en: `notify script for ${state} done (${how}): ${program}`,
          "zh-CN": `${state} 的 notify 脚本已执行（${how}）：${program}`,
        }
      : {
          en: `notify script for ${state} failed (${how}): ${program}`,
          "zh-CN": `${state} 的 notify 脚本失败（${how}）：${program}`,
        },
    data,
  };
}

export const engineStartedEvent = (pid: number): NewEventOf<"engine"> => ({
  kind: "engine",
  severity: "info",
  text: { en: `engine ${pid} runs`, "zh-CN": `引擎进程 ${pid} 已运行` },
  data: { what: "started", pid },
});

export const engineEndedEvent = (pid: number | undefined, how: string): NewEventOf<"engine"> => ({
  kind: "engine",
  severity: "error",
  text: fromMessages((messages) =>
    pid === undefined ? `${messages.cannotStartEngine}: ${how}` : messages.engineEnded(pid, how),
  ),
  data: { what: "ended", pid, how },
});

/** Of a kind, in the last minute, over all instances. */
export const leftOutEvent = (kind: string, lines: number, routers: number): NewEvent => ({
  kind: "conflict",
  severity: "warning",
  text: {
    en: `${kind}: ${lines} more of the last minute, about ${routers} virtual routers, are left out`,
    "zh-CN": `${kind}：最近一分钟内另有 ${lines} 条未记录，涉及 ${routers} 个虚拟路由器`,
  },
  data: { report: kind, leftOut: lines, routers },
});

/** Of findings that are kept with a refusal. */
const FINDINGS_MAX = 10;

export function reloadEvent(findings: readonly string[] | undefined): NewEventOf<"reload"> {
  if (findings === undefined)
    return {
      kind: "reload",
      severity: "info",
      text: { en: "configuration loaded again", "zh-CN": "已重新加载配置" },
      data: { outcome: "done" },
    };
  const more = Math.max(0, findings.length - FINDINGS_MAX);
  return {
    kind: "reload",
    severity: "error",
    text: fromMessages(({ reloadRefused }) => reloadRefused),
    data: {
      outcome: "refused",
      findings: findings.slice(0, FINDINGS_MAX).map((one) => one.slice(0, 1_000)),
      ...(more > 0 ? { more } : {}),
    },
  };
}

export const startedEvent = (version: string, file: string): NewEventOf<"daemon"> => ({
  kind: "daemon",
  severity: "info",
  text: {
    en: `Baton ${version} starts with ${file}`,
    "zh-CN": `Baton ${version} 启动，配置 ${file}`,
  },
  data: { what: "started", version, file },
});

export const stoppingEvent = (signal: string): NewEventOf<"daemon"> => ({
  kind: "daemon",
  severity: "info",
  text: {
    en: `stopping: ${daemonMessages("en").signalReceived(signal)}`,
    "zh-CN": `正在停止：${daemonMessages("zh-CN").signalReceived(signal)}`,
  },
  data: { what: "stopping", signal },
});

export const stoppedEvent = (version: string): NewEventOf<"daemon"> => ({
  kind: "daemon",
  severity: "info",
  text: { en: `Baton ${version} has stopped`, "zh-CN": `Baton ${version} 已停止` },
  data: { what: "stopped", version },
});

/** Because of the same cause, as many were left out before. */
export const standsFor = (text: EventText, skipped: number): EventText =>
  skipped === 0
    ? text
    : {
        en: `${text.en} (the last of ${skipped + 1})`,
        "zh-CN": `${text["zh-CN"]}（共 ${skipped + 1} 次，此为最后一次）`,
      };

const WHY_ASIDE: Readonly<Record<Aside["why"], EventText>> = {
  corrupt: { en: "is damaged", "zh-CN": "已损坏" },
  foreign: { en: "is not a file of Baton's events", "zh-CN": "不是 Baton 的事件文件" },
  newer: { en: "was written by a later version", "zh-CN": "由更新版本写入" },
};

export const asideText = ({ path, to, why }: Aside): EventText => ({
  en: `${path} ${WHY_ASIDE[why].en}: moved to ${to}, and a new one is begun`,
  "zh-CN": `${path} ${WHY_ASIDE[why]["zh-CN"]}：已移至 ${to}，并新建文件`,
});

export const notKeptText = (folder: string, errno: string): EventText => ({
  en: `${folder}: ${errno}; events wait in memory, and beyond 10,000 they are counted only`,
  "zh-CN": `${folder}：${errno}；事件暂存于内存，超过 10,000 条后只计数`,
});

export const keptAgainText = (): EventText => ({
  en: "events are written again",
  "zh-CN": "已恢复写入事件",
});

export const lostText = (count: number): EventText => ({
  en: `${count} events could not be written in time and are missing`,
  "zh-CN": `有 ${count} 条事件未能及时写入，已缺失`,
});
