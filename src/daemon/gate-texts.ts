/** What the log, the events and `status` say of a gate, in both languages. */
import type { Standing } from "#databases/port/database";
import type { Language } from "#diagnostics/diagnostic";
import type { EventText } from "#events/record";
import { both } from "./event-texts.ts";
import type { ScriptEnd } from "./gate-script.ts";
import type { GateKind, GateOutcome, GateResult } from "./gate-status.ts";
import { problemSentence } from "./start-problem.ts";
import type { Text } from "./switch-protocol.ts";

type Failed = Exclude<ScriptEnd, { readonly kind: "done" | "ended" }>;

export function scriptFailed(kind: "promote" | "demote", end: Failed): Text {
  if (end.kind === "notStarted")
    return both((language) =>
      language === "en"
        ? `the ${kind} script cannot be run: ${problemSentence(end.problem, language)}`
        : `无法运行 ${kind} 脚本：${problemSentence(end.problem, language)}`,
    );
  const { lastLine } = end;
  if (end.kind === "late")
    return {
      en: `the ${kind} script was not done in time, and was ended${tail(": ", lastLine)}`,
      "zh-CN": `${kind} 脚本未在时限内完成，已被终止${tail("：", lastLine)}`,
    };
  const exit = typeof end.exit === "number" ? `exit ${end.exit}` : end.exit;
  return {
    en: `the ${kind} script failed: ${exit}${tail(": ", lastLine)}`,
    "zh-CN": `${kind} 脚本失败：${exit}${tail("：", lastLine)}`,
  };
}

const tail = (before: string, line: string): string => (line === "" ? "" : `${before}${line}`);

export const timeOver = (kind: "promote" | "demote"): Text => ({
  en: `the database has not answered the ${WHAT[kind].en} in time`,
  "zh-CN": `数据库未在时限内答复${WHAT[kind]["zh-CN"]}`,
});

export const databaseDied = (why: string): Text => ({
  en: `the database could not be asked: ${why}`,
  "zh-CN": `无法询问数据库：${why}`,
});

/** A mistake of ours. */
export const notCarriedOut = (why: string): Text => ({
  en: `it could not be carried out: ${why}`,
  "zh-CN": `无法执行：${why}`,
});

const WHAT: Readonly<Record<GateKind, Text>> = {
  promote: { en: "promotion", "zh-CN": "提升" },
  demote: { en: "demotion", "zh-CN": "降级" },
  rejoin: { en: "rejoin", "zh-CN": "重新加入" },
};

const HOW: Readonly<Record<GateOutcome, Text>> = {
  done: { en: "done", "zh-CN": "完成" },
  refused: { en: "failed", "zh-CN": "失败" },
  late: { en: "not done in time", "zh-CN": "超时" },
  ended: { en: "ended, for it was not wanted any more", "zh-CN": "不再需要，已中止" },
};

/** Why a run was asked for, as people say it; `BATON_REASON` is the key. */
const WHY: Readonly<Record<string, Text>> = {
  "master-down": { en: "the owner does not advertise any more", "zh-CN": "原持有者不再发送通告" },
  released: { en: "the owner released the address", "zh-CN": "原持有者已释放地址" },
  "taken-back": { en: "the move was taken back", "zh-CN": "切换已撤回" },
  group: { en: "its sync group", "zh-CN": "同步组" },
  operator: { en: "an operator asked for it", "zh-CN": "运维人员要求" },
  switch: { en: "a planned move", "zh-CN": "计划切换" },
  stop: { en: "the daemon stops", "zh-CN": "守护进程停止" },
  maintenance: { en: "maintenance", "zh-CN": "维护" },
  fault: { en: "a fault", "zh-CN": "故障" },
  stalled: { en: "this node did not run for too long", "zh-CN": "本节点停顿过久" },
  rival: { en: "another master", "zh-CN": "出现另一个主节点" },
  refused: { en: "the promotion failed", "zh-CN": "提升失败" },
  "engine-died": { en: "the engine died", "zh-CN": "引擎进程退出" },
  rejoin: { en: "it has to follow the new primary", "zh-CN": "需要跟随新的主库" },
};

export const reasonText = (reason: string): Text => WHY[reason] ?? { en: reason, "zh-CN": reason };

export interface RunAbout {
  readonly kind: GateKind;
  readonly reason: string;
  readonly outcome: GateOutcome;
  readonly milliseconds: number;
  /** Undefined: it is not said. */
  readonly epoch: number | undefined;
  readonly text: Text | undefined;
}

