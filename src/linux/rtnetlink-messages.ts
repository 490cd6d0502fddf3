/**
 * What rtnetlink says about links, IPv4 addresses and neighbours, as values, and what we say about
 * addresses, as bytes. Pure; odd bytes are `undefined`.
 */

import { type Ipv4, ipv4, type Mac, macFromBytes } from "#units/address";
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
  be32Of,
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
export const RTM_NEWNEIGH = 28;
export const RTM_DELNEIGH = 29;
export const RTM_GETNEIGH = 30;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
export const IFA_ADDRESS = 1;
export const IFA_LOCAL = 2;
const IFA_LABEL = 3;
const IFA_BROADCAST = 4;
const IFA_CACHEINFO = 6;
const IFA_FLAGS = 8;
const IFA_PROTO = 11;
const IFA_F_SECONDARY = 0x01;
const IFA_F_PERMANENT = 0x80;
export const NDA_DST = 1;
// linux/neighbour.h: being asked for; not answered in three tries; needs no asking; set by hand.
export const NUD_INCOMPLETE = 0x01;
export const NUD_FAILED = 0x20;
export const NUD_NOARP = 0x40;
export const NUD_PERMANENT = 0x80;
const NDA_LLADDR = 2;

/** An entry of the ARP table. */
export interface NeighbourInfo {
  readonly index: number;
  readonly address: Ipv4;
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
  if (payload.length < 8 || payload[0] !== abi.AF_INET) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const attributes = attributesOf(payload, 8);
  const address = addressIn(attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS));
  if (address === undefined) return undefined;
  const flags = u32Of(attributes.get(IFA_FLAGS)) ?? payload[2] ?? 0;
  const label = textOf(attributes.get(IFA_LABEL));
  return {
    index: view.getUint32(4, true),
    address,
    prefix: payload[1] ?? 32,
    secondary: (flags & IFA_F_SECONDARY) !== 0,
    proto: attributes.get(IFA_PROTO)?.[0] ?? 0,
    ...(label === undefined ? {} : { label }),
    ...((flags & IFA_F_PERMANENT) === 0 && { expires: true }),
  };
}

/** struct ndmsg: family u8, pad u8, pad u16, index i32, state u16, flags u8, type u8 */
export function neighbourOf(payload: Uint8Array): NeighbourInfo | undefined {
  if (payload.length < 12 || payload[0] !== abi.AF_INET) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const attributes = attributesOf(payload, 12);
  const address = addressIn(attributes.get(NDA_DST));
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

function addressIn(value: Uint8Array | undefined): Ipv4 | undefined {
  const number = be32Of(value);
  return number === undefined ? undefined : ipv4(number);
}

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
  builder.attributeU32(IFA_CACHEINFO, preferred, lifetime, 0, 0).attributeU32(IFA_FLAGS, 0);
  // Kernels that do not know it ignore it; some vendors' kernels know it despite an older version
  // number.
  if (marks) builder.attributeU8(IFA_PROTO, BATON_PROTO);
}

/** Which address, on which device: the rest of a RTM_DELADDR. */
export function appendAddressName(
  builder: MessageBuilder,
  interfaceIndex: number,
  address: VirtualAddress,
): void {
  builder
    .u8(abi.AF_INET)
    .u8(address.prefix)
    .u8(0)
    .u8(address.scope)
    .u32(interfaceIndex)
    .attributeBe32(IFA_LOCAL, address.address)
    .attributeBe32(IFA_ADDRESS, address.peer ?? address.address);
}
