/**
 * Neighbour discovery over Ethernet (RFC 4861 sections 4.3 and 4.4): who has an IPv6 address, and
 * who says so. Whole frames, read from a packet socket and written for one, as arp.ts does for
 * IPv4.
 */
import { type Ipv6, ipv6At, type Mac, macFromBytes, writeIp, writeMac } from "#units/address";
import { assert } from "#units/assert";
import { readU8, readU16, writeU16 } from "./bytes.ts";
import { checksumOf, isIntact, sum16 } from "./checksum.ts";
import {
  ETHER_TYPE_IPV6,
  ETHERNET_HEADER_LENGTH,
  emitEthernetHeader,
  etherSourceOf,
  etherTypeOf,
} from "./ethernet.ts";
import {
  IPV6_HEADER_LENGTH,
  IPV6_OFFSET,
  NEIGHBOUR_ADVERTISEMENT,
  NEIGHBOUR_OFFSET,
  NEIGHBOUR_SOLICITATION,
  PROTOCOL_ICMPV6,
} from "./ipv6-fields.ts";
import { emitIpv6Header, sumPseudoHeaderAt } from "./ipv6-packet.ts";

/** Without options: type, code, checksum, flags or zero, target. */
const MESSAGE_LENGTH = 24;
/** Source link-layer address (solicitations), target link-layer address (advertisements). */
const OPTION_SOURCE = 1;
const OPTION_TARGET = 2;
const OPTION_LENGTH = 8;
const HEADERS_LENGTH = ETHERNET_HEADER_LENGTH + IPV6_HEADER_LENGTH;
/** With the MAC address. */
export const NEIGHBOUR_FRAME_LENGTH: number = HEADERS_LENGTH + MESSAGE_LENGTH + OPTION_LENGTH;

const [ROUTER, SOLICITED, OVERRIDE] = [0x80, 0x40, 0x20];
const HOP_LIMIT = 255;
export const UNSPECIFIED: Ipv6 = "::" as Ipv6;
export const ALL_NODES: Ipv6 = "ff02::1" as Ipv6;

interface Common {
  readonly source: Ipv6;
  readonly destination: Ipv6;
  /** The address that is asked for, or spoken of. */
  readonly target: Ipv6;
  /** What the message says; undefined: nothing. */
  readonly mac: Mac | undefined;
  readonly etherSource: Mac;
  readonly etherDestination: Mac;
}

/** From `::` it asks whether anybody has the address (RFC 4862 section 5.4). */
export interface NeighbourSolicitation extends Common {
  readonly kind: "solicitation";
}

export interface NeighbourAdvertisement extends Common {
  readonly kind: "advertisement";
  readonly router: boolean;
  /** An answer; otherwise it is said unasked. */
  readonly solicited: boolean;
  /** Takes the place of what is known. */
  readonly override: boolean;
}

export type Neighbour = NeighbourSolicitation | NeighbourAdvertisement;

export type NeighbourDrop =
  | { readonly kind: "too-short"; readonly actual: number; readonly needed: number }
  | { readonly kind: "not-neighbour"; readonly etherType: number; readonly type: number }
  /** It has passed a router, so it does not come from this link. */
  | { readonly kind: "hop-limit-not-255"; readonly hopLimit: number }
  | { readonly kind: "bad-checksum" }
  | { readonly kind: "bad-neighbour-format"; readonly what: "code" | "target" | "option" };

export type NeighbourResult =
  | { readonly kind: "neighbour"; readonly neighbour: Neighbour }
  | { readonly kind: "drop"; readonly drop: NeighbourDrop };

const dropped = (drop: NeighbourDrop): NeighbourResult => ({ kind: "drop", drop });

/** Reads the Ethernet frame at the start of `bytes`; padding behind it is ignored. */
export function parseNeighbour(bytes: Uint8Array, length: number = bytes.length): NeighbourResult {
  const actual = Math.min(length, bytes.length);
  const needed = HEADERS_LENGTH + MESSAGE_LENGTH;
  if (actual < needed) return dropped({ kind: "too-short", actual, needed });
  const ip = ETHERNET_HEADER_LENGTH;
  const at = HEADERS_LENGTH;
  const etherType = etherTypeOf(bytes);
  const type = readU8(bytes, at + NEIGHBOUR_OFFSET.type);
  const isNeighbour = type === NEIGHBOUR_SOLICITATION || type === NEIGHBOUR_ADVERTISEMENT;
  const isIcmp = readU8(bytes, ip + IPV6_OFFSET.nextHeader) === PROTOCOL_ICMPV6;
  if (etherType !== ETHER_TYPE_IPV6 || !isIcmp || !isNeighbour)
    return dropped({ kind: "not-neighbour", etherType, type });
  const hopLimit = readU8(bytes, ip + IPV6_OFFSET.hopLimit);
  if (hopLimit !== HOP_LIMIT) return dropped({ kind: "hop-limit-not-255", hopLimit });
  const payload = readU16(bytes, ip + IPV6_OFFSET.payloadLength);
  if (payload < MESSAGE_LENGTH || at + payload > actual)
    return dropped({ kind: "too-short", actual, needed: at + Math.max(payload, MESSAGE_LENGTH) });
  if (!isIntact(sumPseudoHeaderAt(bytes, ip, payload) + sum16(bytes, at, at + payload)))
    return dropped({ kind: "bad-checksum" });
  return readMessage(bytes, at, at + payload, type);
}

