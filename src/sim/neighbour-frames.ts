/**
 * Questions and answers about MAC addresses, as the kernels of the model exchange them: ARP, or
 * neighbour discovery.
 */
import { BROADCAST_MAC, type IpAddress, isIpv6, type Mac } from "#units/address";
import { ARP_FRAME_LENGTH, arpReply, arpRequest, emitArp, parseArp } from "#vrrp/wire/arp";
import { ETHER_TYPE_IPV6, etherTypeOf } from "#vrrp/wire/ethernet";
import {
  ALL_NODES,
  emitNeighbour,
  multicastMac,
  NEIGHBOUR_FRAME_LENGTH,
  type Neighbour,
  neighbourSolicitation,
  parseNeighbour,
  UNSPECIFIED,
} from "#vrrp/wire/neighbour";
import { ipv4Of } from "./frame-fields.ts";
import type { Frame } from "./segment.ts";

export interface NeighbourMessage {
  readonly kind: "question" | "answer";
  /** Has `mac`. Undefined: whoever asks whether an address is in use has none. */
  readonly sender: IpAddress | undefined;
  readonly mac: Mac;
  /** Who is asked for, or answered. */
  readonly target: IpAddress;
}

/** Undefined: damaged. */
export const readNeighbourMessage = (bytes: Uint8Array): NeighbourMessage | undefined =>
  etherTypeOf(bytes) === ETHER_TYPE_IPV6 ? readDiscovery(bytes) : readArp(bytes);

function readArp(bytes: Uint8Array): NeighbourMessage | undefined {
  const parsed = parseArp(bytes);
  if (parsed.kind === "drop") return undefined;
  const { operation, senderAddress, senderMac: mac, targetAddress: target } = parsed.arp;
  const kind = operation === "request" ? "question" : "answer";
  // RFC 5227 2.1.1
  return { kind, sender: senderAddress === 0 ? undefined : senderAddress, mac, target };
}

function readDiscovery(bytes: Uint8Array): NeighbourMessage | undefined {
  const parsed = parseNeighbour(bytes);
  if (parsed.kind === "drop") return undefined;
  const {
    kind,
    source,
    destination,
    target,
    mac = parsed.neighbour.etherSource,
  } = parsed.neighbour;
  if (kind === "advertisement") return { kind: "answer", sender: target, mac, target: destination };
  return { kind: "question", sender: source === UNSPECIFIED ? undefined : source, mac, target };
}

/** Who has `target`? From `address`, which has `mac`, to everybody or to one alone. */
export function questionFrame(mac: Mac, address: IpAddress, target: IpAddress, to: Mac): Frame {
  if (isIpv6(target)) {
    const source = isIpv6(address) ? address : UNSPECIFIED;
    return discoveryFrame(neighbourSolicitation(mac, source, target), to);
  }
  const bytes = new Uint8Array(ARP_FRAME_LENGTH);
  emitArp(bytes, { ...arpRequest(mac, ipv4Of(address), target), etherDestination: to });
  return { from: mac, to, kind: "arp", bytes };
}

/** `mac` has what was asked for. */
export function answerFrame(mac: Mac, question: NeighbourMessage, asked: Uint8Array): Frame {
  const { sender = ALL_NODES, target } = question;
  if (!isIpv6(target)) {
    const parsed = parseArp(asked);
    const bytes = new Uint8Array(ARP_FRAME_LENGTH);
    if (parsed.kind === "arp") emitArp(bytes, arpReply(mac, target, parsed.arp));
    return { from: mac, to: question.mac, kind: "arp", bytes };
  }
  const isKnown = question.sender !== undefined && isIpv6(sender);
  const to = isKnown ? question.mac : BROADCAST_MAC;
  return discoveryFrame(
    {
      kind: "advertisement",
      source: target,
      destination: isIpv6(sender) ? sender : ALL_NODES,
      target,
      mac,
      router: false,
      solicited: isKnown,
      override: true,
      etherSource: mac,
      etherDestination: isKnown ? question.mac : multicastMac(ALL_NODES),
    },
    to,
  );
}

/** @param to a machine's, or everybody: a multicast group of Ethernet is everybody here */
function discoveryFrame(message: Neighbour, to: Mac): Frame {
  const bytes = new Uint8Array(NEIGHBOUR_FRAME_LENGTH);
  const etherDestination = to === BROADCAST_MAC ? message.etherDestination : to;
  const length = emitNeighbour(bytes, { ...message, etherDestination });
  return { from: message.etherSource, to, kind: "arp", bytes: bytes.subarray(0, length) };
}
