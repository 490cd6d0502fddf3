/**
 * What rtnetlink says about links, addresses and neighbours, as values, and what we say about
 * addresses, as bytes. Pure; odd bytes are `undefined`.
 */

import { type IpAddress, type Ipv6, isIpv6, type Mac, macFromBytes } from "#units/address";
import {
  type AddressInfo,
  type AddressLifetime,
  BATON_PROTO,
  type LinkInfo,
  type WorldEvent,
} from "#vrrp/engine/world";
import type { VirtualAddress } from "#vrrp/router/config";
import * as abi from "./abi.ts";
import {
  attributesOf,
  ipOf,
  type MessageBuilder,
  type NetlinkMessage,
  textOf,
  u32Of,
} from "./netlink.ts";

export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;
export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;
export const RTM_NEWNEIGH = 28;
export const RTM_DELNEIGH = 29;
export const RTM_GETNEIGH = 30;
export const RTM_NEWRULE = 32;
export const RTM_DELRULE = 33;
export const RTM_GETRULE = 34;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
export const IFA_ADDRESS = 1;
export const IFA_LOCAL = 2;
const IFA_LABEL = 3;
const IFA_BROADCAST = 4;
export const IFA_CACHEINFO = 6;
const IFA_FLAGS = 8;
export const IFA_PROTO = 11;
const IFA_F_SECONDARY = 0x01;
export const IFA_F_NODAD = 0x02;
export const IFA_F_DADFAILED = 0x08;
const IFA_F_HOMEADDRESS = 0x10;
export const IFA_F_TENTATIVE = 0x40;
const IFA_F_PERMANENT = 0x80;
const IFA_F_MANAGETEMPADDR = 0x100;
const IFA_F_NOPREFIXROUTE = 0x200;
export const RTA_DST = 1;
export const RTA_OIF = 4;
const RTA_PRIORITY = 6;
export const RT_TABLE_MAIN = 254;
const RT_SCOPE_UNIVERSE = 0;
const RTN_UNICAST = 1;
const RTN_LOCAL = 2;
/** keepalived's number, which `ip route` knows by name; ours too, so that scripts find them. */
export const RTPROT_KEEPALIVED = 18;
/** Behind the kernel's own routes to networks, which have 256. */
const PREFIX_METRIC = 257;
export const NDA_DST = 1;
// linux/neighbour.h: being asked for; not answered in three tries; needs no asking; set by hand.
export const NUD_INCOMPLETE = 0x01;
export const NUD_FAILED = 0x20;
export const NUD_NOARP = 0x40;
export const NUD_PERMANENT = 0x80;
const NDA_LLADDR = 2;

/** An entry of the table of neighbours: ARP for IPv4, ND for IPv6. */
export interface NeighbourInfo {
  readonly index: number;
  readonly address: IpAddress;
  /** Undefined while it is being asked for. */
  readonly mac: Mac | undefined;
  /** Bits of linux/neighbour.h: 2 reachable, 4 stale, 0x20 failed, 0x40 no ARP, 0x80 permanent… */
  readonly state: number;
}

export function eventOf(message: NetlinkMessage): WorldEvent | undefined {
  const { type, payload } = message;
  if (type === RTM_NEWLINK || type === RTM_DELLINK) {
    const link = linkOf(payload);
    if (link === undefined) return undefined;
    return type === RTM_NEWLINK
      ? { kind: "link", link }
      : { kind: "linkGone", index: link.index, name: link.name };
  }
  if (type === RTM_NEWADDR || type === RTM_DELADDR) {
    const address = addressOf(payload);
    if (address === undefined) return undefined;
    return { kind: type === RTM_NEWADDR ? "address" : "addressGone", address };
  }
  return undefined;
}

/** struct ifinfomsg: family u8, pad, type u16, index i32, flags u32, change u32 */
export function linkOf(payload: Uint8Array): LinkInfo | undefined {
  if (payload.length < 16) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const attributes = attributesOf(payload, 16);
  const name = textOf(attributes.get(IFLA_IFNAME));
  // A bridge reports its ports' states in messages of its own family, without being asked.
  if (name === undefined || payload[0] !== 0) return undefined;
  const flags = view.getUint32(8, true);
  const mac = attributes.get(IFLA_ADDRESS);
  const working = abi.IFF_UP | abi.IFF_RUNNING;
  return {
    index: view.getInt32(4, true),
    name,
    mac: macIn(mac) ?? (0 as Mac),
    mtu: u32Of(attributes.get(IFLA_MTU)) ?? 0,
    up: (flags & working) === working,
    arp: (flags & abi.IFF_NOARP) === 0,
    multicast: (flags & abi.IFF_MULTICAST) !== 0,
  };
}

/** struct ifaddrmsg: family u8, prefix u8, flags u8, scope u8, index u32 */
export function addressOf(payload: Uint8Array): AddressInfo | undefined {
  if (payload.length < 8 || !isFamily(payload[0])) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const attributes = attributesOf(payload, 8);
  const address = ipOf(attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS));
  if (address === undefined) return undefined;
  const flags = u32Of(attributes.get(IFA_FLAGS)) ?? payload[2] ?? 0;
  const label = textOf(attributes.get(IFA_LABEL));
  return {
    index: view.getUint32(4, true),
    address,
    prefix: payload[1] ?? 32,
    // The same bit says of IPv6 that it is a temporary address, which depends on no other.
    secondary: !isIpv6(address) && (flags & IFA_F_SECONDARY) !== 0,
    proto: attributes.get(IFA_PROTO)?.[0] ?? 0,
    ...(label === undefined ? {} : { label }),
    ...((flags & IFA_F_PERMANENT) === 0 && { expires: true }),
    ...((flags & IFA_F_DADFAILED) !== 0 && { duplicate: true }),
  };
}

