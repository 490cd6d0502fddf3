/**
 * The signature behind an advertisement: keepalived's `auth_hmac` as 2.4.2 and later send it
 * (draft-cassen-vrrp-auth-hmac), for both versions and both families. It is no part of the VRRP
 * message: its fields are as without it, only the IP packet is longer. Over IPv4 the checksum is,
 * too; over IPv6 it covers the signature, since keepalived leaves it to the kernel.
 *
 *       0               1               2               3
 *     +---------------+---------------+---------------+---------------+
 *     |   type (1)    |    key id     |         reserved (0)          |
 *     +---------------+---------------+---------------+---------------+
 *     |              seconds since 1970, modulo 2^32                  |
 *     +---------------+---------------+---------------+---------------+
 *     |    fraction, 1/65536 s        |  counter within the fraction  |
 *     +---------------+---------------+---------------+---------------+
 *     |         HMAC-SHA256, its first 16 bytes                       |
 *     +---------------------------------------------------------------+
 *
 * Signed are: 20 bytes that name the sender (family, version, VRID, 0, source address in 16 bytes),
 * the message with a checksum of 0, and the trailer with an HMAC of 0. Not signed: the destination,
 * so that one signature serves all peers, and the rest of the IP header, TTL included.
 */
import { readU8, readU16, readU32, writeU16, writeU32 } from "./bytes.ts";
import { checksumOf, sum16 } from "./checksum.ts";
import { type HmacKey, hmacRoom, hmacSha256 } from "./hmac-sha256.ts";
import { IPV4_OFFSET, ipVersionAt } from "./ipv4-fields.ts";
import { IPV6_HEADER_LENGTH, IPV6_OFFSET } from "./ipv6-fields.ts";
import { sumPseudoHeaderAt } from "./ipv6-packet.ts";
import { isSameDigest, SHA256_LENGTH } from "./sha256.ts";
import {
  ADVERTISED_MAX,
  AUTH_DATA_LENGTH,
  SIGNATURE_LENGTH,
  type SignedParts,
  VRRP_HEADER_LENGTH,
  VRRP_OFFSET,
} from "./vrrp-packet.ts";

const OFFSET = { type: 0, keyId: 1, reserved: 2, seconds: 4, fraction: 8, counter: 10, hmac: 12 };
const TYPE_HMAC_SHA256 = 1;
const HMAC_LENGTH = 16;
const SENDER_LENGTH = 20;
const IPV6_LENGTH = 16;

/** The longest text that is signed, for IPv6. */
const SIGNED_MAX =
  SENDER_LENGTH +
  VRRP_HEADER_LENGTH +
  ADVERTISED_MAX * IPV6_LENGTH +
  AUTH_DATA_LENGTH +
  SIGNATURE_LENGTH;

/**
 * When something was signed, as the trailer has it: a number of 64 bits that grows with everything
 * the sender signs, `low` with 16 bits of fraction and 16 of counter.
 */
export interface Stamp {
  seconds: number;
  low: number;
}

/** Serial number arithmetic (RFC 1982) over the 64 bits. */
export function isLater(a: Readonly<Stamp>, b: Readonly<Stamp>): boolean {
  const seconds = secondsBetween(a.seconds, b.seconds);
  return seconds === 0 ? a.low > b.low : seconds > 0;
}

/** `a - b` of two numbers of seconds modulo 2^32. */
export const secondsBetween = (a: number, b: number): number => (a - b) | 0;

/** @param micros since 1970 */
export function stampAt(micros: number, into: Stamp): void {
  const seconds = Math.floor(micros / 1_000_000);
  into.seconds = seconds >>> 0;
  const fraction = Math.floor(((micros - seconds * 1_000_000) * 0x1_0000) / 1_000_000);
  into.low = (fraction << 16) >>> 0;
}

/** The next number: counts within the fraction, and carries. */
export function countUp(stamp: Stamp): void {
  stamp.low = (stamp.low + 1) >>> 0;
  if (stamp.low === 0) stamp.seconds = (stamp.seconds + 1) >>> 0;
}

export const typeAt = (packet: Uint8Array, trailer: number): number =>
  readU8(packet, trailer + OFFSET.type);
export const reservedAt = (packet: Uint8Array, trailer: number): number =>
  readU16(packet, trailer + OFFSET.reserved);
