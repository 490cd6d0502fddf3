/** Where on this machine the addresses of an instance are, by what the kernel says. */
import type { IpAddress, Mac } from "#units/address";
import { isOwnAddress } from "../engine/interfaces.ts";
import { ANY_DEVICE, BATON_PROTO } from "../engine/world.ts";
import type { InstanceConfig, IpVersion, VirtualAddress } from "../router/config.ts";
import type { KernelState, Link, Place } from "./event.ts";

/**
 * Where they belong, or with our mark on whatever device, unless another instance of `all` has the
 * same address there.
 */
export function placesOf(
  config: InstanceConfig,
  kernel: KernelState,
  all: readonly InstanceConfig[],
): readonly Place[] {
  return [...config.addresses, ...config.excludedAddresses].flatMap((address) => {
    const index = indexOf(config, address, kernel);
    const isAnothers = (at: number): boolean =>
      all.some((other) =>
        [...other.addresses, ...other.excludedAddresses].some(
          (one) => one.address === address.address && indexOf(other, one, kernel) === at,
        ),
      );
    return kernel.addresses
      .filter((one) => one.address === address.address && one.prefix === address.prefix)
      .filter((one) => one.index === index || (one.proto === BATON_PROTO && !isAnothers(one.index)))
      .map((one) => ({ interfaceIndex: one.index, address }));
  });
}

/** Of the device where an instance's address belongs. */
function indexOf(
  config: InstanceConfig,
  address: VirtualAddress,
  { links }: KernelState,
): number | undefined {
  const device = address.interface ?? config.interface;
  return links.find(({ name }) => name === device)?.index;
}

/** The instance's interface, or where its addresses are if it has another name by now. */
export function linkOf(
  config: InstanceConfig,
  { links }: KernelState,
  places: readonly Place[],
): Link | undefined {
  if (config.interface === undefined) return { index: ANY_DEVICE, name: "" };
  const own = places.find(({ address }) => address.interface === undefined);
  const link =
    links.find((one) => one.name === config.interface) ??
    links.find((one) => one.index === own?.interfaceIndex);
  return link === undefined ? undefined : { index: link.index, name: link.name };
}

/** The device of its virtual MAC address on its interface, if it has one. */
export function vmacOf(
  config: InstanceConfig,
  { links }: KernelState,
): (Link & { readonly mac: Mac }) | undefined {
  const vmac = config.vmacs?.find(({ base }) => base === config.interface);
  const link = vmac && links.find(({ name }) => name === vmac.name);
  if (vmac === undefined || link === undefined) return undefined;
  return { index: link.index, name: link.name, mac: vmac.mac };
}

/** The primary address of the device (of IPv6: of the link), which is nobody's virtual one. */
export const sourceOf = (
  { index }: Link,
  version: IpVersion,
  { addresses }: KernelState,
): IpAddress | undefined =>
  addresses.find((one) => one.index === index && isOwnAddress(one, version))?.address;
