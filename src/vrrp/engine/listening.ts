/** What is to be heard on a device: who speaks there, and which addresses are there. */
import type { IpAddress } from "#units/address";
import { type InstanceConfig, versionOf, versionOfAddress } from "../router/config.ts";
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
  const speakers = all.filter(({ interfaceIndex }) => interfaceIndex === index);
  const configs = [...(instance === undefined ? [] : [instance]), ...speakers].map(
    (one) => one.config,
  );
  const versions = configs.map(versionOf);
  const addresses = all.flatMap(({ config }) => addressesOn(config, name));
  return {
    vrrp: unique(versions),
    neighbours: unique([...versions, ...addresses.map(versionOfAddress)]),
    groups: unique(configs.flatMap(groupsOf)),
  };
}

const groupsOf = ({ transport }: InstanceConfig): readonly IpAddress[] =>
  transport.kind === "multicast" ? [transport.group] : [];

function addressesOn(config: InstanceConfig, name: string): readonly IpAddress[] {
  const all = [...config.addresses, ...config.excludedAddresses];
  return all.flatMap(({ address, interface: own = config.interface }) =>
    own === name ? [address] : [],
  );
}

const unique = <T>(all: readonly T[]): readonly T[] => [...new Set(all)];
