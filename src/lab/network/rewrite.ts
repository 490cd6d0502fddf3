/**
 * Header changes of a frame that is on its way, in place, with incremental checksums (RFC
 * 1624): the payload is never summed, so a checksum that was wrong stays wrong and is the
 * receiver's to refuse.
 */
import type { Ipv4, Mac } from "#units/address";
import { ipv4, writeMac } from "#units/address";

export const ETHERNET = 14;
const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;

export const u16 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
export const address = (bytes: Uint8Array, at: number): Ipv4 =>
  ipv4((u16(bytes, at) << 16) | u16(bytes, at + 2));

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value & 255;
}

export function setMacs(frame: Uint8Array, destination: Mac, source: Mac): void {
  writeMac(destination, frame, 0);
  writeMac(source, frame, 6);
}

/** HC' = ~(~HC + ~m + m'), equation 3 of RFC 1624. */
function adjust(bytes: Uint8Array, at: number, before: number, after: number): void {
  let sum = (~u16(bytes, at) & 0xffff) + (~before & 0xffff) + after;
  sum = (sum & 0xffff) + (sum >>> 16);
  sum = (sum & 0xffff) + (sum >>> 16);
  put16(bytes, at, ~sum & 0xffff);
}

/** False when it has reached its end. */
export function decrementTtl(frame: Uint8Array): boolean {
  const ttl = frame[ETHERNET + 8] ?? 0;
  if (ttl <= 1) return false;
  const before = u16(frame, ETHERNET + 8);
  frame[ETHERNET + 8] = ttl - 1;
  adjust(frame, ETHERNET + 10, before, u16(frame, ETHERNET + 8));
  return true;
}

/**
 * Network address translation of the source or the destination: header, TCP and UDP checksums
 * follow.
 */
export function replaceAddress(frame: Uint8Array, which: "source" | "destination", to: Ipv4): void {
  const at = ETHERNET + (which === "source" ? 12 : 16);
  const transport = transportChecksum(frame);
  for (const [offset, value] of [
    [0, to >>> 16],
    [2, to & 0xffff],
  ] as const) {
    const before = u16(frame, at + offset);
    put16(frame, at + offset, value);
    adjust(frame, ETHERNET + 10, before, value);
    if (transport !== undefined) adjust(frame, transport, before, value);
  }
  // UDP writes a sum of zero as all ones, because zero means that there is none (RFC 768).
  const isUdp = frame[ETHERNET + 9] === PROTOCOL_UDP;
  if (isUdp && transport !== undefined && u16(frame, transport) === 0)
    put16(frame, transport, 0xffff);
}

/**
 * Where the checksum over the pseudo header lies; only in first fragments, and UDP may have
 * none (0).
 */
function transportChecksum(frame: Uint8Array): number | undefined {
  if ((u16(frame, ETHERNET + 6) & 0x1fff) !== 0) return undefined;
  const start = ETHERNET + ((frame[ETHERNET] ?? 0) & 15) * 4;
  const protocol = frame[ETHERNET + 9];
  if (protocol === PROTOCOL_TCP && start + 18 <= frame.length) return start + 16;
  if (protocol === PROTOCOL_UDP && start + 8 <= frame.length && u16(frame, start + 6) !== 0)
    return start + 6;
  return undefined;
}
