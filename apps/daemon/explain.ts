/** `baton explain`: the story of an instance or a sync group, for somebody who is tired and has to decide something. */
import type { ControlAnswer, InstanceStatus, Status } from "#contract/status";
import type { Language } from "#diagnostics/diagnostic";
import { passedSeconds as seconds } from "#diagnostics/numbers";
import { reasonSentence } from "#diagnostics/reasons";
import { explainGroup } from "./explain-group.ts";

export function explain(
  status: Status,
  wanted: string | undefined,
  language: Language,
): ControlAnswer {
  const en = language === "en";
  if (!status.engineAnswers) {
    const error = en
      ? "the engine does not answer: the state is unknown"
      : "引擎没有应答，状态未知";
    return { ok: false, error, help: en ? "see the log of the daemon" : "请查看守护进程日志" };
  }
  // A group may have the name of an instance: then both are meant.
  const isWanted = ({ name }: { readonly name: string }): boolean =>
    wanted === undefined || name === wanted;
  const instances = status.instances.filter(isWanted);
  const groups = status.groups.filter(isWanted);
  if (instances.length + groups.length === 0) {
    const names = [...status.instances, ...status.groups].map(({ name }) => name).join(", ");
    return {
      ok: false,
      error: en
        ? `there is no instance or sync group ${wanted ?? ""}`
        : `没有名为 ${wanted ?? ""} 的实例或同步组`,
      help: en ? `there are: ${names}` : `现有实例：${names}`,
    };
  }
  const stories = [
    ...instances.map((one) => (en ? english(one) : chinese(one))),
    ...groups.map((one) => explainGroup(one, language)),
  ];
  return { ok: true, text: stories.join("\n\n") };
}

function english(one: InstanceStatus): string {
  const lines = [
    `${one.name} is ${one.state} on ${one.interface} (VRID ${one.vrid}, VRRP version ${one.version}) for ${seconds(one.forSeconds)} s.`,
    `Why: ${one.why.en}.`,
    priorityLine(one),
  ];
  for (const { kind, name, result, effect, weight } of one.trackers) {
    const what =
      effect === "fault"
        ? "keeps it in FAULT"
        : effect === 0
          ? "changes nothing now"
          : `adds ${effect} to the priority`;
    lines.push(`  ${kind} ${name} is ${result} (weight ${weight}): ${what}`);
  }
  for (const peer of one.peers) {
    const heard = peer.heardSecondsAgo;
    const said =
      heard === undefined
        ? "never heard (only a master speaks)"
        : `heard ${seconds(heard)} s ago with priority ${peer.priority}`;
    const reach =
      peer.unresolvedSeconds === undefined
        ? ""
        : `; it has not answered ARP for ${seconds(peer.unresolvedSeconds)} s, so nothing we say reaches it`;
    lines.push(
      `  peer ${peer.address}: ${said}${peer.configured ? "" : "; it is not configured here"}${reach}`,
    );
  }
  for (const own of one.addresses) {
    const announced =
      own.announcedSecondsAgo === undefined
        ? ""
        : `, announced ${own.announcements} times, last ${seconds(own.announcedSecondsAgo)} s ago`;
    const error = own.error === undefined ? "" : `; ${own.error}`;
    lines.push(
      `  ${own.address} on ${own.interface}: ${own.owned ? "here" : "not here"}${announced}${error}`,
    );
  }
  if (one.holdDown !== undefined) lines.push(holdDown(one.holdDown));
  lines.push(whatNext(one), guarantee(one));
  for (const event of one.history.slice(0, 5))
    lines.push(`  ${event.at}  ${event.from} -> ${event.to}: ${event.why}`);
  return lines.join("\n");
}

function priorityLine(one: InstanceStatus): string {
  return one.basePriority === one.effectivePriority
    ? `Priority ${one.effectivePriority}.`
    : `Priority ${one.effectivePriority}: ${one.basePriority} as configured, changed by the checks below.`;
}

function holdDown({
  losses,
  seconds: held,
  leftSeconds,
}: NonNullable<InstanceStatus["holdDown"]>): string {
  const what = `Lost or in FAULT ${losses} times in a row`;
  if (held === 0) return `${what}; hold_down begins with the third.`;
  const left = leftSeconds === undefined ? "" : `, ${seconds(leftSeconds)} s more from now`;
  return `${what}: hold_down leaves a weaker master alone for ${seconds(held)} s${left}.`;
}

function whatNext(one: InstanceStatus): string {
  switch (one.state) {
    case "MASTER":
      return "It stays MASTER until it is stopped, a check with weight 0 fails, the link goes down, or a better master is heard.";
    case "BACKUP":
      return `It becomes MASTER when no master is heard for ${seconds(one.lease.takeOverSeconds)} s, or at once when the master gives up.`;
    case "FAULT":
      return "It can own nothing until every cause above is gone.";
    case "INIT":
      return "It waits for the first result of a check.";
    case "STOP":
      return "It is being stopped.";
  }
}

