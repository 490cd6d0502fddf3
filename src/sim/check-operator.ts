/**
 * What an operator is promised. A planned move that is taken back has cost nothing: the address
 * never left the machine. A router that was moved away does not preempt. A node in maintenance
 * never becomes master; as a last resort only if no healthy node could.
 */
import type { IpAddress } from "#units/address";
import type { FromEngine } from "#vrrp/engine/engine-link";
import { unitOf } from "#vrrp/engine/fences";
import type { Maintenance } from "#vrrp/router/state";
import { restoredWithin } from "./check-engine.ts";
import type { MachineView } from "./cluster-view.ts";
import { type ClusterFacts, NEVER, type ObservedRouter } from "./facts.ts";
import type { Observer, TransitionMessage } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

export class OperatorChecker {
  readonly #cluster: SimulatedCluster;
  readonly #facts: ClusterFacts;
  /**
   * When a machine last ceased to answer for an address. One that somebody else removes is put back
   * at once (seed 276091) and does not count.
   */
  readonly #lostAt = new Map<string, number>();
  readonly #mayPreemptSince = new Map<number, number>();
  readonly #movedAway = new Set<ObservedRouter>();
  /** What each engine was last given. */
  readonly #modes = new Map<number, Maintenance | undefined>();
  /** By machine and unit: elected before it became a last resort, and being promoted since. */
  readonly #electedBefore = new Set<string>();

  constructor(cluster: SimulatedCluster, facts: ClusterFacts) {
    this.#cluster = cluster;
    this.#facts = facts;
  }

  observer(): Observer {
    return {
      ownership: (machine, address, owns) => {
        const key = keyOf(machine, address);
        const since = this.#facts.now - (this.#lostAt.get(key) ?? NEVER);
        if (!owns) this.#lostAt.set(key, this.#facts.now);
        else if (since <= restoredWithin(machine)) this.#lostAt.delete(key);
      },
      engineReceived: (machine, message) => {
        if (message.type === "maintenance") this.#modes.set(machine.id, message.mode);
        if (message.type === "configure" && message.maintenance !== undefined)
          this.#modes.set(machine.id, message.maintenance);
        const isOver = message.type === "maintenance" && message.mode === undefined;
        if (message.type === "switchBack" || isOver) this.#mayPreempt(machine);
      },
      gateAsked: (machine, { unit, request }) => {
        if (request.kind !== "promote") return;
        const key = `${machine.id}/${unit}`;
        if (this.#modes.get(machine.id) === undefined) this.#electedBefore.add(key);
        else this.#electedBefore.delete(key);
      },
      engineStarted: (machine) => {
        this.#modes.delete(machine.id);
        this.#mayPreempt(machine);
      },
      engineMessage: (machine, message) => this.#said(machine, message),
      transition: (machine, message) => this.#transition(machine, message),
    };
  }

  #mayPreempt(machine: MachineView): void {
    this.#mayPreemptSince.set(machine.id, this.#facts.now);
    for (const router of this.#movedAway) {
      if (router.machine === machine) this.#movedAway.delete(router);
    }
  }

  #said(machine: MachineView, message: FromEngine): void {
    if (message.type !== "report") return;
    const router = this.#facts.routerNamed(machine, message.instance);
    if (router === undefined) return;
    const { report } = message;
    const isRecalled = (this.#mayPreemptSince.get(machine.id) ?? -1) >= router.switchBegunAt;
    if (report.kind === "switched" && !isRecalled) this.#movedAway.add(router);
    if (report.kind === "switch-taken-back" && report.why !== "stalled") this.#takenBack(router);
  }

  /** Where nothing else was wrong, and the configuration does not want it removed first. */
  #takenBack(router: ObservedRouter): void {
    const { machine, config, vrid, switchBegunAt: begun } = router;
    if (config.handover === "break-before-make") return;
    if (this.#facts.unwellAt(machine) > begun) return;
    for (const address of this.#facts.addressesOf(machine, vrid)) {
      if ((this.#lostAt.get(keyOf(machine, address)) ?? -1) >= begun)
        this.#violate("taken-back-without-address", router, "lost the address meanwhile");
    }
  }

  #transition(machine: MachineView, { instance, to, reason }: TransitionMessage): void {
    const router = this.#facts.routerNamed(machine, instance);
    if (router === undefined || to !== "MASTER") return;
    const mode = this.#modes.get(machine.id);
    if (mode === "on") this.#violate("owns-in-maintenance", router, reason.kind);
    if (this.#movedAway.has(router) && reason.kind === "preempts")
      this.#violate("preempts-after-switch", router, reason.kind);
    this.#movedAway.delete(router);
    if (mode === "last-resort" && !this.#wasElectedBefore(machine, instance))
      this.#checkLastResort(router);
  }

  #wasElectedBefore(machine: MachineView, instance: string): boolean {
    const config = this.#facts.instances(machine).find(({ router }) => router.name === instance);
    return config !== undefined && this.#electedBefore.has(`${machine.id}/${unitOf(config)}`);
  }

  /** Nobody who could own the address ran beside it all the time. */
  #checkLastResort(router: ObservedRouter): void {
    const { machine, vrid } = router;
    const recently = this.#facts.now - 2 * this.#facts.detection(vrid);
    if (Math.max(this.#facts.networkChangedAt, this.#facts.deceivedAt) > recently) return;
    const { network } = this.#cluster;
    // Losses that began long ago and go on (seed 7870) hide it as well.
    if (network.base.loss + network.extraLoss > 0) return;
    for (const other of this.#facts.routersOf(vrid)) {
      if (other.machine === machine || other.machine.groups.length > 0) continue;
      if (!other.machine.engineRuns || this.#modes.get(other.machine.id) !== undefined) continue;
      // Behind a cut that began long ago it is as good as dead (seed 293794).
      if (!this.#cluster.areConnected(machine, other.machine)) continue;
      if (isHeldByGate(other, recently)) continue;
      const isWell = this.#facts.unwellAt(other.machine) < recently && other.since < recently;
      const mayOwn = other.state === "BACKUP" || other.state === "MASTER";
      if (isWell && mayOwn && other.config.startupDelay === 0)
        this.#violate("last-resort-too-early", router, `machine ${other.machine.id} is healthy`);
    }
  }

  #violate(kind: string, { machine, name }: ObservedRouter, text: string): void {
    this.#cluster.violate(kind, `machine ${machine.id} ${name}: ${text}`);
  }
}

const keyOf = ({ id }: MachineView, address: IpAddress): string => `${id}/${address}`;

/** It could not be elected, for a refusal or its data, at some moment since then. */
function isHeldByGate({ machine, name }: ObservedRouter, since: number): boolean {
  const router = machine.engine?.instances.find(({ config }) => config.router.name === name);
  const gate = router?.state.gate;
  if (gate === undefined) return false;
  const { heldUntil, eligible, running } = gate;
  const isHeld = heldUntil !== undefined && heldUntil - machine.clockOffset > since;
  return isHeld || eligible !== "yes" || running !== undefined;
}
