/** 状态变化的原因（中文）。 */

import { type Mac, printIp, printMac } from "#units/address";
import { fromCentis, micros } from "#units/time";
import type { Report, TakenBack } from "#vrrp/router/event";
import type { FaultCause, Reason } from "#vrrp/router/reason";
import { duration } from "../numbers.ts";
import { gateReason, gateReport, heldBack, promotionFault } from "./gate.ts";

export function reason(why: Reason): string {
  switch (why.kind) {
    case "not-started":
      return "尚未启动";
    case "started":
      return `启动后先处于 BACKUP 状态：连续 ${duration(why.masterDown)} 收不到主节点的通告才会接管`;
    case "waiting-for-first-result":
      return `等待 \`${why.tracker}\` 的第一次检查结果，之后才参与选举`;
    case "address-owner":
      return "优先级 255 表示本机是地址所有者，不经选举直接成为主节点";
    case "master-down":
      return masterDown(why);
    case "preempts":
      return preempts(why);
    case "master-released":
      return released(why);
    case "higher-priority":
      return `${printIp(why.from)} 的优先级 ${why.theirs} 高于本机的 ${why.ours}`;
    case "higher-address":
      return `${printIp(why.from)} 的优先级同为 ${why.priority}，但地址比本机的 ${printIp(why.ours)} 大`;
    case "unconfirmed-yields":
      return `本机成为主节点之前没有收到过任何通告，而 ${printIp(why.from)}（优先级 ${why.theirs}，本机 ${why.ours}）在此之前已是主节点：配置了 nopreempt，由未确认的主节点让位`;
    case "master-was-alive":
      return `${printIp(why.from)} 在 ${duration(why.after)} 前因通告中断被本机接替，但它仍是主节点：配置了 nopreempt，地址仍归它`;
    case "stalled":
      return `本机停顿了 ${duration(why.stalled)}，超过 ${duration(why.allowed)}，对端可能已经接管地址`;
    case "link-back-in-time":
      return `链路只中断了 ${duration(why.away)}，对端不可能在 ${duration(why.allowed)} 之内接管`;
    case "fault":
      return why.causes.length === 0 ? "无法持有地址" : why.causes.map(fault).join("；");
    case "fault-cleared":
      return `故障已全部恢复：连续 ${duration(why.masterDown)} 收不到主节点的通告才会接管`;
    case "stopping":
      return stopping(why.address);
    case "successor-heard":
      return `让出 ${duration(why.after)} 后收到 ${printIp(why.from)} 的通告，它已接管，本机随即删除地址`;
    case "platform-moved":
      return `${printIp(why.from)} 已接管；让出 ${duration(why.after)} 后云平台完成切换，在此之前仍由本机应答`;
    case "platform-late":
      return `${printIp(why.from)} 已接管，但等了 ${duration(why.waited)} 云平台仍未切换，地址已从本机删除`;
    case "no-successor":
      return `等了 ${duration(why.waited)} 仍无人接管，地址已从本机删除`;
    case "switched":
      return `运维人员将地址切换到 ${printIp(why.to)}，从发起到完成用时 ${duration(why.after)}`;
    case "gave-up":
      return `运维人员要求放弃地址，${duration(why.waited)} 内没有节点接管`;
    case "stopped":
      return "已停止";
    case "group":
      return `同步组 \`${why.group}\` 中的 \`${why.member}\` 状态变化，整组一起切换`;
    case "promotion-refused":
    case "data-behind":
    case "data-unknown":
      return gateReason(why);
  }
}

function stopping(address: Extract<Reason, { kind: "stopping" }>["address"]): string {
  switch (address) {
    case "kept":
      return "已发送优先级 0 的通告，收到接替者的通告之前地址仍保留在本机";
    case "removed":
      return "已删除地址并发送优先级 0 的通告（`handover break_before_make`）";
    case "none":
      return "本机此前并未持有地址";
  }
}

function masterDown(why: Extract<Reason, { kind: "master-down" }>): string {
  const rule = `${why.downTimerAdverts} × ${duration(fromCentis(why.interval))} + 偏移 ${duration(why.skew)}`;
  if (why.lastHeard === undefined) {
    return `连续 ${duration(why.noAdvertFor)} 没有收到任何主节点的通告（${rule}）`;
  }
  const { from, priority } = why.lastHeard;
  return `主节点 ${printIp(from)}（优先级 ${priority}）已有 ${duration(why.noAdvertFor)} 没有通告（${rule}）`;
}

