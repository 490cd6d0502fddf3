/**
 * Makes and changes devices and routes, for the lab and the tests. The daemon itself never
 * does.
 */

import { type IpAddress, isIpv6, type Mac } from "#units/address";
import { OK, type Outcome } from "#vrrp/engine/world";
import * as abi from "./abi.ts";
import * as libc from "./ffi.ts";
import {
  appendMacvlan,
  beginLinkChange,
  beginNewLink,
  IFLA_ADDRESS,
  IFLA_IFNAME,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_LINKINFO,
  macBytes,
  requestLinkDeletion,
} from "./link-messages.ts";
import { NLM_F_ACK, NLM_F_CREATE } from "./netlink.ts";
import type { Rtnetlink } from "./rtnetlink.ts";
import {
  familyOf,
  IFA_ADDRESS,
  IFA_F_NODAD,
  IFA_LOCAL,
  NDA_DST,
  NUD_NOARP,
  NUD_PERMANENT,
  RTA_DST,
  RTA_OIF,
  RTM_DELNEIGH,
  RTM_NEWADDR,
  RTM_NEWROUTE,
} from "./rtnetlink-messages.ts";

const IFLA_MTU = 4;
const IFLA_MASTER = 10;
const IFLA_NET_NS_FD = 28;
const VETH_INFO_PEER = 1;
const MACVLAN_MODE_BRIDGE = 4;
const RTA_GATEWAY = 5;

export interface VethEnd {
  readonly name: string;
  readonly mac?: Mac;
  /**
   * The file descriptor of its namespace; undefined for the namespace in which the request is
   * made.
   */
  readonly namespace?: number;
}

/** A cable with two ends. */
export function createVeth(rtnetlink: Rtnetlink, near: VethEnd, far: VethEnd): Outcome {
  const builder = beginNewLink(rtnetlink);
  endAttributes(rtnetlink, near);
  builder.nest(IFLA_LINKINFO).attributeText(IFLA_INFO_KIND, "veth").nest(IFLA_INFO_DATA);
  builder.nest(VETH_INFO_PEER).u32(0).u32(0).u32(0).u32(0);
  endAttributes(rtnetlink, far);
  builder.end().end().end();
  return rtnetlink.transact(`RTM_NEWLINK(veth ${near.name})`);
}

export function createBridge(rtnetlink: Rtnetlink, name: string): Outcome {
  beginNewLink(rtnetlink)
    .attributeText(IFLA_IFNAME, name)
    .nest(IFLA_LINKINFO)
    .attributeText(IFLA_INFO_KIND, "bridge")
    .end();
  return rtnetlink.transact(`RTM_NEWLINK(bridge ${name})`);
}

/**
 * Another device with an address of its own on the wire of `parent`; several on one parent reach
 * each other.
 */
export function createMacvlan(rtnetlink: Rtnetlink, parent: number, end: VethEnd): Outcome {
  const builder = beginNewLink(rtnetlink);
  endAttributes(rtnetlink, end);
  appendMacvlan(builder, parent, MACVLAN_MODE_BRIDGE);
  return rtnetlink.transact(`RTM_NEWLINK(macvlan ${end.name})`);
}

export interface LinkChange {
  readonly up?: boolean;
  /** The index of the bridge; 0 takes the device out of its bridge. */
  readonly master?: number;
  readonly mac?: Mac;
  readonly mtu?: number;
  readonly namespace?: number;
}

export function changeLink(rtnetlink: Rtnetlink, index: number, change: LinkChange): Outcome {
  const flags = change.up === true ? abi.IFF_UP : 0;
  const mask = change.up === undefined ? 0 : abi.IFF_UP;
  const builder = beginLinkChange(rtnetlink, index, flags, mask);
  if (change.master !== undefined) builder.attributeU32(IFLA_MASTER, change.master);
  if (change.mac !== undefined) builder.attribute(IFLA_ADDRESS, macBytes(change.mac));
  if (change.mtu !== undefined) builder.attributeU32(IFLA_MTU, change.mtu);
  if (change.namespace !== undefined) builder.attributeU32(IFLA_NET_NS_FD, change.namespace);
  return rtnetlink.transact("RTM_SETLINK");
}

