/**
 * The engine does what is configured, from the moment it has the configuration.
 *
 *  - Every advertisement carries the configured interval and addresses, and the priority that
 *    configuration and check results give; nothing is advertised for a router that is not
 *    configured (any more), except priority 0.
 *  - After a reload, within the same turn of the loop: an owner has the addresses that were added,
 *    nobody those that were taken away, a router that was added takes part. An owner
 *    with a new configuration advertises it as soon as it is woken, and a removed one has let go
 *    when a hand-over is over.
 */

import { type IpAddress, printIp } from "#units/address";
import { answers } from "#vrrp/engine/context";
import { type InstanceConfig, isSameConfig, type TrackerConfig } from "#vrrp/router/config";
import type { TrackerState } from "#vrrp/router/state";
import { handOverWait, LINGER } from "#vrrp/router/timing";
import type { MachineView } from "./cluster-view.ts";
import { type ClusterFacts } from "./facts.ts";
import { addressCountOf, intervalOf, listedAddressOf } from "./frame-fields.ts";
import type { Observer } from "./observer.ts";
import { virtualsOf } from "./scenario.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

const routerKey = (machine: MachineView, vrid: number): number => machine.id * 256 + vrid;

export class ConfigurationChecker {
  readonly #cluster: SimulatedCluster;
  readonly #facts: ClusterFacts;
  /** The last result that its engine was given, by machine and tracker. */
  readonly #results = new Map<string, TrackerState>();
  readonly #advertisedAt = new Map<number, number>();

  constructor(cluster: SimulatedCluster, facts: ClusterFacts) {
    this.#cluster = cluster;
    this.#facts = facts;
  }

  observer(): Observer {
    return {
      advertSent: (machine, vrid, priority, packet) => {
        this.#advertisedAt.set(routerKey(machine, vrid), this.#facts.now);
        if (priority > 0) this.#advertised(machine, vrid, priority, packet);
      },
      engineReceived: (machine, message) => {
        if (message.type !== "tracker") return;
        const { kind, name, result } = message;
        this.#results.set(`${machine.id}/${kind}/${name}`, result);
      },
      beforeReload: (machine) => {
        // The configuration is sent together with the results known at that time.
        for (const { kind, name, result } of machine.trackers.values()) {
          const key = `${machine.id}/${kind}/${name}`;
          if (!this.#results.has(key)) this.#results.set(key, result);
        }
      },
      afterReload: (machine) => this.#reloaded(machine),
      engineStarted: ({ id }) => {
        for (const key of this.#results.keys())
          if (key.startsWith(`${id}/`)) this.#results.delete(key);
      },
    };
  }

  // ---- advertisements --------------------------------------------------------------------------

  /** Or was, in the same turn of its loop. */
  #isLastResort(machine: MachineView, vrid: number): boolean {
    const router = this.#facts.routerOf(machine, vrid);
    return router !== undefined && this.#facts.isHeldBack(router);
  }

  #advertised(machine: MachineView, vrid: number, priority: number, packet: Uint8Array): void {
    const config = this.#facts.instances(machine).find(({ router }) => router.vrid === vrid);
    // One with a gate goes on as master until it is demoted, also if it is brought back meanwhile.
    if (this.#facts.isDemoted(machine, (one) => one.router.vrid === vrid)) return;
    if (config === undefined)
      return this.#violate(machine, `vrid ${vrid} is advertised and not configured`);
    const wanted = this.#expectedPriority(machine, config);
    if (priority !== wanted && !(priority === 1 && this.#isLastResort(machine, vrid)))
      this.#violate(machine, `vrid ${vrid} priority ${priority}, not ${wanted}`);
    const { advertInterval, version } = config.router;
    const interval = intervalOf(packet, version);
    if (interval !== advertInterval)
      this.#violate(
        machine,
        `vrid ${vrid} interval ${interval}, not ${advertInterval} centiseconds`,
      );
    if (listsAll(packet, config)) return;
    const count = addressCountOf(packet);
    const listed = Array.from({ length: count }, (_, i) => printIp(listedAddressOf(packet, i)));
    this.#violate(machine, `vrid ${vrid} lists ${listed.join(" ")}`);
  }

  /**
   * keepalived's arithmetic: a positive weight counts while the check succeeds, a negative one
   * while it fails.
   */
  #expectedPriority(machine: MachineView, { router }: InstanceConfig): number {
    if (router.priority === 255) return 255;
    let sum: number = router.priority;
    for (const tracker of router.trackers) {
      const result = this.#resultOf(machine, tracker);
      const counts = tracker.weight > 0 ? result === "up" : result === "down";
      if (counts) sum += tracker.reverse ? -tracker.weight : tracker.weight;
    }
    return Math.max(1, Math.min(254, sum));
  }

  #resultOf(machine: MachineView, { kind, name }: TrackerConfig): TrackerState {
    return this.#results.get(`${machine.id}/${kind}/${name}`) ?? "unknown";
  }

