/**
 * The IPv4 header around an advertisement: read from a raw socket, written for one with IP_HDRINCL
 * (RFC 791).
 */

import type { Ipv4 } from "#units/address";
import { assert } from "#units/assert";
import { readAddress, readU8, readU16, writeAddress, writeU16 } from "./bytes.ts";
import { checksumOf, isIntact, sum16 } from "./checksum.ts";

export const PROTOCOL_ICMP = 1;
export const PROTOCOL_AH = 51;
export const PROTOCOL_VRRP = 112;

/** Length of the header without options; what we send has none. */
export const IPV4_HEADER_LENGTH = 20;

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
  const actual = Math.max(0, Math.min(length, bytes.length - offset));
  if (actual < IPV4_HEADER_LENGTH) {
    return dropped({ kind: "too-short", actual, needed: IPV4_HEADER_LENGTH });
  }
  const first = readU8(bytes, offset);
  if (first >>> 4 !== 4) return dropped({ kind: "bad-ip-version", version: first >>> 4 });
  const headerLength = (first & 15) * 4;
  const totalLength = readU16(bytes, offset + 2);
  if (headerLength < IPV4_HEADER_LENGTH || headerLength > totalLength) {
    return dropped({ kind: "bad-ip-header-length", length: headerLength });
  }
  if (totalLength > actual) return dropped({ kind: "truncated", expected: totalLength, actual });
  const sum = sum16(bytes, offset, offset + headerLength);
  const found = readU16(bytes, offset + 10);
  if (!isIntact(sum))
    return dropped({ kind: "bad-ip-checksum", found, expected: checksumOf(sum - found) });
  const fragment = readU16(bytes, offset + 6);
  const more = (fragment & 0x2000) !== 0;
  if (more || (fragment & 0x1fff) !== 0) {
    return dropped({ kind: "fragment", offset: (fragment & 0x1fff) * 8, more });
  }
  return {
    kind: "packet",
    packet: {
      source: readAddress(bytes, offset + 12),
      destination: readAddress(bytes, offset + 16),
      protocol: readU8(bytes, offset + 9),
      ttl: readU8(bytes, offset + 8),
      tos: readU8(bytes, offset + 1),
      id: readU16(bytes, offset + 4),
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
  into[0] = 0x45;
  into[1] = TOS_INTERNETWORK_CONTROL;
  writeU16(into, 2, IPV4_HEADER_LENGTH + payloadLength);
  writeU16(into, 4, fields.id & 0xffff);
  // Flags and offset 0: keepalived leaves "don't fragment" clear, and a packet of this size is
  // never fragmented.
  writeU16(into, 6, 0);
  into[8] = fields.ttl;
  into[9] = fields.protocol ?? PROTOCOL_VRRP;
  writeU16(into, 10, 0);
  writeAddress(into, 12, fields.source);
  writeAddress(into, 16, fields.destination);
  writeU16(into, 10, checksumOf(sum16(into, 0, IPV4_HEADER_LENGTH)));
  return IPV4_HEADER_LENGTH;
}
