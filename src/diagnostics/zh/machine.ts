/** VR5xxx 的中文。 */
import type { Family, Texts } from "../texts.ts";
import { list, ticked } from "./words.ts";

export const MACHINE: Texts<Family<"VR5">> = {
  VR5001: ({ path }) => ({
    message: `文件 \`${path}\` 不存在`,
    notes: ["keepalived 会在没有任何配置的情况下启动，`keepalived -t` 也不会报错"],
  }),
  VR5002: ({ path }) => ({ message: `\`${path}\` 是目录`, help: "写出其中的文件名" }),
  VR5003: ({ path }) => ({
    message: `\`${path}\` 带有可执行权限，keepalived 不会读取它，会在没有任何配置的情况下启动`,
    help: `chmod a-x ${path}`,
  }),
  VR5004: ({ path, error }) => ({ message: `无法读取 \`${path}\`：${error}` }),
  VR5101: ({ interface: device, known }) => ({
    message: `本机没有网卡 \`${device}\``,
    label: "不存在",
    ...(known.length === 0 ? {} : { help: `本机有 ${ticked(known)}` }),
  }),
  VR5102: ({ interface: device }) => ({
    message: `网卡 \`${device}\` 没有启用，或没有地址`,
    label: "当前是 down",
  }),
  VR5103: ({ address, interface: device }) => ({
    message: `${address} 不是本机 \`${device}\` 上的地址`,
    label: "不是本机地址",
  }),
  VR5104: ({ address, interface: device, networks }) => ({
    message: `虚拟地址 ${address} 不在 \`${device}\` 的任何网段内`,
    label: networks.length === 0 ? "没有网段" : `不在 ${list(networks, "或")} 内`,
    notes: ["keepalived 用这份配置也能启动"],
  }),
  VR5105: ({ path }) => ({
    message: `脚本 \`${path}\` 不存在，永远不会运行`,
    label: "没有找到",
    notes: ["keepalived 只在日志里提一句，照常运行"],
  }),
  VR5106: ({ path }) => ({
    message: `脚本 \`${path}\` 没有可执行权限`,
    label: "无法运行",
    help: `chmod +x ${path}`,
  }),
  VR5107: ({ path, place, why }) => ({
    message:
      why === "owner"
        ? `\`${place}\` 不属于 root，它的属主能决定 \`${path}\` 以 root 身份做什么`
        : `其他用户可以写 \`${place}\`，也就能决定 \`${path}\` 以 root 身份做什么`,
    label: "以 root 运行不安全",
  }),
  VR5108: ({ user }) => ({ message: `本机没有用户 \`${user}\``, label: "没有找到" }),
  VR5109: ({ rule }) => ({
    message: `防火墙会丢弃 VRRP 报文（协议号 112）：${rule}`,
    help: "放行来自对端的协议号 112",
  }),
  VR5111: ({ address, interface: device }) => ({
    message: `虚拟地址 ${address} 已经在 \`${device}\` 上`,
    label: "当前存在",
    notes: ["可能本机就是主机；也可能是别处配置的，那样它不会漂移"],
  }),
  VR5201: ({ endpoint, why }) => ({
    message: `没有查询到云平台（${endpoint}）：${why}`,
    label: "没有检查 HAVIP、漂移范围和配额",
    notes: ["选主不依赖云平台，只是少了这几项检查"],
  }),
  VR5202: ({ address, region }) => ({
    message: `${address} 不是 ${region} 的 HAVIP，网络不会让它漂移到本机`,
    label: "该账号下没有这个 HAVIP",
    help: `请申请：\`baton havip create --vpc ID --name 名称 --vip ${address}\``,
  }),
  VR5203: ({ address, havip, subnet, own }) => ({
    message: `HAVIP ${address}（${havip}）在 ${subnet}，本机在 ${list(own, "和")}`,
    label: "无法漂移到本机",
    help: "HAVIP 只能在自己的子网内漂移：请为本机添加该子网的网卡，或在本机的子网申请 HAVIP",
  }),
  VR5204: ({ address, havip, instance }) => ({
    message: `${instance} 不在 HAVIP ${address}（${havip}）的漂移范围内`,
    label: "它的宣告会被网络忽略",
    help: `请添加：\`baton havip associate ${havip} ${instance}\``,
  }),
  VR5205: ({ vpc, used, limit }) => ({
    message: `${vpc} 已有 ${used} 个 HAVIP，配额为 ${limit}，无法再申请`,
    label: "配额已用完",
    help: "请释放不再使用的 HAVIP，或申请提升配额",
  }),
  VR5206: ({ addresses, region }) => ({
    message: `${region} 有未绑定的公网 IP：${list(addresses, "和")}`,
    label: "闲置也会计费",
    help: "用 `baton havip bind-eip HAVIP EIP` 绑定到 HAVIP，或用 `baton eip release EIP` 释放",
  }),
  VR5207: ({ seconds, limit }) => ({
    message: `本机时钟比云平台${seconds < 0 ? "慢" : "快"} ${Math.abs(seconds)} 秒，相差超过 ${limit} 秒的请求会被拒绝`,
    label: Math.abs(seconds) > limit ? "云平台不会应答" : "已偏离较多",
    help: "请校准时钟，例如使用 chrony",
  }),
  VR5208: ({ path, mode }) => ({
    message: `其他用户可以读取 \`${path}\` 中的密钥（权限 ${mode}）`,
    label: "密钥没有保密",
    help: `chmod 600 ${path}`,
  }),
};