export function deleteLink(rtnetlink: Rtnetlink, index: number): Outcome {
  const outcome = requestLinkDeletion(rtnetlink, index, "RTM_DELLINK");
  // It is already gone, for example with the other end of the pair.
  return !outcome.ok && outcome.errno === "ENODEV" ? OK : outcome;
}

/** An ordinary address of a host: for ever, without Baton's mark. */
export function addHostAddress(
  rtnetlink: Rtnetlink,
  index: number,
  address: IpAddress,
  prefix: number,
): Outcome {
  rtnetlink
    .start(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE)
    .u8(familyOf(address))
    .u8(prefix)
    .u8(isIpv6(address) ? IFA_F_NODAD : 0)
    .u8(0)
    .u32(index)
    .attributeIp(IFA_LOCAL, address)
    .attributeIp(IFA_ADDRESS, address);
  return rtnetlink.transact("RTM_NEWADDR");
}

/** Forgets what ARP and neighbour discovery have learned on a device; permanent entries stay. */
export function flushNeighbours(rtnetlink: Rtnetlink, index: number): Outcome {
  const known = rtnetlink.neighbours();
  if (!known.ok) return known;
  for (const entry of known.value) {
    if (entry.index !== index || (entry.state & (NUD_PERMANENT | NUD_NOARP)) !== 0) continue;
    rtnetlink
      .start(RTM_DELNEIGH, NLM_F_ACK)
      .u8(familyOf(entry.address))
      .u8(0)
      .u16(0)
      .u32(index)
      .u32(0)
      .attributeIp(NDA_DST, entry.address);
    const outcome = rtnetlink.transact("RTM_DELNEIGH");
    // It has aged out in between, which is as good as deleted.
    if (!outcome.ok && outcome.errno !== "ENOENT") return outcome;
  }
  return OK;
}

/** `destination` undefined is the default route. */
export function addRoute(
  rtnetlink: Rtnetlink,
  destination: { readonly address: IpAddress; readonly prefix: number } | undefined,
  gateway: IpAddress | undefined,
  interfaceIndex: number,
): Outcome {
  const end = destination?.address ?? gateway;
  const builder = rtnetlink
    .start(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE)
    .u8(end === undefined ? abi.AF_INET : familyOf(end))
    .u8(destination?.prefix ?? 0)
    .u8(0)
    .u8(0)
    // table main, protocol static, scope universe or link, type unicast
    .u8(254)
    .u8(4)
    .u8(gateway === undefined ? 253 : 0)
    .u8(1)
    .u32(0);
  if (destination !== undefined) builder.attributeIp(RTA_DST, destination.address);
  if (gateway !== undefined) builder.attributeIp(RTA_GATEWAY, gateway);
  builder.attributeU32(RTA_OIF, interfaceIndex);
  return rtnetlink.transact("RTM_NEWROUTE");
}

/**
 * A veth leaves checksums to the hardware it does not have; frames that pass a packet socket would
 * carry them unfinished.
 * @param name a device in the caller's namespace
 */
export function disableTransmitOffload(name: string): Outcome {
  const fd = libc.socket(abi.AF_INET, abi.SOCK_DGRAM | abi.SOCK_CLOEXEC, 0);
  if (fd < 0) return libc.failure("socket(AF_INET)");
  try {
    for (const command of [abi.ETHTOOL_STXCSUM, abi.ETHTOOL_STSO, abi.ETHTOOL_SGSO]) {
      const value = Int32Array.of(command, 0);
      const request = new Uint8Array(abi.IFREQ.size);
      request.set(new TextEncoder().encode(name).subarray(0, abi.IFNAMSIZ - 1));
      new DataView(request.buffer).setBigUint64(abi.IFREQ.union, libc.addressOf(value), true);
      if (libc.ioctl(fd, abi.SIOCETHTOOL, request) !== 0) {
        const failure = libc.failure(`ioctl(SIOCETHTOOL, ${name})`);
        if (failure.errno !== "EOPNOTSUPP") return failure;
      }
    }
    return OK;
  } finally {
    libc.close(fd);
  }
}

function endAttributes({ builder }: Rtnetlink, end: VethEnd): void {
  builder.attributeText(IFLA_IFNAME, end.name);
  if (end.mac !== undefined) builder.attribute(IFLA_ADDRESS, macBytes(end.mac));
  if (end.namespace !== undefined) builder.attributeU32(IFLA_NET_NS_FD, end.namespace);
}
