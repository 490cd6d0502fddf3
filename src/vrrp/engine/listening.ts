/** What is to be heard on a device: who speaks there, and which addresses are there. */
import type { IpAddress } from "#units/address";
import {
  type InstanceConfig,
  type IpVersion,
  type VirtualAddress,
  versionOf,
  versionOfAddress,
} from "../router/config.ts";
import type { Instance } from "./instance.ts";
import type { Listening } from "./world.ts";

/**
 * On a device without a router only claims of addresses; with one those of its IP version in any
 * case. Multicast groups: those of `instance` first, then those of all others on its interface,
 * also of one that a reload removed and that waits for its successor.
 *
 * @param index of the device
 * @param instance the one it is for; undefined: only addresses are there
 */
export function listeningOn(
  index: number,
  name: string,
  all: readonly Instance[],
  instance?: Instance,
): Listening {
  const groups = new Set<IpAddress>();
  const found: Found = { speaks: NONE, has: NONE };
  const add = (config: InstanceConfig): void => {
    found.speaks |= bitOf(versionOf(config));
    if (config.transport.kind === "multicast") groups.add(config.transport.group);
  };
  if (instance !== undefined) add(instance.config);
  // For each instance that begins all are looked at: nothing is allocated for one.
  for (let place = 0; place < all.length; place++) {
    const one = all[place];
    if (one === undefined) continue;
    if (one.interfaceIndex === index) add(one.config);
    if (found.has === BOTH) continue;
    addVersions(found, one.config.addresses, one.config, name);
    addVersions(found, one.config.excludedAddresses, one.config, name);
  }
  const neighbours = versionsOf(found.speaks | found.has);
  return { vrrp: versionsOf(found.speaks), neighbours, groups: [...groups] };
}

/** IP versions, a bit for each: of routers there, and of addresses there. */
interface Found {
  speaks: number;
  has: number;
}

const [NONE, FOUR, SIX, BOTH] = [0, 1, 2, 3] as const;
const bitOf = (version: IpVersion): number => (version === 6 ? SIX : FOUR);
const VERSIONS: readonly (readonly IpVersion[])[] = [[], [4], [6], [4, 6]];
const versionsOf = (bits: number): readonly IpVersion[] => VERSIONS[bits] ?? [];

/** Of addresses on the device. */
function addVersions(
  found: Found,
  addresses: readonly VirtualAddress[],
  config: InstanceConfig,
  name: string,
): void {
  for (let place = 0; place < addresses.length; place++) {
    const one = addresses[place];
    if (one === undefined || (one.interface ?? config.interface) !== name) continue;
    found.has |= bitOf(versionOfAddress(one.address));
  }
}
