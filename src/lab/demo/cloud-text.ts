/** What the demonstration says about the VPC, in English and Chinese. */

import type { Language } from "#diagnostics/diagnostic";
import type { HavipLine } from "./demo-cloud.ts";
import { printProbes, printProbesInChinese } from "./demo-text.ts";

export interface CloudText {
  readonly title: string;
  readonly network: string;
  readonly probing: string;
  readonly building: string;
  readonly applying: string;
  readonly binding: string;
  readonly agrees: string;
  readonly list: (line: HavipLine, instance: string | undefined) => string;
  readonly through: (publicAddress: string) => string;
  readonly moved: (before: string, after: string, platform: string | undefined) => string;
  readonly seenOutside: (lost: number, outage: string | undefined) => string;
  readonly columns: {
    readonly inside: string;
    readonly outside: string;
    readonly platform: string;
    readonly havip: string;
  };
  readonly legend: string;
}

const EN: CloudText = {
  title: "Baton demonstration: the HAVIP tutorial from step 1 to step 5, in a VPC on this machine",
  network:
    "  VPC 172.16.0.0/16: a 172.16.0.16   b 172.16.0.14   client 172.16.0.200; a host on the internet",
  probing:
    "  the client asks the HAVIP for an answer every millisecond, the host on the internet its public address",
  building: "building the VPC: control plane, switch, instances",
  applying: "step 1: applying for the HAVIP (CreateHaVip)",
  binding: "step 4: a public address for the HAVIP (HaVipAssociateAddressIp)",
  agrees: "the platform agrees",
  list: ({ id, address, state, publicAddress }, instance) =>
    `  ${id}  ${address}  ${state}  instance ${instance ?? "-"}  public ${publicAddress ?? "-"}`,
  through: (publicAddress) => `probing ${publicAddress} from the internet as well`,
  moved: (before, after, platform) =>
    `the HAVIP moved from ${before} to ${after}${platform === undefined ? "" : `; the platform took ${platform} of it`}`,
  seenOutside: (lost, outage) => `through the public address: ${printProbes(lost, outage)}`,
  columns: {
    inside: "in the VPC",
    outside: "through the EIP",
    platform: "platform's share",
    havip: "HAVIP's instance",
  },
  legend:
    "in the VPC: all times without an answer, measured by probes 1 ms apart, in brackets the probes that were never answered;\nthrough the EIP: the same from the internet; platform's share: from the new owner's first announcement until the network\nfollowed.",
};

const ZH: CloudText = {
  title: "Baton 演示：在本机的 VPC 里完成 HAVIP 教程的步骤 1 至 5",
  network:
    "  VPC 172.16.0.0/16：a 172.16.0.16   b 172.16.0.14   客户端 172.16.0.200；另有一台公网主机",
  probing: "  客户端每毫秒探测一次 HAVIP，公网主机每毫秒探测一次弹性公网 IP",
  building: "创建 VPC：控制面、交换机、实例",
  applying: "步骤 1：申请 HAVIP（CreateHaVip）",
  binding: "步骤 4：为 HAVIP 绑定弹性公网 IP（HaVipAssociateAddressIp）",
  agrees: "云平台确认一致",
  list: ({ id, address, state, publicAddress }, instance) =>
    `  ${id}  ${address}  ${state}  实例 ${instance ?? "-"}  公网 IP ${publicAddress ?? "-"}`,
  through: (publicAddress) => `同时从公网探测 ${publicAddress}`,
  moved: (before, after, platform) =>
    `HAVIP 由 ${before} 切换到 ${after}${platform === undefined ? "" : `，其中云平台用时 ${platform}`}`,
  seenOutside: (lost, outage) => `经公网 IP：${printProbesInChinese(lost, outage)}`,
  columns: {
    inside: "VPC 内中断（丢失）",
    outside: "经公网 IP 中断（丢失）",
    platform: "云平台用时",
    havip: "HAVIP 所在实例",
  },
  legend:
    "VPC 内中断：以 1 ms 间隔探测，无应答时间的总和，括号内为始终没有应答的探测数；经公网 IP：从公网测得；云平台用时：从新主节点首次宣告到网络切换完成。",
};

export const cloudText = (lang: Language): CloudText => (lang === "zh-CN" ? ZH : EN);
