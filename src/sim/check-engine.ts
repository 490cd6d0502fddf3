/** What must hold on one machine after every turn of its engine's loop. */

import { printIp } from "#units/address";
import { earliest, type Instant } from "#units/time";
import { answers, heldUntil, ownsAddress } from "#vrrp/engine/context";
import type { Engine } from "#vrrp/engine/engine";
import { deadline } from "#vrrp/router/router";
import type { MachineView } from "./cluster-view.ts";
import type { ClusterFacts } from "./facts.ts";
import type { Observer, TransitionMessage } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** The time after which an address that somebody removed must be back. */
const RESTORED_WITHIN = 50_000;
/** The same on a machine that is slow. */
export const restoredWithin = ({ extraLate, kernel }: MachineView): number =>
  RESTORED_WITHIN + extraLate * 2 + kernel.faults.slowMicros * 4;
/** Linux may end the lifetime of what is held for a successor a little early. */
const ENDS_EARLY = 20_000;
const SPINS_MAX = 20;
/**
 * A turn that took longer than any wake-up is late was spent in a slow kernel: a machine with more
 * to do than it can is behind for as long, but does not spin.
 */
const BUSY = 10_000;

type EngineInstance = Engine["instances"][number];
type OwnedAddress = EngineInstance["addresses"][number];

export class EngineChecker {
  readonly #cluster: SimulatedCluster;
  readonly #facts: ClusterFacts;
  /**
   * Since when a master has been without its address, and since when the address does not
   * answer; by machine, instance and address.
   */
  readonly #missing = new Map<string, number>();
  readonly #unanswered = new Map<string, number>();
  readonly #spins = new Map<number, { readonly count: number; readonly at: Instant }>();
  /** The state that was reported last, by machine and instance. */
  readonly #reported = new Map<string, string>();

  constructor(cluster: SimulatedCluster, facts: ClusterFacts) {
    this.#cluster = cluster;
    this.#facts = facts;
  }

  observer(): Observer {
    return {
      loopDone: (machine) => this.#loopDone(machine),
      engineStarted: (machine) => {
        forget(this.#reported, machine);
        this.#startAnew(machine);
      },
      beforeReload: (machine, instances) => {
        // An instance that a reload brings back begins anew.
        const running = machine.engine?.instances.filter((one) => one.leaving === undefined);
        const names = new Set(running?.map((one) => one.config.router.name));
        for (const { router } of instances) {
          const key = `${machine.id}/${router.name}`;
          if (!names.has(router.name) || this.#reported.get(key) === "STOP")
            this.#reported.delete(key);
        }
      },
      runs: (machine) => this.#startAnew(machine),
      transition: (machine, message) => this.#checkOrder(machine, message),
      engineEnded: (machine, how) => {
        if (how === "stopped") this.#keepsNothing(machine);
      },
    };
  }

  #startAnew(machine: MachineView): void {
    forget(this.#missing, machine);
    forget(this.#unanswered, machine);
  }

  #loopDone(machine: MachineView): void {
    const { engine } = machine;
    if (engine === undefined) return;
    for (const instance of engine.instances) {
      for (const owned of instance.addresses) this.#checkAddress(machine, engine, instance, owned);
    }
    this.#guardsOnlyItsOwn(machine, engine);
    for (const instance of engine.instances) this.#answers(machine, instance);
    if (engine.finished) return;
    const due = engine.deadline();
    this.#doesNotSpin(machine, due);
    this.#wakesInTime(machine, engine, due);
  }

  /**
   * A master has its addresses, and no other router has them. During a planned move they stay until
   * its end, for there may be no successor.
   */
  #checkAddress(
    machine: MachineView,
    engine: Engine,
    instance: EngineInstance,
    { virtual: { address } }: OwnedAddress,
  ): void {
    const { kernel } = machine;
    const { kind } = instance.state.phase;
    const isThere = kernel.has(address);
    const isAnywhere = kernel.hasAnywhere(address);
    const { name, handover } = instance.config.router;
    const held = handover === "make-before-break" ? heldUntil(instance.state.phase) : undefined;
    const isMaster =
      ownsAddress(instance.state.phase) ||
      (held !== undefined && machine.clock() < held - ENDS_EARLY);
    if (isThere === isMaster && isThere === isAnywhere && this.#missing.size === 0) return;
    const key = `${machine.id}/${name}/${address}`;
    if (isMaster && !isThere) {
      if (this.#lasts(this.#missing, key, machine))
        this.#violate("master-without-address", machine, `${name} is ${kind}`);
      return;
    }
    this.#missing.delete(key);
    if (kind === "switching") return;
    if (!isAnywhere || isMaster || kind === "handover" || !kernel.linkExists) return;
    if (machine.supervisor.isHolding(name)) return;
    if (engine.isOwnedElsewhere(instance, kernel.linkIndex, address)) return;
    // If a router is the address owner (255), a copy of its address that somebody else has put
    // on another device may be the machine's own, and is left alone (seed 7081).
    if (!isThere && instance.config.router.priority === 255) return;
    this.#violate("address-without-right", machine, `${name} is ${kind}`);
  }

  /**
   * A master that has the address in its kernel, which drops what comes for it, is a black hole
   * that its peers take for an owner: it has to notice at its next advertisement at the latest.
   */
  #answers(machine: MachineView, { config, state, addresses }: EngineInstance): void {
    const { kernel } = machine;
    const { name } = config.router;
    const isUp = state.phase.kind === "master" && state.linkUp && kernel.linkUp;
    for (const { virtual } of addresses) {
      const { address } = virtual;
      const key = `${machine.id}/${name}/${address}`;
      if (!isUp || !kernel.has(address) || kernel.answers(address)) this.#unanswered.delete(key);
      else if (this.#lasts(this.#unanswered, key, machine))
        this.#violate("master-does-not-answer", machine, name);
    }
  }

  /** Starts counting the first time; true once it has lasted too long. */
  #lasts(since: Map<string, number>, key: string, machine: MachineView): boolean {
    const { now } = this.#facts;
    const began = since.get(key) ?? now;
    since.set(key, began);
    return now - began > restoredWithin(machine);
  }

  /**
   * A rule that stays behind its address drops its packets for whoever has it next, this node or
   * one it forwards to.
   */
  #guardsOnlyItsOwn(machine: MachineView, engine: Engine): void {
    const { kernel, supervisor } = machine;
    if (this.#refusesToClose(machine)) return;
    for (const address of kernel.guardedAddresses()) {
      if (kernel.hasAnywhere(address)) continue;
      const isEntitled = engine.instances.some(
        ({ state, addresses, config }) =>
          (answers(state.phase) || supervisor.isHolding(config.router.name)) &&
          addresses.some(({ virtual }) => virtual.address === address),
      );
      if (!isEntitled)
        this.#violate("stale-guard", machine, `guards ${printIp(address)}, which it has not`);
    }
  }

  /** In that case a rule stays behind and is reported. */
  #refusesToClose({ id }: MachineView): boolean {
    return this.#cluster.scenario.faults.some(
      (fault) =>
        fault.kind === "guard-fails" && fault.machine === id && fault.calls.includes("close"),
    );
  }

