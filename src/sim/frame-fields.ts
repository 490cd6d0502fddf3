/**
 * Fields read straight from frames that the model's own parts have made: no structure is checked.
 */
import { type IpAddress, type Ipv4, isIpv4 } from "#units/address";
import { assert } from "#units/assert";
import { ARP_OFFSET } from "#vrrp/wire/arp";
import { readAddress, readU8 } from "#vrrp/wire/bytes";
import { ETHERNET_HEADER_LENGTH } from "#vrrp/wire/ethernet";
import { IPV4_HEADER_LENGTH, ipv4DestinationAt, ipv4SourceAt } from "#vrrp/wire/ipv4-fields";
import { intervalAt, VRRP_OFFSET } from "#vrrp/wire/vrrp-packet";

/** For what the model has of IPv4 only: the platform, keepalived, ARP. */
export function ipv4Of(address: IpAddress): Ipv4 {
  assert(isIpv4(address), "the model has IPv6 where it knows IPv4 only");
  return address;
}

/** Of an advertisement in a whole IPv4 packet: the header has no options. */
const VRRP = IPV4_HEADER_LENGTH;
export const CHECKSUM_AT: number = VRRP + VRRP_OFFSET.checksum;

export const sourceOf = (packet: Uint8Array): IpAddress => ipv4SourceAt(packet, 0);
export const destinationOf = (packet: Uint8Array): IpAddress => ipv4DestinationAt(packet, 0);
export const vridOf = (packet: Uint8Array): number => readU8(packet, VRRP + VRRP_OFFSET.vrid);
export const priorityOf = (packet: Uint8Array): number =>
  readU8(packet, VRRP + VRRP_OFFSET.priority);
export const addressCountOf = (packet: Uint8Array): number =>
  readU8(packet, VRRP + VRRP_OFFSET.addressCount);
export const listedAddressOf = (packet: Uint8Array, index: number): IpAddress =>
  readAddress(packet, VRRP + VRRP_OFFSET.addresses + 4 * index);
/** Centiseconds. */
export const intervalOf = (packet: Uint8Array, version: 2 | 3): number =>
  intervalAt(packet, VRRP, version);

// Of an Ethernet ARP frame.
export const arpSender = (frame: Uint8Array): IpAddress =>
  readAddress(frame, ETHERNET_HEADER_LENGTH + ARP_OFFSET.senderAddress);
export const arpTarget = (frame: Uint8Array): IpAddress =>
  readAddress(frame, ETHERNET_HEADER_LENGTH + ARP_OFFSET.targetAddress);
