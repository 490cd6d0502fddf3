/**
 * Which of several routers a packet is meant for: one VRID may be used twice on an interface
 * (unicast and multicast, or other peers), and a router that is bound to no device gets a copy of
 * each packet.
 */
import { type IpAddress, ipv6At, isMulticast } from "#units/address";
import { IPV4_HEADER_LENGTH, ipVersionAt, ipv4DestinationAt } from "../wire/ipv4-fields.ts";
import { IPV6_HEADER_LENGTH, IPV6_OFFSET } from "../wire/ipv6-fields.ts";
import type { Advert } from "../wire/vrrp-packet.ts";
import { type Instance, isUnbound } from "./instance.ts";

/**
 * Of several instances of a VRID on an interface: is the advertisement meant for this one? If it is
 * meant for none of them, each of them refuses it.
 */
export function isMeant(
  advert: Advert,
  instance: Instance,
  instances: readonly Instance[],
): boolean {
  if (isForUnbound(advert, instance, instances)) return false;
  if (isFor(advert, instance)) return true;
  for (const other of instances) if (isFor(advert, other)) return false;
  return true;
}

/**
 * Sent to the address of another instance that is bound to no device: that one has its own copy,
 * and refuses it if anything is wrong with it.
 */
function isForUnbound(
  { destination }: Advert,
  instance: Instance,
  instances: readonly Instance[],
): boolean {
  const own = instance.config.transport.source ?? instance.state.source;
  if (own === destination || isUnbound(instance)) return false;
  for (const other of instances) {
    if (isUnbound(other) && other.config.transport.source === destination) return true;
  }
  return false;
}

function isFor({ source, destination }: Advert, { config: { transport } }: Instance): boolean {
  if (transport.kind === "multicast") return destination === transport.group;
  if (isMulticast(destination)) return false;
  if (transport.source !== undefined && destination !== transport.source) return false;
  for (const peer of transport.peers) if (peer.address === source) return true;
  return false;
}

/** For an instance that is bound to no device: was the packet sent to its address? */
export const isAddressedTo = (bytes: Uint8Array, { config: { transport } }: Instance): boolean =>
  transport.source !== undefined && destinationOf(bytes) === transport.source;

function destinationOf(bytes: Uint8Array): IpAddress | undefined {
  if (ipVersionAt(bytes, 0) === 6)
    return bytes.length < IPV6_HEADER_LENGTH ? undefined : ipv6At(bytes, IPV6_OFFSET.destination);
  return bytes.length < IPV4_HEADER_LENGTH ? undefined : ipv4DestinationAt(bytes, 0);
}
