/**
 * Answers to echo requests, read from whole frames: who answered shows in the Ethernet header
 * only.
 */
import type { Ipv4, Mac } from "#units/address";
import { ETHERNET_HEADER_LENGTH, etherSourceOf } from "#vrrp/wire/ethernet";
import { ICMP_ECHO_HEADER_LENGTH, parseIcmpEcho } from "#vrrp/wire/icmp-echo";
import {
  IPV4_HEADER_LENGTH,
  ipv4HeaderLengthAt,
  ipv4ProtocolAt,
  ipv4SourceAt,
  PROTOCOL_ICMP,
} from "#vrrp/wire/ipv4-fields";

export interface EchoReply {
  readonly mac: Mac;
  readonly source: Ipv4;
  readonly sequence: number;
}

/** Undefined if the frame is something else, or an answer to another `id`. */
export function readEchoReply(
  frame: Uint8Array,
  length: number,
  id: number,
): EchoReply | undefined {
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