function guarantee(one: InstanceStatus): string {
  const { guarantee: kind, seconds: lease, takeOverSeconds } = one.lease;
  const peers = `peers take over ${seconds(takeOverSeconds)} s after the last advertisement at the earliest`;
  return kind === "backstop"
    ? `If this daemon were killed or hung, the kernel would remove the address after ${seconds(lease)} s; ${peers}, so two owners are possible in between.`
    : `If this daemon were killed or hung, the kernel would take the address away after ${seconds(lease)} s; ${peers}: never two owners.`;
}

function chinese(one: InstanceStatus): string {
  const lines = [
    `${one.name} 在 ${one.interface} 上处于 ${one.state} 状态（VRID ${one.vrid}，VRRP 版本 ${one.version}），已持续 ${seconds(one.forSeconds)} 秒。`,
    `原因：${reasonSentence(one.why.reason, "zh-CN")}。`,
    one.basePriority === one.effectivePriority
      ? `优先级 ${one.effectivePriority}。`
      : `优先级 ${one.effectivePriority}（配置值 ${one.basePriority}，受下列检查影响）。`,
  ];
  for (const { kind, name, result, effect, weight } of one.trackers) {
    const what =
      effect === "fault"
        ? "使实例处于 FAULT"
        : effect === 0
          ? "当前无影响"
          : `优先级 ${effect > 0 ? "+" : ""}${effect}`;
    lines.push(`  ${kind} ${name}：${result}（weight ${weight}），${what}`);
  }
  for (const peer of one.peers) {
    const heard = peer.heardSecondsAgo;
    const said =
      heard === undefined
        ? "从未收到其通告（只有主节点会发送）"
        : `${seconds(heard)} 秒前收到通告，优先级 ${peer.priority}`;
    const reach =
      peer.unresolvedSeconds === undefined
        ? ""
        : `；已有 ${seconds(peer.unresolvedSeconds)} 秒不应答 ARP，通告无法送达`;
    lines.push(
      `  对端 ${peer.address}：${said}${peer.configured ? "" : "；本机未配置该对端"}${reach}`,
    );
  }
  for (const own of one.addresses) {
    const announced =
      own.announcedSecondsAgo === undefined
        ? ""
        : `，已宣告 ${own.announcements} 次，最近一次在 ${seconds(own.announcedSecondsAgo)} 秒前`;
    lines.push(
      `  ${own.address}（${own.interface}）：${own.owned ? "在本机" : "不在本机"}${announced}${own.error === undefined ? "" : `；${own.error}`}`,
    );
  }
  if (one.holdDown !== undefined) lines.push(holdDownInChinese(one.holdDown));
  lines.push(nextInChinese(one));
  const { guarantee: kind, seconds: lease, takeOverSeconds } = one.lease;
  const until = `对端最早在最后一次通告后 ${seconds(takeOverSeconds)} 秒接管`;
  lines.push(
    kind === "backstop"
      ? `若本守护进程被杀死或挂起，内核会在 ${seconds(lease)} 秒后收回地址；${until}，其间可能短暂双主。`
      : `若本守护进程被杀死或挂起，内核会在 ${seconds(lease)} 秒后收回地址；${until}，不会出现双主。`,
  );
  for (const event of one.history.slice(0, 5))
    lines.push(`  ${event.at}  ${event.from} -> ${event.to}：${event.why}`);
  return lines.join("\n");
}

function holdDownInChinese({
  losses,
  seconds: held,
  leftSeconds,
}: NonNullable<InstanceStatus["holdDown"]>): string {
  const what = `已连续 ${losses} 次失去地址或出现故障`;
  if (held === 0) return `${what}；hold_down 从第三次开始生效。`;
  const left = leftSeconds === undefined ? "" : `，还剩 ${seconds(leftSeconds)} 秒`;
  return `${what}：hold_down 规定 ${seconds(held)} 秒内不抢占优先级较低的主机${left}。`;
}

function nextInChinese(one: InstanceStatus): string {
  switch (one.state) {
    case "MASTER":
      return "它会一直是 MASTER，直到被停止、weight 为 0 的检查失败、链路断开，或收到更优主节点的通告。";
    case "BACKUP":
      return `若 ${seconds(one.lease.takeOverSeconds)} 秒内收不到主节点的通告，或主节点主动释放，它将成为 MASTER。`;
    case "FAULT":
      return "在上述原因全部消除之前，它不会持有任何地址。";
    case "INIT":
      return "正在等待检查的首个结果。";
    case "STOP":
      return "正在停止。";
  }
}