function readMessage(bytes: Uint8Array, at: number, end: number, type: number): NeighbourResult {
  const malformed = (what: "code" | "target" | "option"): NeighbourResult =>
    dropped({ kind: "bad-neighbour-format", what });
  if (readU8(bytes, at + 1) !== 0) return malformed("code");
  if (readU8(bytes, at + NEIGHBOUR_OFFSET.target) === 0xff) return malformed("target");
  const isSolicitation = type === NEIGHBOUR_SOLICITATION;
  const wanted = isSolicitation ? OPTION_SOURCE : OPTION_TARGET;
  let mac: Mac | undefined;
  for (let next = at + MESSAGE_LENGTH; next < end; ) {
    // In units of eight bytes; 0 would never end (RFC 4861 section 4.6).
    const size = readU8(bytes, next + 1) * 8;
    if (size === 0 || next + size > end) return malformed("option");
    if (readU8(bytes, next) === wanted && size === OPTION_LENGTH)
      mac ??= macFromBytes(bytes, next + 2);
    next += size;
  }
  const common = {
    source: ipv6At(bytes, ETHERNET_HEADER_LENGTH + IPV6_OFFSET.source),
    destination: ipv6At(bytes, ETHERNET_HEADER_LENGTH + IPV6_OFFSET.destination),
    target: ipv6At(bytes, at + NEIGHBOUR_OFFSET.target),
    mac,
    etherSource: etherSourceOf(bytes),
    etherDestination: macFromBytes(bytes, 0),
  };
  if (isSolicitation) return { kind: "neighbour", neighbour: { kind: "solicitation", ...common } };
  const flags = readU8(bytes, at + 4);
  return {
    kind: "neighbour",
    neighbour: {
      kind: "advertisement",
      ...common,
      router: (flags & ROUTER) !== 0,
      solicited: (flags & SOLICITED) !== 0,
      override: (flags & OVERRIDE) !== 0,
    },
  };
}

/** Writes the frame at the start of `into`; returns its length. */
export function emitNeighbour(into: Uint8Array, message: Neighbour): number {
  assert(into.length >= NEIGHBOUR_FRAME_LENGTH, "buffer too small for a neighbour's frame");
  const { source, destination, target, mac } = message;
  const isSolicitation = message.kind === "solicitation";
  const length = MESSAGE_LENGTH + (mac === undefined ? 0 : OPTION_LENGTH);
  const ip = emitEthernetHeader(
    into,
    message.etherDestination,
    message.etherSource,
    ETHER_TYPE_IPV6,
  );
  const header = { source, destination, hopLimit: HOP_LIMIT, nextHeader: PROTOCOL_ICMPV6 };
  const at = ip + emitIpv6Header(into, header, length, ip);
  into.fill(0, at, at + length);
  into[at] = isSolicitation ? NEIGHBOUR_SOLICITATION : NEIGHBOUR_ADVERTISEMENT;
  if (!isSolicitation)
    into[at + 4] =
      (message.router ? ROUTER : 0) |
      (message.solicited ? SOLICITED : 0) |
      (message.override ? OVERRIDE : 0);
  writeIp(target, into, at + NEIGHBOUR_OFFSET.target);
  if (mac !== undefined) {
    into[at + MESSAGE_LENGTH] = isSolicitation ? OPTION_SOURCE : OPTION_TARGET;
    into[at + MESSAGE_LENGTH + 1] = 1;
    writeMac(mac, into, at + MESSAGE_LENGTH + 2);
  }
  writeU16(
    into,
    at + 2,
    checksumOf(sumPseudoHeaderAt(into, ip, length) + sum16(into, at, at + length)),
  );
  return at + length;
}

/** Where everybody listens who has an address with the same last 24 bits (RFC 4291 2.7.1). */
export function solicitedNode(address: Ipv6): Ipv6 {
  const bytes = new Uint8Array(16);
  writeIp(address, bytes, 0);
  bytes.fill(0, 0, 13);
  bytes[0] = 0xff;
  bytes[1] = 0x02;
  bytes[11] = 0x01;
  bytes[12] = 0xff;
  return ipv6At(bytes, 0);
}

/** 33:33 and the last four bytes of the group (RFC 2464 section 7). */
export function multicastMac(group: Ipv6): Mac {
  const bytes = new Uint8Array(16);
  writeIp(group, bytes, 0);
  bytes[10] = 0x33;
  bytes[11] = 0x33;
  return macFromBytes(bytes, 10);
}

/**
 * The advertisement that claims `address` for `mac`, as keepalived sends it: from the address
 * itself to all nodes (RFC 4861 section 7.2.6).
 */
export const unsolicitedAdvertisement = (
  mac: Mac,
  address: Ipv6,
  router: boolean,
): NeighbourAdvertisement => ({
  kind: "advertisement",
  source: address,
  destination: ALL_NODES,
  target: address,
  mac,
  router,
  solicited: false,
  override: true,
  etherSource: mac,
  etherDestination: multicastMac(ALL_NODES),
});

/** Asks who has `target`; from `UNSPECIFIED` no cache changes. */
export function neighbourSolicitation(mac: Mac, source: Ipv6, target: Ipv6): NeighbourSolicitation {
  const destination = solicitedNode(target);
  return {
    kind: "solicitation",
    source,
    destination,
    target,
    mac: source === UNSPECIFIED ? undefined : mac,
    etherSource: mac,
    etherDestination: multicastMac(destination),
  };
}
