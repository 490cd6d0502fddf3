/**
 * The wires: a bridge in a namespace of its own, and one namespace with an eth0 for every host.
 *
 *   node a ── eth0 ═══ a ┐
 *   node b ── eth0 ═══ b ├ bridge        a cable is pulled by taking the bridge's end of it down
 *   client ── eth0 ═══ c ┘
 */

import { writeFileSync } from "node:fs";
import { AF_INET } from "#linux/abi";
import {
  addHostAddress,
  changeLink,
  createBridge,
  createVeth,
  disableTransmitOffload,
} from "#linux/links";
import { createNamespace, type Namespace } from "#linux/namespace";
import { NLM_F_ACK, NLM_F_CREATE } from "#linux/netlink";
import { must, mustDo } from "#linux/result";
import { openRtnetlink, type Rtnetlink } from "#linux/rtnetlink";
import { mustReadIp, mustReadIpv4 } from "#probes/must-read";
import { type Ipv4, isIpv6, type Mac, netmask, printIp, writeMac } from "#units/address";
import type { Outcome } from "#vrrp/engine/world";
import type { VirtualAddress } from "#vrrp/router/config";
import { type ArpLimit, Impairments } from "./impairments.ts";

const PREFIX = 24;
const INTERFACE = "eth0";
/** IN6_ADDR_GEN_MODE_NONE */
const NO_OWN_ADDRESS = "1";
const BRIDGE = "bridge";
/** Locally administered, so that the order of the nodes shows in every capture. */
const MAC_BASE = 0x02_00_ac_10_00_00;

const RTM_SETLINK = 19;
const RTM_NEWADDR = 20;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_BROADCAST = 4;
const PF_BRIDGE = 7;
const NLA_F_NESTED = 0x8000;
const IFLA_PROTINFO = 12;
const IFLA_BRPORT_STATE = 1;
const IFLA_BRPORT_ISOLATED = 33;
const BR_STATE_FORWARDING = 3;
/**
 * "blocking" would not do: without spanning tree the bridge would set it to forwarding again at
 * once.
 */
const BR_STATE_DISABLED = 0;

export interface HostPlan {
  readonly name: string;
  readonly address: string;
  /** Nodes can be kept apart from each other; clients always reach everybody. */
  readonly isNode: boolean;
}

/** The same host's addresses of IPv6. */
export const ipv6Of = (
  address: string,
): { readonly global: string; readonly linkLocal: string } => ({
  global: `2001:db8:16::${lastOctet(address)}`,
  linkLocal: `fe80::${lastOctet(address)}`,
});
const PREFIX_IPV6 = 64;

interface BridgeHost extends HostPlan {
  readonly namespace: Namespace;
  readonly rtnetlink: Rtnetlink;
  readonly index: number;
  readonly portIndex: number;
  readonly mac: Mac;
  impairments: Impairments | undefined;
}

/**
 * What nodes and instruments need from the wires, which can also be those of a VPC
 * (src/lab/vpc).
 */
export interface LabNetwork {
  /** The namespace with the outer ends of the cables. */
  readonly bridge: Namespace;
  namespaceOf(name: string): Namespace;
  interfaceIndexOf(name: string): number;
  macOf(name: string): Mac;
  setPort(name: string, up: boolean): void;
  setNodesApart(apart: boolean): void;
  /**
   * Makes a port that does not forward (spanning tree, a slow switch), though the device has
   * its carrier.
   */
  setForwarding(name: string, forwards: boolean): void;
  /** @param part the fraction, 0 to 1, of the VRRP packets that would arrive at this host */
  setVrrpLoss(name: string, part: number): void;
  /** Limits the ARP frames that this host sends; undefined for no limit. */
  setArpLimit(name: string, limit: ArpLimit | undefined): void;
  addressesOf(name: string): readonly string[];
  removeAddress(name: string, address: string): void;
  close(): void;
}

export class BridgeNetwork implements LabNetwork {
  readonly bridge: Namespace;
  readonly #rtnetlink: Rtnetlink;
  readonly #hosts = new Map<string, BridgeHost>();
  #impairments: Impairments | undefined;

