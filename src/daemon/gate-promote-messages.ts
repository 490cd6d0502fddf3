/** What an operator is answered who asks for a promotion. */
import type { Language } from "#diagnostics/diagnostic";
import { operatorMessages, type Refusal } from "./operator-messages.ts";
import type { Text } from "./switch-protocol.ts";

/** How it ended, or why it was not begun. */
export type PromoteEnd =
  | { readonly kind: "promoted" | "already" | "would" | "no-answer" | "conflict" | "answered" }
  | { readonly kind: "failed"; readonly text: Text | undefined }
  | { readonly kind: "owned"; readonly by: string }
  | { readonly kind: "fault"; readonly instance: string }
  | { readonly kind: "not-eligible"; readonly why: readonly Text[] };

export interface PromoteMessages {
  readonly noGate: Refusal;
  readonly whichGate: (names: readonly string[]) => Refusal;
  readonly noSuchGate: (name: string, names: readonly string[]) => Refusal;
  readonly noEngine: Refusal;
  readonly end: (end: PromoteEnd) => string;
}

const list = (names: readonly string[]): string => names.slice(0, 20).join(", ");

const ENGLISH: PromoteMessages = {
  noGate: {
    error: "no instance and no sync group of this node has a gate, so there is nothing to promote",
    help: "a node without a gate takes the address by election; baton switch on its owner moves it",
  },
  whichGate: (names) => ({
    error: "which instance or sync group? There are several with a gate",
    help: `name one of ${list(names)}`,
  }),
  noSuchGate: (name, names) => ({
    error: `${name} is no instance or sync group with a gate`,
    help: `there are: ${list(names)}`,
  }),
  noEngine: operatorMessages("en").noEngine,
  end: (end) => {
    switch (end.kind) {
      case "promoted":
        return "promoted; this node serves the address";
      case "already":
        return "this node serves the address already";
      case "would":
        return "nothing speaks against it";
      case "failed":
        return `the promotion failed${end.text === undefined ? "" : `: ${end.text.en}`}`;
      case "owned":
        return `${end.by} owns the address; baton switch there moves it here`;
      case "fault":
        return `${end.instance} is in FAULT; baton explain ${end.instance} says why`;
      case "conflict":
        return "another master is heard, and neither node may have all data: compare them, and give --accept-loss on the one that has the data that counts";
      case "answered":
        return "somebody answers for the address though no master is heard, and may be its owner: find out who (arping), and give --accept-loss to take it all the same";
      case "not-eligible":
        return `it may not be promoted: ${end.why.map(({ en }) => en).join("; ") || "not known yet"}; --accept-loss promotes it all the same, and what others acknowledged may be lost`;
      case "no-answer":
        return "it has not been promoted in time; baton status and baton explain say what it waits for";
    }
  },
};

const CHINESE: PromoteMessages = {
  noGate: {
    error: "本节点的实例和同步组都没有 gate，无可提升",
    help: "没有 gate 的节点通过选举接管地址；在持有者上执行 baton switch 可切换",
  },
  whichGate: (names) => ({
    error: "有多个带 gate 的实例或同步组，请指明其中一个",
    help: `可选：${list(names)}`,
  }),
  noSuchGate: (name, names) => ({
    error: `${name} 不是带 gate 的实例或同步组`,
    help: `现有：${list(names)}`,
  }),
  noEngine: operatorMessages("zh-CN").noEngine,
  end: (end) => {
    switch (end.kind) {
      case "promoted":
        return "已提升，本节点开始提供服务";
      case "already":
        return "本节点已在提供服务";
      case "would":
        return "没有妨碍";
      case "failed":
        return `提升失败${end.text === undefined ? "" : `：${end.text["zh-CN"]}`}`;
      case "owned":
        return `地址由 ${end.by} 持有；请在该节点执行 baton switch 切换到本机`;
      case "fault":
        return `${end.instance} 处于 FAULT；执行 baton explain ${end.instance} 查看原因`;
      case "conflict":
        return "收到另一个主节点的通告，两边可能都缺少数据：请先比较，再在数据有效的节点上使用 --accept-loss";
      case "answered":
        return "没有主节点的通告，但仍有机器应答该地址，它可能就是持有者：请先查明（arping），确认后用 --accept-loss 强制接管";
      case "not-eligible":
        return `不可提升：${end.why.map((one) => one["zh-CN"]).join("；") || "尚不清楚"}；--accept-loss 可强制提升，其他节点已确认的写入可能丢失`;
      case "no-answer":
        return "未能按时提升；请用 baton status 和 baton explain 查看在等待什么";
    }
  },
};

export const promoteMessages = (language: Language): PromoteMessages =>
  language === "en" ? ENGLISH : CHINESE;
