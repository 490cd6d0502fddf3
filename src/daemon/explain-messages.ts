/** The sentences of `baton explain` about an instance, in English and Chinese. */

import type { Language } from "#diagnostics/diagnostic";
import { passedSeconds as seconds, times } from "#diagnostics/numbers";
import type { InstanceStatus } from "./control-protocol.ts";
import { printLocalTime } from "./local-time.ts";
import type { Maintenance } from "./maintenance-shape.ts";
import { maintenanceSentence } from "./operator-messages.ts";

type Tracker = InstanceStatus["trackers"][number];
type Peer = InstanceStatus["peers"][number];
type Address = InstanceStatus["addresses"][number];
type Claim = NonNullable<InstanceStatus["claim"]>;
type HoldDown = NonNullable<InstanceStatus["holdDown"]>;
type Standby = NonNullable<InstanceStatus["standby"]>;

export interface ExplainMessages {
  readonly head: (one: InstanceStatus) => string;
  readonly why: (sentence: string) => string;
  readonly priority: (one: InstanceStatus) => string;
  readonly tracker: (tracker: Tracker) => string;
  readonly peer: (peer: Peer) => string;
  readonly address: (address: Address) => string;
  readonly holdDown: (holdDown: HoldDown) => string;
  /** Another machine claims an address of ours. */
  readonly claim: (claim: Claim) => string;
  /** An operator has moved it away. */
  readonly switched: (
    switched: NonNullable<InstanceStatus["switched"]>,
    isGated: boolean,
  ) => string;
  readonly maintenance: (maintenance: Maintenance) => string;
  /** BACKUP: the master that it hears. */
  readonly master: (standby: Standby) => string;
  /**
   * BACKUP: everything that would make it MASTER, and everything that would not although one
   * might expect it to.
   */
  readonly wouldChange: (standby: Standby, priority: number) => readonly string[];
  readonly next: (
    state: Exclude<InstanceStatus["state"], "BACKUP">,
    trackers: InstanceStatus["trackers"],
  ) => string;
  readonly lease: (lease: InstanceStatus["lease"]) => string;
  readonly history: (event: InstanceStatus["history"][number], at: string) => string;
}

/** An interface that is tracked is not among them: its link is named beside them. */
const canFault = (trackers: InstanceStatus["trackers"]): boolean =>
  trackers.some(({ kind, weight }) => kind !== "interface" && weight === 0);

