/** What happened, as events: the sentences in both languages, and what programs need. */
import type { Language } from "#diagnostics/diagnostic";
import { duration } from "#diagnostics/numbers";
import { dropSentence, reasonSentence, reportSentence } from "#diagnostics/render/reasons";
import { type Caller, printCaller } from "#events/caller";
import type { EventData, EventSeverity, EventText, NewEvent, NewEventOf } from "#events/record";
import { printIp } from "#units/address";
import type { Micros } from "#units/time";
import type { FromEngine } from "#vrrp/engine/engine-link";
import type { LatenessCause } from "#vrrp/engine/lateness";
import type { Report } from "#vrrp/router/event";
import type { Reason } from "#vrrp/router/reason";
import type { AnnounceReason } from "#vrrp/router/state";
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

function stateEvent(message: Message<"transition">): NewEventOf<"state"> {
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

const groupEvent = ({ group, to }: Message<"groupTransition">): NewEventOf<"group"> => ({
  kind: "group",
  severity: to === "FAULT" ? "error" : "info",
  group,
  text: { en: `all members go to ${to}`, "zh-CN": `全组切换到 ${to}` },
  data: { to },
});

function priorityEvent(message: Message<"priorityChanged">): NewEventOf<"priority"> {
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
  if (kind === "takeover-refused" || kind === "data-compared")
    return { ...about, kind: "gate", data: { what: kind, ...readable(details) } };
  return { ...about, kind: "conflict", data: { report: kind, ...readable(details) } };
}

/** Addresses as text: the engine has them as numbers. */
function readable(details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const entries = Object.entries(details).map(([name, value]) => {
    const isAddress = ["from", "to", "address", "ours"].includes(name) && typeof value === "number";
    // A priority is below every address.
    return [name, isAddress && value > 255 ? printIp(value as never) : value] as const;
  });
  return Object.fromEntries(entries);
}

export function dropEvent({ instance, from, count, drop }: Message<"drop">): NewEvent {
  const times = count > 1 ? ` (${count})` : "";
  const sender = printIp(from);
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
  why?: Readonly<Record<Language, string>>,
): NewEventOf<"check"> => ({
  kind: "check",
  severity: result === "up" ? "info" : "warning",
  text:
    result === "up"
      ? { en: `check ${script} succeeds`, "zh-CN": `检查 ${script} 成功` }
      : {
          en: `check ${script} fails${exit === undefined ? "" : ` (${why?.en ?? exit})`}`,
          "zh-CN": `检查 ${script} 失败${exit === undefined ? "" : `（${why?.["zh-CN"] ?? exit}）`}`,
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

const WHY_ANNOUNCED: Readonly<Record<AnnounceReason, EventText>> = {
  "became-master": { en: "addresses are announced", "zh-CN": "已宣告地址" },
  "second-block": { en: "addresses are announced again", "zh-CN": "再次宣告地址" },
  refresh: { en: "addresses are announced again", "zh-CN": "再次宣告地址" },
  "weaker-master": {
    en: "addresses are announced again: a weaker master was heard",
    "zh-CN": "再次宣告地址：收到了优先级较低的主节点的通告",
  },
  "rival-gone": {
    en: "addresses are announced again: another master is gone",
    "zh-CN": "再次宣告地址：另一个主节点已消失",
  },
  "foreign-announcement": {
    en: "addresses are announced again: another machine announced one of them",
    "zh-CN": "再次宣告地址：另有机器宣告了其中的地址",
  },
  "address-restored": {
    en: "addresses are announced again: one had been deleted, and was put back",
    "zh-CN": "再次宣告地址：有地址曾被删除，已恢复",
  },
  "taken-back": {
    en: "addresses are announced again: nobody took over, so they stay here",
    "zh-CN": "再次宣告地址：无人接管，地址保留在本机",
  },
  "added-address": { en: "a new address is announced", "zh-CN": "已宣告新增的地址" },
};

const announcedEvent = ({ instance, why }: Message<"announced">): NewEventOf<"announcement"> => ({
  kind: "announcement",
  severity: "info",
  instance,
  text: WHY_ANNOUNCED[why],
  data: { cause: why },
});

const WHY_LATE: Readonly<Record<LatenessCause, EventText>> = {
  steal: { en: "the hypervisor ran other machines", "zh-CN": "虚拟化平台在运行其他机器" },
  processor: { en: "other programs had the processor", "zh-CN": "处理器被其他程序占用" },
  memory: { en: "memory was short", "zh-CN": "内存不足" },
  collection: { en: "garbage was collected", "zh-CN": "正在回收垃圾" },
  engine: { en: "its own work took so long", "zh-CN": "自身工作耗时过长" },
  stopped: {
    en: "the process or the machine was stopped, or a call waited in the kernel",
    "zh-CN": "进程或机器被暂停，或系统调用在内核中等待",
  },
};

function lateEvent({ micros, cause }: Message<"late">): NewEventOf<"stall"> {
  const millis = (micros / 1_000).toFixed(0);
  // JSON has no undefined.
  const why = cause === undefined || cause === null ? undefined : WHY_LATE[cause];
  return {
    kind: "stall",
    severity: "warning",
    text: {
      en: `the engine woke ${millis} ms late${why === undefined ? "" : `: ${why.en}`}`,
      "zh-CN": `引擎晚了 ${millis} 毫秒才运行${why === undefined ? "" : `：${why["zh-CN"]}`}`,
    },
    data: { microseconds: micros, cause },
  };
}

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

const RELOADED: Readonly<Record<string, EventText>> = {
  done: { en: "done", "zh-CN": "已完成" },
  refused: { en: "refused, for the file has errors", "zh-CN": "文件有错误，被拒绝" },
  stopping: { en: "not done, for the daemon stops", "zh-CN": "守护进程正在停止，未执行" },
};

/** By whom; what was refused is in the event of the reload itself. */
export function reloadAskedEvent(by: Caller, outcome: string): NewEventOf<"operator"> {
  const how = RELOADED[outcome];
  return {
    kind: "operator",
    severity: outcome === "done" ? "info" : "warning",
    text: {
      en: `reload by ${printCaller(by)}: ${how?.en ?? outcome}`,
      "zh-CN": `${printCaller(by)} 要求重新加载：${how?.["zh-CN"] ?? outcome}`,
    },
    data: { action: "reload", by, outcome },
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

/**
 * Of the daemon before this one.
 *
 * @param age of its last event; undefined: not known
 * @param isBootLater the machine was started after that
 */
export function endedEvent(age: Micros | undefined, isBootLater: boolean): NewEventOf<"daemon"> {
  const en = [
    "the daemon before this one did not stop, it ended: killed, or crashed",
    ...(isBootLater ? [", or with the machine, which has been started since"] : []),
    ...(age === undefined ? [] : [`; its last event was ${duration(age)} ago`]),
  ];
  const zh = [
    "上一个守护进程没有正常停止：被杀死或崩溃",
    ...(isBootLater ? ["，或随机器一起中断（此后机器重新启动过）"] : []),
    ...(age === undefined ? [] : [`；其最后一个事件在 ${duration(age)} 之前`]),
  ];
  return {
    kind: "daemon",
    severity: "warning",
    text: { en: en.join(""), "zh-CN": zh.join("") },
    data: {
      what: "ended-without-stop",
      ...(age !== undefined && { lastEventMicrosAgo: age }),
      machineRestarted: isBootLater,
    },
  };
}

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

/** What the engine says about the routers, and about itself. */
export function messageEvent(
  message: Message<"transition" | "groupTransition" | "priorityChanged" | "announced" | "late">,
): NewEvent {
  switch (message.type) {
    case "transition":
      return stateEvent(message);
    case "groupTransition":
      return groupEvent(message);
    case "priorityChanged":
      return priorityEvent(message);
    case "announced":
      return announcedEvent(message);
    case "late":
      return lateEvent(message);
  }
}
