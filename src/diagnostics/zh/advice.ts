/** VR3xxx 的中文。 */
import type { CodeFamily, Messages } from "../messages.ts";
import { clouds, list } from "./phrases.ts";

export const ADVICE: Messages<CodeFamily<"VR3">> = {
  VR3001: ({ instance, tracker, weight, isGated }) => ({
    message: `用了 ${isGated === true ? "`gate`" : "`nopreempt`"}，带权重的检查 \`${tracker}\`（${weight}）永远不会让 \`${instance}\` 的地址切走`,
    label: "优先级降了，但没人接管",
    notes: ["配了 `nopreempt` 或 `gate` 的备节点接受任何活着的主节点，哪怕它的优先级已经降低"],
    help: "去掉权重：检查失败就进入 FAULT，地址才会切换",
  }),
  VR3002: ({ script, timeout, interval, isCheck }) => ({
    message: `\`${script}\` 最长可运行 ${timeout} 秒，却每 ${interval} 秒执行一次`,
    label: "超过了间隔",
    related: ["执行间隔"],
    ...(isCheck === true
      ? {}
      : { notes: ["keepalived 2.3.2 及更早版本会同时再启动一个；Baton 会跳过这一次"] }),
  }),
  VR3003: ({ mark, command }) => ({
    message: `脚本不经过 shell：\`${command}\` 里的 \`${mark}\` 会作为普通参数传给程序`,
    label: "shell 语法",
    help: "把命令写进脚本文件，或写成 `/bin/sh -c '…'`",
  }),
  VR3021: ({ path }) => ({
    message: `\`${path}\` 要靠守护进程的 PATH 才能找到`,
    label: "不是绝对路径",
  }),
  VR3004: ({ path }) => ({
    message: `\`${path}\` 不是绝对路径：会到守护进程的 PATH 里找，而不是配置文件所在目录`,
    label: "很可能找不到",
    help: "写完整路径",
  }),
  VR3005: ({ path, folder, user }) => ({
    message: `任何人都能写 \`${folder}\`，也就能决定 \`${path}\` 以 \`${user}\` 身份做什么`,
    label: "谁都能改的程序",
    help: "把脚本放在 root 的目录里，例如 /etc/keepalived",
  }),
  VR3006: ({ count }) => ({
    message: `${count} 个脚本会以 \`keepalived_script\` 用户运行；没有这个用户时以 root 运行`,
    label: "没有 `script_user`",
    help: "在 `global_defs` 里写上 `script_user` 和 `enable_script_security`",
  }),
  VR3007: ({ unicast, authentication, resets }) => ({
    message: "`vrrp_strict` 会让虚拟地址无法访问，除非优先级是 255",
    label: "删掉它",
    notes: [
      "Baton 与 keepalived 相同：丢弃发往虚拟地址和由它发出的流量",
      ...(unicast ? ["严格的 VRRP 没有单播，两者互相矛盾"] : []),
      ...(authentication
        ? [
            "它还会去掉密码（Baton 与 keepalived 相同）：对端如果仍使用密码，就会拒绝本节点的通告，两台都成为 MASTER",
          ]
        : []),
      ...(resets.length > 0 ? [`以下关键字所写的值不起作用：${list(resets)}`] : []),
    ],
    help: "在所有节点上删掉这一行，几乎没有人需要严格模式",
  }),
  VR3008: ({ group, tracker, removed }) => ({
    message: removed
      ? `同步组 \`${group}\` 会去掉带权重的检查 \`${tracker}\``
      : `同步组 \`${group}\` 会把 \`${tracker}\` 的权重变成 FAULT`,
    label: removed ? "完全不检查" : "一失败就 FAULT",
    related: ["同步组"],
    help: "在组里加上 `sync_group_tracking_weight`，或去掉权重",
  }),
  VR3009: ({ address, network, source }) => ({
    message: `\`${address}\` 与 ${source} 不在同一网段`,
    label: `网段 ${network}`,
    related: ["本机地址"],
    notes: ["这个网段上的其他机器找不到该地址"],
    help: "检查地址和前缀，或用 `dev` 指明网卡",
  }),
  VR3010: () => ({
    message: "配了邮件，但没有写 `smtp_alert`，一封也不会发",
    label: "不起作用",
    help: "删掉邮件设置，或在 `notify` 脚本里自己发邮件",
  }),
  VR3012: ({ cloud, instance }) => ({
    message: `\`${instance}\` 使用组播，而${clouds[cloud] ?? cloud}默认不支持组播`,
    label: "没有 `unicast_peer`",
    help: "补上 `unicast_src_ip` 和 `unicast_peer { … }`",
  }),
  VR3013: ({ cloud, instance, missing }) => ({
    message: `\`${instance}\` 只在切换时宣告一次地址，${clouds[cloud] ?? cloud}要求配置 \`${missing}\``,
    label: `没有 \`${missing}\``,
    notes: ["云上网络靠免费 ARP 得知地址在哪台机器上，偶尔会漏收"],
    help: "加上 `garp_master_delay 1` 和 `garp_master_refresh 5`",
  }),
  VR3014: ({ cloud, interface: device, count, max }) => ({
    message: `\`${device}\` 上有 ${count} 个虚拟地址，${clouds[cloud] ?? cloud}建议不超过 ${max} 个`,
    label: `${count} 个地址`,
  }),
  VR3015: ({ cloud, interface: device, count, repeat }) => ({
    message: `\`${device}\` 上有 ${count} 个地址，每个一次宣告 ${repeat} 遍，而${clouds[cloud] ?? cloud}对免费 ARP 限速`,
    label: "切换时集中发送",
    help: "在 `global_defs` 里写 `vrrp_garp_master_repeat 1`",
  }),
  VR3016: ({ cloud, instance }) => ({
    message: `${clouds[cloud] ?? cloud}不放行虚拟 MAC，对端收不到 \`${instance}\` 的报文`,
    label: "删掉它",
    notes: ["云上网络只接受网卡自身的 MAC 地址"],
  }),
  VR3022: ({ count }) => ({
    message: `没有 \`script_user\`，${count} 个脚本会以 \`keepalived_script\` 的身份运行；本机没有这个用户时，keepalived 会去掉这些脚本照常运行，Baton 则以 root 运行它们`,
    label: "没有 `script_user`",
    help: "在 `global_defs` 里写 `script_user 用户名`，或在每个检查里写 `user 用户名`",
  }),
  VR3017: ({ vrid, first, second, same }) => ({
    message: same
      ? `\`${first}\` 和 \`${second}\` 在同一网卡上用了同一个 virtual_router_id ${vrid}，只是对端或组播组不同`
      : `\`${first}\` 和 \`${second}\` 在不同网卡上用了同一个 virtual_router_id ${vrid}`,
    label: "数字相同",
    related: [`\`${first}\``],
    notes: [
      same
        ? "只要没有别的节点同时向两者发送就没有问题；各用一个编号更清楚"
        : "只要两个网络不会桥接在一起就没有问题",
    ],
  }),
  VR3018: ({ path, folder, user }) => ({
    message: `\`${folder}\` 的属主能决定 \`${path}\` 以 \`${user}\` 身份做什么`,
    label: "在用户主目录里",
    help: "把脚本放在 root 的目录里，例如 /etc/keepalived",
  }),
  VR3023: ({ address, network }) => ({
    message: `\`${address}\` 与本实例的其他地址不在一处，其他地址都在 ${network}`,
    label: "写错数字了？",
    related: ["其他地址"],
    help: "如果确实如此，请在地址后写上网段的前缀长度；客户端所在的网段要同时包含两者才能访问",
  }),
  VR3027: ({ instance, address }) => ({
    message: `\`${instance}\` 的第一个地址应为链路本地地址：RFC 9568 要求此处是 \`fe80::…\`，而 ${address} 不是`,
    label: "不是链路本地地址",
    help: "请在两个节点上都把一个链路本地地址（如 `fe80::100/64`）写在最前面；不写 keepalived 和 Baton 也能运行，但其他厂商的路由器可能拒收通告",
  }),
  VR3028: ({ instance, count, most }) => ({
    message: `\`${instance}\` 要通告 ${count} 个 IPv6 地址，而 1500 字节的报文只放得下 ${most} 个：通告会发不出去`,
    label: "一个报文放不下",
    help: "请在两个节点上都把一部分地址移到 `virtual_ipaddress_excluded`：仍会接管并公告，只是不写进通告",
  }),
  VR3024: ({ cloud, instance }) => ({
    message: `在${clouds[cloud] ?? cloud}上没有什么会迁移 \`${instance}\` 的地址：免费 ARP 不起作用，也没有脚本调用 API`,
    label: "没有 `notify_master`",
    notes: ["新的主节点虽有地址，网络仍会把流量送到原来的机器"],
    help: "在 `notify_master` 脚本里调用云平台的 API",
  }),
  VR3019: ({ instance, seconds }) => ({
    message: `\`${instance}\` 的主节点宕机后，最快也要 ${seconds} 秒才会被发现`,
    label: "偏慢",
  }),
  VR3020: ({ instance, down, interval, seconds }) => ({
    message: `\`${instance}\` 只要 ${seconds} 秒（${down} × ${interval} 秒）没收到通告就接管：丢一个包或卡顿一下就会切换`,
    label: "太短",
    help: "建议不低于 3 个间隔、100 毫秒",
  }),
};
