/**
 * The fields of TCP (RFC 9293 3.1) and UDP (RFC 768) that filtering and address translation need.
 * `at` is where the header begins.
 */
import { readU8, readU16 } from "./bytes.ts";
import { PROTOCOL_TCP, PROTOCOL_UDP } from "./ipv4-fields.ts";

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const TCP = { length: 12, flags: 13, checksum: 16 } as const;
const TCP_FIN = 0x01;
const TCP_RST = 0x04;
const TCP_ACK = 0x10;
const UDP = { checksum: 6, length: 8 } as const;

export const hasPorts = (protocol: number): boolean =>
  protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP;

export const sourcePortAt = (bytes: Uint8Array, at: number): number =>
  readU16(bytes, at + SOURCE_PORT);

export const destinationPortAt = (bytes: Uint8Array, at: number): number =>
  readU16(bytes, at + DESTINATION_PORT);

/** With options; the data begins behind it. */
export const tcpHeaderLengthAt = (bytes: Uint8Array, at: number): number =>
  (readU8(bytes, at + TCP.length) >>> 4) * 4;

/** What the segment says of its connection: RST, or FIN; undefined: it goes on. */
export function tcpEndAt(bytes: Uint8Array, at: number): "reset" | "finished" | undefined {
  const flags = readU8(bytes, at + TCP.flags);
  if ((flags & TCP_RST) !== 0) return "reset";
  return (flags & TCP_FIN) !== 0 ? "finished" : undefined;
}

/** ACK is set: the segment belongs to a connection, it does not ask for one. */
export const isTcpAcknowledgement = (bytes: Uint8Array, at: number): boolean =>
  (readU8(bytes, at + TCP.flags) & TCP_ACK) !== 0;

/**
 * Where the checksum over the pseudo header is. Undefined for other protocols, for a header that is
 * cut short, and for UDP without a checksum (0).
 */
export function transportChecksumOffset(
  bytes: Uint8Array,
  at: number,
  protocol: number,
): number | undefined {
  const checksum = at + (protocol === PROTOCOL_TCP ? TCP.checksum : UDP.checksum);
  switch (protocol) {
    case PROTOCOL_TCP:
      return checksum + 2 <= bytes.length ? checksum : undefined;
    case PROTOCOL_UDP:
      return at + UDP.length <= bytes.length && readU16(bytes, checksum) !== 0
        ? checksum
        : undefined;
    default:
      return undefined;
  }
}