const ENGLISH: ExplainMessages = {
  head: ({ name, state, interface: device, vrid, version, forSeconds }) =>
    `${name} is ${state} on ${device ?? "any interface"} (VRID ${vrid}, VRRP version ${version}) for ${seconds(forSeconds)} s.`,
  why: (sentence) => `Why: ${sentence}.`,
  priority: ({ basePriority, effectivePriority }) =>
    basePriority === effectivePriority
      ? `Priority ${effectivePriority}.`
      : `Priority ${effectivePriority}: ${basePriority} as configured, changed by the checks below.`,
  tracker: ({ kind, name, result, weight, effect }) => {
    const what =
      effect === "fault"
        ? "keeps it in FAULT"
        : effect === 0
          ? "changes nothing now"
          : `adds ${effect} to the priority`;
    return `${kind} ${name} is ${result} (weight ${weight}): ${what}`;
  },
  peer: ({ address, heardSecondsAgo, priority, configured, unresolvedSeconds }) => {
    const heard =
      heardSecondsAgo === undefined
        ? "never heard (only a master speaks)"
        : `heard ${seconds(heardSecondsAgo)} s ago with priority ${priority}`;
    const reach =
      unresolvedSeconds === undefined
        ? ""
        : `; it has not answered ARP for ${seconds(unresolvedSeconds)} s, so nothing we say reaches it`;
    return `peer ${address}: ${heard}${configured ? "" : "; it is not configured here"}${reach}`;
  },
  address: ({ address, interface: device, owned, announcedSecondsAgo, announcements, error }) => {
    const announced =
      announcedSecondsAgo === undefined
        ? ""
        : `, announced ${times(announcements)}, last ${seconds(announcedSecondsAgo)} s ago`;
    const trouble = error === undefined ? "" : `; ${error}`;
    return `${address} on ${device}: ${owned ? "here" : "not here"}${announced}${trouble}`;
  },
  switched: ({ at, to, by, back }, isGated) => {
    const moved = `${by} moved it to ${to} at ${printLocalTime(new Date(at))}`;
    if (isGated && back === "switch-back") return `${moved}; baton switch there brings it back.`;
    return `${moved}: it does not preempt until ${back === "switch-back" ? "baton switch --back" : "the maintenance ends"}.`;
  },
  maintenance: (maintenance) => `The node is ${maintenanceSentence(maintenance, "en")}.`,
  holdDown: ({ losses, seconds: held, leftSeconds }) => {
    const what = `Lost or in FAULT ${times(losses)}${losses === 1 ? "" : " in a row"}`;
    if (held === 0) return `${what}; hold_down begins with the third.`;
    const left = leftSeconds === undefined ? "" : `, ${seconds(leftSeconds)} s more from now`;
    return `${what}: hold_down leaves a weaker master alone for ${seconds(held)} s${left}.`;
  },
  master: ({ master }) =>
    master === undefined
      ? "It hears no master now."
      : `The master is ${master.address} with priority ${master.priority}, heard ${seconds(master.heardSecondsAgo)} s ago.`,
  wouldChange: ({ master, masterDownSeconds, leftSeconds, preempt, preemptInSeconds }, ours) => {
    if (master === undefined) {
      return [`It becomes MASTER in ${seconds(leftSeconds)} s, unless a master is heard before.`];
    }
    const { address, priority } = master;
    const first = `It becomes MASTER when ${address} is not heard for ${seconds(masterDownSeconds)} s, or at once when it gives up (priority 0).`;
    if (ours === priority) return [first];
    if (!preempt) {
      return [
        first,
        `A higher priority here changes nothing while ${address} is heard: nopreempt.`,
      ];
    }
    if (ours < priority) {
      return [
        first,
        `Also when its own priority, ${ours} now, rises above ${priority}, or the master's falls below ${ours}.`,
      ];
    }
    return [
      first,
      preemptInSeconds === undefined
        ? `Its own priority, ${ours}, is higher: it takes over as soon as it has waited long enough.`
        : `Its own priority, ${ours}, is higher: it preempts in ${seconds(preemptInSeconds)} s (preempt_delay or hold_down).`,
    ];
  },
  claim: ({ address, mac, forSeconds, lastSecondsAgo, count }) =>
    `Another machine (${mac ?? "MAC address unknown"}) claims ${address} by ARP: ${times(count)} in ${seconds(forSeconds)} s, last ${seconds(lastSecondsAgo)} s ago. Either it owns the address too because the nodes do not hear each other's VRRP, or somebody has configured it there; clients reach one or the other.`,
  next: (state, trackers) => {
    const check = canFault(trackers) ? "a check with weight 0 fails, " : "";
    return {
      MASTER: `It stays MASTER until it is stopped, ${check}the link goes down, or a better master is heard.`,
      FAULT: "It can own nothing until every cause above is gone.",
      INIT: "It waits for the first result of a check.",
      STOP: "It is being stopped.",
    }[state];
  },
  lease: ({ guarantee, seconds: lease, takeOverSeconds }) => {
    const peers = `peers take over ${seconds(takeOverSeconds)} s after the last advertisement at the earliest`;
    return guarantee === "backstop"
      ? `If this daemon were killed or hung, the kernel would remove the address after ${seconds(lease)} s; ${peers}, so two owners are possible in between.`
      : `If this daemon were killed or hung, the kernel would take the address away after ${seconds(lease)} s; ${peers}: never two owners.`;
  },
  history: ({ from, to, why }, at) => `${at}  ${from} -> ${to}: ${why.en}`,
};

const KINDS: Readonly<Record<string, string>> = {
  script: "脚本",
  interface: "网卡",
  file: "文件",
  process: "进程",
  bfd: "BFD 会话",
  check: "检查",
};

/** The result of a tracked file is a number. */
const resultInChinese = (result: Tracker["result"]): string => {
  if (typeof result === "number") return `值为 ${result}`;
  return { up: "正常", down: "失败", unknown: "尚无结果" }[result];
};

