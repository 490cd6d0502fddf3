/**
 * Addresses of ours that somebody else has added on this machine (engine/foreign-addresses.ts): on
 * another device, or with another prefix. One added while the engine owned the address, or while it
 * is held for the engine that died, is a copy of ours and goes when ours goes: the machine would
 * answer on beside the successor. One that was there before is left alone.
 *
 * Which were there before the engine has said (`foreign-address`, without `isOwner`): they are
 * spared. Whatever else there is, when the engine is dead or by the time the address is removed, is
 * a copy; the engine may have died before it read that somebody added it (sim seed 280348).
 */
import type { IpAddress } from "#units/address";
import type { AddressPlace } from "../engine/instance.ts";
import { type AddressInfo, BATON_PROTO } from "../engine/world.ts";
import type { InstanceConfig } from "../router/config.ts";
import type { KernelState, Place, Spared } from "./event.ts";

/** With our mark, or as a kernel without marks shows ours: with an end. */
export const isOurs = ({ proto, expires }: AddressInfo): boolean =>
  proto === BATON_PROTO || (proto === 0 && expires === true);

const isSamePlace = (a: AddressPlace, b: AddressPlace): boolean =>
  a.index === b.index && a.address === b.address && a.prefix === b.prefix;

const isAmong = (one: AddressPlace, places: readonly AddressPlace[]): boolean =>
  places.some((place) => isSamePlace(place, one));

const placeOf = ({ index, address, prefix }: AddressPlace): Place => ({
  interfaceIndex: index,
  address: { address, prefix, scope: 0 },
});

/**
 * What a hand-over leaves alone. On a device without ARP or a loopback device, and of the address
 * owner (priority 255), nothing is a copy.
 */
export function sparedBy(
  { router, addresses, excludedAddresses }: InstanceConfig,
  { links }: KernelState,
  places: readonly Place[],
  beside: readonly AddressPlace[],
): Spared {
  const devices = links.filter(({ arp, mac }) => arp && mac !== 0);
  const here = places.map(({ address }) => address.address);
  const virtuals = [...addresses, ...excludedAddresses].map(({ address }) => address);
  return {
    places: beside,
    absent: virtuals.filter((address) => !here.includes(address)),
    devices: router.priority === 255 ? [] : devices.map(({ index }) => index),
  };
}

/** The copies of these addresses that are here, by what the kernel says now. */
export function copiesHere(
  addresses: readonly IpAddress[],
  here: readonly AddressInfo[],
  { places, devices }: Spared,
): readonly Place[] {
  return here
    .filter((one) => addresses.includes(one.address) && devices.includes(one.index))
    .filter((one) => !isOurs(one) && !isAmong(one, places))
    .map(placeOf);
}

/** All that are here, besides the instance's own `places`. */
export function copiesOf(
  { addresses, excludedAddresses }: InstanceConfig,
  kernel: KernelState,
  places: readonly Place[],
  spared: Spared,
): readonly Place[] {
  const virtuals = [...addresses, ...excludedAddresses].map(({ address }) => address);
  const own = places.map(
    ({ interfaceIndex: index, address: { address, prefix } }): AddressPlace => ({
      index,
      address,
      prefix,
    }),
  );
  const others = kernel.addresses.filter((one) => !isAmong(one, own));
  return copiesHere(virtuals, others, spared);
}