export function runText(about: RunAbout): EventText {
  const { kind, reason, outcome, milliseconds, epoch, text } = about;
  return both((language) => {
    const what = WHAT[kind][language];
    const why = reasonText(reason)[language];
    const how = HOW[outcome][language];
    const more = text === undefined ? "" : text[language];
    const number = kind === "promote" && epoch !== undefined ? `, epoch ${epoch}` : "";
    return language === "en"
      ? `${what} (${why}) ${how}, ${milliseconds} ms${number}${tail(": ", more)}`
      : `${what}（${why}）${how}，${milliseconds} 毫秒${number}${tail("：", more)}`;
  });
}

export const resultText = (
  { kind, reason, outcome, tookMs, text }: GateResult,
  language: Language,
): string =>
  runText({ kind, reason, outcome, milliseconds: tookMs, epoch: undefined, text })[language];

/** Why a unit counts as a former primary that may have data nobody else has, or lacks some. */
export type Marked = "restart" | "unplanned" | "failed" | "unreadable";

export const MARKED: Readonly<Record<Marked, Text>> = {
  restart: {
    en: "it was primary and was not demoted before the daemon ended, so its data may have been left behind: it has to follow the new primary first",
    "zh-CN": "守护进程退出前它是主库且未降级，其数据可能已分叉：须先跟随新的主库",
  },
  unplanned: {
    en: "it was primary and lost the address unplanned: it has to follow the new primary first",
    "zh-CN": "它曾是主库，并非按计划失去地址：须先跟随新的主库",
  },
  failed: {
    en: "a promotion or demotion of it failed halfway, so nobody knows what it is: it has to be demoted, or to follow the new primary",
    "zh-CN": "此前的提升或降级中途失败，状态不明：须完成降级，或跟随新的主库",
  },
  unreadable: {
    en: "its file in the state directory cannot be read, so it may have been primary: it has to follow the new primary first",
    "zh-CN": "状态目录中的记录无法读取，它可能曾是主库：须先跟随新的主库",
  },
};

/** What a planned demotion would find at the other node's database. */
export function whyNoSuccessor({ peer }: Pick<Standing, "peer">): Text | undefined {
  if (peer?.role === "unreachable") return NO_SUCCESSOR.away;
  return peer?.follows === false ? NO_SUCCESSOR.apart : undefined;
}

const NO_SUCCESSOR: Readonly<Record<"away" | "apart", Text>> = {
  away: {
    en: "the other node's database does not answer here",
    "zh-CN": "从本机访问不到另一节点的数据库",
  },
  apart: {
    en: "the other node's database does not follow this one; baton status there says why",
    "zh-CN": "另一节点的数据库未跟随本库；原因见该节点的 baton status",
  },
};

export const NOT_LOOKED: Text = {
  en: "its database has not been looked at yet",
  "zh-CN": "尚未查看数据库",
};

export const notKept = (path: string, errno: string): Text => ({
  en: `it could not be recorded that this node becomes primary, so it does not: ${path}: ${errno}`,
  "zh-CN": `无法记录本节点将成为主库，因此不提升：${path}：${errno}`,
});

export const notRecorded = (path: string, errno: string): Text => ({
  en: `${path}: ${errno}; after a restart this node counts as a primary that was not demoted`,
  "zh-CN": `${path}：${errno}；重启后本节点将被视为未降级的主库`,
});

export const unreadableMark = (path: string): Text => ({
  en: `${path} cannot be read, so this node counts as a primary that was not demoted`,
  "zh-CN": `${path} 无法读取，本节点被视为未降级的主库`,
});

export const eligibleText = (isEligible: boolean, why: readonly Text[]): EventText =>
  both((language) => {
    if (isEligible) return language === "en" ? "may be promoted" : "可以提升";
    const reasons = why.map((one) => one[language]).join(language === "en" ? "; " : "；");
    return language === "en" ? `may not be promoted: ${reasons}` : `不可提升：${reasons}`;
  });

export const provedText = (how: "follows" | "no-master"): EventText =>
  how === "follows"
    ? {
        en: "it follows the new primary, so it may be promoted again",
        "zh-CN": "已跟随新的主库，可再次提升",
      }
    : {
        en: "it was demoted, and nobody else has become master since, so it may be promoted again",
        "zh-CN": "已降级，且此后没有其他节点成为主节点，可再次提升",
      };
