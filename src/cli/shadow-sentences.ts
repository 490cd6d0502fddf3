/** What the shadow found, as sentences in both languages; keepalived is the subject. */
import type { Language } from "#diagnostics/diagnostic";
import { duration } from "#diagnostics/numbers";
import { dropSentence, reasonSentence } from "#diagnostics/render/reasons";
import type { Finding, Section, What, WhatKind } from "#shadow/finding";
import { type IpAddress, printIp, printMac } from "#units/address";
import { type Micros, micros } from "#units/time";

const ms = (value: number): string => duration(micros(Math.abs(value)));
const ip = (address: IpAddress): string => printIp(address);

/** What keepalived did, and what Baton would have done. */
export function whatSentence(what: What, language: Language): string {
  return language === "en" ? english(what) : chinese(what);
}

function english(what: What): string {
  switch (what.kind) {
    case "took-over":
      return `took over; Baton too, ${ms(what.micros)} ${what.micros < 0 ? "later" : "earlier"}`;
    case "took-over-later":
      return `took over ${ms(what.micros)} later than Baton would have`;
    case "priority-0-ignored":
      return `took over ${ms(what.micros)} later than Baton would have, as if it had not heard priority 0`;
    case "took-over-earlier":
      return what.micros === undefined
        ? `took over, and Baton would not have: it would be ${what.state}`
        : `took over ${ms(what.micros)} earlier than Baton would have`;
    case "preempted":
      return `took over from ${ip(what.over)} (priority ${what.theirs}), which was advertising, in spite of nopreempt`;
    case "did-not-take-over":
      return what.instead === undefined
        ? `did not take over within ${ms(what.micros)}, and Baton would have`
        : `did not take over, and Baton would have; ${ip(what.instead)} did ${ms(what.micros)} later`;
    case "gave-up":
      return "gave the address up, and so would Baton";
    case "released":
      return "gave the address up with priority 0: a stop, a reload or a failed check, which cannot be seen from outside";
    case "did-not-yield":
      return `still advertises ${ms(what.micros)} after Baton would have given the address up`;
    case "yielded":
      return `yielded to ${ip(what.to)} (priority ${what.theirs}, own ${what.ours}), and Baton would have kept the address`;
    case "stopped-advertising":
      return what.ended
        ? "has ended without priority 0"
        : "no longer advertises, and sent no priority 0: killed, hung, or cut off";
    case "returned":
      return `advertises again after ${ms(what.away)} although ${ip(what.other)} has taken over; Baton gives the address up before it sends anything`;
    case "address-kept":
      return `no longer owns the address, ${ip(what.owner)} does, but this machine still has it; with Baton the kernel would have taken it away before a peer took over`;
    case "address-answered":
      return `${printMac(what.mac)}${what.from === undefined ? "" : ` (${ip(what.from)})`} answers ARP for ${ip(what.address)}, which ${ip(what.owner)} owns`;
    case "no-owner":
      return what.after === "priority-0"
        ? `nobody owned the address for ${ms(what.micros)}, from ${ip(what.from)}'s priority 0 to ${ip(what.to)}'s first advertisement`
        : `nobody advertised for ${ms(what.micros)}: ${ip(what.from)} stopped, then ${what.from === what.to ? "went on" : `${ip(what.to)} took over`}`;
    case "two-owners":
      return `${ip(what.a)} and ${ip(what.b)} both advertised as master for ${ms(what.micros)}${what.goesOn ? ", and go on" : ""}`;
    case "not-as-configured":
      return `advertises ${field(what, "en")}, and the file has ${range(what)}`;
    case "refused":
      return `an advertisement of ${ip(what.from)} ${isWarning(what.why.kind) ? "is not as configured" : "is refused"} (${what.count} so far): ${dropSentence(what.why, "en")}`;
  }
}