function preempts({ over, ours, delay, held }: Extract<Reason, { kind: "preempts" }>): string {
  const master = `主节点 ${printIp(over.from)} 的优先级为 ${over.priority}，本机为 ${ours}`;
  if (held > delay) return `${master}，抑制期 ${duration(held)} 已过，本机抢占`;
  return delay > 0
    ? `${master}，preempt_delay 的 ${duration(delay)} 已过，本机抢占`
    : `${master}，优先级高者抢占`;
}

function released(why: Extract<Reason, { kind: "master-released" }>): string {
  const who = why.from === undefined ? "本机原来的引擎进程退出并" : `${printIp(why.from)} `;
  return why.immediate
    ? `${who}以优先级 0 让出地址，而本机是它唯一的对端，立即接管`
    : `${who}以优先级 0 让出地址，本机的偏移时间最先到期`;
}

export function fault(cause: FaultCause): string {
  switch (cause.kind) {
    case "link-down":
      return "链路断开";
    case "no-source-address":
      return "网卡上没有可用的源地址";
    case "interface-missing":
      return "网卡不存在";
    case "no-peer":
      return "没有单播对端，而配置了 `unicast_fault_no_peer`";
    case "cannot-listen":
      return `无法在网卡上收发报文：${cause.error}`;
    case "source-missing":
      return `\`unicast_src_ip\` 指定的 ${printIp(cause.address)} 不在本机任何网卡上`;
    case "tracker":
      return `${tracked(cause.tracker)} \`${cause.name}\` 失败`;
    case "address-rejected":
      return `内核拒绝添加 ${printIp(cause.address)}：${cause.error}`;
    case "vmac-refused":
      return `无法创建虚拟 MAC 网卡 \`${cause.device}\`：${cause.error}`;
    case "lease-refused":
      return `内核既不续期该地址的租约，也不删除租约规则，本机可能无法为该地址应答：${cause.error}`;
    case "address-fight":
      return `${duration(cause.within)} 内 ${printIp(cause.address)} 被其他程序删除了 ${cause.removals} 次`;
    case "group":
      return `同步组 \`${cause.group}\` 中的 \`${cause.member}\` 处于 FAULT`;
    case "fence-refused":
    case "promotion-refused":
      return promotionFault(cause);
  }
}

function tracked(kind: string): string {
  const names: Readonly<Record<string, string>> = {
    script: "检查脚本",
    interface: "被跟踪的网卡",
    file: "被跟踪的文件",
    process: "被跟踪的进程",
    bfd: "BFD 会话",
  };
  return names[kind] ?? kind;
}

/** Of `cannotHear`. */
const HEARS_NOTHING: Partial<Readonly<Record<FaultCause["kind"], string>>> = {
  "link-down": "网卡链路已断开",
  "interface-missing": "网卡不存在",
  "cannot-listen": "无法打开套接字",
  "source-missing": "本机丢失了自己的源地址",
  "no-source-address": "本机丢失了自己的源地址",
};

const claimant = (mac: Mac | undefined): string =>
  mac === undefined ? "另一台机器" : `MAC 地址为 ${printMac(mac)} 的机器`;

function takenBack(why: TakenBack): string {
  switch (why) {
    case "no-successor":
      return "没有其他路由器发出通告，地址留在本机";
    case "successor-gone":
      return "后继节点又让出了地址，地址留在本机";
    case "recalled":
      return "运维人员已取消切换，地址留在本机";
    case "group":
      return "同步组中另一个成员没有后继节点，全组留在本机";
    case "stalled":
      return "本机停顿过久，其他节点可能已成为持有者，因此已在本机删除该地址";
    case "demotion-refused":
      return "gate 拒绝降级本机，地址留在本机";
    case "demotion-late":
      return "gate 未能按时降级本机，地址留在本机";
  }
}

