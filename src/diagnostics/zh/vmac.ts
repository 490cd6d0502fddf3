/** Codes about virtual MAC addresses, in Chinese. */
import type { VmacFacts } from "../facts-vmac.ts";
import type { CodeFamily, Messages } from "../messages.ts";

const REFUSED: Readonly<Record<VmacFacts["VR2150"]["why"], string>> = {
  name: "不是有效的网卡名：最多 15 字节，且不能含 `/`",
  mac: "不是有效的 MAC 地址：应写 5 个字节（末尾自动补 VRID）或 6 个字节，例如 `02:00:00:00:01`",
  multicast: "是组播 MAC：单机 MAC 的第一个字节必须是偶数",
  rfc: "属于 RFC 9568 按 VRID 分配的地址段；不写即使用该地址",
  second: "是第二个名称",
};

export const VMAC: Messages<CodeFamily<"VR215">> = {
  VR2150: ({ word, instance, why }) => ({
    message: `\`${word}\` ${REFUSED[why]}；\`${instance}\` 将不使用它`,
    label: "被忽略",
    help: "`use_vmac [名称] [MAC]`，两者均可省略",
  }),
  VR2151: ({ name, instance, by }) => ({
    message:
      by === undefined
        ? `\`${name}\` 是本文件中的一个网卡，\`${instance}\` 的虚拟 MAC 网卡将改用其他名称`
        : `\`${name}\` 已是 \`${by}\` 的虚拟 MAC 网卡，\`${instance}\` 的将改用其他名称`,
    label: "名称已被占用",
    help: "换一个未被占用的名称，或不写名称：此时按 VRID 命名",
  }),
  VR2152: ({ instance }) => ({
    message: `\`${instance}\` 使用单播，其通告从网卡本身发出，而不是从虚拟 MAC 发出`,
    label: "未写 `vmac_xmit_base`",
    notes: ["单播与 `use_vmac` 同用即等于 `vmac_xmit_base`，与 keepalived 一致"],
    help: "写上 `vmac_xmit_base`，让配置与实际行为一致",
  }),
  VR2154: ({ instance }) => ({
    message: `\`${instance}\` 的 IPv6 地址将直接配置在网卡上，使用网卡自身的 MAC`,
    label: "目前仅支持 IPv4 地址",
    notes: ["与不使用虚拟 MAC 时一样，客户端通过邻居通告得知新主节点的 MAC"],
  }),
  VR2153: ({ keyword, instance, why }) => ({
    message: `\`${keyword}\` 在 \`${instance}\` 中不起作用`,
    label: why === "no-vmac" ? "缺少 `use_vmac`" : "缺少 `interface`",
    help:
      why === "no-vmac"
        ? "写上 `use_vmac`，或删除这一行"
        : "请用 `interface` 指定虚拟 MAC 网卡所在的网卡",
  }),
};
