/**
 * ARP over Ethernet for IPv4 (RFC 826): frames read from a packet socket, frames written for one.
 */
import { BROADCAST_MAC, type Ipv4, ipv4, type Mac, macFromBytes, writeMac } from "#units/address";
import { assert } from "#units/assert";
import { presentLength, readAddress, readU8, readU16, writeAddress, writeU16 } from "./bytes.ts";
import {
  ETHER_TYPE_ARP,
  ETHER_TYPE_IPV4,
  ETHER_TYPES_VLAN,
  ETHERNET_HEADER_LENGTH,
  ETHERNET_OFFSET,
  emitEthernetHeader,
} from "./ethernet.ts";

/**
 * Ethernet header and ARP body. What we send is not padded to Ethernet's 60 bytes: the device does
 * that.
 */
export const ARP_FRAME_LENGTH = 42;

/** From the start of the ARP body, for Ethernet and IPv4. */
export const ARP_OFFSET = {
  hardware: 0,
  protocol: 2,
  hardwareLength: 4,
  protocolLength: 5,
  operation: 6,
  senderMac: 8,
  senderAddress: 14,
  targetMac: 18,
  targetAddress: 24,
} as const;
const HARDWARE_ETHERNET = 1;
const NO_MAC = 0 as Mac;
const NO_ADDRESS = ipv4(0);

export interface Arp {
  readonly operation: "request" | "reply";
  readonly senderMac: Mac;
  readonly senderAddress: Ipv4;
  readonly targetMac: Mac;
  readonly targetAddress: Ipv4;
  /**
   * Of the Ethernet header. Ordinarily `senderMac`; it differs with proxies and with spoofed ARP.
   */
  readonly etherSource: Mac;
  readonly etherDestination: Mac;
}

export type ArpDrop =
  | { readonly kind: "too-short"; readonly actual: number; readonly needed: number }
  /** A tagged frame belongs to another network than the one of the interface it was read from. */
  | { readonly kind: "vlan-tagged"; readonly etherType: number; readonly vlan: number }
  | { readonly kind: "not-arp"; readonly etherType: number }
  | {
      readonly kind: "bad-arp-format";
      readonly hardware: number;
      readonly protocol: number;
      readonly hardwareLength: number;
      readonly protocolLength: number;
    }
  | { readonly kind: "bad-arp-operation"; readonly operation: number };

export type ArpResult =
  | { readonly kind: "arp"; readonly arp: Arp }
  | { readonly kind: "drop"; readonly drop: ArpDrop };

const dropped = (drop: ArpDrop): ArpResult => ({ kind: "drop", drop });

/** Reads the Ethernet frame in `bytes[offset, offset + length)`; padding behind it is ignored. */
export function parseArp(
  bytes: Uint8Array,
  offset = 0,
  length: number = bytes.length - offset,
): ArpResult {
  const actual = presentLength(bytes, offset, length);
  if (actual < ETHERNET_HEADER_LENGTH)
    return dropped({ kind: "too-short", actual, needed: ARP_FRAME_LENGTH });
  const etherType = readU16(bytes, offset + ETHERNET_OFFSET.type);
  if (ETHER_TYPES_VLAN.includes(etherType)) {
    return dropped({
      kind: "vlan-tagged",
      etherType,
      vlan: readU16(bytes, offset + ETHERNET_HEADER_LENGTH) & 0x0fff,
    });
  }
  if (etherType !== ETHER_TYPE_ARP) return dropped({ kind: "not-arp", etherType });
  if (actual < ARP_FRAME_LENGTH) {
    return dropped({ kind: "too-short", actual, needed: ARP_FRAME_LENGTH });
  }
  const at = offset + ETHERNET_HEADER_LENGTH;
  const hardware = readU16(bytes, at + ARP_OFFSET.hardware);
  const protocol = readU16(bytes, at + ARP_OFFSET.protocol);
  const hardwareLength = readU8(bytes, at + ARP_OFFSET.hardwareLength);
  const protocolLength = readU8(bytes, at + ARP_OFFSET.protocolLength);
  const isEthernet = hardware === HARDWARE_ETHERNET && hardwareLength === 6;
  if (!isEthernet || protocol !== ETHER_TYPE_IPV4 || protocolLength !== 4) {
    return dropped({ kind: "bad-arp-format", hardware, protocol, hardwareLength, protocolLength });
  }
  const operation = readU16(bytes, at + ARP_OFFSET.operation);
  if (operation !== 1 && operation !== 2) return dropped({ kind: "bad-arp-operation", operation });
  return {
    kind: "arp",
    arp: {
      operation: operation === 1 ? "request" : "reply",
      senderMac: macFromBytes(bytes, at + ARP_OFFSET.senderMac),
      senderAddress: readAddress(bytes, at + ARP_OFFSET.senderAddress),
      targetMac: macFromBytes(bytes, at + ARP_OFFSET.targetMac),
      targetAddress: readAddress(bytes, at + ARP_OFFSET.targetAddress),
      etherSource: macFromBytes(bytes, offset + ETHERNET_OFFSET.source),
      etherDestination: macFromBytes(bytes, offset + ETHERNET_OFFSET.destination),
    },
  };
}

