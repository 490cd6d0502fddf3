/**
 * The Internet checksum (RFC 1071): ones' complement of the ones' complement sum of 16-bit words. Sums are kept unfolded
 * in a double (an IPv4 packet of 64 KiB stays below 2^31) so that a pseudo header is just another summand.
 */
import type { Ipv4 } from "#units/address";
import { readU8, readU16 } from "./bytes.ts";

/** Sum of the words in `[start, end)`; an odd last byte counts as the high half of a word. */
export function sum16(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  let at = start;
  for (; at + 1 < end; at += 2) sum += readU16(bytes, at);
  return at < end ? sum + (readU8(bytes, at) << 8) : sum;
}

/** Pseudo header of RFC 793, which VRRP over IPv4 borrows: source, destination, zero, protocol, upper-layer length. */
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
 * A message is intact if its sum *with* the checksum field is all ones. Comparing with a computed checksum instead would
 * refuse 0x0000 where 0xffff was expected; both are zero in ones' complement.
 */
export const isIntact = (sumWithField: number): boolean => fold(sumWithField) === 0xffff;
