/**
 * A line of a security group's allow list: `tcp 80`, `tcp 8000-8100 from 10.0.0.0/8`, `vrrp`,
 * `icmp`, `any`. Pure.
 */

import { readIpv4 } from "#units/address";
import type { SecurityRule } from "../network/plan.ts";
import { bilingual, type LabText } from "./lab-messages.ts";

const PROTOCOLS: Readonly<Record<string, number | undefined>> = {
  any: undefined,
  icmp: 1,
  tcp: 6,
  udp: 17,
  vrrp: 112,
};

/** If the result is a text, it says what is wrong with the line. */
export function readRule(text: string): SecurityRule | LabText {
  const match = /^(\w+)(?:\s+(\d+)(?:-(\d+))?)?(?:\s+from\s+(\S+))?$/.exec(text.trim());
  const [, word = "", first, last, from] = match ?? [];
  if (match === null || !Object.hasOwn(PROTOCOLS, word)) {
    return bilingual(
      `\`${text}\` is not like \`tcp 80\`, \`vrrp from 172.16.0.0/24\`, \`icmp\` or \`any\``,
      `\`${text}\` 应形如 \`tcp 80\`、\`vrrp from 172.16.0.0/24\`、\`icmp\` 或 \`any\``,
    );
  }
  const protocol = PROTOCOLS[word];
  const ports =
    first === undefined ? undefined : { from: Number(first), to: Number(last ?? first) };
  if (ports !== undefined && protocol !== 6 && protocol !== 17)
    return bilingual(`${word} has no ports`, `${word} 没有端口`);
  if (ports !== undefined && (ports.from > ports.to || ports.to > 65_535))
    return bilingual(
      `${ports.from}-${ports.to} is not a range of ports`,
      `${ports.from}-${ports.to} 不是端口范围`,
    );
  if (from === undefined) return { protocol, ports, source: undefined };
  const source = readNetwork(from);
  return source === undefined
    ? bilingual(`${from} is not a network`, `${from} 不是网段`)
    : { protocol, ports, source };
}

function readNetwork(text: string): SecurityRule["source"] {
  const [address = "", length = "32"] = text.split("/");
  const network = readIpv4(address);
  const prefix = Number(length);
  return network === undefined || !/^\d+$/.test(length) || prefix > 32
    ? undefined
    : { network, prefix };
}