  constructor(plans: readonly HostPlan[]) {
    this.bridge = createNamespace("bridge");
    this.#rtnetlink = this.bridge.within(() => must(openRtnetlink()));
    mustDo(createBridge(this.#rtnetlink, BRIDGE));
    const bridge = indexOf(this.#rtnetlink, BRIDGE);
    mustDo(changeLink(this.#rtnetlink, bridge, { up: true }));
    for (const plan of plans) this.#hosts.set(plan.name, this.#connect(plan, bridge));
  }

  #connect(plan: HostPlan, bridge: number): BridgeHost {
    const namespace = createNamespace(plan.name);
    const rtnetlink = namespace.within(() => must(openRtnetlink()));
    const mac = (MAC_BASE + (lastOctet(plan.address) & 0xff)) as Mac;
    const far = { name: INTERFACE, mac, namespace: namespace.fd };
    mustDo(createVeth(this.#rtnetlink, { name: plan.name }, far));
    const portIndex = indexOf(this.#rtnetlink, plan.name);
    mustDo(changeLink(this.#rtnetlink, portIndex, { master: bridge, up: true }));
    // Unfinished checksums would look like errors in captures.
    namespace.within(() => mustDo(disableTransmitOffload(INTERFACE)));
    const lo = indexOf(rtnetlink, "lo");
    const index = indexOf(rtnetlink, INTERFACE);
    mustDo(changeLink(rtnetlink, lo, { up: true }));
    // The kernel's own link-local address would have to wait until nobody else claims it.
    namespace.within(() =>
      writeFileSync(`/proc/sys/net/ipv6/conf/${INTERFACE}/addr_gen_mode`, NO_OWN_ADDRESS),
    );
    mustDo(changeLink(rtnetlink, index, { up: true }));
    mustDo(addOrdinaryAddress(rtnetlink, index, ordinaryAddress(plan.address)));
    const { global, linkLocal } = ipv6Of(plan.address);
    for (const text of [linkLocal, global])
      mustDo(addHostAddress(rtnetlink, index, mustReadIp(text), PREFIX_IPV6));
    return { ...plan, namespace, rtnetlink, index, portIndex, mac, impairments: undefined };
  }

  #host(name: string): BridgeHost {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`no host is called ${name}`);
    return host;
  }

  namespaceOf(name: string): Namespace {
    return this.#host(name).namespace;
  }

  interfaceIndexOf(name: string): number {
    return this.#host(name).index;
  }

  macOf(name: string): Mac {
    return this.#host(name).mac;
  }

  setPort(name: string, up: boolean): void {
    mustDo(changeLink(this.#rtnetlink, this.#host(name).portIndex, { up }));
  }

  /** Nodes on isolated bridge ports reach clients, but not each other. */
  setNodesApart(apart: boolean): void {
    for (const host of this.#hosts.values())
      if (host.isNode) this.#setBridgePort(host, IFLA_BRPORT_ISOLATED, apart ? 1 : 0);
  }

  setForwarding(name: string, forwards: boolean): void {
    const state = forwards ? BR_STATE_FORWARDING : BR_STATE_DISABLED;
    this.#setBridgePort(this.#host(name), IFLA_BRPORT_STATE, state);
  }

  #setBridgePort(host: BridgeHost, attribute: number, value: number): void {
    this.#rtnetlink
      .start(RTM_SETLINK, NLM_F_ACK)
      .u8(PF_BRIDGE)
      .u8(0)
      .u16(0)
      .u32(host.portIndex)
      .u32(0)
      .u32(0)
      .nest(IFLA_PROTINFO | NLA_F_NESTED)
      .attributeU8(attribute, value)
      .end();
    mustDo(this.#rtnetlink.transact("RTM_SETLINK(bridge port)"));
  }

  setVrrpLoss(name: string, part: number): void {
    const host = this.#host(name);
    host.impairments ??= new Impairments(host.namespace);
    host.impairments.loseVrrp(part);
  }

  setArpLimit(name: string, limit: ArpLimit | undefined): void {
    this.#impairments ??= new Impairments(this.bridge);
    this.#impairments.limitArp(name, macBytes(this.#host(name).mac), limit);
  }

  /** The addresses on the host's interface; of IPv6 those that it does not have of itself. */
  addressesOf(name: string): readonly string[] {
    const { rtnetlink, index, address: own } = this.#host(name);
    const { global, linkLocal } = ipv6Of(own);
    return must(rtnetlink.addresses())
      .filter((entry) => entry.index === index)
      .map((entry) => printIp(entry.address))
      .filter((text) => text !== global && text !== linkLocal);
  }

  /** Removes a /32 or /128 if the host has it. */
  removeAddress(name: string, text: string): void {
    const { rtnetlink, index } = this.#host(name);
    const address = mustReadIp(text);
    const prefix = isIpv6(address) ? 128 : 32;
    mustDo(rtnetlink.removeAddress(index, { address, prefix, scope: 0 }));
  }

  close(): void {
    for (const host of this.#hosts.values()) {
      host.impairments?.close();
      host.rtnetlink.close();
      host.namespace.close();
    }
    this.#impairments?.close();
    this.#rtnetlink.close();
    this.bridge.close();
  }
}

function ordinaryAddress(text: string): VirtualAddress & { readonly address: Ipv4 } {
  return { address: mustReadIpv4(text), prefix: PREFIX, scope: 0 };
}

/**
 * `Rtnetlink.setAddress` would not do: it marks an address as the daemon's own, which the
 * daemon removes at its start.
 */
function addOrdinaryAddress(
  rtnetlink: Rtnetlink,
  index: number,
  { address, prefix, scope }: VirtualAddress & { readonly address: Ipv4 },
): Outcome {
  rtnetlink
    .start(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE)
    .u8(AF_INET)
    .u8(prefix)
    .u8(0)
    .u8(scope)
    .u32(index)
    .attributeBe32(IFA_LOCAL, address)
    .attributeBe32(IFA_ADDRESS, address)
    .attributeBe32(IFA_BROADCAST, (address | ~netmask(prefix)) >>> 0);
  return rtnetlink.transact("RTM_NEWADDR");
}

const macBytes = (mac: Mac): Uint8Array => {
  const bytes = new Uint8Array(6);
  writeMac(mac, bytes, 0);
  return bytes;
};

const lastOctet = (address: string): number => Number(address.split(".").at(-1));

function indexOf(rtnetlink: Rtnetlink, name: string): number {
  const link = must(rtnetlink.links()).find((entry) => entry.name === name);
  if (link === undefined) throw new Error(`the kernel does not know the device ${name}`);
  return link.index;
}
