/** VR5xxx 的中文。 */
import type { SettingEffect } from "../facts.ts";
import type { CodeFamily, Messages } from "../messages.ts";
import { list, ticked } from "./phrases.ts";

function settingEffect(effect: SettingEffect): string {
  switch (effect.kind) {
    case "never-answers":
      return `本机不会应答对 ${effect.address} 的 ARP 请求`;
    case "host-scope":
      return `${effect.address} 的 scope 为 \`host\`，本机不会应答对它的 ARP 请求`;
    case "held-elsewhere":
      return `${effect.address} 在 \`${effect.holder}\` 上，\`${effect.interface}\` 不会应答对它的 ARP 请求`;
    case "other-answers":
      return `\`${effect.other}\` 在同一网段，也会用自己的 MAC 应答对 ${effect.address} 的 ARP 请求`;
    case "other-asks":
      return `从 \`${effect.other}\` 发出的 ARP 请求会以 ${effect.address} 为发送方，邻居会把它记成 \`${effect.other}\` 的 MAC`;
    case "answers-by-route":
      return `只有回程经过 \`${effect.interface}\` 时它才应答对 ${effect.address} 的 ARP 请求，而 \`${effect.other}\` 在同一网段`;
    case "local-peer":
      return `${effect.address} 是本机地址，来自它的通告会被当作伪造而丢弃`;
    case "peer-elsewhere":
      return effect.route === undefined
        ? `没有到 ${effect.address} 的路由，\`${effect.interface}\` 收到的通告会被丢弃`
        : `到 ${effect.address} 的路由经过 \`${effect.route}\`，\`${effect.interface}\` 收到的通告会被丢弃`;
    case "no-forwarding":
      return `\`${effect.instance}\` 是网关地址，而本机不转发`;
    case "secondaries-go":
      return `从 \`${effect.interface}\` 删除 ${effect.address} 时，内核会把另一实例的 ${effect.also} 一并删除`;
    case "too-many-groups":
      return `\`${effect.interface}\` 需要加入更多组播组，否则部分实例收不到通告`;
  }
}

/** 其余的错误名来自内核。 */
const UNREADABLE: Readonly<Record<string, string>> = {
  EACCES: "当前用户无权读取（EACCES）",
  EPERM: "当前用户无权读取（EPERM）",
  ELOOP: "它是指向自身的符号链接（ELOOP）",
  "not-regular": "不是普通文件",
  "too-large": "太大，不可能是配置文件",
};

const MAY_NOT: readonly string[] = ["EACCES", "EPERM"];

