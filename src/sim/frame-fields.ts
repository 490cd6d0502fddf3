/**
 * Fields read straight from frames that the model's own parts have made: no structure is checked.
 */
import { type IpAddress, type Ipv4, ipv6At, isIpv4, isMulticast } from "#units/address";
import { assert } from "#units/assert";
import { ARP_OFFSET } from "#vrrp/wire/arp";
import { readAddress, readU8 } from "#vrrp/wire/bytes";
import { ETHER_TYPE_IPV6, ETHERNET_HEADER_LENGTH, etherTypeOf } from "#vrrp/wire/ethernet";
import {
  IPV4_HEADER_LENGTH,
  ipVersionAt,
  ipv4DestinationAt,
  ipv4SourceAt,
} from "#vrrp/wire/ipv4-fields";
import {
  IPV6_HEADER_LENGTH,
  IPV6_OFFSET,
  NEIGHBOUR_ADVERTISEMENT,
  NEIGHBOUR_OFFSET,
} from "#vrrp/wire/ipv6-fields";
import { intervalAt, VRRP_OFFSET } from "#vrrp/wire/vrrp-packet";

/** For what the model has of IPv4 only: the platform, keepalived, ARP. */
export function ipv4Of(address: IpAddress): Ipv4 {
  assert(isIpv4(address), "the model has IPv6 where it knows IPv4 only");
  return address;
}

/** Where the VRRP header of an advertisement begins: the header of IPv4 has no options. */
const vrrpAt = (packet: Uint8Array): number =>
  isOfIpv6(packet) ? IPV6_HEADER_LENGTH : IPV4_HEADER_LENGTH;
const isOfIpv6 = (packet: Uint8Array): boolean => ipVersionAt(packet, 0) === 6;

export const checksumAt = (packet: Uint8Array): number => vrrpAt(packet) + VRRP_OFFSET.checksum;
export const versionAt: (packet: Uint8Array) => number = vrrpAt;

export const sourceOf = (packet: Uint8Array): IpAddress =>
  isOfIpv6(packet) ? ipv6At(packet, IPV6_OFFSET.source) : ipv4SourceAt(packet, 0);
export const destinationOf = (packet: Uint8Array): IpAddress =>
  isOfIpv6(packet) ? ipv6At(packet, IPV6_OFFSET.destination) : ipv4DestinationAt(packet, 0);
export const vridOf = (packet: Uint8Array): number =>
  readU8(packet, vrrpAt(packet) + VRRP_OFFSET.vrid);
export const priorityOf = (packet: Uint8Array): number =>
  readU8(packet, vrrpAt(packet) + VRRP_OFFSET.priority);
export const addressCountOf = (packet: Uint8Array): number =>
  readU8(packet, vrrpAt(packet) + VRRP_OFFSET.addressCount);
export function listedAddressOf(packet: Uint8Array, index: number): IpAddress {
  const at = vrrpAt(packet) + VRRP_OFFSET.addresses;
  return isOfIpv6(packet) ? ipv6At(packet, at + 16 * index) : readAddress(packet, at + 4 * index);
}
/** Centiseconds. */
export const intervalOf = (packet: Uint8Array, version: 2 | 3): number =>
  intervalAt(packet, vrrpAt(packet), version);

// Of an Ethernet frame: ARP, or neighbour discovery.
const DISCOVERY = ETHERNET_HEADER_LENGTH + IPV6_HEADER_LENGTH;
const isDiscovery = (frame: Uint8Array): boolean => etherTypeOf(frame) === ETHER_TYPE_IPV6;
const isAdvertisement = (frame: Uint8Array): boolean =>
  readU8(frame, DISCOVERY + NEIGHBOUR_OFFSET.type) === NEIGHBOUR_ADVERTISEMENT;

/** Who says that an address is his: `::` or 0.0.0.0 for who says nothing. */
export function arpSender(frame: Uint8Array): IpAddress {
  if (!isDiscovery(frame))
    return readAddress(frame, ETHERNET_HEADER_LENGTH + ARP_OFFSET.senderAddress);
  return isAdvertisement(frame)
    ? ipv6At(frame, DISCOVERY + NEIGHBOUR_OFFSET.target)
    : ipv6At(frame, ETHERNET_HEADER_LENGTH + IPV6_OFFSET.source);
}

/** Who is asked for, or answered; in an announcement its sender. */
export function arpTarget(frame: Uint8Array): IpAddress {
  if (!isDiscovery(frame))
    return readAddress(frame, ETHERNET_HEADER_LENGTH + ARP_OFFSET.targetAddress);
  const to = ipv6At(frame, ETHERNET_HEADER_LENGTH + IPV6_OFFSET.destination);
  return isAdvertisement(frame) && !isMulticast(to)
    ? to
    : ipv6At(frame, DISCOVERY + NEIGHBOUR_OFFSET.target);
}
