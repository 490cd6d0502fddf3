/**
 * Addresses of ours that somebody else has added on this machine (engine/foreign-addresses.ts): on
 * another device, or with another prefix. One added while the engine owned the address, or while it
 * is held for the engine that died, is a copy of ours and goes when ours goes: the machine would
 * answer on beside the successor. One that was there before is left alone.
 *
 * Which are copies of the first kind the engine has said. What else the kernel has when the engine
 * is dead is spared; what has come by the time the address is removed is a copy of the second kind.
 */
import type { Ipv4 } from "#units/address";
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

/** Those of an instance that the kernel has besides its own `places`. */
function othersOf(
  { addresses, excludedAddresses }: InstanceConfig,
  kernel: KernelState,
  places: readonly Place[],
): readonly AddressInfo[] {
  const virtuals = [...addresses, ...excludedAddresses].map(({ address }) => address);
  const own = places.map(
    ({ interfaceIndex: index, address: { address, prefix } }): AddressPlace => ({
      index,
      address,
      prefix,
    }),
  );
  return kernel.addresses.filter(
    (one) => virtuals.includes(one.address) && !isOurs(one) && !isAmong(one, own),
  );
}

/** Where the copies are that the dead engine knew of, and that are here still. */
export function copiesOf(
  config: InstanceConfig,
  kernel: KernelState,
  places: readonly Place[],
  known: readonly AddressPlace[],
): readonly Place[] {
  return othersOf(config, kernel, places)
    .filter((one) => isAmong(one, known))
    .map(placeOf);
}

/**
 * What a hand-over that begins now leaves alone. On a device without ARP or a loopback device, and
 * of the address owner (priority 255), nothing is a copy.
 */
export function sparedBy(
  config: InstanceConfig,
  kernel: KernelState,
  places: readonly Place[],
  known: readonly AddressPlace[],
): Spared {
  const devices = kernel.links.filter(({ arp, mac }) => arp && mac !== 0);
  return {
    places: othersOf(config, kernel, places)
      .filter((one) => !isAmong(one, known))
      .map(({ index, address, prefix }) => ({ index, address, prefix })),
    devices: config.router.priority === 255 ? [] : devices.map(({ index }) => index),
  };
}

/** The copies of these addresses that are here, by what the kernel says now. */
export function copiesHere(
  addresses: readonly Ipv4[],
  here: readonly AddressInfo[],
  { places, devices }: Spared,
): readonly Place[] {
  return here
    .filter((one) => addresses.includes(one.address) && devices.includes(one.index))
    .filter((one) => !isOurs(one) && !isAmong(one, places))
    .map(placeOf);
}
