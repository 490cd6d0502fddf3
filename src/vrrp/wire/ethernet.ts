/**
 * The Ethernet header: destination, source, type. Frames are seen without a VLAN tag
 * (linux/packet-socket.ts).
 */
import { type Mac, macFromBytes, writeMac } from "#units/address";
import { readU16, writeU16 } from "./bytes.ts";

export const ETHERNET_HEADER_LENGTH = 14;
export const ETHERNET_OFFSET = { destination: 0, source: 6, type: 12 } as const;

export const ETHER_TYPE_IPV4 = 0x0800;
export const ETHER_TYPE_ARP = 0x0806;
export const ETHER_TYPE_IPV6 = 0x86dd;
/** IEEE 802.1Q and 802.1ad: a tag of 4 bytes, then the type of what follows. */
export const ETHER_TYPES_VLAN: readonly number[] = [0x8100, 0x88a8];

export const etherTypeOf = (frame: Uint8Array): number => readU16(frame, ETHERNET_OFFSET.type);

export const etherSourceOf = (frame: Uint8Array): Mac =>
  macFromBytes(frame, ETHERNET_OFFSET.source);

export const etherDestinationOf = (frame: Uint8Array): Mac =>
  macFromBytes(frame, ETHERNET_OFFSET.destination);

/** Everybody's, or a multicast group's: the lowest bit of the first byte (IEEE 802). */
export const isGroupMac = (mac: Mac): boolean => Math.floor(mac / 2 ** 40) % 2 === 1;

export function writeMacs(frame: Uint8Array, destination: Mac, source: Mac): void {
  writeMac(destination, frame, ETHERNET_OFFSET.destination);
  writeMac(source, frame, ETHERNET_OFFSET.source);
}

/** Writes the header at the start of `into`; returns its length. */
export function emitEthernetHeader(
  into: Uint8Array,
  destination: Mac,
  source: Mac,
  etherType: number,
): number {
  writeMacs(into, destination, source);
  writeU16(into, ETHERNET_OFFSET.type, etherType);
  return ETHERNET_HEADER_LENGTH;
}
