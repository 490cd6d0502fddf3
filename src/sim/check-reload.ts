/** A reload does nothing to what it does not change: no packet, no address, no message of a router that stays the same. */

import type { Ipv4 } from "#units/address";
import { pairUp } from "#vrrp/engine/pairing";
import { type InstanceConfig, isSameConfig } from "#vrrp/router/config";
import type { MachineView } from "./cluster-view.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

interface Reload {
  readonly machine: MachineView;
  readonly names: ReadonlySet<string>;
  readonly vrids: ReadonlySet<number>;
  readonly addresses: ReadonlySet<Ipv4>;
  /** A round of announcements that is due anyway may leave at this very moment. */
  readonly announces: boolean;
}

export function checkReload(cluster: SimulatedCluster): Observer {
  let reload: Reload | undefined;
  const complain = (what: string): void =>
    cluster.violate("reload-disturbs", `machine ${reload?.machine.id}: ${what}`);
  return {
    beforeReload: (machine, instances) => {
      const same = unchanged(machine, instances);
      const due = machine.engine?.announcements.deadline();
      reload = {
        machine,
        names: new Set(same.map((one) => one.router.name)),
        vrids: new Set(same.map((one) => one.router.vrid)),
        addresses: new Set(same.flatMap(addressesOf)),
        announces: due !== undefined && due <= machine.clock(),
      };
    },
    afterReload: () => {
      reload = undefined;
    },
    advertSent: (machine, vrid) => {
      if (reload?.machine === machine && reload.vrids.has(vrid))
        complain(`an advertisement of vrid ${vrid} is sent`);
    },
    arpSent: (machine, address) => {
      if (reload?.machine === machine && reload.addresses.has(address) && !reload.announces)
        complain("an announcement is sent");
    },
    ownership: (machine, address) => {
      if (reload?.machine === machine && reload.addresses.has(address))
        complain("an address changes");
    },
    transition: (machine, { instance }) => {
      if (reload?.machine === machine && reload.names.has(instance))
        complain(`${instance} changes state`);
    },
  };
}

/** Members of a sync group move with the others, so all of them have to be the same. */
function unchanged(
  machine: MachineView,
  instances: readonly InstanceConfig[],
): readonly InstanceConfig[] {
  const running = machine.engine?.instances ?? [];
  if (running.some((one) => one.state.phase.kind === "stopped")) return [];
  // One that hands over was taken away by a reload before: this one brings it back.
  const staying = running.filter((one) => one.state.phase.kind !== "handover");
  const old = staying.map(({ config }) => config);
  const pairs = pairUp(old, instances);
  const same = instances.filter((one) => {
    const before = pairs.get(one);
    return before !== undefined && isSameConfig(before, one);
  });
  const areAll = same.length === instances.length && same.length === old.length;
  return areAll ? same : same.filter((one) => one.group === undefined);
}

const addressesOf = (config: InstanceConfig): readonly Ipv4[] =>
  [...config.addresses, ...config.excludedAddresses].map((one) => one.address);
