/**
 * What is configured is what happens, from the moment the engine has the configuration.
 *
 *  - Every advertisement carries the configured interval and addresses, and the priority that configuration and check results
 *    give; nothing is advertised for a router that is not configured (any more), goodbyes aside.
 *  - After a reload, within the same turn of the loop: an owner has the addresses that were added, nobody those that were taken
 *    away, a router that was added takes part. An owner whose configuration changed says so as soon as it is woken, and a
 *    removed one has let go when a hand-over is over.
 */

import { type Ipv4, printIpv4 } from "#units/address";
import { fromCentis } from "#units/time";
import { type InstanceConfig, isSameConfig, type TrackerConfig } from "#vrrp/router/config";
import type { TrackerState } from "#vrrp/router/state";
import { LINGER, skew } from "#vrrp/router/timing";
import type { MachineView } from "./cluster-view.ts";
import type { ClusterFacts } from "./facts.ts";
import { addressCountOf, intervalOf, listedAddressOf } from "./frame-fields.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

export function checkConfigured(cluster: SimulatedCluster, facts: ClusterFacts): Observer {
  /** By machine and tracker: the result its engine was given last. */
  const results = new Map<string, TrackerState>();
  const saidAt = new Map<number, number>();
  const seatKey = (machine: MachineView, vrid: number): number => machine.id * 256 + vrid;

  const complain = (machine: MachineView, text: string): void =>
    cluster.violate("not-as-configured", `machine ${machine.id}: ${text}`);

  const resultOf = (machine: MachineView, { kind, name }: TrackerConfig): TrackerState =>
    results.get(`${machine.id}/${kind}/${name}`) ?? "unknown";

  /** keepalived's arithmetic: a positive weight counts while the check succeeds, a negative one while it fails. */
  const expectedPriority = (machine: MachineView, { router }: InstanceConfig): number => {
    if (router.priority === 255) return 255;
    let sum: number = router.priority;
    for (const tracker of router.trackers) {
      const result = resultOf(machine, tracker);
      const counts = tracker.weight > 0 ? result === "up" : result === "down";
      if (counts) sum += tracker.reverse ? -tracker.weight : tracker.weight;
    }
    return Math.max(1, Math.min(254, sum));
  };

  const advertised = (
    machine: MachineView,
    vrid: number,
    priority: number,
    packet: Uint8Array,
  ): void => {
    saidAt.set(seatKey(machine, vrid), facts.now);
    if (priority === 0) return;
    const config = facts.instances(machine).find(({ router }) => router.vrid === vrid);
    if (config === undefined)
      return complain(machine, `vrid ${vrid} is advertised and not configured`);
    const wanted = expectedPriority(machine, config);
    if (priority !== wanted) complain(machine, `vrid ${vrid} priority ${priority}, not ${wanted}`);
    const { advertInterval, version } = config.router;
    const interval = intervalOf(packet, version);
    if (interval !== advertInterval)
      complain(machine, `vrid ${vrid} interval ${interval}, not ${advertInterval} centiseconds`);
    const count = addressCountOf(packet);
    const same =
      count === config.addresses.length &&
      config.addresses.every(({ address }, index) => address === listedAddressOf(packet, index));
    if (same) return;
    const listed = Array.from({ length: count }, (_, i) => printIpv4(listedAddressOf(packet, i)));
    complain(machine, `vrid ${vrid} lists ${listed.join(" ")}`);
  };

  const lateOf = (machine: MachineView): number =>
    4 * (cluster.scenario.wakeLateMicros + 100 + machine.extraLate) +
    4 * machine.kernel.faults.slowMicros;

  /** Later, if this very engine has run all the time until then and has no newer configuration. */
  const soon = (machine: MachineView, delay: number, look: () => void): void => {
    const { now } = facts;
    const instances = facts.instances(machine);
    cluster.queue.in(delay, () => {
      const wasWell = machine.engineRuns && facts.unwellAt(machine) <= now;
      if (wasWell && instances === facts.instances(machine)) look();
    });
  };

  const reloaded = (machine: MachineView): void => {
    const now = facts.instances(machine);
    for (const old of facts.previousInstances(machine)) {
      const next = now.find(({ router }) => router.vrid === old.router.vrid);
      if (next === undefined) removed(machine, old);
      else if (!isSameConfig(next, old)) changed(machine, old, next);
    }
    for (const { router } of now) {
      const isWaiting = router.trackers.some(
        (one) => one.weight === 0 && resultOf(machine, one) === "unknown",
      );
      const seat = facts.seat(machine, router.vrid);
      const isStopping = machine.engine?.instances.some(
        (one) => one.state.phase.kind === "stopped",
      );
      if (seat?.state === "INIT" && !isWaiting && isStopping !== true)
        complain(machine, `${router.name} does not take part`);
    }
  };

  const changed = (machine: MachineView, old: InstanceConfig, next: InstanceConfig): void => {
    const { vrid, name } = next.router;
    const wanted = addressesOf(next);
    mustBeGone(
      machine,
      old,
      addressesOf(old).filter((address) => !wanted.includes(address)),
    );
    const seat = facts.seat(machine, vrid);
    if (seat?.state !== "MASTER") return;
    for (const address of wanted) {
      if (!machine.kernel.has(address)) complain(machine, `${name} lacks ${printIpv4(address)}`);
    }
    const at = facts.now;
    if (!machine.kernel.linkUp) return;
    soon(machine, lateOf(machine), () => {
      if (
        seat.state === "MASTER" &&
        seat.since <= at &&
        (saidAt.get(seatKey(machine, vrid)) ?? -1) < at
      )
        complain(machine, `${name} has not said what is new`);
    });
  };

  const removed = (machine: MachineView, old: InstanceConfig): void => {
    const { router } = old;
    const wait =
      skew(router, router.advertInterval, 1) + fromCentis(router.advertInterval) + LINGER;
    const addresses = addressesOf(old);
    soon(machine, wait + LINGER + lateOf(machine), () => mustBeGone(machine, old, addresses));
  };

  const mustBeGone = (
    machine: MachineView,
    old: InstanceConfig,
    addresses: readonly Ipv4[],
  ): void => {
    for (const address of addresses) {
      if (!machine.kernel.has(address) || facts.instancesWith(machine, address).length > 0)
        continue;
      // An earlier one of the same name may still hand over what it had.
      const isLeaving = machine.engine?.instances.some(
        (one) =>
          one.state.phase.kind === "handover" &&
          one.addresses.some(({ virtual }) => virtual.address === address),
      );
      if (isLeaving !== true) complain(machine, `${old.router.name} keeps ${printIpv4(address)}`);
    }
  };

  return {
    advertSent: advertised,
    engineReceived: (machine, message) => {
      if (message.type === "tracker")
        results.set(`${machine.id}/${message.kind}/${message.name}`, message.result);
    },
    beforeReload: (machine) => {
      // Sent with the configuration: what is known then.
      for (const { kind, name, result } of machine.trackers.values()) {
        const key = `${machine.id}/${kind}/${name}`;
        if (!results.has(key)) results.set(key, result);
      }
    },
    afterReload: reloaded,
    engineStarted: (machine) => {
      for (const key of results.keys()) if (key.startsWith(`${machine.id}/`)) results.delete(key);
    },
  };
}

const addressesOf = (config: InstanceConfig): readonly Ipv4[] =>
  [...config.addresses, ...config.excludedAddresses].map((one) => one.address);
