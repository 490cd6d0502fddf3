/**
 * ICMP echo (RFC 792; ICMPv6: RFC 4443): what the prober and checks send through raw sockets, and
 * what they read back.
 */
import { assert } from "#units/assert";
import { presentLength, readU8, readU16, writeU16 } from "./bytes.ts";
import { checksumOf, isIntact, sum16 } from "./checksum.ts";
import { IPV4_HEADER_LENGTH, ipv4HeaderLengthAt } from "./ipv4-fields.ts";

export const ICMP_ECHO_HEADER_LENGTH = 8;

export const TYPE_ECHO_REPLY = 0;
const TYPE_ECHO_REQUEST = 8;
const TYPE_ECHO_REQUEST_V6 = 128;
export const TYPE_ECHO_REPLY_V6 = 129;

/**
 * By the type alone; the other types are replies and errors. `at` is where the ICMP message begins.
 */
export const isEchoRequest = (bytes: Uint8Array, at: number): boolean =>
  readU8(bytes, at) === TYPE_ECHO_REQUEST;

export interface IcmpEcho {
  readonly kind: "request" | "reply";
  /** 16 bits each. */
  readonly id: number;
  readonly sequence: number;
  readonly payloadOffset: number;
  readonly payloadLength: number;
}

export type IcmpDrop =
  | { readonly kind: "too-short"; readonly actual: number; readonly needed: number }
  | { readonly kind: "bad-checksum"; readonly found: number; readonly expected: number }
  | { readonly kind: "not-echo"; readonly type: number; readonly code: number };

export type IcmpEchoResult =
  | { readonly kind: "echo"; readonly echo: IcmpEcho }
  | { readonly kind: "drop"; readonly drop: IcmpDrop };

const dropped = (drop: IcmpDrop): IcmpEchoResult => ({ kind: "drop", drop });

/** Reads the ICMP message (no IPv4 header) in `bytes[offset, offset + length)`. */
export function parseIcmpEcho(bytes: Uint8Array, offset: number, length: number): IcmpEchoResult {
  const actual = presentLength(bytes, offset, length);
  if (actual < ICMP_ECHO_HEADER_LENGTH) {
    return dropped({ kind: "too-short", actual, needed: ICMP_ECHO_HEADER_LENGTH });
  }
  const type = readU8(bytes, offset);
  const code = readU8(bytes, offset + 1);
  if ((type !== TYPE_ECHO_REPLY && type !== TYPE_ECHO_REQUEST) || code !== 0) {
    return dropped({ kind: "not-echo", type, code });
  }
  const sum = sum16(bytes, offset, offset + actual);
  const found = readU16(bytes, offset + 2);
  if (!isIntact(sum))
    return dropped({ kind: "bad-checksum", found, expected: checksumOf(sum - found) });
  return {
    kind: "echo",
    echo: {
      kind: type === TYPE_ECHO_REQUEST ? "request" : "reply",
      id: readU16(bytes, offset + 4),
      sequence: readU16(bytes, offset + 6),
      payloadOffset: offset + ICMP_ECHO_HEADER_LENGTH,
      payloadLength: actual - ICMP_ECHO_HEADER_LENGTH,
    },
  };
}

export interface IcmpEchoFields {
  readonly kind: "request" | "reply";
  readonly id: number;
  readonly sequence: number;
  /** Bytes of payload, already in place behind the header; the checksum covers them. */
  readonly payloadLength: number;
}

/**
 * Completes the message at the start of `into` around a payload the caller has written there;
 * returns its length.
 */
export function emitIcmpEcho(into: Uint8Array, fields: IcmpEchoFields): number {
  const length = ICMP_ECHO_HEADER_LENGTH + fields.payloadLength;
  assert(into.length >= length, "buffer too small for an ICMP message");
  into[0] = fields.kind === "request" ? TYPE_ECHO_REQUEST : TYPE_ECHO_REPLY;
  into[1] = 0;
  writeU16(into, 2, 0);
  writeU16(into, 4, fields.id & 0xffff);
  writeU16(into, 6, fields.sequence & 0xffff);
  writeU16(into, 2, checksumOf(sum16(into, 0, length)));
  return length;
}

/** Of a whole IPv4 packet, as raw sockets receive it; `id` as in the request. */
export function isReplyInIpv4(packet: Uint8Array, id: number): boolean {
  if (packet.length < IPV4_HEADER_LENGTH) return false;
  const at = ipv4HeaderLengthAt(packet, 0);
  const read = parseIcmpEcho(packet, at, packet.length - at);
  return read.kind === "echo" && read.echo.kind === "reply" && read.echo.id === id;
}

/** The message at the start of `into`; raw sockets fill in the checksum (RFC 3542, section 3.1). */
export function emitIcmpv6Request(into: Uint8Array, id: number, sequence: number): void {
  assert(into.length >= ICMP_ECHO_HEADER_LENGTH, "buffer too small for an ICMP message");
  into[0] = TYPE_ECHO_REQUEST_V6;
  writeU16(into, 4, id & 0xffff);
  writeU16(into, 6, sequence & 0xffff);
}

/** Of a message without its IPv6 header; the kernel has validated the checksum. */
export const isIcmpv6Reply = (message: Uint8Array, id: number): boolean =>
  message.length >= ICMP_ECHO_HEADER_LENGTH &&
  readU8(message, 0) === TYPE_ECHO_REPLY_V6 &&
  readU16(message, 4) === id;
