/**
 * Header changes of a forwarded IPv4 packet, in place, with incremental checksums (RFC 1624). The
 * payload is never summed, so a wrong checksum stays wrong and the receiver refuses it. `at` is
 * where the IPv4 header begins.
 */
import type { Ipv4 } from "#units/address";
import { readU16, writeU16 } from "./bytes.ts";
import {
  hasTransportHeader,
  IPV4_OFFSET,
  ipv4HeaderLengthAt,
  ipv4ProtocolAt,
  ipv4TtlAt,
  PROTOCOL_UDP,
} from "./ipv4-fields.ts";
import { transportChecksumOffset } from "./transport.ts";

/** HC' = ~(~HC + ~m + m'), equation 3 of RFC 1624. */
function adjust(bytes: Uint8Array, at: number, before: number, after: number): void {
  let sum = (~readU16(bytes, at) & 0xffff) + (~before & 0xffff) + after;
  sum = (sum & 0xffff) + (sum >>> 16);
  sum = (sum & 0xffff) + (sum >>> 16);
  writeU16(bytes, at, ~sum & 0xffff);
}

/** False, and nothing changed, when the packet may not be forwarded any further. */
export function decrementTtl(bytes: Uint8Array, at: number): boolean {
  const ttl = ipv4TtlAt(bytes, at);
  if (ttl <= 1) return false;
  // TTL and protocol are one of the 16-bit integers that the checksum sums.
  const field = at + IPV4_OFFSET.ttl;
  const before = readU16(bytes, field);
  bytes[field] = ttl - 1;
  adjust(bytes, at + IPV4_OFFSET.checksum, before, readU16(bytes, field));
  return true;
}

/** The same packet once more, as another one: with its own identification. */
export function renewId(bytes: Uint8Array, at: number, id: number): void {
  const field = at + IPV4_OFFSET.id;
  const before = readU16(bytes, field);
  writeU16(bytes, field, id);
  adjust(bytes, at + IPV4_OFFSET.checksum, before, id);
}

/** Network address translation; the checksums of the header and of TCP or UDP follow. */
export function replaceAddress(
  bytes: Uint8Array,
  at: number,
  which: "source" | "destination",
  to: Ipv4,
): void {
  const field = at + IPV4_OFFSET[which];
  const protocol = ipv4ProtocolAt(bytes, at);
  const transport = hasTransportHeader(bytes, at)
    ? transportChecksumOffset(bytes, at + ipv4HeaderLengthAt(bytes, at), protocol)
    : undefined;
  for (const [offset, value] of [
    [0, to >>> 16],
    [2, to & 0xffff],
  ] as const) {
    const before = readU16(bytes, field + offset);
    writeU16(bytes, field + offset, value);
    adjust(bytes, at + IPV4_OFFSET.checksum, before, value);
    if (transport !== undefined) adjust(bytes, transport, before, value);
  }
  // UDP writes a checksum of zero as all ones, because zero means that there is none (RFC 768).
  if (protocol === PROTOCOL_UDP && transport !== undefined && readU16(bytes, transport) === 0)
    writeU16(bytes, transport, 0xffff);
}
