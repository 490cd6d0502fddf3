/** Why the switch did not pass a frame, in one sentence. */

import type { Language } from "#diagnostics/diagnostic";
import { printIpv4, printMac } from "#units/address";
import type { FabricDrop } from "./plan.ts";

export const printDrop = (drop: FabricDrop, language: Language = "en"): string =>
  language === "en" ? inEnglish(drop) : inChinese(drop);

function inEnglish(drop: FabricDrop): string {
  switch (drop.kind) {
    case "port-cut":
      return "the port is cut";
    case "port-not-forwarding":
      return "the port does not forward yet";
    case "lost":
      return "lost on purpose";
    case "one-way":
      return `port ${drop.to} does not hear this port`;
    case "claim-swallowed":
      return `the announcement of ${printIpv4(drop.address)} was swallowed on purpose`;
    case "claim-limited":
      return `more announcements of ${printIpv4(drop.address)} than the port's limit`;
    case "unknown-port":
      return `no guest is known on port ${drop.port}`;
    case "too-short":
      return `a frame of ${drop.length} bytes`;
    case "spoofed-mac":
      return `${printMac(drop.found)} is not the guest's MAC address, which is ${printMac(drop.own)}`;
    case "spoofed-address":
      return `${printIpv4(drop.found)} is neither the guest's own nor a HAVIP that it holds`;
    case "not-a-havip":
      return `announced ${printIpv4(drop.address)}, which is neither its own nor a HAVIP of its subnet`;
    case "not-ipv4":
      return `Ethernet type 0x${drop.etherType.toString(16).padStart(4, "0")} is not carried`;
    case "bad-header":
      return "a header that makes no sense";
    case "multicast-off":
      return `multicast to ${printIpv4(drop.destination)}, and the VPC has multicast off`;
    case "broadcast":
      return `broadcast to ${printIpv4(drop.destination)} is not carried`;
    case "no-such-address":
      return `nobody has ${printIpv4(drop.destination)}`;
    case "havip-unbound":
      return `the HAVIP ${printIpv4(drop.destination)} is bound to nobody`;
    case "no-elastic-address":
      return `${printIpv4(drop.source)} has no elastic address to leave the VPC with`;
    case "security-group":
      return `the receiver's security group does not let IP protocol ${drop.protocol} from ${printIpv4(drop.source)} in`;
    case "ttl-exceeded":
      return "the time to live is over";
  }
}

function inChinese(drop: FabricDrop): string {
  switch (drop.kind) {
    case "port-cut":
      return "端口已断开";
    case "port-not-forwarding":
      return "端口尚未转发";
    case "lost":
      return "按设定丢弃";
    case "one-way":
      return `端口 ${drop.to} 收不到此端口的帧`;
    case "claim-swallowed":
      return `按设定丢弃了对 ${printIpv4(drop.address)} 的宣告`;
    case "claim-limited":
      return `对 ${printIpv4(drop.address)} 的宣告超过端口的频率限制`;
    case "unknown-port":
      return `端口 ${drop.port} 上没有已知的实例`;
    case "too-short":
      return `帧长只有 ${drop.length} 字节`;
    case "spoofed-mac":
      return `${printMac(drop.found)} 不是该实例的 MAC 地址（应为 ${printMac(drop.own)}）`;
    case "spoofed-address":
      return `${printIpv4(drop.found)} 既不是该实例自己的地址，也不是它持有的 HAVIP`;
    case "not-a-havip":
      return `宣告了 ${printIpv4(drop.address)}，它既不是自己的地址，也不是所在子网的 HAVIP`;
    case "not-ipv4":
      return `不承载以太网类型 0x${drop.etherType.toString(16).padStart(4, "0")}`;
    case "bad-header":
      return "首部无法解析";
    case "multicast-off":
      return `发往组播地址 ${printIpv4(drop.destination)}，而 VPC 未开启组播`;
    case "broadcast":
      return `不承载发往 ${printIpv4(drop.destination)} 的广播`;
    case "no-such-address":
      return `没有实例使用 ${printIpv4(drop.destination)}`;
    case "havip-unbound":
      return `HAVIP ${printIpv4(drop.destination)} 未绑定到任何实例`;
    case "no-elastic-address":
      return `${printIpv4(drop.source)} 没有弹性公网 IP，无法访问 VPC 之外`;
    case "security-group":
      return `接收方的安全组不放行来自 ${printIpv4(drop.source)} 的 IP 协议 ${drop.protocol}`;
    case "ttl-exceeded":
      return "TTL 已耗尽";
  }
}
