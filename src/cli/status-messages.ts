/**
 * What `baton status` says, in English and Chinese. States are the same in both languages,
 * because tools look for them.
 */
import type { HavipCounters } from "#cloud/agreement/agreement-counters";
import type { GroupMemberStatus, InstanceStatus, ScriptStatus } from "#daemon/control-protocol";
import { printLocalTime } from "#daemon/local-time";
import type { Maintenance } from "#daemon/maintenance-shape";
import { maintenanceSentence } from "#daemon/operator-messages";
import type { Language } from "#diagnostics/diagnostic";
import { times } from "#diagnostics/numbers";
import type { Collections } from "#vrrp/engine/collections";
import type { Lateness, LatenessCause } from "#vrrp/engine/lateness";

type Switched = NonNullable<InstanceStatus["switched"]>;

export interface StatusMessages {
  readonly colon: string;
  readonly comma: string;
  readonly semicolon: string;
  /** Two or three digits and a unit: enough to see, short enough for a column. */
  readonly age: (seconds: number) => string;
  readonly unknown: string;
  readonly none: string;
  readonly ago: (age: string) => string;
  readonly never: string;
  readonly here: string;
  readonly away: string;
  /** Shown in the interface column of an instance that is bound to none. */
  readonly any: string;
  readonly columns: readonly string[];
  readonly groupColumns: readonly string[];
  readonly holdsBack: Readonly<Record<NonNullable<GroupMemberStatus["holdsBack"]>, string>>;
  readonly peer: string;
  readonly master: string;
  readonly notConfigured: string;
  readonly unresolved: (age: string) => string;
  readonly priority: (value: number) => string;
  readonly script: string;
  readonly results: Readonly<Record<ScriptStatus["result"], string>>;
  readonly check: string;
  readonly asked: (run: { age: string; milliseconds: number }) => string;
  readonly ran: (run: { age: string; exit: string; milliseconds: number }) => string;
  readonly heldDown: (losses: number, seconds: string) => string;
  readonly maintenance: (maintenance: Maintenance) => string;
  /** It does not preempt since an operator moved it. */
  readonly switched: (switched: Switched, isGated: boolean) => string;
  readonly claimed: (mac: string, address: string, count: number, age: string) => string;
  readonly notify: (state: string, exit: string) => string;
  readonly queued: (count: number) => string;
  readonly backstop: (seconds: string) => string;
  readonly foreign: (devices: string) => string;
  readonly disagrees: (holder: string) => string;
  readonly cloudAgrees: (age: string, answerAge: string | undefined) => string;
  readonly cloudDoubtful: (age: string, detail: string) => string;
  readonly cloudDisputed: (about: {
    readonly rival: string | undefined;
    readonly age: string;
    readonly moves: number;
    readonly rivalAge: string;
    readonly detail: string | undefined;
  }) => string;
  readonly cloudUnknown: string;
  readonly cloudCounts: (counters: HavipCounters, disagreement: string) => string;
  readonly nobody: string;
  readonly lost: (lines: number) => string;
  readonly late: (lateness: Lateness) => string;
  readonly collections: (collections: Collections) => string;
  readonly restarts: (count: number) => string;
}

/** @param units seconds, minutes, hours, days */
const ageIn =
  (...[s, min, h, d]: readonly [string, string, string, string]) =>
  (seconds: number): string => {
    if (seconds < 10) return `${seconds.toFixed(1)} ${s}`;
    if (seconds < 120) return `${Math.round(seconds)} ${s}`;
    if (seconds < 7_200) return `${Math.round(seconds / 60)} ${min}`;
    if (seconds < 172_800) return `${Math.round(seconds / 3_600)} ${h}`;
    return `${Math.round(seconds / 86_400)} ${d}`;
  };

