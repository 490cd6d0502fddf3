/** The addresses that a daemon claims: the engine claims them too, and loads no more than this. */
import type { IpAddress } from "#units/address";
import type { InstanceConfig } from "#vrrp/router/config";

/** With those a reload has taken away: they are handed over yet. */
export function everyAddress(instances: readonly InstanceConfig[]): ReadonlySet<IpAddress> {
  const addresses = new Set<IpAddress>();
  for (const one of instances) {
    for (const { address } of one.addresses) addresses.add(address);
    for (const { address } of one.excludedAddresses) addresses.add(address);
  }
  return addresses;
}
