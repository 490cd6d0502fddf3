/** A gate in sentences, for `status` and `explain`. */
import type { Language } from "#diagnostics/diagnostic";
import { passedSeconds as seconds } from "#diagnostics/numbers";
import type { GateStatus } from "./gate-status.ts";
import { reasonText, resultText, whyNoSuccessor } from "./gate-texts.ts";
import { printLocalTime } from "./local-time.ts";
import type { Text } from "./switch-protocol.ts";

const PHASE: Readonly<Record<GateStatus["phase"], Text>> = {
  closed: { en: "closed", "zh-CN": "关闭" },
  probing: {
    en: "asks whether anybody still serves the address",
    "zh-CN": "正在询问地址是否仍有应答",
  },
  promoting: { en: "promotion under way", "zh-CN": "正在提升" },
  open: { en: "open", "zh-CN": "开放" },
  demoting: { en: "demotion under way", "zh-CN": "正在降级" },
};

const FENCE: Readonly<Record<GateStatus["fence"], Text>> = {
  open: { en: "ports are served", "zh-CN": "端口放行" },
  closed: { en: "ports are fenced", "zh-CN": "端口拦截" },
  "new-closed": { en: "ports take no new connections", "zh-CN": "端口不接受新连接" },
};

const ELIGIBLE: Readonly<Record<GateStatus["eligible"], Text>> = {
  yes: { en: "may be promoted", "zh-CN": "可提升" },
  no: { en: "may not be promoted", "zh-CN": "不可提升" },
  unknown: { en: "not known yet whether it may be promoted", "zh-CN": "尚不清楚能否提升" },
};

/** The first one is the gate in short. */
export function gateSentences(gate: GateStatus, language: Language): readonly string[] {
  const en = language === "en";
  const { phase, fence, eligible, heldSeconds, running, last, why, unit, epoch, marked } = gate;
  const facts = [
    PHASE[phase][language],
    ...((fence === "open") === (phase === "open") ? [] : [FENCE[fence][language]]),
    // Of an owner it says nothing that matters now.
    ...(phase === "open" ? [] : [ELIGIBLE[eligible][language]]),
    ...(epoch > 0 && phase === "open" ? [`epoch ${epoch}`] : []),
    ...(heldSeconds === undefined
      ? []
      : [
          en
            ? `not elected for ${seconds(heldSeconds)} s more after a refusal`
            : `提升失败后还有 ${seconds(heldSeconds)} 秒不参与选举`,
        ]),
    ...(running === undefined
      ? []
      : [
          en
            ? `${running.kind} (${reasonText(running.reason).en}) runs for ${seconds(running.seconds)} s`
            : `${running.kind}（${reasonText(running.reason)["zh-CN"]}）已运行 ${seconds(running.seconds)} 秒`,
        ]),
  ];
  const isFine = last?.outcome === "done" || last?.outcome === "ended";
  // Of one that may be promoted again it does not matter any more.
  const isOver = last?.kind !== "promote" && eligible === "yes" && phase === "closed";
  const when = last === undefined ? "" : printLocalTime(new Date(last.at));
  return [
    `${en ? `gate of ${unit}: ` : `${unit} 的 gate：`}${facts.join(en ? ", " : "，")}`,
    ...(gate.answered === true ? [ANSWERED[language]] : []),
    ...(phase === "open" ? noSuccessor(gate.database, language) : why.map((one) => one[language])),
    // Of a server that is down: start it first, and see.
    ...(marked && phase !== "open" && gate.database?.role !== "unreachable"
      ? [whoDecides(gate.database)[language]]
      : []),
    ...(isFine || isOver || last === undefined
      ? []
      : [`${when}${en ? ": " : "："}${resultText(last, language)}`]),
    ...databaseSentences(gate.database, language),
  ];
}

const ANSWERED: Text = {
  en: "somebody answers for the address though no master is heard: this node does not take it as long as that is so (takeover_probe); if it is no owner (a router with proxy ARP, for example), baton promote --accept-loss takes it all the same",
  "zh-CN":
    "没有主节点的通告，但仍有机器应答该地址：在此期间本节点不接管（takeover_probe）；如果应答者并非持有者（例如启用了 ARP 代理的路由器），可用 baton promote --accept-loss 强制接管",
};

const DECIDE: Text = {
  en: "baton promote --accept-loss decides otherwise: what others acknowledged since may be lost",
  "zh-CN": "baton promote --accept-loss 可另作决定：此后其他节点已确认的写入可能丢失",
};

const SET_UP_AGAIN: Text = {
  en: "if it does not follow by itself, set it up again from a copy of the other database, which takes writes now: what only this one has is given up then",
  "zh-CN": "若不能自动跟随，请用另一数据库（目前可写）的副本重建本库：只存在于本库的数据将被放弃",
};

/** Where another one takes writes nobody promotes this one. */
const whoDecides = (database: GateStatus["database"]): Text =>
  database?.peer?.isWritable === true ? SET_UP_AGAIN : DECIDE;

function noSuccessor(database: GateStatus["database"], language: Language): readonly string[] {
  const why = database === undefined ? undefined : whyNoSuccessor(database);
  if (why === undefined) return [];
  return [
    language === "en"
      ? `nobody could take over: ${why.en}`
      : `目前没有节点可以接管：${why["zh-CN"]}`,
  ];
}

/** What `explain` says of a BACKUP that its gate holds back; undefined: it does not. */
export function heldByGate(gate: GateStatus | undefined, language: Language): string | undefined {
  if (gate?.answered === true)
    return language === "en"
      ? "It does not become MASTER as long as somebody answers for the address."
      : "只要仍有机器应答该地址，它就不会成为 MASTER。";
  if (gate === undefined || gate.eligible === "yes") return undefined;
  return language === "en"
    ? "It does not become MASTER before it may be promoted, whoever is heard."
    : "在可以提升之前，无论是否收到通告，它都不会成为 MASTER。";
}

function databaseSentences(
  database: GateStatus["database"],
  language: Language,
): readonly string[] {
  if (database === undefined) return [];
  const en = language === "en";
  const { role, isWritable, lagMicros, isSynchronous, position } = database;
  const facts = [
    ROLE[role][language],
    ...(role === "unreachable" ? [] : [isWritable ? WRITABLE[language] : READ_ONLY[language]]),
    ...(lagMicros === undefined
      ? []
      : [en ? `${seconds(lagMicros / 1e6)} s behind` : `落后 ${seconds(lagMicros / 1e6)} 秒`]),
    ...(isSynchronous === undefined
      ? []
      : [isSynchronous ? SYNCHRONOUS[language] : ASYNCHRONOUS[language]]),
    ...(position === undefined || position === "" ? [] : [position]),
  ];
  return [`${en ? "database: " : "数据库："}${facts.join(en ? ", " : "，")}`];
}

const ROLE: Readonly<Record<NonNullable<GateStatus["database"]>["role"], Text>> = {
  primary: { en: "primary", "zh-CN": "主库" },
  replica: { en: "replica", "zh-CN": "从库" },
  alone: { en: "follows nobody", "zh-CN": "未跟随任何主库" },
  unreachable: { en: "does not answer", "zh-CN": "没有应答" },
};
const WRITABLE: Text = { en: "takes writes", "zh-CN": "可写" };
const READ_ONLY: Text = { en: "read-only", "zh-CN": "只读" };
const SYNCHRONOUS: Text = { en: "synchronous", "zh-CN": "同步" };
const ASYNCHRONOUS: Text = { en: "not synchronous", "zh-CN": "非同步" };