function chinese(what: What): string {
  switch (what.kind) {
    case "took-over":
      return `接管了地址；Baton 也会接管，${what.micros < 0 ? "晚" : "早"} ${ms(what.micros)}`;
    case "took-over-later":
      return `接管比 Baton 晚 ${ms(what.micros)}`;
    case "priority-0-ignored":
      return `接管比 Baton 晚 ${ms(what.micros)}，好像没有收到优先级 0`;
    case "took-over-earlier":
      return what.micros === undefined
        ? `接管了地址，而 Baton 不会接管：其状态为 ${what.state}`
        : `接管比 Baton 早 ${ms(what.micros)}`;
    case "preempted":
      return `配置了 nopreempt，却从仍在发送通告的 ${ip(what.over)}（优先级 ${what.theirs}）抢占了地址`;
    case "did-not-take-over":
      return what.instead === undefined
        ? `${ms(what.micros)} 内没有接管，而 Baton 会接管`
        : `没有接管，而 Baton 会接管；${ms(what.micros)} 后由 ${ip(what.instead)} 接管`;
    case "gave-up":
      return "放弃了地址，Baton 也会如此";
    case "released":
      return "以优先级 0 放弃了地址：停止、重载或检查失败，从外部无法看出";
    case "did-not-yield":
      return `在 Baton 会放弃地址 ${ms(what.micros)} 之后仍在发送通告`;
    case "yielded":
      return `让位给 ${ip(what.to)}（优先级 ${what.theirs}，本机 ${what.ours}），而 Baton 会保留地址`;
    case "stopped-advertising":
      return what.ended
        ? "未发送优先级 0 就退出了"
        : "不再发送通告，也没有发送优先级 0：被杀死、挂起或网络断开";
    case "returned":
      return `${ms(what.away)} 后重新发送通告，而 ${ip(what.other)} 已经接管；Baton 会先放弃地址，再发送任何报文`;
    case "address-kept":
      return `已不持有地址（持有者为 ${ip(what.owner)}），但本机上仍有该地址；若是 Baton，内核会在对端接管之前将其移除`;
    case "address-answered":
      return `${printMac(what.mac)}${what.from === undefined ? "" : `（${ip(what.from)}）`}应答了 ${ip(what.address)} 的 ARP，而该地址由 ${ip(what.owner)} 持有`;
    case "no-owner":
      return what.after === "priority-0"
        ? `从 ${ip(what.from)} 的优先级 0 到 ${ip(what.to)} 的第一个通告，地址有 ${ms(what.micros)} 无人持有`
        : `${ms(what.micros)} 内无人发送通告：${ip(what.from)} 停止，随后${what.from === what.to ? "继续" : ` ${ip(what.to)} 接管`}`;
    case "two-owners":
      return `${ip(what.a)} 与 ${ip(what.b)} 同时以 MASTER 身份发送通告 ${ms(what.micros)}${what.goesOn ? "，且仍在继续" : ""}`;
    case "not-as-configured":
      return `通告的${field(what, "zh-CN")}，而文件中为 ${range(what)}`;
    case "refused":
      return `${ip(what.from)} 的通告${isWarning(what.why.kind) ? "与配置不一致" : "被拒绝"}（至今 ${what.count} 个）：${dropSentence(what.why, "zh-CN")}`;
  }
}

type Mismatch = Extract<What, { kind: "not-as-configured" }>;

const FIELDS: Readonly<Record<Mismatch["field"], Pair>> = {
  version: { en: "version", "zh-CN": "版本" },
  interval: { en: "an interval of", "zh-CN": "间隔" },
  priority: { en: "priority", "zh-CN": "优先级" },
};

const number = (value: number, { field: name }: Mismatch): string =>
  name === "interval" ? ms(value) : String(value);
const field = (what: Mismatch, language: Language): string =>
  language === "en"
    ? `${FIELDS[what.field].en} ${number(what.found, what)}`
    : `${FIELDS[what.field]["zh-CN"]}为 ${number(what.found, what)}`;
const range = (what: Mismatch): string =>
  what.least === what.most
    ? number(what.least, what)
    : `${number(what.least, what)}–${number(what.most, what)}`;

const isWarning = (kind: string): boolean =>
  kind === "address-list-mismatch" || kind === "interval-differs";

/** Why Baton decides as it does, with its numbers; undefined: the sentence has said it. */
export function whySentence(what: What, language: Language): string | undefined {
  return "reason" in what ? reasonSentence(what.reason, language) : undefined;
}

type Pair = Readonly<Record<Language, string>>;

/** What would change an expected difference. */
const SETTINGS: Readonly<Record<Section, Pair>> = {
  "planned-stop": {
    en: "keepalived removes the address first and its peer waits the skew time: a higher `priority`, or version 3 with a shorter `advert_int`, makes that shorter; Baton keeps the address meanwhile",
    "zh-CN":
      "keepalived 先移除地址，对端再等待偏移时间：提高 `priority`，或使用版本 3 与更短的 `advert_int`，可缩短该时间；Baton 在此期间保留地址",
  },
  "the-only-peer": {
    en: "with one `unicast_peer` Baton does not wait the skew time after priority 0; with multicast, or with more peers, it does",
    "zh-CN":
      "只有一个 `unicast_peer` 时，Baton 收到优先级 0 后不等待偏移时间；使用组播或有多个对端时会等待",
  },
  "link-flap": {
    en: "keepalived can ignore short flaps with `interface_up_down_delays`",
    "zh-CN": "keepalived 可用 `interface_up_down_delays` 忽略短暂的链路抖动",
  },
  nopreempt: {
    en: "without `nopreempt` Baton decides by priority and address too",
    "zh-CN": "去掉 `nopreempt`，Baton 也按优先级和地址决定",
  },
  "stalled-owner": {
    en: "no setting of keepalived changes this",
    "zh-CN": "keepalived 没有可以改变此行为的设置",
  },
  "dead-owner": {
    en: "no setting of keepalived changes this",
    "zh-CN": "keepalived 没有可以改变此行为的设置",
  },
  "weaker-master": {
    en: "equal `priority` on all nodes with `nopreempt` makes both wait equally long",
    "zh-CN": "使用 `nopreempt` 且各节点 `priority` 相同时，两者等待时间相同",
  },
  "unknown-peers": {
    en: "add the sender to `unicast_peer`, or `check_unicast_src off`",
    "zh-CN": "把发送者加入 `unicast_peer`，或设置 `check_unicast_src off`",
  },
  "empty-advertisements": {
    en: "have the sender advertise its addresses (RFC 9568 5.2.5)",
    "zh-CN": "让发送者在通告中列出地址（RFC 9568 5.2.5）",
  },
  claims: {
    en: "`garp_master_refresh` makes keepalived announce again, at a fixed period",
    "zh-CN": "`garp_master_refresh` 使 keepalived 按固定周期重新宣告",
  },
};