  // ---- reloads ---------------------------------------------------------------------------------

  #reloaded(machine: MachineView): void {
    const now = this.#facts.instances(machine);
    for (const old of this.#facts.previousInstances(machine)) {
      const next = now.find(({ router }) => router.vrid === old.router.vrid);
      if (next === undefined) this.#removed(machine, old);
      else if (!isSameConfig(next, old)) this.#changed(machine, old, next);
    }
    for (const one of now) this.#takesPart(machine, one);
  }

  #takesPart(machine: MachineView, { router }: InstanceConfig): void {
    const isWaiting = router.trackers.some(
      (one) => one.weight === 0 && this.#resultOf(machine, one) === "unknown",
    );
    if (isWaiting || this.#facts.routerOf(machine, router.vrid)?.state !== "INIT") return;
    const instances = machine.engine?.instances ?? [];
    if (instances.some((one) => one.state.phase.kind === "stopped")) return;
    this.#violate(machine, `${router.name} does not take part`);
  }

  #changed(machine: MachineView, old: InstanceConfig, next: InstanceConfig): void {
    const { vrid, name } = next.router;
    const wanted = virtualsOf(next);
    const gone = virtualsOf(old).filter((address) => !wanted.includes(address));
    this.#mustBeGone(machine, old, gone);
    const router = this.#facts.routerOf(machine, vrid);
    // One that is being moved away gets what is new when it stays (seed 13607), and one that is
    // demoted for its stop not at all (seed 677464).
    if (router?.state !== "MASTER" || router.isSwitching) return;
    if (this.#facts.isDemoted(machine, (one) => one.router.vrid === vrid)) return;
    for (const address of wanted) {
      if (!machine.kernel.has(address)) this.#violate(machine, `${name} lacks ${printIp(address)}`);
    }
    if (!machine.kernel.linkUp) return;
    const at = this.#facts.now;
    this.#soon(machine, this.#lateOf(machine), () => {
      if (router.state !== "MASTER" || router.since > at || router.isSwitching) return;
      if ((this.#advertisedAt.get(routerKey(machine, vrid)) ?? -1) < at)
        this.#violate(machine, `${name} has not advertised what is new`);
    });
  }

  #removed(machine: MachineView, old: InstanceConfig): void {
    const { router } = old;
    const wait = handOverWait(router);
    const addresses = virtualsOf(old);
    this.#soon(machine, wait + LINGER + this.#lateOf(machine), () =>
      this.#mustBeGone(machine, old, addresses),
    );
  }

  #mustBeGone(machine: MachineView, old: InstanceConfig, addresses: readonly IpAddress[]): void {
    for (const address of addresses) {
      if (!machine.kernel.has(address)) continue;
      if (this.#facts.instancesWith(machine, address).length > 0) continue;
      // An earlier instance of the same name may still be handing over its addresses.
      const isLeaving = machine.engine?.instances.some(
        (one) =>
          answers(one.state.phase) &&
          one.state.phase.kind !== "master" &&
          one.addresses.some(({ virtual }) => virtual.address === address),
      );
      if (isLeaving !== true)
        this.#violate(machine, `${old.router.name} keeps ${printIp(address)}`);
    }
  }

  /**
   * Runs the check later, if this same engine has been running until then and has no newer
   * configuration.
   */
  #soon(machine: MachineView, delay: number, look: () => void): void {
    const { now } = this.#facts;
    const instances = this.#facts.instances(machine);
    this.#cluster.queue.in(delay, () => {
      const wasWell = machine.engineRuns && this.#facts.unwellAt(machine) <= now;
      if (wasWell && instances === this.#facts.instances(machine)) look();
    });
  }

  /** Each address is set, and prolonged by the first advertisement (seed 206119). */
  #lateOf(machine: MachineView): number {
    const wake = this.#cluster.scenario.wakeLateMicros + 100 + machine.extraLate;
    const calls = 2 * this.#facts.instances(machine).flatMap(virtualsOf).length;
    return 4 * wake + (4 + calls) * machine.kernel.faults.slowMicros;
  }

  #violate(machine: MachineView, text: string): void {
    this.#cluster.violate("not-as-configured", `machine ${machine.id}: ${text}`);
  }
}

const listsAll = (packet: Uint8Array, { addresses }: InstanceConfig): boolean =>
  addressCountOf(packet) === addresses.length &&
  addresses.every(({ address }, index) => address === listedAddressOf(packet, index));