  #doesNotSpin(machine: MachineView, due: Instant | undefined): void {
    const at = machine.clock();
    const isDue = due !== undefined && due <= at;
    const last = this.#spins.get(machine.id);
    const isBusy = last !== undefined && at > last.at + BUSY;
    const count = isDue && !isBusy ? (last?.count ?? 0) + 1 : 0;
    this.#spins.set(machine.id, { count, at });
    if (count > SPINS_MAX) this.#violate("spinning", machine, "is due in the past for ever");
  }

  /** The engine's own deadline must not be later than what its parts need. */
  #wakesInTime(machine: MachineView, engine: Engine, due: Instant | undefined): void {
    let needed = earliest(engine.announcements.deadline(), engine.probes.deadline());
    for (const one of engine.instances) needed = earliest(needed, deadline(one.state), one.retryAt);
    if (needed !== due)
      this.#cluster.violate("wrong-deadline", `machine ${machine.id}: ${due}, needed ${needed}`);
  }

  #checkOrder(machine: MachineView, message: TransitionMessage): void {
    const { instance, leaving, from, to } = message;
    // One that a reload has removed may be beside another one of its name (seed 202752).
    const key = `${machine.id}/${instance}${leaving === undefined ? "" : ` ${leaving}`}`;
    const before = this.#reported.get(key) ?? (leaving === undefined ? "INIT" : from);
    const text = `machine ${machine.id} ${instance}: ${from}`;
    if (from !== before) this.#cluster.violate("notify-order", `${text} -> ${to} after ${before}`);
    if (from === to) this.#cluster.violate("notify-order", `${text} twice`);
    this.#reported.set(key, to);
  }

  #keepsNothing(machine: MachineView): void {
    if (machine.instances.some((one) => machine.supervisor.isHolding(one.router.name))) return;
    for (const address of machine.addresses()) {
      // A copy of the address owner's may be the machine's own (seed 305230).
      const isItsOwn = this.#facts
        .instancesWith(machine, address)
        .some(({ router }) => router.priority === 255);
      const { kernel } = machine;
      if (isItsOwn ? kernel.has(address) : kernel.hasAnywhere(address))
        this.#violate("address-kept-after-stop", machine, "stopped and still has an address");
    }
  }

  #violate(check: string, machine: MachineView, what: string): void {
    this.#cluster.violate(check, `machine ${machine.id} ${what}`);
  }
}

function forget(known: Map<string, unknown>, machine: MachineView): void {
  for (const key of known.keys()) if (key.startsWith(`${machine.id}/`)) known.delete(key);
}
