/**
 * Single fields of an IPv4 header (RFC 791), for code that forwards, filters or watches packets.
 * `at` is where the header begins. Nothing is checked but what a function says: `parseIpv4Packet`
 * does that.
 */
import type { Ipv4 } from "#units/address";
import { readAddress, readU8, readU16 } from "./bytes.ts";

/** Length of the header without options; what we send has none. */
export const IPV4_HEADER_LENGTH = 20;

export const IPV4_OFFSET = {
  versionAndLength: 0,
  tos: 1,
  totalLength: 2,
  id: 4,
  fragment: 6,
  ttl: 8,
  protocol: 9,
  checksum: 10,
  source: 12,
  destination: 16,
} as const;

/** The 16 bits of `fragment`: more fragments follow, and the offset in units of 8 bytes. */
export const MORE_FRAGMENTS = 0x2000;
export const FRAGMENT_OFFSET_MASK = 0x1fff;

export const PROTOCOL_ICMP = 1;
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;
export const PROTOCOL_AH = 51;
export const PROTOCOL_VRRP = 112;

export const ipVersionAt = (bytes: Uint8Array, at: number): number => readU8(bytes, at) >>> 4;

/** With options; the payload begins behind it. */
export const ipv4HeaderLengthAt = (bytes: Uint8Array, at: number): number =>
  (readU8(bytes, at) & 15) * 4;

/** Of the whole packet, header included. */
export const ipv4TotalLengthAt = (bytes: Uint8Array, at: number): number =>
  readU16(bytes, at + IPV4_OFFSET.totalLength);

export const ipv4TtlAt = (bytes: Uint8Array, at: number): number =>
  readU8(bytes, at + IPV4_OFFSET.ttl);

export const ipv4ProtocolAt = (bytes: Uint8Array, at: number): number =>
  readU8(bytes, at + IPV4_OFFSET.protocol);

export const ipv4SourceAt = (bytes: Uint8Array, at: number): Ipv4 =>
  readAddress(bytes, at + IPV4_OFFSET.source);

export const ipv4DestinationAt = (bytes: Uint8Array, at: number): Ipv4 =>
  readAddress(bytes, at + IPV4_OFFSET.destination);

/** False in every fragment but the first: those carry no header of TCP, UDP or ICMP. */
export const hasTransportHeader = (bytes: Uint8Array, at: number): boolean =>
  (readU16(bytes, at + IPV4_OFFSET.fragment) & FRAGMENT_OFFSET_MASK) === 0;
