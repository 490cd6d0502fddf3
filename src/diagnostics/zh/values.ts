/** VR20xx 和 VR25xx 的中文。 */
import type { Facts } from "../facts.ts";
import type { CodeFamily, Messages } from "../messages.ts";
import { API } from "./api.ts";
import { EVENTS } from "./events.ts";
import { list, ticked } from "./phrases.ts";

function used(value: string, isOwn?: true): readonly string[] {
  if (isOwn === true) return [value === "" ? "不起作用" : `实际使用 \`${value}\``];
  return [value === "" ? "keepalived 会忽略这一行" : `keepalived 不接受，实际使用 \`${value}\``];
}

const TRACKERS: Readonly<Record<string, string>> = {
  vrrp_script: "健康检查",
  check: "健康检查",
  track_file: "文件检查",
  vrrp_track_process: "进程检查",
  bfd_instance: "BFD 会话",
};

const LISTS: Readonly<Record<Facts["VR2011"]["tracker"], string>> = {
  vrrp_script: "track_script",
  check: "track_script",
  track_file: "track_file",
  vrrp_track_process: "track_process",
  bfd_instance: "track_bfd",
};

export const VALUES: Messages<CodeFamily<"VR20">> = {
  ...API,
  ...EVENTS,
  VR2001: ({ keyword, text, decimal, used: value, isOwn }) => ({
    message: `\`${keyword}\` 的值 \`${text}\` 不是${decimal ? "秒数" : "整数"}`,
    label: "不是数字",
    notes: used(value, isOwn),
    ...(/^[0-9.]+(s|sec|ms|m)$/.test(text) ? { help: "只写数字，时间不带单位" } : {}),
  }),
  VR2002: ({ keyword, text, min, max, used: value, isOwn }) => ({
    message: `\`${keyword} ${text}\` 超出范围，应为 ${min} 到 ${max}`,
    label: `${min} 到 ${max}`,
    notes: used(value, isOwn),
  }),
  VR2003: ({ keyword, text }) => ({
    message: `\`${keyword}\` 只有开和关，不能写 \`${text}\``,
    label: "不是开关值",
    notes: ["keepalived 会忽略这一行"],
    help: "写 `on`、`true`、`yes`，或 `off`、`false`、`no`，必须小写",
  }),
  VR2004: ({ keyword, text, choices, suggestion, used: value, isOwn }) => ({
    message: `\`${keyword}\` 不能是 \`${text}\``,
    label: `可选：${choices.join("、")}`,
    notes: used(value, isOwn),
    help: suggestion === undefined ? `写 ${ticked(choices, "或")}` : `是否想写 \`${suggestion}\`？`,
  }),
  VR2005: ({ keyword, text }) => ({
    message: `\`${text}\` 不是 IP 地址`,
    label: `在 \`${keyword}\` 中`,
    notes: ["keepalived 会忽略这一行"],
  }),
  VR2006: ({ text, mask, prefix, address }) => ({
    message: `\`${text}\`：掩码要写成前缀长度 \`/${prefix}\``,
    label: `不认识 \`${mask}\``,
    notes: [`keepalived 会按 ${address}/32 处理`],
    help: `写成 \`${address}/${prefix}\``,
  }),
  VR2007: ({ text, max }) => ({
    message: `\`${text}\` 的前缀长度无效（0 到 ${max}）`,
    label: "前缀长度无效",
    notes: [`keepalived 会按 /${max} 处理`],
  }),
  VR2008: ({ address, family, first }) => ({
    message: `\`${address}\` 是 ${family}，而这个实例是 ${first}，该地址会被拒绝`,
    label: family,
    related: [`第一个地址决定了实例是 ${first}`],
    help: "另写一个实例放另一种地址，再用 `vrrp_sync_group` 把两个实例绑在一起",
  }),
  VR2009: ({ asked, used: value, version }) => ({
    message: `\`advert_int ${asked}\` 实际会变成 ${value}`,
    label: version === 2 ? "VRRPv2 只支持整秒" : "VRRPv3 精确到 0.01 秒，最大 40.95",
    help:
      version === 2
        ? "要更短的间隔，请在所有节点上用 `version 3`；否则写整数"
        : "直接写实际会用的值",
  }),
  VR2010: ({ tracker, name, user, suggestion }) => ({
    message: `\`${user}\` 会在没有${TRACKERS[tracker]} \`${name}\` 的情况下运行：\`${tracker} ${name}\` 不存在`,
    label: "没有定义",
    notes: ["keepalived 只在日志里提一句，忽略它并照常启动"],
    help:
      suggestion === undefined
        ? `在实例之前定义 \`${tracker} ${name} { … }\``
        : `是否想写 \`${suggestion}\`？`,
  }),
  VR2011: ({ tracker, name }) => ({
    message: `定义了${TRACKERS[tracker]} \`${name}\`，但没有任何实例引用，它不会运行`,
    label: "没有被引用",
    help: `把它写进对应实例的 \`${LISTS[tracker]} { … }\``,
  }),
  VR2012: ({ group, name, suggestion }) => ({
    message: `同步组 \`${group}\` 中的 \`${name}\` 不是实例名`,
    label: "没有这个实例",
    notes: ["keepalived 会忽略它，同步组就不完整了"],
    ...(suggestion === undefined ? {} : { help: `是否想写 \`${suggestion}\`？` }),
  }),
  VR2013: ({ group }) => ({
    message: `同步组 \`${group}\` 只有一个成员`,
    label: "没有可同步的对象",
  }),
  VR2014: ({ instance, first, second }) => ({
    message: `\`${instance}\` 同时属于同步组 \`${first}\` 和 \`${second}\`，只能属于一个`,
    label: `已经在 \`${first}\` 中`,
  }),
  VR2015: ({ instance }) => ({
    message: `\`${instance}\` 没有 \`virtual_router_id\`，keepalived 无法启动`,
    label: "不完整",
    help: "补上 1 到 255 之间的数字：同一组的各节点相同，不同的组不能相同",
  }),
  VR2016: ({ instance, unicast }) => ({
    message: unicast
      ? `\`${instance}\` 既没有 \`interface\` 也没有 \`unicast_src_ip\`，无法确定通告的源地址`
      : `\`${instance}\` 没有 \`interface\`，keepalived 无法启动`,
    label: "不完整",
    ...(unicast ? { notes: ["不写 interface 时由路由决定如何到达对端，源地址无从推导"] } : {}),
    help: unicast
      ? "补上 `unicast_src_ip`，写对端所知的本机地址；或补上 `interface eth0`，写实际的网卡名"
      : "补上 `interface eth0`，写实际的网卡名",
  }),
  VR2017: ({ vrid, interface: device, first, second }) => ({
    message: `\`${second}\` 与 \`${first}\` ${device === undefined ? "以同一源地址对同一对端" : `在 \`${device}\` 上`}用了同一个 virtual_router_id ${vrid}，keepalived 无法启动`,
    label: "已被占用",
    related: [`\`${first}\` 在用`],
    help: "同一网卡上的每个实例要用不同的数字",
  }),
  VR2018: ({ instance }) => ({
    message: `\`${instance}\` 没有虚拟地址：能运行，但没有东西可切换`,
    label: "没有 `virtual_ipaddress`",
  }),
  VR2019: ({ instance, version }) => ({
    message:
      version === 3
        ? `\`${instance}\` 没有虚拟地址，VRRPv3 下 keepalived 无法启动`
        : `\`${instance}\` 没有虚拟地址，keepalived 无法启动`,
    label: "没有 `virtual_ipaddress`",
  }),
  VR2020: ({ address }) => ({
    message: `\`${address}\` 是本机自己的地址，\`unicast_peer\` 里应写对端`,
    label: "这是本机",
    related: ["本机地址"],
    help: "这里写对端机器的地址",
  }),
  VR2021: ({ address, first, second }) => ({
    message:
      first === second
        ? `虚拟地址 ${address} 在 \`${first}\` 里写了两次`
        : `虚拟地址 ${address} 同时出现在 \`${first}\` 和 \`${second}\``,
    label: "重复",
    related: ["第一次出现"],
    notes: first === second ? [] : ["其中一个退为备节点时，会把另一个正在用的地址也删掉"],
  }),
  VR2022: ({ address, role }) => ({
    message:
      role === "unicast_peer"
        ? `虚拟地址 ${address} 就是对端机器的地址`
        : `虚拟地址 ${address} 就是本机自己的地址（\`${role}\`）`,
    label: "这是本机自己的地址",
    notes: ["虚拟地址不能是任何一台机器自己的地址，它要在机器之间漂移"],
  }),
  VR2023: ({ instance, priority }) => ({
    message: `\`${instance}\` 的 \`nopreempt\` 不起作用：它要求每个节点都写 \`state BACKUP\``,
    label: "会被清除",
    related: ["原因在这里"],
    notes: [`该节点恢复后，会立刻从优先级低于 ${priority} 的节点手中抢回地址`],
    help: "改成 `state BACKUP`，谁当主节点仍由优先级决定",
  }),
  VR2024: ({ instance, keyword, why, seconds }) => ({
    message: `\`${instance}\` 里 \`${keyword} ${seconds}\` 与 \`${why}\` 同时使用，不起作用`,
    label: keyword === "preempt_delay" ? "会被重置为 0" : "不起作用",
    related: ["原因在这里"],
    help:
      why === "nopreempt"
        ? "`nopreempt` 和延时只留一个：从不抢占的节点没有什么可延时的"
        : "改成 `state BACKUP` 才能保留延时",
  }),
  VR2025: ({ instance }) => ({
    message: `\`${instance}\` 的 \`nopreempt\` 不起作用：优先级 255 表示地址归本机所有`,
    label: "会被清除",
    help: "把优先级改到 255 以下",
  }),
  VR2026: ({ instance, trackers }) => ({
    message: `\`${instance}\` 的优先级是 255，${ticked(trackers)} 的权重不起作用`,
    label: "地址所有者的优先级不会变化",
    help: "把优先级改到 255 以下，或去掉检查的权重",
  }),
  VR2027: ({ instance }) => ({
    message: `\`state MASTER\` 又没写 \`priority\`，\`${instance}\` 的优先级会变成 255（地址所有者）`,
    label: "变成 255",
    notes: ["地址所有者启动即为主节点，带权重的检查也会被移除"],
    help: "写明优先级：一般用 100，首选节点写大一些",
  }),
  VR2028: ({ instance }) => ({
    message: `\`${instance}\` 会在没有密码的情况下运行：VRRPv3 没有认证`,
    label: "会被丢弃",
    help: "删掉这一段，或在所有节点上用 VRRPv2",
  }),
  VR2029: ({ has, lacks }) => ({
    message: `会在没有密码的情况下运行：写了 \`${has}\`，没写 \`${lacks}\``,
    label: `缺少 \`${lacks}\``,
    notes: ["对端若有密码，会丢弃本机的通告，结果两边都成为主节点"],
  }),
  VR2030: ({ bytes }) => ({
    message: `密码有 ${bytes} 字节，只有前 8 字节有效`,
    label: "8 字节之后被截断",
    notes: ["VRRPv2 的密码是明文传输的，只能区分不同的组，起不到保护作用"],
  }),
  VR2031: ({ keyword, instance, isFault }) => ({
    message: isFault
      ? `写了 \`${keyword}\` 却没有 \`unicast_peer\`，\`${instance}\` 会一直处于 FAULT`
      : keyword === "unicast_peer"
        ? `\`unicast_peer\` 是空的，\`${instance}\` 会使用组播`
        : `写了 \`${keyword}\` 却没有 \`unicast_peer\`，\`${instance}\` 会使用组播`,
    label: isFault ? "没有对端" : "不起作用",
    notes: isFault ? [] : ["组播不通的网络里（多数云上都是如此），每个节点都会成为 master"],
    help: "补上 `unicast_peer { … }`，写对端机器的地址",
  }),
  VR2032: ({ label, bytes, address }) => ({
    message: `${address} 不会被添加：标签 \`${label}\` 有 ${bytes} 字节，最多 15`,
    label: "太长，整个地址都会被丢弃",
  }),
  VR2033: ({ word, address, suggestion }) => ({
    message: `看不懂 ${address} 后面的 \`${word}\``,
    label: "会被忽略",
    ...(suggestion === undefined ? {} : { help: `是否想写 \`${suggestion}\`？` }),
  }),
  VR2034: ({ block, name, keyword }) => ({
    message: `\`${block} ${name}\` 没有 \`${keyword}\`，没有可检查的内容，会被丢弃`,
    label: `缺少 \`${keyword}\``,
    notes: ["引用它的实例会在没有这项检查的情况下运行"],
  }),
  VR2053: ({ name, first, neighbor, line }) => ({
    message: `BFD 会话 \`${first}\` 与 \`${name}\` 的邻居相同（\`${neighbor}\`），\`${name}\` 会被丢弃`,
    label: `\`${first}\` 的邻居（第 ${line} 行）`,
    notes: ["两个地址之间只有一个会话（RFC 5881），多个实例可以共用"],
    help: `改为跟踪 \`${first}\`，或为两者设置不同的 \`source_ip\``,
  }),
  VR2035: ({ interface: device }) => ({
    message: `\`${device}\` 是实例自己的网卡，默认就会跟踪`,
    label: "不必写",
  }),
  VR2036: ({ keyword, first, last, line }) => ({
    message:
      first === "" && last === ""
        ? `\`${keyword}\` 写了两次（第一次在第 ${line} 行），以最后一次为准`
        : `\`${keyword}\` 写了两次：以 \`${last}\` 为准，第 ${line} 行的 \`${first}\` 无效`,
    label: "以此为准",
    related: ["第一次"],
  }),
  VR2037: () => ({ message: "没有 `vrrp_instance`：能启动，但什么也不做" }),
  VR2038: ({ instance, count, max }) => ({
    message: `\`${instance}\` 有 ${count} 个地址，而一个通告最多放 ${max} 个`,
    label: "多出的不会被通告",
    help: "把多出的移到 `virtual_ipaddress_excluded`，各节点写法一致",
  }),
  VR2039: ({ text, address, why }) => ({
    message:
      why === "prefix"
        ? `\`brd ${text}\` 需要网段，而 ${address} 没有（前缀应为 /30 或更短）`
        : `${address} 不会被添加：\`brd ${text}\` 不是它可用的广播地址`,
    label: why === "prefix" ? "会被忽略" : "整个地址都会被丢弃",
  }),
  VR2040: ({ group }) => ({ message: `同步组 \`${group}\` 没有成员`, label: "没有 `group { … }`" }),
  VR2041: ({ name, bytes }) => ({
    message: `\`${name}\` 有 ${bytes} 个字符，网卡名最长 15 个`,
    label: "不可能有这样的网卡",
    notes: ["keepalived 会忽略这一行，无法启动"],
  }),
  VR2042: ({ kept, ignored }) => ({
    message: `第二个 \`state\` 会被忽略：仍是 \`${kept}\`，不是 \`${ignored}\``,
    label: "会被忽略",
    related: ["以此为准"],
  }),
  VR2043: ({ name, block }) => ({
    message: `\`${name}\` 在 \`${block}\` 里写了两次`,
    label: "重复",
  }),
  VR2044: ({ keyword, command, rest, user }) => ({
    message: user
      ? `\`${keyword}\` 会以用户 \`${rest.split(" ")[0]}\` 的身份运行 \`${command}\`，而不是把它当参数`
      : `\`${keyword}\` 运行 \`${command}\` 时不会带上 \`${rest}\``,
    label: user ? "被当成用户和组" : "会被丢弃",
    related: ["整条命令"],
    notes: user
      ? ["没有这个用户，keepalived 会停用该脚本"]
      : ["keepalived 只读一个单词，后面的内容会被丢弃，也没有任何提示"],
    help: `把整条命令放进双引号："${command} ${rest}"`,
  }),
  VR2045: ({ command, problem }) => ({
    message: {
      quote: `\`${command}\` 里的引号没有配对，无法得到命令`,
      escape: `\`${command}\` 以反斜杠结尾，无法得到命令`,
      empty: "命令是空的",
    }[problem],
    label: "无法运行",
  }),
  VR2046: ({ address }) => ({
    message: `\`${address}\` 不是组播地址`,
    label: "应为 224.0.0.0 到 239.255.255.255，或 ff00::/8",
    notes: ["keepalived 会忽略这一行"],
  }),
  VR2052: ({ keyword, name }) => ({
    message: `\`${keyword} "${name}"\` 查找的是名字里带空格的程序，而不是带参数的程序`,
    label: "整个是一个名字",
    help: "程序和每个参数各写成一个单词，不要用引号把它们整个括起来",
  }),
  VR2047: ({ keyword, word, suggestion, dropped }) => ({
    message: dropped
      ? `看不懂 \`${keyword}\` 里的 \`${word}\`：节点运行时会缺少这项检查`
      : `看不懂 \`${keyword}\` 里的 \`${word}\``,
    label: dropped ? "keepalived 会丢弃整行" : "会被忽略",
    ...(suggestion === undefined ? {} : { help: `是否想写 \`${suggestion}\`？` }),
  }),
  VR2048: ({ min, max }) => ({
    message: `\`min_ttl ${min}\` 大于 \`max_ttl ${max}\`，这个对端的通告会全部被丢弃`,
    label: "没有报文能通过",
  }),
  VR2051: ({ text, address }) => ({
    message: `对端是一台机器的地址，\`${text}\` 的前缀会被忽略`,
    label: "不是网段",
    help: `写成 \`${address}\``,
  }),
  VR2050: ({ interface: device, weight, tracked }) => ({
    message: tracked
      ? `\`${device}\` 是实例自己的网卡：权重 ${weight} 会被忽略，断链即进入 FAULT`
      : `\`${device}\` 是实例自己的网卡，\`dont_track_primary\` 已关闭对它的跟踪，写在这里也不起作用`,
    label: "会被忽略",
    help: tracked ? "删掉这一行，自己的网卡不能设权重" : "要跟踪它，请删掉 `dont_track_primary`",
  }),
  VR2060: ({ keyword, line }) => ({
    message: `第 ${line} 行写了 \`${keyword}\`：配置文件会被复制、展示和存入代码库，不能存放密钥`,
    label: "密钥应存放在单独的文件中",
    help: "把密钥写入仅 root 可读的文件，这里写 `credentials_file /etc/baton/credentials`，然后更换密钥",
    notes: ["这一行不会生效"],
  }),
  VR2061: ({ keyword, text, wanted }) => ({
    message: `\`${keyword} ${text}\` 不是${CLOUD_VALUES[wanted]}`,
    label: "云平台不认识这个值",
  }),
  VR2062: () => ({
    message: "这里没有可以向云平台查询的虚拟地址",
    label: "不起作用",
    notes: ["只查询 `virtual_ipaddress` 中的 IPv4 地址"],
  }),
  VR2080: ({ keyword, problem }) => ({
    message: `无法向这个地址发送：${ADDRESS_PROBLEMS[problem]}`,
    label: "地址含密钥，此处不显示",
    help: `请写成 \`${keyword} https://域名/路径\`，与机器人设置页面显示的一致`,
  }),
  VR2081: () => ({
    message: "这个 `alert` 没有任何接收方",
    label: "其中没有写接收方",
    help: "请在其中写 `webhook URL`、`wecom URL`、`dingtalk URL 密钥`、`feishu URL 密钥` 或 `email`，否则请删除它",
  }),
  VR2082: ({ keyword, server, recipients }) => ({
    message: `\`${keyword}\` 要求发送邮件，但无法发送：${missingForMail(server, recipients)}`,
    label: "不起作用",
    help: "请在 `global_defs` 中写 `smtp_server 服务器` 和 `notification_email { 地址 }`",
    notes: ["keepalived 同样不会发送，而且不作提示"],
  }),
  VR2083: ({ keyword, text }) => ({
    message: `\`${text}\` 不是邮件服务器能接受的地址`,
    label: keyword === "notification_email" ? "不会向它发送" : "改用 `root@主机名`",
    help: '请写 `ops@example.com`，或带引号的 `"名称 <ops@example.com>"`',
  }),
  VR2049: ({ keyword, text, used: value }) => ({
    message: `\`${keyword} ${text}\` 的小数超过六位，会变成 ${value}`,
    label: "精确到微秒",
  }),
};