const ENGLISH: StatusMessages = {
  colon: ": ",
  comma: ", ",
  semicolon: "; ",
  age: ageIn("s", "min", "h", "d"),
  unknown: "the engine does not answer: every state is unknown",
  none: "no instances",
  ago: (age) => `${age} ago`,
  never: "never heard",
  here: "here",
  away: "not here",
  any: "any",
  columns: ["INSTANCE", "STATE", "FOR", "PRIO", "INTERFACE", "ADDRESSES"],
  groupColumns: ["GROUP", "STATE", "FOR", "MEMBERS"],
  holdsBack: {
    fault: "keeps the group in FAULT",
    init: "holds the group back: it waits for the first result of a check",
    "not-ready": "holds the group back: it hears a master, or has not waited long enough",
  },
  peer: "peer",
  master: "master",
  notConfigured: "not configured here",
  unresolved: (age) => `no answer to ARP for ${age}, so nothing reaches it`,
  priority: (value) => `priority ${value}`,
  script: "script",
  results: { up: "up", down: "down", unknown: "no result yet" },
  check: "check",
  asked: ({ age, milliseconds }) => `asked ${age} ago, ${milliseconds} ms`,
  ran: ({ age, exit, milliseconds }) => `ran ${age} ago, exit ${exit}, ${milliseconds} ms`,
  heldDown: (losses, left) =>
    `hold-down after ${losses} ${losses === 1 ? "loss" : "losses"}: a weaker master is left alone for ${left} more`,
  maintenance: (maintenance) => `this node is ${maintenanceSentence(maintenance, "en")}`,
  switched: ({ at, to, by, back }, isGated) =>
    `moved to ${to} by ${by} at ${printLocalTime(new Date(at))}: ${isGated && back === "switch-back" ? BACK_GATED.en : `it does not preempt until ${BACK[back].en}`}`,
  claimed: (mac, address, count, since) =>
    `another machine (${mac}) claims ${address} by ARP: ${times(count)} in ${since}`,
  notify: (state, exit) => `notify script for ${state}: exit ${exit}`,
  queued: (count) => `notify scripts running or waiting: ${count}`,
  foreign: (devices) => `on ${devices} without Baton's doing`,
  backstop: (seconds) => `lease: ${seconds} s, longer than the peers wait`,
  disagrees: (holder) => `the cloud says it is with ${holder}`,
  cloudAgrees: (age, answerAge) =>
    `the cloud agrees for ${age}${answerAge === undefined ? "" : `, asked ${answerAge} ago`}`,
  cloudDoubtful: (age, detail) => `whether the cloud agrees is in doubt for ${age}: ${detail}`,
  cloudDisputed: ({ rival, age, moves, rivalAge, detail }) =>
    `DISPUTED for ${age}: ${rival ?? "another instance"} announces it too (moved away ${times(moves)}, last seen ${rivalAge} ago); in the cloud now: ${detail ?? "?"}`,
  cloudUnknown: "the cloud does not say who holds it",
  cloudCounts: ({ asked, agreed, refused, unanswered, announced }, disagreement) =>
    `asked ${asked}: yes ${agreed}, no ${refused}, no answer ${unanswered}; announced again ${announced}; ${disagreement} without agreement`,
  nobody: "nobody",
  lost: (lines) => `${lines} log lines could not be written`,
  late: ({ p50, p99, p999, max, worst }) =>
    `the engine woke late: half within ${ms(p50)}, 99 % ${ms(p99)}, 99.9 % ${ms(p999)}, at worst ${ms(max)}` +
    (worst === undefined ? "" : ` at ${worst.at}: ${CAUSES.en[worst.cause]}`),
  collections: ({ count, p50, p99, max }) =>
    `garbage collections of the engine: ${count}, half within ${ms(p50)}, 99 % ${ms(p99)}, at worst ${ms(max)}`,
  restarts: (count) => `engine restarts: ${count}`,
};

