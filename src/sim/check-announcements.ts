/**
 * Who announces what, seen at the switch.
 *
 *  - A router that is not master announces nothing: not while it leaves, is at fault or is a
 *    backup, and not for addresses that a reload removed.
 *  - A new owner is heard: `announceBoundOf` after becoming master, or after a reload brought
 *    an address, the switch's limiter has let in an announcement of each of its addresses. The
 *    time starts anew with whatever disturbs it: a rival that is heard (a master that may have
 *    to yield does not announce), and anything that is wrong with the machine.
 */

import { type IpAddress, printIp } from "#units/address";
import type { InstanceConfig } from "#vrrp/router/config";
import { announceBoundOf } from "./announce-budget.ts";
import type { MachineView } from "./cluster-view.ts";
import { type ClusterFacts, NEVER, type ObservedRouter } from "./facts.ts";
import type { Observer } from "./observer.ts";
import { virtualsOf } from "./scenario.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";
import { Woken } from "./woken.ts";

/**
 * A switch's limiter does not know about restarts and jumps of the clock, and the extra frames
 * that they cause may cost a later frame its passage.
 */
const RECOVERY = 20_000_000;
/** Once a rival has been given up, the remaining owner announces 15 ms later. */
const AFTER_RIVAL = 20_000;

/** An address of a new owner, until its announcement has passed. */
interface Awaited {
  readonly machine: MachineView;
  readonly router: ObservedRouter;
  readonly address: IpAddress;
  since: number;
}

interface Announced {
  readonly address: IpAddress;
  readonly passed: boolean;
}

const key = (machine: MachineView, address: IpAddress): string => `${machine.id}/${address}`;

export class AnnouncementChecker {
  readonly #cluster: SimulatedCluster;
  readonly #facts: ClusterFacts;
  readonly #woken: Woken;
  readonly #awaited = new Map<string, Awaited>();
  /**
   * Announcements of routers that have not reported MASTER yet, by machine: a step reports that
   * last.
   */
  readonly #unentitled = new Map<number, readonly Announced[]>();
  /** What was announced in the course of a reload. */
  #announcedInReload: Set<IpAddress> | undefined;

  constructor(cluster: SimulatedCluster, facts: ClusterFacts) {
    this.#cluster = cluster;
    this.#facts = facts;
    this.#woken = new Woken(facts);
  }

  observer(): Observer {
    return {
      arpAtSwitch: (machine, address, passed) => this.#atSwitch(machine, address, passed),
      transition: (machine, { instance, to }) => {
        const router = this.#facts.routerNamed(machine, instance);
        if (router === undefined) return;
        this.#forget((one) => one.machine === machine && one.router === router);
        if (to === "MASTER") this.#becameMaster(machine, router);
      },
      engineMessage: (machine, message) => {
        // What waited was dropped for the planned move, and all is announced again.
        if (message.type !== "report" || message.report.kind !== "switch-taken-back") return;
        const router = this.#facts.routerNamed(machine, message.instance);
        // With a gate it is promoted first.
        const promotion = router?.config.gate?.promoteTimeout ?? 0;
        for (const one of this.#awaited.values())
          if (one.router === router) one.since = this.#facts.now + promotion;
      },
      beforeReload: () => {
        this.#announcedInReload = new Set();
      },
      afterReload: (machine) => this.#reloaded(machine),
      loopDone: (machine) => this.#loopDone(machine),
      engineStarted: (machine) => this.#forget((one) => one.machine === machine),
      engineEnded: (machine) => {
        this.#forget((one) => one.machine === machine);
        this.#unentitled.delete(machine.id);
      },
    };
  }

  #atSwitch(machine: MachineView, address: IpAddress, passed: boolean): void {
    const counts = passed || this.#isExcused(machine);
    if (counts) this.#announcedInReload?.add(address);
    if (!this.#isEntitled(machine, address)) {
      const known = this.#unentitled.get(machine.id) ?? [];
      this.#unentitled.set(machine.id, [...known, { address, passed }]);
    } else if (counts) {
      this.#awaited.delete(key(machine, address));
    }
  }

