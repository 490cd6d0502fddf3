/**
 * A node of a capture: its configuration says what it would do, its address which packets are its
 * own. Of its machine nothing is known, so every link is up and every check succeeds; what its
 * checks have made of the priority is seen in what it advertises.
 */
import type { IpAddress, Mac } from "#units/address";
import { micros } from "#units/time";
import type { GroupConfig, TrackerResult } from "#vrrp/engine/engine-link";
import type { AddressInfo, LinkInfo } from "#vrrp/engine/world";
import type { InstanceConfig } from "#vrrp/router/config";
import type { NodePlan } from "./shadow-node.ts";

/** The address that the configuration itself names; undefined: it is the interface's. */
export function ownAddressOf(instances: readonly InstanceConfig[]): IpAddress | undefined {
  for (const { transport } of instances)
    if (transport.source !== undefined) return transport.source;
  return undefined;
}

export function planForCapture(
  instances: readonly InstanceConfig[],
  groups: readonly GroupConfig[],
  own: IpAddress,
): NodePlan {
  const names = new Set<string>();
  for (const { interface: name, addresses, excludedAddresses, router } of instances) {
    if (name !== undefined) names.add(name);
    for (const one of [...addresses, ...excludedAddresses])
      if (one.interface !== undefined) names.add(one.interface);
    for (const { kind, name: tracked } of router.trackers)
      if (kind === "interface") names.add(tracked);
  }
  if (names.size === 0) names.add("capture");
  const links = [...names].map((name, place) => linkNamed(name, place + 1));
  const addresses = links.flatMap(({ index, name }) => addressesOn(instances, name, index, own));
  const trackers = successOf(instances);
  return { instances, groups, trackers, links, addresses, checkPeriod: micros(0) };
}

function linkNamed(name: string, index: number): LinkInfo {
  const mac = index as Mac;
  return { index, name, mac, mtu: 1_500, up: true, arp: true, multicast: true };
}

/** The node's own, and what its configuration expects to be there. */
function addressesOn(
  instances: readonly InstanceConfig[],
  name: string,
  index: number,
  own: IpAddress,
): readonly AddressInfo[] {
  const found = new Set<IpAddress>([own]);
  for (const { interface: on, transport } of instances)
    if (transport.source !== undefined && (on ?? name) === name) found.add(transport.source);
  return [...found].map((address) => ({ index, address, prefix: 24, secondary: false, proto: 0 }));
}

/** Checks with results that cannot be seen: as if all were well. */
export function successOf(instances: readonly InstanceConfig[]): readonly TrackerResult[] {
  const results = new Map<string, TrackerResult>();
  for (const { router } of instances) {
    for (const { kind, name, reverse } of router.trackers) {
      if (kind === "interface") continue;
      const up = reverse ? "down" : "up";
      results.set(`${kind}/${name}`, { kind, name, result: kind === "file" ? 0 : up });
    }
  }
  return [...results.values()];
}
