/**
 * The IPv4 header around an advertisement: read from a raw socket, written for one with IP_HDRINCL
 * (RFC 791).
 */

import type { Ipv4 } from "#units/address";
import { assert } from "#units/assert";
import { presentLength, readU8, readU16, writeAddress, writeU16 } from "./bytes.ts";
import { checksumOf, isIntact, sum16 } from "./checksum.ts";
import {
  FRAGMENT_OFFSET_MASK,
  IPV4_HEADER_LENGTH,
  IPV4_OFFSET,
  ipVersionAt,
  ipv4DestinationAt,
  ipv4HeaderLengthAt,
  ipv4ProtocolAt,
  ipv4SourceAt,
  ipv4TtlAt,
  MORE_FRAGMENTS,
  PROTOCOL_VRRP,
} from "./ipv4-fields.ts";

/** Type of service 0xc0, "internetwork control": what keepalived puts in its packets. */
const TOS_INTERNETWORK_CONTROL = 0xc0;

export interface Ipv4Packet {
  readonly source: Ipv4;
  readonly destination: Ipv4;
  readonly protocol: number;
  readonly ttl: number;
  readonly tos: number;
  readonly id: number;
  readonly dontFragment: boolean;
  /** The header had options (they are skipped, nothing in them matters to us). */
  readonly hasOptions: boolean;
  /** Where the payload starts in the bytes given to the parser. */
  readonly payloadOffset: number;
  /** By the header's total length, so without Ethernet padding. */
  readonly payloadLength: number;
}

/** Why bytes are no IPv4 packet we can read. */
export type Ipv4Drop =
  | { readonly kind: "too-short"; readonly actual: number; readonly needed: number }
  | { readonly kind: "bad-ip-version"; readonly version: number }
  | { readonly kind: "bad-ip-header-length"; readonly length: number }
  /** The header promises more than has arrived. */
  | { readonly kind: "truncated"; readonly expected: number; readonly actual: number }
  | { readonly kind: "bad-ip-checksum"; readonly found: number; readonly expected: number }
  /**
   * The kernel reassembles before a raw socket sees a packet, so this is not a fragment on its way
   * but an oddity.
   */
  | { readonly kind: "fragment"; readonly offset: number; readonly more: boolean };

export type Ipv4Result =
  | { readonly kind: "packet"; readonly packet: Ipv4Packet }
  | { readonly kind: "drop"; readonly drop: Ipv4Drop };

const dropped = (drop: Ipv4Drop): Ipv4Result => ({ kind: "drop", drop });

/** Reads the packet in `bytes[offset, offset + length)`. */
export function parseIpv4Packet(
  bytes: Uint8Array,
  offset = 0,
  length: number = bytes.length - offset,
): Ipv4Result {
  const actual = presentLength(bytes, offset, length);
  if (actual < IPV4_HEADER_LENGTH) {
    return dropped({ kind: "too-short", actual, needed: IPV4_HEADER_LENGTH });
  }
  const version = ipVersionAt(bytes, offset);
  if (version !== 4) return dropped({ kind: "bad-ip-version", version });
  const headerLength = ipv4HeaderLengthAt(bytes, offset);
  const totalLength = readU16(bytes, offset + IPV4_OFFSET.totalLength);
  if (headerLength < IPV4_HEADER_LENGTH || headerLength > totalLength) {
    return dropped({ kind: "bad-ip-header-length", length: headerLength });
  }
  if (totalLength > actual) return dropped({ kind: "truncated", expected: totalLength, actual });
  const sum = sum16(bytes, offset, offset + headerLength);
  const found = readU16(bytes, offset + IPV4_OFFSET.checksum);
  if (!isIntact(sum))
    return dropped({ kind: "bad-ip-checksum", found, expected: checksumOf(sum - found) });
  const fragment = readU16(bytes, offset + IPV4_OFFSET.fragment);
  const more = (fragment & MORE_FRAGMENTS) !== 0;
  if (more || (fragment & FRAGMENT_OFFSET_MASK) !== 0) {
    return dropped({ kind: "fragment", offset: (fragment & FRAGMENT_OFFSET_MASK) * 8, more });
  }
  return {
    kind: "packet",
    packet: {
      source: ipv4SourceAt(bytes, offset),
      destination: ipv4DestinationAt(bytes, offset),
      protocol: ipv4ProtocolAt(bytes, offset),
      ttl: ipv4TtlAt(bytes, offset),
      tos: readU8(bytes, offset + IPV4_OFFSET.tos),
      id: readU16(bytes, offset + IPV4_OFFSET.id),
      dontFragment: (fragment & 0x4000) !== 0,
      hasOptions: headerLength > IPV4_HEADER_LENGTH,
      payloadOffset: offset + headerLength,
      payloadLength: totalLength - headerLength,
    },
  };
}

export interface Ipv4HeaderFields {
  readonly source: Ipv4;
  readonly destination: Ipv4;
  readonly ttl: number;
  /** Identification, 16 bits; larger counters wrap. */
  readonly id: number;
  /** VRRP unless said otherwise. */
  readonly protocol?: number;
}

/**
 * Writes a header for a payload of `payloadLength` bytes; returns its length, where the payload
 * starts.
 */
export function emitIpv4Header(
  into: Uint8Array,
  fields: Ipv4HeaderFields,
  payloadLength: number,
): number {
  assert(into.length >= IPV4_HEADER_LENGTH + payloadLength, "buffer too small for an IPv4 packet");
  assert(fields.ttl >= 1 && fields.ttl <= 255, `TTL ${fields.ttl} is not 1 to 255`);
  into[IPV4_OFFSET.versionAndLength] = 0x45;
  into[IPV4_OFFSET.tos] = TOS_INTERNETWORK_CONTROL;
  writeU16(into, IPV4_OFFSET.totalLength, IPV4_HEADER_LENGTH + payloadLength);
  writeU16(into, IPV4_OFFSET.id, fields.id & 0xffff);
  // Flags and offset 0: keepalived leaves "don't fragment" clear, and a packet of this size is
  // never fragmented.
  writeU16(into, IPV4_OFFSET.fragment, 0);
  into[IPV4_OFFSET.ttl] = fields.ttl;
  into[IPV4_OFFSET.protocol] = fields.protocol ?? PROTOCOL_VRRP;
  writeU16(into, IPV4_OFFSET.checksum, 0);
  writeAddress(into, IPV4_OFFSET.source, fields.source);
  writeAddress(into, IPV4_OFFSET.destination, fields.destination);
  writeU16(into, IPV4_OFFSET.checksum, checksumOf(sum16(into, 0, IPV4_HEADER_LENGTH)));
  return IPV4_HEADER_LENGTH;
}
