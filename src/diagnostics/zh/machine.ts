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
};
