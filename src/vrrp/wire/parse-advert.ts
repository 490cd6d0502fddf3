/**
 * Structure of an advertisement: bytes of a whole IPv4 or IPv6 packet → `Advert`, or why not. Needs
 * no configuration.
 */
import { type IpAddress, type Ipv4, type Ipv6, ipv6At, readIpv4, readIpv6 } from "#units/address";
import { centis } from "#units/time";
import { priority, vrid } from "#units/vrrp";
import { readAddress, readU8, readU16 } from "./bytes.ts";
import { checksumOf, isIntact, sum16, sumPseudoHeader } from "./checksum.ts";
import { ipVersionAt, PROTOCOL_AH, PROTOCOL_VRRP } from "./ipv4-fields.ts";
import { type Ipv4Packet, parseIpv4Packet } from "./ipv4-packet.ts";
import { type Ipv6Packet, parseIpv6Packet, sumPseudoHeaderAt } from "./ipv6-packet.ts";
import {
  type Advert,
  AUTH_DATA_LENGTH,
  type ChecksumStatus,
  type DropReason,
  intervalAt,
  SIGNATURE_LENGTH,
  VRRP_HEADER_LENGTH,
  VRRP_OFFSET,
} from "./vrrp-packet.ts";

/** RFC 9568 5.1.1.2 */
export const VRRP_GROUP: Ipv4 = readIpv4("224.0.0.18") as Ipv4;
/** RFC 9568 5.1.2.2 */
export const VRRP_GROUP_IPV6: Ipv6 = readIpv6("ff02::12") as Ipv6;

export type ParsedAdvert =
  | { readonly kind: "advert"; readonly advert: Advert }
  | {
      readonly kind: "drop";
      readonly drop: DropReason;
      /** As far as the packet could be read, so that the drop is counted for the right router. */
      readonly source: IpAddress | undefined;
      readonly vrid: number | undefined;
    };

/**
 * Reads the packet in `bytes[offset, offset + length)`, of the family that its first bits say;
 * Ethernet padding behind it is ignored.
 */
export function parseAdvert(
  bytes: Uint8Array,
  offset = 0,
  length: number = bytes.length - offset,
): ParsedAdvert {
  const isIpv6 = length > 0 && ipVersionAt(bytes, offset) === 6;
  const parse = isIpv6 ? parseIpv6Packet : parseIpv4Packet;
  const outer = parse(bytes, offset, length);
  if (outer.kind === "drop") return { ...outer, source: undefined, vrid: undefined };
  return parseVrrp(bytes, outer.packet);
}

function parseVrrp(bytes: Uint8Array, packet: Ipv4Packet | Ipv6Packet): ParsedAdvert {
  const { source, destination, ttl, payloadOffset: at, payloadLength: actual } = packet;
  const isIpv6 = "headerOffset" in packet;
  let seenVrid: number | undefined;
  const dropped = (drop: DropReason): ParsedAdvert => ({
    kind: "drop",
    drop,
    source,
    vrid: seenVrid,
  });

  if (packet.protocol === PROTOCOL_AH) return dropped({ kind: "ah-not-supported" });
  if (packet.protocol !== PROTOCOL_VRRP)
    return dropped({ kind: "not-vrrp", protocol: packet.protocol });
  if (actual < VRRP_HEADER_LENGTH) {
    return dropped({ kind: "too-short", actual, needed: VRRP_HEADER_LENGTH });
  }
  const version = readU8(bytes, at + VRRP_OFFSET.versionAndType) >>> 4;
  seenVrid = readU8(bytes, at + VRRP_OFFSET.vrid);
  // Version 2 has no IPv6.
  if ((version !== 2 || isIpv6) && version !== 3) {
    return dropped({ kind: "bad-version", theirs: version, ours: isIpv6 ? 3 : undefined });
  }

  const count = readU8(bytes, at + VRRP_OFFSET.addressCount);
  const addressLength = isIpv6 ? 16 : 4;
  const trailerLength = version === 2 ? AUTH_DATA_LENGTH : 0;
  const expected = VRRP_HEADER_LENGTH + count * addressLength + trailerLength;
  const isSigned = actual === expected + SIGNATURE_LENGTH;
  if (actual !== expected && !isSigned) return dropped({ kind: "bad-length", expected, actual });
  if (seenVrid === 0) return dropped({ kind: "bad-vrid", vrid: seenVrid });
  const interval = intervalAt(bytes, at, version);
  if (interval === 0) return dropped({ kind: "bad-interval", interval });

  const addresses: IpAddress[] = [];
  const readOne = isIpv6 ? ipv6At : readAddress;
  for (let i = 0; i < count; i++)
    addresses.push(readOne(bytes, at + VRRP_HEADER_LENGTH + i * addressLength));
  return {
    kind: "advert",
    advert: {
      source,
      destination,
      ttl,
      version,
      type: readU8(bytes, at + VRRP_OFFSET.versionAndType) & 15,
      vrid: vrid(seenVrid),
      priority: priority(readU8(bytes, at + VRRP_OFFSET.priority)),
      interval: centis(interval),
      addresses,
      checksum: isIpv6
        ? checkIpv6Checksum(bytes, packet)
        : checkChecksum(bytes, packet, version, expected),
      authentication:
        version === 2
          ? {
              type: readU8(bytes, at + VRRP_OFFSET.authType),
              dataOffset: at + expected - AUTH_DATA_LENGTH,
            }
          : undefined,
      ...(isSigned ? { signed: { pdu: at, trailer: at + expected } } : {}),
    },
  };
}

/** @param length of the message, without a signature: its checksum does not cover that */
function checkChecksum(
  bytes: Uint8Array,
  packet: Ipv4Packet,
  version: 2 | 3,
  length: number,
): ChecksumStatus {
  const { source, destination, payloadOffset: at } = packet;
  const sum = sum16(bytes, at, at + length);
  const found = readU16(bytes, at + VRRP_OFFSET.checksum);
  if (version === 2) {
    if (isIntact(sum)) return { kind: "intact", form: "v2" };
    return { kind: "broken", found, expected: checksumOf(sum - found) };
  }
  const ownPseudo = sumPseudoHeader(source, destination, PROTOCOL_VRRP, length);
  if (isIntact(sum + ownPseudo)) return { kind: "intact", form: "pseudo-header" };
  if (isIntact(sum)) return { kind: "intact", form: "no-pseudo-header" };
  const groupPseudo = sumPseudoHeader(source, VRRP_GROUP, PROTOCOL_VRRP, length);
  if (isIntact(sum + groupPseudo)) return { kind: "intact", form: "multicast-pseudo-header" };
  return { kind: "broken", found, expected: checksumOf(sum - found + ownPseudo) };
}

/** Always with the pseudo header, as every transport over IPv6 (RFC 8200 8.1). */
function checkIpv6Checksum(
  bytes: Uint8Array,
  { headerOffset, payloadOffset: at, payloadLength: length }: Ipv6Packet,
): ChecksumStatus {
  const sum = sum16(bytes, at, at + length) + sumPseudoHeaderAt(bytes, headerOffset, length);
  if (isIntact(sum)) return { kind: "intact", form: "pseudo-header" };
  const found = readU16(bytes, at + VRRP_OFFSET.checksum);
  return { kind: "broken", found, expected: checksumOf(sum - found) };
}
