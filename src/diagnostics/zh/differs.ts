/** VR4xxx 的中文。 */
import type { Loss, NoNeed } from "../facts.ts";
import type { CodeFamily, Messages } from "../messages.ts";
import { ticked } from "./phrases.ts";

/** “运行时没有……” */
const WITHOUT: Readonly<Record<Loss, string>> = {
  "address-flags": "没有这些地址标志",
  bfd: "没有该 BFD 会话：Baton 只与同一网络上的 IPv4 邻居建立会话",
  dbus: "没有 D-Bus 接口",
  ipvs: "没有 IPVS 负载均衡",
  linkbeat: "不轮询链路状态：以内核通知为准",
  namespace: "不会进入该网络命名空间：在哪里启动就在哪里运行",
  "old-checksum": "不用旧校验和：按 keepalived 1.3.7 以来的 VRRPv3 方式发送",
  "reload-file": "没有定时重载和重载标记文件",
  routes: "没有这些路由，虚拟地址的流量可能走错出口",
  rules: "没有这些策略路由，虚拟地址的流量可能走错出口",
  snmp: "没有 SNMP",
  static: "没有这些静态配置：Baton 只添加随实例漂移的地址",
  "extra-garp": "不会在其他虚拟地址所在网卡上重复发送免费 ARP",
  ipvlan: "没有 ipvlan：地址直接配置在网卡上，使用网卡自身的 MAC",
  vrf: "没有 VRF：虚拟 MAC 网卡与其所在网卡同属一个 VRF",
};

const NO_NEED: Readonly<Record<NoNeed, string>> = {
  always: "这里不需要它",
  buffers: "Baton 自己决定缓冲区大小",
  "dump-files": "它涉及的文件，Baton 不需要，或只写成仅 root 可读",
  kernel: "这是内核设置，Baton 不改动",
  names: "它命名的东西 Baton 没有",
  obsolete: "在 keepalived 里也不起作用",
  process: "它只与 keepalived 的进程有关",
  scheduling:
    "无论怎么写，Baton 的引擎都以实时优先级（SCHED_RR）运行，锁定在内存中，可使用所有处理器",
  timing: "Baton 每次卡顿之后都会重新判断",
};

const places = (count: number): readonly string[] => (count > 1 ? [`同类共 ${count} 处`] : []);

export const DIFFERS: Messages<CodeFamily<"VR4">> = {
  VR4001: ({ keyword, loss, places: count }) => ({
    message: `运行时${WITHOUT[loss]}`,
    label: `\`${keyword}\` 能读懂，但不会执行`,
    related: ["还有这里"],
    notes: places(count),
    help: "用 `baton run --compat` 可以照样运行其余部分",
  }),
  VR4002: ({ keyword, loss, places: count }) => ({
    message: `运行时${WITHOUT[loss]}`,
    label: `\`${keyword}\` 能读懂，但不会执行`,
    related: ["还有这里"],
    notes: places(count),
  }),
  VR4003: ({ keyword, noNeed, places: count }) => ({
    message: `\`${keyword}\` 能读懂，但没有影响：${NO_NEED[noNeed]}`,
    label: "这里不起作用",
    related: ["还有这里"],
    notes: places(count),
  }),
  VR4004: ({ keyword, places: count }) => ({
    message: `\`${keyword}\` 是 IPVS 负载均衡配置，不归 Baton 管，整段跳过`,
    label: "跳过",
    related: ["还有这里"],
    notes: places(count),
    help: "负载均衡可以继续用 keepalived（`keepalived -C`），与 Baton 并行",
  }),
  VR4016: ({ keyword, block, next }) => ({
    message: `keepalived 会把 \`${keyword}\` 的 \`}\` 当作 \`${block}\` 的结尾，丢掉 \`${next}\` 及其后的内容`,
    label: "不在所属块的最后",
    help: `把 \`${keyword}\` 移到 \`${block}\` 的最后，keepalived 就只会报未知关键字`,
    notes: ["Baton 不受位置影响；如果要用这个文件换回 keepalived，位置就很重要"],
  }),
  VR4005: ({ keyword, isBlock, places: count }) => ({
    message:
      isBlock === true
        ? `\`${keyword}\` 是 Baton 自己的配置块，keepalived 会报未知关键字并忽略其中的行`
        : `\`${keyword}\` 是 Baton 自己的关键字，keepalived 会报未知关键字并忽略`,
    label: "keepalived 没有这个关键字",
    notes: places(count),
  }),
  VR4006: ({ keyword }) => ({
    message: `keepalived 认为 \`${keyword} 0\` 是错误（最小 0.000001）；默认本来就没有间隔`,
    label: "按“没有间隔”处理",
    help: "删掉这一行",
  }),
  VR4007: ({ keyword, text }) => ({
    message: `\`${keyword} ${text}\` 在 keepalived 里是打开，不管后面写的是什么`,
    label: "keepalived 不看这个词",
    help: "想关闭就删掉这一行",
  }),
  VR4008: ({ tracker, name, line }) => ({
    message: `keepalived 会在没有 \`${name}\` 的情况下运行：\`${tracker} ${name}\`（第 ${line} 行）必须写在引用它的地方之前`,
    label: "先引用，后定义",
    related: ["在这里定义"],
    notes: ["Baton 不受先后顺序影响"],
    help: `把 \`${tracker}\` 段移到实例之前`,
  }),
  VR4009: ({ keywords }) => ({
    message: `\`global_defs\` 写在实例之后，keepalived 重载时会丢掉 ${ticked(keywords)}`,
    label: "在实例之后",
    related: ["第一个实例"],
    help: "把 `global_defs` 移到文件开头",
  }),
  VR4010: ({ keyword, instead }) => ({
    message:
      instead === undefined ? `\`${keyword}\` 已经废弃` : `\`${keyword}\` 是 \`${instead}\` 的旧名`,
    label: instead === undefined ? "不需要" : `现在叫 \`${instead}\``,
  }),
  VR4011: ({ instance }) => ({
    message: `\`${instance}\` 会在没有认证的情况下运行：Baton 不提供 \`auth_type AH\``,
    label: "IPsec 认证头",
    notes: ["使用它的对端会丢弃本机的通告，两边都会成为主节点"],
    help: "在所有节点上改用 `auth_type PASS`",
  }),
  VR4015: ({ script }) => ({
    message: `\`${script}\` 的 \`init_fail\` 在 Baton 里有效；keepalived 读了但不起作用`,
    label: "第一次成功之前算失败",
  }),
};