const CHINESE: StatusMessages = {
  colon: "：",
  comma: "，",
  semicolon: "；",
  age: ageIn("秒", "分钟", "小时", "天"),
  unknown: "引擎没有应答，所有状态未知",
  none: "没有实例",
  ago: (age) => `${age}前`,
  never: "从未收到",
  here: "在本机",
  away: "不在本机",
  any: "任意",
  columns: ["实例", "状态", "持续", "优先级", "网卡", "地址"],
  groupColumns: ["同步组", "状态", "持续", "成员"],
  holdsBack: {
    fault: "使整个组处于 FAULT",
    init: "使整个组等待：它正在等待检查的首个结果",
    "not-ready": "使整个组等待：它仍收到主节点的通告，或等待时间未到",
  },
  peer: "对端",
  master: "主节点",
  notConfigured: "本机未配置",
  unresolved: (age) => `已有 ${age} 不应答 ARP，通告无法送达`,
  priority: (value) => `优先级 ${value}`,
  script: "脚本",
  results: { up: "正常", down: "失败", unknown: "尚无结果" },
  check: "检查",
  asked: ({ age, milliseconds }) => `${age}前查询，${milliseconds} ms`,
  ran: ({ age, exit, milliseconds }) => `${age}前运行，退出码 ${exit}，${milliseconds} ms`,
  heldDown: (losses, left) =>
    `已连续 ${losses} 次失去地址或故障，${left}内不抢占优先级较低的主节点`,
  maintenance: (maintenance) => `本节点${maintenanceSentence(maintenance, "zh-CN")}`,
  switched: ({ at, to, by, back }, isGated) =>
    `已于 ${printLocalTime(new Date(at))} 由 ${by} 切换到 ${to}：${isGated && back === "switch-back" ? BACK_GATED["zh-CN"] : `在${BACK[back]["zh-CN"]}之前不抢占`}`,
  claimed: (mac, address, count, since) =>
    `另一台机器（${mac}）正在通过 ARP 宣告 ${address}：${since}内 ${count} 次`,
  notify: (state, exit) => `${state} 的 notify 脚本：退出码 ${exit}`,
  queued: (count) => `正在运行或等待的 notify 脚本：${count}`,
  foreign: (devices) => `出现在 ${devices} 上，但并非由 Baton 添加`,
  backstop: (seconds) => `租约 ${seconds} 秒，长于对端的等待时间`,
  disagrees: (holder) => `云平台认为它属于 ${holder}`,
  cloudAgrees: (age, answerAge) =>
    `云平台已认可 ${age}${answerAge === undefined ? "" : `，最近一次核对在 ${answerAge}前`}`,
  cloudDoubtful: (age, detail) => `云平台是否认可存疑，已持续 ${age}：${detail}`,
  cloudDisputed: ({ rival, age, moves, rivalAge, detail }) =>
    `争用中，已持续 ${age}：${rival ?? "另一实例"} 也在宣告该地址（已被取走 ${moves} 次，最近一次在 ${rivalAge}前）；云平台当前：${detail ?? "?"}`,
  cloudUnknown: "云平台未说明它属于谁",
  cloudCounts: ({ asked, agreed, refused, unanswered, announced }, disagreement) =>
    `查询 ${asked} 次：认可 ${agreed}，不认可 ${refused}，无应答 ${unanswered}；再次宣告 ${announced} 次；未认可共 ${disagreement}`,
  nobody: "无人",
  lost: (lines) => `有 ${lines} 行日志未能写入`,
  late: ({ p50, p99, p999, max, worst }) =>
    `引擎唤醒延迟：半数不超过 ${ms(p50)}，99% 不超过 ${ms(p99)}，99.9% 不超过 ${ms(p999)}，最长 ${ms(max)}` +
    (worst === undefined ? "" : `（${worst.at}）：${CAUSES["zh-CN"][worst.cause]}`),
  collections: ({ count, p50, p99, max }) =>
    `引擎垃圾回收：${count} 次，半数不超过 ${ms(p50)}，99% 不超过 ${ms(p99)}，最长 ${ms(max)}`,
  restarts: (count) => `引擎重启次数：${count}`,
};

/** With a gate nobody preempts, so there is nothing to end. */
const BACK_GATED = {
  en: "baton switch there brings it back",
  "zh-CN": "如需切回，请在该节点执行 baton switch",
} as const;
const BACK = {
  "switch-back": {
    en: "baton switch --back, or the new owner fails",
    "zh-CN": "执行 baton switch --back 或新的持有者发生故障",
  },
  // Whether it takes over from a failed owner is said where the maintenance is.
  "maintenance-off": { en: "the maintenance ends", "zh-CN": "维护状态结束" },
} as const;

export const statusMessages = (language: Language): StatusMessages =>
  language === "en" ? ENGLISH : CHINESE;

const ms = (micros: number): string => `${(micros / 1_000).toFixed(1)} ms`;

const CAUSES: Readonly<Record<Language, Readonly<Record<LatenessCause, string>>>> = {
  en: {
    steal: "the hypervisor ran other machines",
    processor: "other processes had the processors",
    memory: "the machine was short of memory",
    collection: "it collected garbage",
    engine: "its own work",
    stopped: "it was stopped or waited for the kernel, or the machine was stopped",
  },
  "zh-CN": {
    steal: "虚拟化平台在运行其他虚拟机",
    processor: "处理器被其他进程占用",
    memory: "机器内存不足",
    collection: "引擎在回收垃圾",
    engine: "引擎自身的工作",
    stopped: "引擎被暂停或在等待内核，或整台机器被暂停",
  },
};