const ADDRESS_PROBLEMS: Readonly<Record<Facts["VR2080"]["problem"], string>> = {
  scheme: "不是以 `https://` 或 `http://` 开头",
  form: "没有主机名，或不是 URL",
  account: "其中含有用户名或密码，不支持这种写法",
};

function missingForMail(server: boolean, recipients: boolean): string {
  if (server && recipients) return "没有 `smtp_server`，也没有收件人";
  return server ? "没有 `smtp_server`" : "没有收件人（`notification_email`）";
}

const CLOUD_VALUES: Readonly<Record<Facts["VR2061"]["wanted"], string>> = {
  url: "接口地址，应类似 `https://vpc.tencentcloudapi.com`",
  region: "地域，应类似 `ap-guangzhou`",
  instance: "实例 ID，应类似 `ins-1a2b3c4d`",
  path: "绝对路径",
};

const addresses = (items: readonly string[]): string => (items.length === 0 ? "无" : list(items));

const PAIR_SIGNATURES: Readonly<Record<Facts["VR2515"]["differs"], string>> = {
  "one-only": "一个节点有 `auth_hmac`，另一个没有",
  "no-signature": "一个节点是 `receive-only`，不发送签名，而另一个只接受带签名的通告",
  "no-key": "一个节点签名所用的密钥，另一个节点没有",
  "other-key": "一个节点签名所用的密钥，在另一个节点上内容不同",
};