export function report(what: Report): string {
  switch (what.kind) {
    case "weaker-master":
      return what.theirs === what.ours
        ? `${printIp(what.from)} 也自认为是主节点，优先级与本机相同（${what.ours}），地址比本机小；本机重新宣告地址`
        : `${printIp(what.from)} 也自认为是主节点，优先级 ${what.theirs} 低于本机的 ${what.ours}；本机重新宣告地址`;
    case "own-address-heard":
      return `收到源地址为本机 ${printIp(what.from)}、优先级也相同的通告：网络有环路，或配置被原样复制到了另一台机器`;
    case "grace":
      return `${printIp(what.from)}（优先级 ${what.theirs}）也自认为是主节点；配置了 nopreempt，本机先等它 ${duration(micros(what.micros))} 让位，之后才由本机让位`;
    case "held-down":
      return `本机已连续 ${what.losses} 次失去地址或出现故障，${duration(what.micros)} 内不抢占优先级较低的主节点 ${printIp(what.from)}（优先级 ${what.theirs}，本机 ${what.ours}）`;
    case "peer-unresolved":
      return `对端 ${printIp(what.to)} 已有 ${duration(what.micros)} 没有应答 ARP，通告无法送达：它可能已关机，或者 \`unicast_peer\` 的地址写错；如果它在运行，两边会同时持有地址`;
    case "claims-not-heard":
      return `无法在 \`${what.interface}\` 上监听 ARP（${what.error}）：如有其他机器宣告 ${printIp(what.address)}，本机不会察觉`;
    case "address-claimed":
      return `${claimant(what.mac)}通过 ARP 宣告了 ${printIp(what.address)}，而该地址由本机持有：客户端可能会发往那里；本机重新宣告，若持续发生，宣告间隔会逐渐拉长`;
    case "claims-ended":
      return `${claimant(what.mac)}已有 30 秒没有再宣告 ${printIp(what.address)}；此前 ${duration(what.micros)} 内共宣告 ${what.count} 次`;
    case "switch-begun":
      return what.to === undefined
        ? "运维人员要求切换：已发送优先级 0，在后继节点接管之前本机继续应答该地址"
        : `运维人员要求切换到 ${printIp(what.to)}：仅向它发送了优先级 0，在它接管之前本机继续应答该地址`;
    case "switched":
      return what.platform === "waiting"
        ? `${printIp(what.to)}（优先级 ${what.priority}）已接管，但云平台在 ${duration(what.both)} 内没有迁移该地址；本机仍已将其删除`
        : `${printIp(what.to)}（优先级 ${what.priority}）已接管，从发起切换起用时 ${duration(what.took)}；其间两台机器同时应答 ${duration(what.both)}`;
    case "switch-taken-back":
      return `切换在 ${duration(what.waited)} 后撤回：${takenBack(what.why)}`;
    case "handed-over":
      return `交接完成：${reason(what.reason)}`;
    case "stalled-as-backup":
      return `本机停顿了 ${duration(micros(what.micros))}，这段时间不计入主节点的超时`;
    case "foreign-address": {
      const where = `${printIp(what.address)} 也出现在本机的 \`${what.interface}\` 上`;
      return what.isOwner
        ? `${where}，但并非由 Baton 添加；本机放弃该地址时会一并删除`
        : `本机并未持有 ${printIp(what.address)}，它却出现在本机的 \`${what.interface}\` 上，且并非由 Baton 添加：在有人删除它之前，本机会与持有者同时应答`;
    }
    case "no-owner":
      if (what.cannotHear !== undefined)
        return `本机已有 ${duration(micros(what.noMasterMicros))} 没有收到任何路由器的通告，也无法接管；但本机此时收不到通告（${HEARS_NOTHING[what.cannotHear] ?? what.cannotHear}），无法判断是否有其他节点在提供服务`;
      return what.heldBack === undefined
        ? `已有 ${duration(micros(what.noMasterMicros))} 没有任何路由器通告该地址，本机又无法接管：目前无人提供服务`
        : `已有 ${duration(micros(what.noMasterMicros))} 没有任何路由器通告该地址，本机也不接管（${heldBack(what.heldBack)}）：目前无人提供服务`;
    case "promotion-begun":
    case "promoted":
    case "promotion-failed":
    case "demotion-begun":
    case "demoted":
    case "demotion-failed":
    case "takeover-refused":
    case "data-compared":
      return gateReport(what);
  }
}
