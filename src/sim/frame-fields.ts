/** Fields read straight from frames that the model's own parts have made: no structure is checked. */
import { type Ipv4, ipv4 } from "#units/address";

export const isMulticast = (address: Ipv4): boolean => address >= 0xe0000000;

const addressAt = (bytes: Uint8Array, at: number): Ipv4 =>
  ipv4(
    (bytes[at] ?? 0) * 0x1000000 +
      (((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)),
  );

// Of an advertisement in a whole IPv4 packet (header without options).
export const sourceOf = (packet: Uint8Array): Ipv4 => addressAt(packet, 12);
export const destinationOf = (packet: Uint8Array): Ipv4 => addressAt(packet, 16);
export const vridOf = (packet: Uint8Array): number => packet[21] ?? 0;
export const priorityOf = (packet: Uint8Array): number => packet[22] ?? 0;
export const addressCountOf = (packet: Uint8Array): number => packet[23] ?? 0;
export const listedAddressOf = (packet: Uint8Array, index: number): Ipv4 =>
  addressAt(packet, 28 + 4 * index);
/** Centiseconds. */
export const intervalOf = (packet: Uint8Array, version: 2 | 3): number =>
  version === 2 ? (packet[25] ?? 0) * 100 : (((packet[24] ?? 0) & 0x0f) << 8) | (packet[25] ?? 0);

// Of an Ethernet ARP frame.
export const arpSender = (frame: Uint8Array): Ipv4 => addressAt(frame, 28);
export const arpTarget = (frame: Uint8Array): Ipv4 => addressAt(frame, 38);