  #becameMaster(machine: MachineView, router: ObservedRouter): void {
    const announced = this.#unentitled.get(machine.id) ?? [];
    this.#unentitled.delete(machine.id);
    const others = announced.filter(({ address }) => !this.#isEntitled(machine, address));
    if (others.length > 0) this.#unentitled.set(machine.id, others);
    for (const address of this.#facts.addressesOf(machine, router.vrid)) {
      const mine = announced.filter((one) => one.address === address);
      const isHeard = mine.some((one) => one.passed);
      if (!isHeard && !(mine.length > 0 && this.#isExcused(machine)))
        this.#await(machine, router, address);
    }
  }

  #reloaded(machine: MachineView): void {
    const announced = this.#announcedInReload;
    this.#announcedInReload = undefined;
    const before = this.#facts.previousInstances(machine).flatMap(virtualsOf);
    for (const { router } of this.#facts.instances(machine)) {
      const observed = this.#facts.routerOf(machine, router.vrid);
      const addresses = this.#facts.addressesOf(machine, router.vrid);
      this.#forget((one) => one.router === observed && !addresses.includes(one.address));
      if (observed?.state !== "MASTER") continue;
      for (const address of addresses) {
        if (!before.includes(address) && announced?.has(address) !== true)
          this.#await(machine, observed, address);
      }
    }
  }

  #loopDone(machine: MachineView): void {
    this.#woken.loopDone(machine);
    for (const { address } of this.#unentitled.get(machine.id) ?? [])
      this.#cluster.violate(
        "announces-without-right",
        `machine ${machine.id} announced ${printIp(address)} and is not its master`,
      );
    this.#unentitled.delete(machine.id);
  }

  #forget(isMeant: (one: Awaited) => boolean): void {
    for (const [name, one] of this.#awaited) if (isMeant(one)) this.#awaited.delete(name);
  }

  // ---- who may announce ------------------------------------------------------------------------

  #isEntitled(machine: MachineView, address: IpAddress): boolean {
    const having = this.#facts.instancesWith(machine, address);
    return (
      having.some((one) => this.#isMaster(machine, one)) ||
      this.#isYetToLetGo(machine, address) ||
      this.#facts.isDemoted(machine, (one) => virtualsOf(one).includes(address))
    );
  }

  /**
   * A reload makes its changes one after the other: an announcement that waited for its turn
   * may be sent when another router announces, as long as the master that is to lose the
   * address still has it.
   */
  #isYetToLetGo(machine: MachineView, address: IpAddress): boolean {
    if (this.#announcedInReload === undefined || !machine.kernel.has(address)) return false;
    return this.#facts
      .previousInstances(machine)
      .filter((one) => virtualsOf(one).includes(address))
      .some((one) => this.#isMaster(machine, one));
  }

  #isMaster(machine: MachineView, { router }: InstanceConfig): boolean {
    return this.#facts.routerOf(machine, router.vrid)?.state === "MASTER";
  }

  /**
   * Whether there is a known reason why this machine's announcement did not get through. The
   * machine itself cannot know.
   */
  #isExcused(machine: MachineView): boolean {
    const { now } = this.#facts;
    return (
      !machine.port.up ||
      machine.port.forwardsFrom > now ||
      now - this.#facts.unwellAt(machine) < RECOVERY
    );
  }

  // ---- in time ---------------------------------------------------------------------------------

  #await(machine: MachineView, router: ObservedRouter, address: IpAddress): void {
    const one: Awaited = { machine, router, address, since: this.#facts.now };
    this.#awaited.set(key(machine, address), one);
    this.#look(one);
  }

  /** What a reload brings to one that stops is not announced any more (seed 677464). */
  #isDemoted({ machine, router }: Awaited): boolean {
    return this.#facts.isDemoted(machine, (config) => config.router.vrid === router.vrid);
  }

  #look(one: Awaited): void {
    const { machine, router, address } = one;
    const name = key(machine, address);
    if (this.#awaited.get(name) !== one) return;
    const { now } = this.#facts;
    const heardAt = router.heardAt ?? NEVER;
    one.since =
      router.isSwitching || this.#isDemoted(one) || isDisturbed(machine)
        ? now
        : Math.max(
            one.since,
            heardAt,
            this.#woken.at(machine) ?? now,
            this.#facts.networkChangedAt,
          );
    const interval = this.#facts.interval(router.vrid);
    const yieldWait = heardAt >= router.since ? 4 * interval + AFTER_RIVAL : 0;
    const limit = announceBoundOf(this.#facts, machine) + yieldWait;
    const waited = now - one.since;
    if (waited <= limit) {
      const again = Math.max(1_000, limit - waited + 1);
      return this.#cluster.queue.in(again, () => this.#look(one));
    }
    this.#awaited.delete(name);
    this.#cluster.violate(
      "not-announced-in-time",
      `machine ${machine.id} is master and has not announced ${printIp(address)} for ${waited} us (limit ${limit})`,
    );
  }
}

const isDisturbed = ({ engineRuns, port, kernel }: MachineView): boolean =>
  !engineRuns || !port.up || kernel.faults.slowMicros > 0;
