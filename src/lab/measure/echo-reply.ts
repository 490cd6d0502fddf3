/**
 * Answers to echo requests, read from whole frames: who answered shows in the Ethernet header
 * only.
 */
import { type Ipv4, ipv4, type Mac, macFromBytes } from "#units/address";
import { ICMP_ECHO_HEADER_LENGTH, parseIcmpEcho } from "#vrrp/wire/icmp-echo";
import { IPV4_HEADER_LENGTH, PROTOCOL_ICMP } from "#vrrp/wire/ipv4-packet";

const ETHERNET_LENGTH = 14;
const SOURCE_MAC = 6;
const PROTOCOL = 9;
const SOURCE_ADDRESS = 12;

export interface EchoReply {
  readonly mac: Mac;
  readonly source: Ipv4;
  readonly sequence: number;
}

/** Undefined: the frame is something else, or an answer to somebody else's `id`. */
export function readEchoReply(
  frame: Uint8Array,
  length: number,
  id: number,
): EchoReply | undefined {
  const ip = ETHERNET_LENGTH;
  if (length < ip + IPV4_HEADER_LENGTH + ICMP_ECHO_HEADER_LENGTH) return undefined;
  if (frame[ip + PROTOCOL] !== PROTOCOL_ICMP) return undefined;
  const icmp = ip + ((frame[ip] ?? 0) & 15) * 4;
  const result = parseIcmpEcho(frame, icmp, length - icmp);
  if (result.kind !== "echo" || result.echo.kind !== "reply" || result.echo.id !== id)
    return undefined;
  const source = ipv4(new DataView(frame.buffer, frame.byteOffset).getUint32(ip + SOURCE_ADDRESS));
  return { mac: macFromBytes(frame, SOURCE_MAC), source, sequence: result.echo.sequence };
}
