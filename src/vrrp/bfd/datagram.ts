/**
 * The IPv4 packet around a control packet: UDP to port 3784, TTL 255 (RFC 5881 4 and 5).
 */
import { type Ipv4, ipv4 } from "#units/address";
import { readU16, writeU16 } from "../wire/bytes.ts";
import { checksumOf, isIntact, sum16, sumPseudoHeader } from "../wire/checksum.ts";
import { IPV4_HEADER_LENGTH, PROTOCOL_UDP } from "../wire/ipv4-fields.ts";
import { emitIpv4Header, type Ipv4Drop, parseIpv4Packet } from "../wire/ipv4-packet.ts";
import {
  CONTROL_PACKET_LENGTH,
  type ControlDrop,
  type ControlPacket,
  emitControlPacket,
  parseControlPacket,
} from "./control-packet.ts";

export const BFD_PORT = 3784;
/** RFC 5881 4: source ports are from here up to 65535, one for each session. */
export const FIRST_SOURCE_PORT = 49_152;
const UDP_HEADER_LENGTH = 8;
const UDP_OFFSET = { source: 0, destination: 2, length: 4, checksum: 6 } as const;
const ANY_SOURCE = ipv4(0);
export const DATAGRAM_LENGTH: number =
  IPV4_HEADER_LENGTH + UDP_HEADER_LENGTH + CONTROL_PACKET_LENGTH;

export interface DatagramFields {
  /** Undefined: the kernel puts in the one that the routes give. */
  readonly source: Ipv4 | undefined;
  readonly destination: Ipv4;
  readonly ttl: number;
  /** 49152 to 65535 */
  readonly sourcePort: number;
  /** Identification, 16 bits; larger counters wrap. */
  readonly id: number;
}

export interface Datagram {
  readonly source: Ipv4;
  readonly destination: Ipv4;
  readonly ttl: number;
  readonly packet: ControlPacket;
}

export type DatagramDrop =
  | Ipv4Drop
  | ControlDrop
  | { readonly kind: "not-bfd" }
  | { readonly kind: "bad-udp-length"; readonly said: number; readonly actual: number }
  | { readonly kind: "bad-udp-checksum" };

export type ParsedDatagram =
  | { readonly kind: "datagram"; readonly datagram: Datagram }
  | {
      readonly kind: "drop";
      readonly drop: DatagramDrop;
      /** As far as it could be read. */
      readonly source: Ipv4 | undefined;
    };

/** Reads the IPv4 packet in `bytes`, as a raw socket gives it. */
export function parseDatagram(bytes: Uint8Array): ParsedDatagram {
  const outer = parseIpv4Packet(bytes);
  if (outer.kind === "drop") return { ...outer, source: undefined };
  const { source, destination, ttl, protocol, payloadOffset: at, payloadLength } = outer.packet;
  const dropped = (drop: DatagramDrop): ParsedDatagram => ({ kind: "drop", drop, source });
  if (protocol !== PROTOCOL_UDP || payloadLength < UDP_HEADER_LENGTH)
    return dropped({ kind: "not-bfd" });
  if (readU16(bytes, at + UDP_OFFSET.destination) !== BFD_PORT) return dropped({ kind: "not-bfd" });
  const said = readU16(bytes, at + UDP_OFFSET.length);
  if (said < UDP_HEADER_LENGTH || said > payloadLength)
    return dropped({ kind: "bad-udp-length", said, actual: payloadLength });
  // 0: the sender has computed none (RFC 768).
  const hasChecksum = readU16(bytes, at + UDP_OFFSET.checksum) !== 0;
  const sum = sumPseudoHeader(source, destination, PROTOCOL_UDP, said);
  if (hasChecksum && !isIntact(sum + sum16(bytes, at, at + said)))
    return dropped({ kind: "bad-udp-checksum" });
  const parsed = parseControlPacket(bytes, at + UDP_HEADER_LENGTH, said - UDP_HEADER_LENGTH);
  if (parsed.kind === "drop") return dropped(parsed.drop);
  return { kind: "datagram", datagram: { source, destination, ttl, packet: parsed.packet } };
}

/** Writes the whole IPv4 packet at the start of `into`; returns its length, `DATAGRAM_LENGTH`. */
export function emitDatagram(
  into: Uint8Array,
  fields: DatagramFields,
  packet: ControlPacket,
): number {
  const { source = ANY_SOURCE, destination, ttl, sourcePort, id } = fields;
  const length = UDP_HEADER_LENGTH + CONTROL_PACKET_LENGTH;
  const header = { source, destination, ttl, id, protocol: PROTOCOL_UDP };
  const at = emitIpv4Header(into, header, length);
  writeU16(into, at + UDP_OFFSET.source, sourcePort);
  writeU16(into, at + UDP_OFFSET.destination, BFD_PORT);
  writeU16(into, at + UDP_OFFSET.length, length);
  writeU16(into, at + UDP_OFFSET.checksum, 0);
  emitControlPacket(into, packet, at + UDP_HEADER_LENGTH);
  // A checksum over a source that is not known yet would be wrong; none is allowed (RFC 768).
  if (source === ANY_SOURCE) return DATAGRAM_LENGTH;
  const sum = sumPseudoHeader(source, destination, PROTOCOL_UDP, length);
  const checksum = checksumOf(sum + sum16(into, at, at + length));
  // RFC 768: a checksum of zero is sent as all ones, which is the same in ones' complement.
  writeU16(into, at + UDP_OFFSET.checksum, checksum === 0 ? 0xffff : checksum);
  return DATAGRAM_LENGTH;
}
