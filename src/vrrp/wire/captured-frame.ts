/**
 * A frame as a capture has it: behind the header of its link layer, with VLAN tags, perhaps cut
 * short. Only IPv4 with VRRP and ARP are of interest here.
 */
import { type Mac, macFromBytes } from "#units/address";
import { readU8, readU16 } from "./bytes.ts";
import {
  ETHER_TYPE_ARP,
  ETHER_TYPE_IPV4,
  ETHER_TYPES_VLAN,
  ETHERNET_HEADER_LENGTH,
  ETHERNET_OFFSET,
  emitEthernetHeader,
} from "./ethernet.ts";
import { IPV4_HEADER_LENGTH, ipVersionAt, ipv4ProtocolAt, PROTOCOL_VRRP } from "./ipv4-fields.ts";

/** Numbers of https://www.tcpdump.org/linktypes.html */
export const LINK_TYPES = {
  1: "ethernet",
  101: "ip",
  113: "linux-cooked",
  228: "ip",
  276: "linux-cooked-2",
} as const;
export type LinkType = (typeof LINK_TYPES)[keyof typeof LINK_TYPES];

export const linkTypeOf = (number: number): LinkType | undefined =>
  (LINK_TYPES as Readonly<Record<number, LinkType>>)[number];

/** LINKTYPE_LINUX_SLL: the sender's address after its length, then the type of what follows. */
const COOKED = { length: 16, addressLength: 4, address: 6, type: 14 } as const;
/** LINKTYPE_LINUX_SLL2: the type comes first. */
const COOKED_2 = { length: 20, type: 0, addressLength: 11, address: 12 } as const;
const VLAN_TAG_LENGTH = 4;
const VLAN_TAGS_MAX = 2;

export type CapturedFrame =
  /** A whole IPv4 packet with protocol 112. `mac`: of its sender, where the link layer has one. */
  | { readonly kind: "vrrp"; readonly packet: Uint8Array; readonly mac: Mac | undefined }
  /** A frame with an Ethernet header, also if the capture had another. */
  | { readonly kind: "arp"; readonly frame: Uint8Array }
  | { readonly kind: "other" };

interface Payload {
  readonly type: number;
  readonly at: number;
  readonly mac: Mac | undefined;
}

const OTHER: CapturedFrame = { kind: "other" };

/** What is returned points into `bytes`. Nothing throws, whatever they are. */
export function readCapturedFrame(linkType: LinkType, bytes: Uint8Array): CapturedFrame {
  const found = payloadOf(linkType, bytes);
  if (found === undefined) return OTHER;
  const { type, at, mac } = untagged(bytes, found);
  if (type === ETHER_TYPE_ARP) return { kind: "arp", frame: asEthernet(bytes.subarray(at), mac) };
  if (type !== ETHER_TYPE_IPV4 || bytes.length < at + IPV4_HEADER_LENGTH) return OTHER;
  if (ipVersionAt(bytes, at) !== 4 || ipv4ProtocolAt(bytes, at) !== PROTOCOL_VRRP) return OTHER;
  return { kind: "vrrp", packet: bytes.subarray(at), mac };
}

function payloadOf(linkType: LinkType, bytes: Uint8Array): Payload | undefined {
  switch (linkType) {
    case "ip":
      return { type: ETHER_TYPE_IPV4, at: 0, mac: undefined };
    case "ethernet":
      if (bytes.length < ETHERNET_HEADER_LENGTH) return undefined;
      return {
        type: readU16(bytes, ETHERNET_OFFSET.type),
        at: ETHERNET_HEADER_LENGTH,
        mac: macFromBytes(bytes, ETHERNET_OFFSET.source),
      };
    case "linux-cooked":
      return cooked(bytes, COOKED, readU16(bytes, COOKED.addressLength));
    case "linux-cooked-2":
      return cooked(bytes, COOKED_2, readU8(bytes, COOKED_2.addressLength));
  }
}

function cooked(
  bytes: Uint8Array,
  header: typeof COOKED | typeof COOKED_2,
  addressLength: number,
): Payload | undefined {
  if (bytes.length < header.length) return undefined;
  const mac = addressLength === 6 ? macFromBytes(bytes, header.address) : undefined;
  return { type: readU16(bytes, header.type), at: header.length, mac };
}

function untagged(bytes: Uint8Array, payload: Payload): Payload {
  let { type, at } = payload;
  for (let tags = 0; tags < VLAN_TAGS_MAX && ETHER_TYPES_VLAN.includes(type); tags++) {
    type = readU16(bytes, at + 2);
    at += VLAN_TAG_LENGTH;
  }
  return { type, at, mac: payload.mac };
}

function asEthernet(body: Uint8Array, mac: Mac | undefined): Uint8Array {
  const frame = new Uint8Array(ETHERNET_HEADER_LENGTH + body.length);
  emitEthernetHeader(frame, 0 as Mac, mac ?? (0 as Mac), ETHER_TYPE_ARP);
  frame.set(body, ETHERNET_HEADER_LENGTH);
  return frame;
}
