/** `gate` 的文案（中文）。 */

import { printIp } from "#units/address";
import type { DataComparison, HeldBack, Report } from "#vrrp/router/event";
import type { DemoteReason, FaultCause, GateEnd, PromoteReason, Reason } from "#vrrp/router/reason";
import { duration } from "../numbers.ts";

type Of<T extends { readonly kind: string }, K extends T["kind"]> = Extract<
  T,
  { readonly kind: K }
>;
export type GateReason = Of<Reason, "promotion-refused" | "data-behind" | "data-unknown">;
export type GateReport = Of<
  Report,
  | "promotion-begun"
  | "promoted"
  | "promotion-failed"
  | "demotion-begun"
  | "demoted"
  | "demotion-failed"
  | "takeover-refused"
  | "data-compared"
>;

const failed = (outcome: GateEnd): string => (outcome === "refused" ? "被拒绝" : "未按时完成");

export function gateReason(why: GateReason): string {
  switch (why.kind) {
    case "promotion-refused":
      return `提升${failed(why.outcome)}（用时 ${duration(why.after)}），本机不接管地址`;
    case "data-behind":
      return `${printIp(why.from)} 也是主节点，它的数据包含本机的全部数据且更新：地址归它`;
    case "data-unknown":
      return `${printIp(why.from)} 也是主节点且继续持有地址，两边的数据无法比较或已分叉：本机让出地址`;
  }
}

export function promotionFault(
  cause: Of<FaultCause, "fence-refused" | "promotion-refused">,
): string {
  return cause.kind === "fence-refused"
    ? `内核拒绝设置或解除 \`fence\` 的端口隔离：${cause.error}`
    : `提升${failed(cause.outcome)}`;
}

export function heldBack(why: HeldBack): string {
  switch (why) {
    case "not-eligible":
      return "其 gate 判定本机不具备资格";
    case "not-known":
      return "其 gate 尚不清楚本机是否具备资格";
    case "refused":
      return "不久前提升失败";
    case "demoting":
      return "降级尚未结束";
  }
}

function promoteReason(why: PromoteReason): string {
  switch (why) {
    case "master-down":
      return "主节点的通告已中断";
    case "released":
      return "主节点让出了地址";
    case "taken-back":
      return "计划内切换被撤回";
    case "group":
      return "所在同步组接管";
    case "operator":
      return "运维人员要求";
  }
}

function demoteReason(why: DemoteReason): string {
  switch (why) {
    case "switch":
      return "运维人员切换地址";
    case "stop":
      return "本机停止";
    case "maintenance":
      return "运维人员要求进入维护状态";
    case "fault":
      return "本机处于 FAULT";
    case "stalled":
      return "本机停顿过久";
    case "rival":
      return "另一个主节点保留地址";
    case "group":
      return "所在同步组让出地址";
    case "refused":
      return "提升失败";
    case "engine-died":
      return "引擎进程已退出";
    case "rejoin":
      return "本机需要跟随持有者";
  }
}

function comparison(result: DataComparison): string {
  switch (result) {
    case "ours":
      return "本机包含对方的全部数据且更新";
    case "theirs":
      return "对方包含本机的全部数据且更新";
    case "equal":
      return "两边相同";
    case "diverged":
      return "两边已分叉，各有对方没有的数据";
    case "unknown":
      return "无法比较";
  }
}

const afterFailure = ({ follows, hold }: Of<Report, "promotion-failed">): string => {
  if (follows === "serve") return "仍然提供服务（`on_refusal serve`）";
  return `${duration(hold)} 内${follows === "fault" ? "处于 FAULT" : "本机不接管地址"}`;
};

export function gateReport(what: GateReport): string {
  switch (what.kind) {
    case "promotion-begun":
      return `本机当选（${promoteReason(what.reason)}）：正在提升，完成后再添加地址`;
    case "promoted":
      return `提升完成，用时 ${duration(what.took)}`;
    case "promotion-failed":
      return `提升${failed(what.outcome)}（用时 ${duration(what.took)}）：${afterFailure(what)}`;
    case "demotion-begun":
      return `本机开始降级（${demoteReason(what.reason)}）${what.isPlanned ? "，完成后再交出地址" : ""}`;
    case "demoted":
      return `降级完成，用时 ${duration(what.took)}`;
    case "demotion-failed":
      return `降级${failed(what.outcome)}（用时 ${duration(what.took)}）${what.isPlanned ? "" : "，端口保持隔离"}`;
    case "takeover-refused":
      return what.how === "arp"
        ? `已有 ${duration(what.noAdvertFor)} 没有通告，但仍有其他机器应答该地址的 ARP：本机不接管`
        : `已有 ${duration(what.noAdvertFor)} 没有通告，但该地址上的服务仍在应答：本机不接管`;
    case "data-compared": {
      const known = `${printIp(what.from)} 也是主节点，已比较两边的数据：${comparison(what.result)}`;
      return what.isOpen ? `${known}；由本机提供服务` : `${known}；本机不提供服务`;
    }
  }
}
