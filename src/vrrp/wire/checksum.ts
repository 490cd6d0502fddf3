/**
 * The Internet checksum (RFC 1071): the ones' complement of the ones' complement sum of 16-bit
 * integers. Sums are kept unfolded in a double (64 KiB stay below 2^31), so that a pseudo header is
 * just another summand.
 */
import type { Ipv4 } from "#units/address";
import { readU8, readU16 } from "./bytes.ts";

/** Sum of the 16-bit integers in `[start, end)`; an odd last byte is the high half of one. */
export function sum16(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  let at = start;
  for (; at + 1 < end; at += 2) sum += readU16(bytes, at);
  return at < end ? sum + (readU8(bytes, at) << 8) : sum;
}

/**
 * The pseudo header of TCP (RFC 9293 3.1), UDP and, over IPv4, many implementations of VRRP:
 * source, destination, zero, protocol, length.
 */
export const sumPseudoHeader = (
  source: Ipv4,
  destination: Ipv4,
  protocol: number,
  length: number,
): number =>
  (source >>> 16) +
  (source & 0xffff) +
  (destination >>> 16) +
  (destination & 0xffff) +
  protocol +
  length;

function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return folded;
}

/** The value for the checksum field, from a sum that leaves that field out. */
export const checksumOf = (sum: number): number => ~fold(sum) & 0xffff;

/**
 * A message is intact if its sum with the checksum field is all ones. A comparison with a computed
 * checksum would refuse 0x0000 where 0xffff was expected; both are zero in ones' complement.
 */
export const isIntact = (sumWithField: number): boolean => fold(sumWithField) === 0xffff;
