/**
 * The IPv6 header (RFC 8200 section 3) around an advertisement or a neighbour's message, and the
 * sum of its pseudo header (section 8.1).
 */
import { type Ipv6, ipv6At, writeIp } from "#units/address";
import { assert } from "#units/assert";
import { presentLength, readU8, readU16, writeU16 } from "./bytes.ts";
import { sum16 } from "./checksum.ts";
import { ipVersionAt } from "./ipv4-fields.ts";
import type { Ipv4Drop } from "./ipv4-packet.ts";
import { IPV6_HEADER_LENGTH, IPV6_OFFSET } from "./ipv6-fields.ts";

/** Internetwork control, as the TOS of our IPv4 packets says. */
const TRAFFIC_CLASS = 0xc0;

export interface Ipv6Header {
  readonly source: Ipv6;
  readonly destination: Ipv6;
  readonly hopLimit: number;
  readonly nextHeader: number;
}

/** With the names of `Ipv4Packet`, so that both can be read further by the same code. */
export interface Ipv6Packet {
  readonly source: Ipv6;
  readonly destination: Ipv6;
  /** "Next header"; extension headers are not looked through. */
  readonly protocol: number;
  readonly ttl: number;
  /** Where the header starts in the bytes given to the parser. */
  readonly headerOffset: number;
  readonly payloadOffset: number;
  readonly payloadLength: number;
}

export type Ipv6Result =
  | { readonly kind: "packet"; readonly packet: Ipv6Packet }
  | {
      readonly kind: "drop";
      readonly drop: Extract<Ipv4Drop, { kind: "too-short" | "bad-ip-version" | "truncated" }>;
    };

/** Reads the packet in `bytes[offset, offset + length)`; what is behind it is padding. */
export function parseIpv6Packet(
  bytes: Uint8Array,
  offset = 0,
  length: number = bytes.length - offset,
): Ipv6Result {
  const actual = presentLength(bytes, offset, length);
  if (actual < IPV6_HEADER_LENGTH)
    return { kind: "drop", drop: { kind: "too-short", actual, needed: IPV6_HEADER_LENGTH } };
  const version = ipVersionAt(bytes, offset);
  if (version !== 6) return { kind: "drop", drop: { kind: "bad-ip-version", version } };
  const payloadLength = readU16(bytes, offset + IPV6_OFFSET.payloadLength);
  const expected = IPV6_HEADER_LENGTH + payloadLength;
  if (expected > actual) return { kind: "drop", drop: { kind: "truncated", expected, actual } };
  return {
    kind: "packet",
    packet: {
      source: ipv6At(bytes, offset + IPV6_OFFSET.source),
      destination: ipv6At(bytes, offset + IPV6_OFFSET.destination),
      protocol: readU8(bytes, offset + IPV6_OFFSET.nextHeader),
      ttl: readU8(bytes, offset + IPV6_OFFSET.hopLimit),
      headerOffset: offset,
      payloadOffset: offset + IPV6_HEADER_LENGTH,
      payloadLength,
    },
  };
}

/** Writes the header at `at`; returns its length. The payload follows it. */
export function emitIpv6Header(
  into: Uint8Array,
  header: Ipv6Header,
  payloadLength: number,
  at = 0,
): number {
  const end = at + IPV6_HEADER_LENGTH + payloadLength;
  assert(into.length >= end, "buffer too small for an IPv6 packet");
  const { hopLimit } = header;
  assert(hopLimit >= 1 && hopLimit <= 255, `hop limit ${hopLimit} is not 1 to 255`);
  into[at] = 0x60 | (TRAFFIC_CLASS >> 4);
  into[at + 1] = (TRAFFIC_CLASS << 4) & 0xff;
  into[at + 2] = 0;
  into[at + 3] = 0;
  writeU16(into, at + IPV6_OFFSET.payloadLength, payloadLength);
  into[at + IPV6_OFFSET.nextHeader] = header.nextHeader;
  into[at + IPV6_OFFSET.hopLimit] = hopLimit;
  writeIp(header.source, into, at + IPV6_OFFSET.source);
  writeIp(header.destination, into, at + IPV6_OFFSET.destination);
  return IPV6_HEADER_LENGTH;
}

/** Of the header at `at` and a payload of `length` bytes. */
export const sumPseudoHeaderAt = (bytes: Uint8Array, at: number, length: number): number =>
  sum16(bytes, at + IPV6_OFFSET.source, at + IPV6_HEADER_LENGTH) +
  (bytes[at + IPV6_OFFSET.nextHeader] ?? 0) +
  length;
