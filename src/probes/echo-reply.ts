/**
 * Answers to echo requests, read from whole frames: who answered shows in the Ethernet header
 * only.
 */
import { type IpAddress, ipv6At, type Mac } from "#units/address";
import { readU16 } from "#vrrp/wire/bytes";
import {
  ETHER_TYPE_IPV6,
  ETHERNET_HEADER_LENGTH,
  etherSourceOf,
  etherTypeOf,
} from "#vrrp/wire/ethernet";
import { ICMP_ECHO_HEADER_LENGTH, isIcmpv6Reply, parseIcmpEcho } from "#vrrp/wire/icmp-echo";
import {
  IPV4_HEADER_LENGTH,
  ipv4HeaderLengthAt,
  ipv4ProtocolAt,
  ipv4SourceAt,
  PROTOCOL_ICMP,
} from "#vrrp/wire/ipv4-fields";
import { IPV6_HEADER_LENGTH, IPV6_OFFSET, PROTOCOL_ICMPV6 } from "#vrrp/wire/ipv6-fields";

export interface EchoReply {
  readonly mac: Mac;
  readonly source: IpAddress;
  readonly sequence: number;
}

/** Undefined if the frame is something else, or an answer to another `id`. */
export const readEchoReply = (
  frame: Uint8Array,
  length: number,
  id: number,
): EchoReply | undefined =>
  etherTypeOf(frame) === ETHER_TYPE_IPV6
    ? readReply6(frame, length, id)
    : readReply4(frame, length, id);

function readReply4(frame: Uint8Array, length: number, id: number): EchoReply | undefined {
  const ip = ETHERNET_HEADER_LENGTH;
  if (length < ip + IPV4_HEADER_LENGTH + ICMP_ECHO_HEADER_LENGTH) return undefined;
  if (ipv4ProtocolAt(frame, ip) !== PROTOCOL_ICMP) return undefined;
  const icmp = ip + ipv4HeaderLengthAt(frame, ip);
  const result = parseIcmpEcho(frame, icmp, length - icmp);
  if (result.kind !== "echo" || result.echo.kind !== "reply" || result.echo.id !== id)
    return undefined;
  const source = ipv4SourceAt(frame, ip);
  return { mac: etherSourceOf(frame), source, sequence: result.echo.sequence };
}

/** Without a look at the checksum: the cables of a laboratory break nothing. */
function readReply6(frame: Uint8Array, length: number, id: number): EchoReply | undefined {
  const ip = ETHERNET_HEADER_LENGTH;
  const icmp = ip + IPV6_HEADER_LENGTH;
  if (length < icmp + ICMP_ECHO_HEADER_LENGTH) return undefined;
  if (frame[ip + IPV6_OFFSET.nextHeader] !== PROTOCOL_ICMPV6) return undefined;
  if (!isIcmpv6Reply(frame.subarray(icmp, length), id)) return undefined;
  const source = ipv6At(frame, ip + IPV6_OFFSET.source);
  return { mac: etherSourceOf(frame), source, sequence: readU16(frame, icmp + 6) };
}