/** A request or reply about its own sender, which claims an address (RFC 5944 4.6, RFC 5227 3). */
export const isGratuitous = (arp: Arp): boolean => arp.senderAddress === arp.targetAddress;

/** Writes the frame at the start of `into`; returns its length, `ARP_FRAME_LENGTH`. */
export function emitArp(into: Uint8Array, arp: Arp): number {
  assert(into.length >= ARP_FRAME_LENGTH, "buffer too small for an ARP frame");
  const at = emitEthernetHeader(into, arp.etherDestination, arp.etherSource, ETHER_TYPE_ARP);
  writeU16(into, at + ARP_OFFSET.hardware, HARDWARE_ETHERNET);
  writeU16(into, at + ARP_OFFSET.protocol, ETHER_TYPE_IPV4);
  into[at + ARP_OFFSET.hardwareLength] = 6;
  into[at + ARP_OFFSET.protocolLength] = 4;
  writeU16(into, at + ARP_OFFSET.operation, arp.operation === "request" ? 1 : 2);
  writeMac(arp.senderMac, into, at + ARP_OFFSET.senderMac);
  writeAddress(into, at + ARP_OFFSET.senderAddress, arp.senderAddress);
  writeMac(arp.targetMac, into, at + ARP_OFFSET.targetMac);
  writeAddress(into, at + ARP_OFFSET.targetAddress, arp.targetAddress);
  return ARP_FRAME_LENGTH;
}

/**
 * The frame that claims `address` for `mac`.
 *
 * `request` is byte for byte what keepalived sends: target hardware address all ones. In a `reply`
 * it is the sender's own, as RFC 5944 section 4.6 asks of gratuitous answers.
 */
export const gratuitousArp = (mac: Mac, address: Ipv4, operation: "request" | "reply"): Arp => ({
  operation,
  senderMac: mac,
  senderAddress: address,
  targetMac: operation === "request" ? BROADCAST_MAC : mac,
  targetAddress: address,
  etherSource: mac,
  etherDestination: BROADCAST_MAC,
});

/** Asks who has `target`. */
export const arpRequest = (mac: Mac, source: Ipv4, target: Ipv4): Arp => ({
  operation: "request",
  senderMac: mac,
  senderAddress: source,
  targetMac: NO_MAC,
  targetAddress: target,
  etherSource: mac,
  etherDestination: BROADCAST_MAC,
});

/**
 * Asks whether `target` is in use, with sender address 0 so that no cache changes (RFC 5227 2.1.1).
 */
export const arpProbe = (mac: Mac, target: Ipv4): Arp => arpRequest(mac, NO_ADDRESS, target);

/** The answer to a request: `address` is at `mac`. */
export const arpReply = (mac: Mac, address: Ipv4, request: Arp): Arp => ({
  operation: "reply",
  senderMac: mac,
  senderAddress: address,
  targetMac: request.senderMac,
  targetAddress: request.senderAddress,
  etherSource: mac,
  etherDestination: request.senderMac,
});