export const MACHINE: Messages<CodeFamily<"VR5">> = {
  VR5001: ({ path }) => ({
    message: `文件 \`${path}\` 不存在`,
    notes: ["keepalived 会在没有任何配置的情况下启动，`keepalived -t` 也不会报错"],
  }),
  VR5002: ({ path }) => ({ message: `\`${path}\` 是目录`, help: "写出其中的文件名" }),
  VR5003: ({ path }) => ({
    message: `\`${path}\` 带有可执行权限，keepalived 不会读取它，会在没有任何配置的情况下启动`,
    help: `chmod a-x ${path}`,
  }),
  VR5004: ({ path, error }) => ({
    message: `无法读取 \`${path}\`：${UNREADABLE[error] ?? error}`,
    ...(MAY_NOT.includes(error) && { help: "请用 sudo 重试，或以文件所有者的身份运行" }),
  }),
  VR5005: ({ path, error }) => ({
    message:
      error === "relative"
        ? `\`file:${path}\` 不是绝对路径，换个目录就找不到密钥`
        : error === "ENOENT"
          ? `密钥文件 \`${path}\` 不存在`
          : `无法读取 \`${path}\` 中的密钥：${UNREADABLE[error] ?? error}`,
    label: "没有密钥",
    notes: ["没有它，对端会拒绝本节点的通告"],
  }),
  VR5006: ({ path, mode, isWritable }) => ({
    message: `\`${path}\` 可被其他用户${isWritable ? "修改" : "读取"}（权限 ${mode}），他们就能冒充本节点签名`,
    label: "密钥",
    help: `chmod 600 ${path}`,
  }),
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
    message:
      device === undefined
        ? `${address} 不是本机的地址`
        : `${address} 不是本机 \`${device}\` 上的地址`,
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
    notes: ["可能本机就是主节点；也可能是别处配置的，那样它不会漂移"],
  }),
  VR5112: ({ settings, effect }) => ({
    message: `${settings.map(({ key, value }) => `\`${key}\` 为 ${value}`).join("，")}：${settingEffect(effect)}`,
    label: "受影响",
    help: settings.map(({ key, wanted }) => `sysctl -w ${key}=${wanted}`).join("; "),
    notes: ["写入 /etc/sysctl.d 可在重启后保留"],
  }),
  VR5113: ({ interface: device, vrid, from, differs, theirs, ours }) => ({
    message:
      differs === "version"
        ? `${from} 在 \`${device}\` 上以 VRRPv${theirs[0]} 使用 VRID ${vrid}，本文件是 VRRPv${ours[0]}：两边都会成为主节点`
        : `${from} 在 \`${device}\` 上使用 VRID ${vrid}，地址为 ${list(theirs) || "无"}，本文件为 ${list(ours) || "无"}`,
    label: "该网络中已在使用",
    help:
      differs === "version"
        ? "请让两边使用同一版本"
        : `如果 ${from} 是对端，请让两边地址一致；否则请换一个 VRID`,
  }),
  VR5114: ({ interface: device, vrid, from, version, theirs, ours }) => ({
    message: `${from} 在 \`${device}\` 上每 ${theirs} 秒通告一次 VRID ${vrid}，本文件为 ${ours} 秒`,
    label: version === 2 ? "VRRPv2 会拒绝不同的间隔" : "不一致",
    notes: [
      version === 2
        ? "VRRPv2 丢弃间隔不同的通告，于是两边都成为主节点"
        : "VRRPv3 的备节点跟随主节点的间隔；主备互换后以另一边为准",
    ],
  }),
  VR5115: ({ interface: device, vrid, from, version, priority, seconds, addresses, instance }) => ({
    message: `${from} 目前是 \`${device}\` 上的主节点：VRID ${vrid}，VRRPv${version}，优先级 ${priority}，间隔 ${seconds} 秒，地址 ${list(addresses) || "无"}`,
    label: instance === undefined ? "不在本文件中" : "使用此 VRID",
  }),
  VR5116: ({ interface: device, why }) => ({
    message: `未能在 \`${device}\` 上监听其他路由器：${why}`,
    help: "请以 root 运行",
  }),
  VR5117: ({ address }) => ({
    message: `只监听 ${address} 的程序，在地址位于另一节点时无法在本机启动`,
    label: "仅主节点持有",
    help: "如有程序只监听此地址，而不是监听所有地址：sysctl -w net.ipv4.ip_nonlocal_bind=1",
  }),
  VR5118: ({ part, version, needed }) => ({
    message: `本机的 ${part === "kernel" ? "Linux 内核" : "glibc"} 为 ${version}，而 Baton 需要 ${needed} 或更高版本`,
    help: "请在此节点上使用更新的系统；在此之前，可在此节点上保留 keepalived，与另一节点上的 Baton 组成一对",
  }),
  VR5119: ({ pids }) => ({
    message: `本机的 keepalived（PID ${pids.join("、")}）正在运行 VRRP`,
    label: "与 Baton 同时运行会争用相同地址",
    help: "启动 Baton 之前：systemctl stop keepalived，或用 `baton migrate` 迁移",
    notes: ["两者在同一台机器上互相收不到通告，会同时成为主节点"],
  }),
  VR5120: ({ path, mode, keyword }) => ({
    message: `本机所有用户都能读取 \`${path}\`（权限 ${mode}），从而得到 \`${keyword}\` 后面的地址`,
    label: "知道地址的人都能向群聊发消息",
    help: `请把 \`alert\` 块放到单独的文件中用 \`include\` 引入，或执行 chmod 640 ${path}`,
  }),
  VR5121: ({ path, why }) => ({
    message:
      why === "missing"
        ? `\`${path}\` 不存在：无法使用账号连接数据库`
        : why === "mode"
          ? `其他用户可以读取 \`${path}\` 中的密码，因此不会使用它`
          : `\`${path}\` 不属于 root，因此不会使用它`,
    label: "数据库的凭据",
    help:
      why === "owner"
        ? `chown root: ${path}`
        : `install -m 600 /dev/null ${path}，或 chmod 600 ${path}`,
  }),
  VR5122: ({ kind, address, isPeer, why }) => ({
    message: `无法从本机查询 ${address} 上的 ${kind} 服务器：${why["zh-CN"]}`,
    label: isPeer ? "对端的数据库" : "本节点的数据库",
    notes: [
      isPeer ? "能够连接对端时，提升之前会先将其置为只读" : "无法查询数据库的节点没有资格接管",
    ],
  }),
  VR5123: ({ name, kind, why }) => ({
    message: `检查 \`${name}\` 目前不成功：${why["zh-CN"]}`,
    label: `查询一次（${kind}）`,
    notes: ["跟踪该检查的实例：未设置权重时将处于 FAULT，设置了权重时优先级会改变"],
  }),
  VR5124: ({ address, isPeer, saves }) => ({
    message:
      saves === ""
        ? `${address} 上的 redis 服务器不写磁盘：重新启动后数据为空`
        : `${address} 上的 redis 服务器只保存快照（save ${saves}）：重新启动后只有最近一次快照的数据`,
    label: isPeer ? "对端的数据库" : "本节点的数据库",
    help: "在 redis.conf 中设置 appendonly yes 和 appendfsync always（立即生效：CONFIG SET appendonly yes），并在其 unit 中设置 RestartSec=15",
    notes: [
      "systemd 会立即重启被杀死的服务器，副本随后全量同步其数据并丢弃自己的数据，已确认的写入会丢失",
    ],
  }),
  VR5125: ({ kind, address, isPeer, why, fix }) => ({
    message: `${address} 上的 ${kind} 服务器：${why["zh-CN"]}`,
    label: isPeer ? "对端的数据库" : "本节点的数据库",
    help: fix["zh-CN"],
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
