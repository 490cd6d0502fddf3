/**
 * A reload does nothing to what it does not change: no packet, no address, no message of a router
 * that stays the same.
 */

import type { IpAddress } from "#units/address";
import { pairUp } from "#vrrp/engine/pairing";
import { type InstanceConfig, isSameConfig } from "#vrrp/router/config";
import { masterOf } from "#vrrp/router/gate";
import type { MachineView } from "./cluster-view.ts";
import type { Observer } from "./observer.ts";
import { virtualsOf } from "./scenario.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** What the reload in progress does not change. */
interface Unchanged {
  readonly machine: MachineView;
  readonly names: ReadonlySet<string>;
  readonly vrids: ReadonlySet<number>;
  readonly addresses: ReadonlySet<IpAddress>;
  /** A round of announcements that is due anyway may be sent at this very moment. */
  readonly announces: boolean;
}

export class ReloadChecker {
  readonly #cluster: SimulatedCluster;
  #unchanged: Unchanged | undefined;

  constructor(cluster: SimulatedCluster) {
    this.#cluster = cluster;
  }

  observer(): Observer {
    return {
      beforeReload: (machine, instances) => this.#begin(machine, instances),
      afterReload: () => {
        this.#unchanged = undefined;
      },
      advertSent: (machine, vrid) => {
        if (this.#on(machine)?.vrids.has(vrid) === true)
          this.#violate(machine, `an advertisement of vrid ${vrid} is sent`);
      },
      arpSent: (machine, address) => {
        const reload = this.#on(machine);
        if (reload?.addresses.has(address) === true && !reload.announces)
          this.#violate(machine, "an announcement is sent");
      },
      ownership: (machine, address) => {
        if (this.#on(machine)?.addresses.has(address) === true)
          this.#violate(machine, "an address changes");
      },
      transition: (machine, { instance }) => {
        if (this.#on(machine)?.names.has(instance) === true)
          this.#violate(machine, `${instance} changes state`);
      },
    };
  }

  #begin(machine: MachineView, instances: readonly InstanceConfig[]): void {
    const same = unchangedOf(machine, instances);
    const due = machine.engine?.announcements.deadline();
    this.#unchanged = {
      machine,
      names: new Set(same.map((one) => one.router.name)),
      vrids: new Set(same.map((one) => one.router.vrid)),
      addresses: new Set(same.flatMap(virtualsOf)),
      announces: due !== undefined && due <= machine.clock(),
    };
  }

  #on(machine: MachineView): Unchanged | undefined {
    return this.#unchanged?.machine === machine ? this.#unchanged : undefined;
  }

  #violate({ id }: MachineView, what: string): void {
    this.#cluster.violate("reload-disturbs", `machine ${id}: ${what}`);
  }
}

/** Members of a sync group change together, so all of them have to be the same. */
function unchangedOf(
  machine: MachineView,
  instances: readonly InstanceConfig[],
): readonly InstanceConfig[] {
  const running = machine.engine?.instances ?? [];
  if (running.some((one) => one.state.phase.kind === "stopped")) return [];
  // One that is leaving was removed by an earlier reload, and this one brings it back.
  const staying = running.filter((one) => one.leaving === undefined);
  const old = staying.map(({ config }) => config);
  const pairs = pairUp(old, instances);
  // A master that has stalled gives up in whatever it does next (seed 158371).
  const stalled = staying.filter(({ state: { phase } }) => {
    const owned = masterOf(phase)?.ownershipSafeUntil;
    return owned !== undefined && owned <= machine.clock();
  });
  const same = instances.filter((one) => {
    const before = pairs.get(one);
    if (before === undefined || stalled.some(({ config }) => config === before)) return false;
    return isSameConfig(before, one);
  });
  const areAll = same.length === instances.length && same.length === old.length;
  return areAll ? same : same.filter((one) => one.group === undefined);
}