/** struct ndmsg: family u8, pad u8, pad u16, index i32, state u16, flags u8, type u8 */
export function neighbourOf(payload: Uint8Array): NeighbourInfo | undefined {
  if (payload.length < 12 || !isFamily(payload[0])) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const attributes = attributesOf(payload, 12);
  const address = ipOf(attributes.get(NDA_DST));
  if (address === undefined) return undefined;
  return {
    index: view.getInt32(4, true),
    address,
    mac: macIn(attributes.get(NDA_LLADDR)),
    state: view.getUint16(8, true),
  };
}

function macIn(value: Uint8Array | undefined): Mac | undefined {
  return value?.length === 6 ? macFromBytes(value) : undefined;
}

const isFamily = (family: number | undefined): boolean =>
  family === abi.AF_INET || family === abi.AF_INET6;

export const familyOf = (address: IpAddress): number =>
  isIpv6(address) ? abi.AF_INET6 : abi.AF_INET;

const FOREVER = 0xffffffff;

/**
 * The rest of a RTM_NEWADDR.
 *
 * @param marks false: as on a kernel that does not know IFA_PROTO
 */
export function appendAddress(
  builder: MessageBuilder,
  { interfaceIndex, address, seconds }: AddressLifetime,
  marks: boolean,
): void {
  const lifetime = seconds === 0 ? FOREVER : seconds;
  const preferred = address.deprecated === true ? 0 : lifetime;
  appendAddressName(builder, interfaceIndex, address);
  if (address.broadcast !== undefined) builder.attributeBe32(IFA_BROADCAST, address.broadcast);
  if (address.label !== undefined) builder.attributeText(IFA_LABEL, address.label);
  builder
    .attributeU32(IFA_CACHEINFO, preferred, lifetime, 0, 0)
    .attributeU32(IFA_FLAGS, flagsOf(address));
  // Kernels that do not know it ignore it; some vendors' kernels know it despite an older version
  // number.
  if (marks) builder.attributeU8(IFA_PROTO, BATON_PROTO);
}

/**
 * No detection of duplicates, which takes a second before the address answers; and no route of the
 * kernel's to its network: that would end with the address's lifetime, also where another address
 * of this machine has it (prefix-routes.ts).
 */
function flagsOf(address: VirtualAddress): number {
  if (!isIpv6(address.address)) return address.noPrefixRoute === true ? IFA_F_NOPREFIXROUTE : 0;
  return (
    IFA_F_NOPREFIXROUTE |
    (address.detectDuplicates === true ? 0 : IFA_F_NODAD) |
    (address.home === true ? IFA_F_HOMEADDRESS : 0) |
    (address.manageTemporary === true ? IFA_F_MANAGETEMPADDR : 0)
  );
}

/** Which address, on which device: the rest of a RTM_DELADDR. */
export function appendAddressName(
  builder: MessageBuilder,
  interfaceIndex: number,
  address: VirtualAddress,
): void {
  builder
    .u8(familyOf(address.address))
    .u8(address.prefix)
    .u8(0)
    .u8(address.scope)
    .u32(interfaceIndex)
    .attributeIp(IFA_LOCAL, address.address)
    .attributeIp(IFA_ADDRESS, address.peer ?? address.address);
}

/** A route to the network of our addresses (prefix-routes.ts). */
export interface PrefixRoute {
  readonly interfaceIndex: number;
  readonly network: Ipv6;
  readonly prefix: number;
}

/**
 * struct rtmsg: family u8, destination length u8, source length u8, tos u8, table u8, protocol u8,
 * scope u8, type u8, flags u32. The rest of a RTM_NEWROUTE or RTM_DELROUTE.
 */
export function appendPrefixRoute(
  builder: MessageBuilder,
  { interfaceIndex, network, prefix }: PrefixRoute,
): void {
  builder
    .u8(abi.AF_INET6)
    .u8(prefix)
    .u8(0)
    .u8(0)
    .u8(RT_TABLE_MAIN)
    .u8(RTPROT_KEEPALIVED)
    .u8(RT_SCOPE_UNIVERSE)
    .u8(RTN_UNICAST)
    .u32(0)
    .attributeIp(RTA_DST, network)
    .attributeU32(RTA_OIF, interfaceIndex)
    .attributeU32(RTA_PRIORITY, PREFIX_METRIC);
}

/** The rest of a RTM_GETROUTE: which route a packet to this address takes. */
export function appendRouteQuestion(
  builder: MessageBuilder,
  interfaceIndex: number,
  address: IpAddress,
): void {
  builder
    .u8(familyOf(address))
    .u8(isIpv6(address) ? 128 : 32)
    .u16(0)
    .u32(0)
    .u32(0)
    .attributeIp(RTA_DST, address)
    .attributeU32(RTA_OIF, interfaceIndex);
}

/** A route that says "here", in the answer. */
export const isLocalRoute = ({ type, payload }: NetlinkMessage): boolean =>
  type === RTM_NEWROUTE && payload[7] === RTN_LOCAL;