export const keyIdAt = (packet: Uint8Array, trailer: number): number =>
  readU8(packet, trailer + OFFSET.keyId);

/** Of the one type there is; what is reserved is 0. */
export const isSignature = (packet: Uint8Array, trailer: number): boolean =>
  typeAt(packet, trailer) === TYPE_HMAC_SHA256 && reservedAt(packet, trailer) === 0;

export function readStamp(packet: Uint8Array, trailer: number, into: Stamp): void {
  into.seconds = readU32(packet, trailer + OFFSET.seconds);
  into.low = readU32(packet, trailer + OFFSET.fraction);
}

const text = new Uint8Array(hmacRoom(SIGNED_MAX));
const digest = new Uint8Array(SHA256_LENGTH);

/** Writes the trailer at the place that `emitAdvert` has left for it. Allocates nothing. */
export function sign(
  packet: Uint8Array,
  { pdu, trailer }: SignedParts,
  key: HmacKey,
  keyId: number,
  stamp: Readonly<Stamp>,
): void {
  packet[trailer + OFFSET.type] = TYPE_HMAC_SHA256;
  packet[trailer + OFFSET.keyId] = keyId;
  writeU16(packet, trailer + OFFSET.reserved, 0);
  writeU32(packet, trailer + OFFSET.seconds, stamp.seconds);
  writeU32(packet, trailer + OFFSET.fraction, stamp.low);
  digestOf(packet, pdu, trailer, key);
  for (let n = 0; n < HMAC_LENGTH; n++) packet[trailer + OFFSET.hmac + n] = readU8(digest, n);
}

/** Whether the packet was signed with this key. Allocates nothing. */
export function isSignedWith(
  packet: Uint8Array,
  { pdu, trailer }: SignedParts,
  key: HmacKey,
): boolean {
  digestOf(packet, pdu, trailer, key);
  return isSameDigest(packet, trailer + OFFSET.hmac, digest, 0, HMAC_LENGTH);
}

function digestOf(packet: Uint8Array, pdu: number, trailer: number, key: HmacKey): void {
  const isIpv6 = ipVersionAt(packet, 0) === 6;
  const version = readU8(packet, pdu + VRRP_OFFSET.versionAndType) >>> 4;
  text.fill(0, 0, SENDER_LENGTH);
  text[0] = isIpv6 ? 6 : 4;
  text[1] = version;
  text[2] = readU8(packet, pdu + VRRP_OFFSET.vrid);
  const source = isIpv6 ? IPV6_OFFSET.source : IPV4_OFFSET.source;
  const sourceLength = isIpv6 ? IPV6_LENGTH : 4;
  for (let n = 0; n < sourceLength; n++) text[4 + n] = readU8(packet, source + n);
  const length = Math.min(trailer - pdu + OFFSET.hmac, SIGNED_MAX - SENDER_LENGTH - HMAC_LENGTH);
  for (let n = 0; n < length; n++) text[SENDER_LENGTH + n] = readU8(packet, pdu + n);
  writeU16(text, SENDER_LENGTH + VRRP_OFFSET.checksum, 0);
  text.fill(0, SENDER_LENGTH + length, SENDER_LENGTH + length + HMAC_LENGTH);
  hmacSha256(key, text, SENDER_LENGTH + length + HMAC_LENGTH, digest, 0);
}

/** Copies the trailer of one packet to another one with the same message. */
export function copySignature(from: Uint8Array, into: Uint8Array): void {
  const [source, target] = [from.length - SIGNATURE_LENGTH, into.length - SIGNATURE_LENGTH];
  for (let n = 0; n < SIGNATURE_LENGTH; n++) into[target + n] = readU8(from, source + n);
}

/** The checksum of an IPv6 packet that has been signed: over message and signature. */
export function coverSignature(packet: Uint8Array): void {
  const pdu = IPV6_HEADER_LENGTH;
  const length = packet.length - pdu;
  writeU16(packet, pdu + VRRP_OFFSET.checksum, 0);
  const sum = sum16(packet, pdu, packet.length) + sumPseudoHeaderAt(packet, 0, length);
  writeU16(packet, pdu + VRRP_OFFSET.checksum, checksumOf(sum));
}