/** The settings that decide, where no section explains the difference. */
const DECIDING: Partial<Record<WhatKind, Pair>> = {
  "took-over-later": {
    en: "compare `advert_int`, `priority` and its `weight`s, `preempt_delay` and `down_timer_adverts` of what runs with the file; --tolerance allows more",
    "zh-CN":
      "请比较运行中的 `advert_int`、`priority` 及 `weight`、`preempt_delay`、`down_timer_adverts` 与文件是否一致；可用 --tolerance 放宽",
  },
  preempted: {
    en: "did it hear its peer? `nopreempt` only holds while it does",
    "zh-CN": "它是否收到了对端的通告？`nopreempt` 只有收到时才有效",
  },
  "not-as-configured": {
    en: "what runs is not this file: name the right one with -f, or reload keepalived",
    "zh-CN": "运行的不是这个文件：请用 -f 指定正确的文件，或重载 keepalived",
  },
  "two-owners": {
    en: "they do not accept each other: compare `virtual_router_id`, `auth_pass`, `advert_int`, `unicast_peer` and firewalls (`baton check A.conf B.conf`)",
    "zh-CN":
      "它们互不接受对方的通告：请比较 `virtual_router_id`、`auth_pass`、`advert_int`、`unicast_peer` 和防火墙（`baton check A.conf B.conf`）",
  },
};

export function settingSentence(
  { what, section }: Finding,
  language: Language,
): string | undefined {
  if (section !== undefined) return SETTINGS[section][language];
  if (what.kind === "refused")
    return what.why.kind.startsWith("interval") ? INTERVALS[language] : undefined;
  const kind =
    what.kind === "took-over-earlier" ||
    what.kind === "priority-0-ignored" ||
    what.kind === "did-not-take-over"
      ? "took-over-later"
      : what.kind;
  return DECIDING[kind]?.[language];
}

const INTERVALS: Pair = {
  en: "the same `advert_int` on all nodes",
  "zh-CN": "各节点使用相同的 `advert_int`",
};

const NAMES: Readonly<Record<WhatKind, Pair>> = {
  "took-over": { en: "took over", "zh-CN": "接管" },
  "took-over-later": { en: "took over later", "zh-CN": "接管较晚" },
  "priority-0-ignored": { en: "priority 0 ignored", "zh-CN": "忽略优先级 0" },
  "took-over-earlier": { en: "took over earlier", "zh-CN": "接管较早" },
  preempted: { en: "preempted in spite of nopreempt", "zh-CN": "违反 nopreempt 抢占" },
  "did-not-take-over": { en: "did not take over", "zh-CN": "没有接管" },
  "gave-up": { en: "gave up", "zh-CN": "放弃地址" },
  released: { en: "released with priority 0", "zh-CN": "以优先级 0 放弃" },
  "did-not-yield": { en: "did not yield", "zh-CN": "没有让位" },
  yielded: { en: "yielded", "zh-CN": "让位" },
  "stopped-advertising": { en: "stopped advertising", "zh-CN": "停止发送通告" },
  returned: { en: "returned as master", "zh-CN": "以 MASTER 身份返回" },
  "address-kept": { en: "address kept", "zh-CN": "地址未移除" },
  "address-answered": { en: "address answered by another", "zh-CN": "他人应答地址" },
  "no-owner": { en: "nobody owned the address", "zh-CN": "地址无人持有" },
  "two-owners": { en: "two owners", "zh-CN": "两个持有者" },
  "not-as-configured": { en: "not as configured", "zh-CN": "与配置不符" },
  refused: { en: "refused or not as configured", "zh-CN": "被拒绝或与配置不一致" },
};

export const kindName = (kind: WhatKind, language: Language): string => NAMES[kind][language];

export const longest = (value: number): string => duration(Math.abs(value) as Micros);