const CHINESE: ExplainMessages = {
  head: ({ name, state, interface: device, vrid, version, forSeconds }) =>
    `${name} 在 ${device ?? "任意网卡"} 上处于 ${state} 状态（VRID ${vrid}，VRRP 版本 ${version}），已持续 ${seconds(forSeconds)} 秒。`,
  why: (sentence) => `原因：${sentence}。`,
  priority: ({ basePriority, effectivePriority }) =>
    basePriority === effectivePriority
      ? `优先级 ${effectivePriority}。`
      : `优先级 ${effectivePriority}（配置值 ${basePriority}，受下列检查影响）。`,
  tracker: ({ kind, name, result, weight, effect }) => {
    const what =
      effect === "fault"
        ? "使实例处于 FAULT"
        : effect === 0
          ? "当前无影响"
          : `优先级 ${effect > 0 ? "+" : ""}${effect}`;
    return `${KINDS[kind] ?? kind} ${name}：${resultInChinese(result)}（weight ${weight}），${what}`;
  },
  peer: ({ address, heardSecondsAgo, priority, configured, unresolvedSeconds }) => {
    const heard =
      heardSecondsAgo === undefined
        ? "从未收到其通告（只有主节点会发送）"
        : `${seconds(heardSecondsAgo)} 秒前收到通告，优先级 ${priority}`;
    const reach =
      unresolvedSeconds === undefined
        ? ""
        : `；已有 ${seconds(unresolvedSeconds)} 秒不应答 ARP，通告无法送达`;
    return `对端 ${address}：${heard}${configured ? "" : "；本机未配置该对端"}${reach}`;
  },
  address: ({ address, interface: device, owned, announcedSecondsAgo, announcements, error }) => {
    const announced =
      announcedSecondsAgo === undefined
        ? ""
        : `，已宣告 ${announcements} 次，最近一次在 ${seconds(announcedSecondsAgo)} 秒前`;
    const trouble = error === undefined ? "" : `；${error}`;
    return `${address}（${device}）：${owned ? "在本机" : "不在本机"}${announced}${trouble}`;
  },
  switched: ({ at, to, by, back }, isGated) => {
    const moved = `${by} 已于 ${printLocalTime(new Date(at))} 将它切换到 ${to}`;
    if (isGated && back === "switch-back")
      return `${moved}；如需切回，请在该节点执行 baton switch。`;
    return `${moved}：在${back === "switch-back" ? "执行 baton switch --back " : "维护状态结束"}之前不抢占。`;
  },
  maintenance: (maintenance) => `本节点${maintenanceSentence(maintenance, "zh-CN")}。`,
  holdDown: ({ losses, seconds: held, leftSeconds }) => {
    const what = `已连续 ${losses} 次失去地址或出现故障`;
    if (held === 0) return `${what}；hold_down 从第三次开始生效。`;
    const left = leftSeconds === undefined ? "" : `，还剩 ${seconds(leftSeconds)} 秒`;
    return `${what}：hold_down 规定 ${seconds(held)} 秒内不抢占优先级较低的主节点${left}。`;
  },
  master: ({ master }) =>
    master === undefined
      ? "目前没有收到任何主节点的通告。"
      : `当前主节点是 ${master.address}，优先级 ${master.priority}，${seconds(master.heardSecondsAgo)} 秒前收到其通告。`,
  wouldChange: ({ master, masterDownSeconds, leftSeconds, preempt, preemptInSeconds }, ours) => {
    if (master === undefined) {
      return [`若一直收不到主节点的通告，它将在 ${seconds(leftSeconds)} 秒后成为 MASTER。`];
    }
    const { address, priority } = master;
    const first = `若 ${seconds(masterDownSeconds)} 秒内收不到 ${address} 的通告，它将成为 MASTER；${address} 主动释放（优先级 0）时立即接管。`;
    if (ours === priority) return [first];
    if (!preempt) {
      return [first, `配置了 nopreempt：只要还能收到 ${address} 的通告，本机优先级再高也不接管。`];
    }
    if (ours < priority) {
      return [
        first,
        `本机优先级（现为 ${ours}）高于 ${priority}，或主节点优先级低于 ${ours} 时，也会接管。`,
      ];
    }
    return [
      first,
      preemptInSeconds === undefined
        ? `本机优先级 ${ours} 更高：等待时间一到即抢占。`
        : `本机优先级 ${ours} 更高：${seconds(preemptInSeconds)} 秒后抢占（preempt_delay 或 hold_down）。`,
    ];
  },
  claim: ({ address, mac, forSeconds, lastSecondsAgo, count }) =>
    `另一台机器（${mac ?? "MAC 地址未知"}）正在通过 ARP 宣告 ${address}：${seconds(forSeconds)} 秒内 ${count} 次，最近一次在 ${seconds(lastSecondsAgo)} 秒前。要么两个节点收不到彼此的 VRRP 报文、都持有该地址，要么有人在那台机器上配置了它；客户端会到达其中之一。`,
  next: (state, trackers) => {
    const check = canFault(trackers) ? "、weight 为 0 的检查失败" : "";
    return {
      MASTER: `它会一直是 MASTER，直到被停止${check}、链路断开，或收到更优主节点的通告。`,
      FAULT: "在上述原因全部消除之前，它不会持有任何地址。",
      INIT: "正在等待检查的首个结果。",
      STOP: "正在停止。",
    }[state];
  },
  lease: ({ guarantee, seconds: lease, takeOverSeconds }) => {
    const until = `对端最早在最后一次通告后 ${seconds(takeOverSeconds)} 秒接管`;
    return guarantee === "backstop"
      ? `若本守护进程被杀死或挂起，内核会在 ${seconds(lease)} 秒后收回地址；${until}，其间可能短暂双主。`
      : `若本守护进程被杀死或挂起，内核会在 ${seconds(lease)} 秒后收回地址；${until}，不会出现双主。`;
  },
  history: ({ from, to, why }, at) => `${at}  ${from} -> ${to}：${why["zh-CN"]}`,
};

export const explainMessages = (language: Language): ExplainMessages =>
  language === "en" ? ENGLISH : CHINESE;