export const PAIR: Messages<CodeFamily<"VR25">> = {
  VR2501: ({ what, first, second }) => ({
    message: `两边的 \`${what}\` 不同：第一个文件是 ${first}，第二个是 ${second}`,
    label: first,
    related: [second],
    notes: ["各节点必须一致，否则互相听不到，两边都会成为主节点"],
  }),
  VR2502: ({ instance, missing }) => ({
    message: `\`${missing}\` 里没有实例 \`${instance}\``,
    label: "没有对应的实例",
  }),
  VR2503: ({ first, second, source }) => ({
    message: `${first} 从 ${source} 发送通告，但 ${second} 的对端列表里没有这个地址`,
    label: "本机地址",
    related: ["对方的对端列表"],
    notes: ["对方会丢弃它的通告；即使不检查来源，也不会回复它"],
    help: "这边的 `unicast_src_ip` 与那边的 `unicast_peer` 必须互相对应",
  }),
  VR2504: ({ strict }) => ({
    message:
      strict === undefined
        ? "两边的密码不同"
        : `两边的密码不同：\`${strict}\` 启用了严格模式，密码被去掉，而另一个节点仍发送密码`,
    label: "第一个文件",
    related: ["第二个文件"],
    notes: ["双方互相丢弃通告，两边都会成为主节点"],
    ...(strict === undefined ? {} : { help: "两个节点都写 `vrrp_strict`，或者（更好）都不写" }),
  }),
  VR2515: ({ differs }) => ({
    message: PAIR_SIGNATURES[differs],
    label: "第一个文件",
    related: ["第二个文件"],
    notes: ["有一方会丢弃另一方的通告，两边都会成为主节点"],
  }),
  VR2505: ({ firstOnly, secondOnly }) => ({
    message: `两边的虚拟地址不同：只在第一个文件的有 ${addresses(firstOnly)}；只在第二个文件的有 ${addresses(secondOnly)}`,
    label: "第一个文件",
    related: ["第二个文件"],
    notes: ["keepalived 2.3.2 及更早版本遇到地址列表不同的通告会直接丢弃，两边都会成为主节点"],
    help: "各节点写相同的列表，不同的地址放进 `virtual_ipaddress_excluded`",
  }),
  VR2506: ({ address }) => ({
    message: `两边都从 ${address} 发送：其中一个文件是直接复制来的`,
    label: "第一个文件",
    related: ["第二个文件"],
  }),
  VR2507: ({ first, second }) => ({
    message: `一边是 VRRPv${first}，另一边是 VRRPv${second}，互相听不到`,
    label: `VRRPv${first}`,
    related: [`VRRPv${second}`],
  }),
  VR2508: ({ priority, preempt }) => ({
    message: preempt
      ? `两边优先级都是 ${priority}：地址大的一方胜出，而且每次恢复都会把虚拟地址抢回去`
      : `两边优先级都是 ${priority}：同时启动时，地址大的一方胜出`,
    label: "第一个文件",
    related: ["第二个文件"],
    help: preempt ? "给首选节点更高的优先级，或两边都用 `nopreempt`" : "配合 `nopreempt` 没有问题",
  }),
  VR2509: () => ({
    message: "两边都写了 `state MASTER`",
    label: "第一个文件",
    related: ["第二个文件"],
    notes: ["这个词并不决定谁是主节点，决定的是优先级"],
    help: "两边都写 `state BACKUP`，由优先级决定",
  }),
  VR2510: ({ first, second }) => ({
    message: `一边抢占，另一边不抢占：${first} 与 ${second}`,
    label: first,
    related: [second],
    notes: ["地址会自动回到其中一边，但不会自动回到另一边"],
  }),
  VR2511: ({ weight, gap, tracker }) => ({
    message: `\`${tracker}\` 失败时优先级只变化 ${weight}，而两边相差 ${gap}，地址不会切换`,
    label: "权重不够",
    help: `权重要大于 ${gap}；或者不写权重，失败即进入 FAULT`,
  }),
  VR2512: ({ first, second }) => ({
    message: `两边的通告间隔是 ${first} 秒和 ${second} 秒`,
    label: `${first} 秒`,
    related: [`${second} 秒`],
    notes: ["VRRPv3 允许不同：备节点跟随主节点的间隔，因此两个方向的检测时间不一样"],
  }),
  VR2514: ({ what, first, second }) => ({
    message: `两个节点的 \`gate\` 不同：\`${what}\` 在第一个文件中是 ${first}，在第二个中是 ${second}`,
    label: first,
    related: [second],
    notes: ["两个节点都可能成为持有者，届时各按自己的文件决定"],
  }),
  VR2513: ({ which }) => ({
    message: `两个文件里的实例名不同：${which}`,
    label: "第一个文件",
    related: ["第二个文件"],
  }),
};
