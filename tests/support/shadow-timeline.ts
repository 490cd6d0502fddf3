/**
 * A conversation of two routers as a capture has it, and what the shadow finds in it. Times are
 * seconds.
 */

import { readConfiguration } from "#keepalived/read";
import { planForCapture } from "#shadow/capture-plan";
import type { Finding } from "#shadow/finding";
import { Shadow } from "#shadow/shadow";
import { type Ipv4, ipv4, type Mac, printIpv4, readIpv4 } from "#units/address";
import { centis, type Instant, micros } from "#units/time";
import { priority, vrid } from "#units/vrrp";
import { ARP_FRAME_LENGTH, emitArp, gratuitousArp } from "#vrrp/wire/arp";
import { emitAdvert } from "#vrrp/wire/emit-advert";
import { ADVERT_LENGTH_MAX } from "#vrrp/wire/vrrp-packet";

export const A: Ipv4 = readIpv4("192.0.2.2") ?? ipv4(0);
export const B: Ipv4 = readIpv4("192.0.2.1") ?? ipv4(0);
export const VIP: Ipv4 = readIpv4("192.0.2.100") ?? ipv4(0);
const GROUP = readIpv4("224.0.0.18") ?? ipv4(0);

export interface NodeSpec {
  readonly own: Ipv4;
  readonly priority: number;
  /** More lines of the instance. */
  readonly lines?: readonly string[];
  readonly interval?: number;
  readonly version?: 2 | 3;
  readonly multicast?: true;
}

export function configText(spec: NodeSpec): string {
  const peer = printIpv4(spec.own === A ? B : A);
  const unicast = [`unicast_src_ip ${printIpv4(spec.own)}`, "unicast_peer {", peer, "}"];
  return [
    ...(spec.version === 3 ? ["global_defs {", "vrrp_version 3", "}"] : []),
    "vrrp_instance VI_1 {",
    "state BACKUP",
    "interface eth0",
    "virtual_router_id 51",
    `priority ${spec.priority}`,
    `advert_int ${spec.interval ?? 1}`,
    ...(spec.multicast === true ? [] : unicast),
    ...(spec.lines ?? []),
    "virtual_ipaddress {",
    printIpv4(VIP),
    "}",
    "}",
    "",
  ].join("\n");
}

/** One packet of the conversation. */
export interface Said {
  readonly at: number;
  readonly from: Ipv4;
  readonly priority: number;
  readonly interval?: number;
  readonly version?: 2 | 3;
  readonly arp?: true;
  readonly multicast?: true;
}

export const macOf = (address: Ipv4): Mac => (0x020000000000 + (address & 0xff)) as Mac;

/** Advertisements from `start` to `end`, both included. */
export function regular(from: Ipv4, level: number, start: number, end: number, step = 1): Said[] {
  const count = Math.round((end - start) / step);
  return Array.from({ length: count + 1 }, (_, index) => ({
    at: start + index * step,
    from,
    priority: level,
    ...(step === 1 ? {} : { interval: step, version: 3 as const }),
  }));
}

export function packetOf(said: Said): Uint8Array {
  const bytes = new Uint8Array(ADVERT_LENGTH_MAX);
  const length = emitAdvert(bytes, {
    source: said.from,
    destination: said.multicast === true ? GROUP : said.from === A ? B : A,
    ttl: 255,
    id: 1,
    version: said.version ?? 2,
    vrid: vrid(51),
    priority: priority(said.priority),
    interval: centis((said.interval ?? 1) * 100),
    addresses: [VIP],
    password: undefined,
    checksum: "pseudo-header",
  });
  return bytes.slice(0, length);
}

export function arpOf(said: Said): Uint8Array {
  const frame = new Uint8Array(ARP_FRAME_LENGTH);
  emitArp(frame, gratuitousArp(macOf(said.from), VIP, "request"));
  return frame;
}

/** What is found in it, in order of time; the capture goes on until `end`. */
export function findIn(
  nodes: readonly NodeSpec[],
  conversation: readonly Said[],
  end: number,
): readonly Finding[] {
  const found: Finding[] = [];
  const shadow = new Shadow({
    tolerance: undefined,
    report: (finding) => void found.push(finding),
    nodes: nodes.map((spec) => {
      const { plan } = readConfiguration([{ name: "a.conf", text: configText(spec) }], {});
      const instances = plan.instances.map(({ config }) => config);
      return planForCapture(instances, plan.groups, spec.own);
    }),
  });
  for (const [index, said] of conversation.toSorted((a, b) => a.at - b.at).entries()) {
    const at = micros(said.at * 1_000_000) as number as Instant;
    const packet = index + 1;
    if (said.arp === true) shadow.observe(at, { kind: "arp", bytes: arpOf(said), packet });
    else shadow.observe(at, { kind: "vrrp", bytes: packetOf(said), mac: macOf(said.from), packet });
  }
  shadow.advance((end * 1_000_000) as Instant);
  return found.toSorted((a, b) => a.at - b.at);
}

/** `kind verdict section`, for comparing. */
export const brief = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ what, verdict, section, node }) =>
    [node === undefined ? "-" : node === A ? "a" : "b", what.kind, verdict, section ?? ""]
      .join(" ")
      .trim(),
  );
