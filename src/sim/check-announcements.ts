/**
 * Who announces what, seen at the switch.
 *
 *  - Who is not master says nothing: a router that leaves, is at fault or is a backup, and for addresses a reload took away.
 *  - A new owner is heard: `announceBoundOf` after becoming master, or after a reload brought an address, the switch's limiter
 *    has let an announcement of each of its addresses in. The time starts anew with whatever disturbs it: a rival that is
 *    heard (who may have to yield does not announce), and anything that is wrong with the machine.
 */

import { type Ipv4, printIpv4 } from "#units/address";
import type { InstanceConfig } from "#vrrp/router/config";
import { announceBoundOf } from "./announce-budget.ts";
import type { MachineView } from "./cluster-view.ts";
import type { ClusterFacts, Seat } from "./facts.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";
import { Woken } from "./woken.ts";

/** A switch's limiter knows nothing of restarts and jumps of the clock, and what they let out may cost a later frame. */
const RECOVERY = 20_000_000;
/** After a rival has been given up its successor announces 15 ms later. */
const AFTER_RIVAL = 20_000;

interface AgreementWatch {
  readonly machine: MachineView;
  readonly seat: Seat;
  readonly address: Ipv4;
  since: number;
}

export function checkAnnouncements(cluster: SimulatedCluster, facts: ClusterFacts): Observer {
  const watches = new Map<string, AgreementWatch>();
  /** By machine: announced by a router that has not said that it is master; a step says so last. */
  const unentitled = new Map<number, { readonly address: Ipv4; readonly passed: boolean }[]>();
  const woken = new Woken(facts);
  /** Announced in the course of a reload. */
  let saidInReload: Set<Ipv4> | undefined;

  const key = (machine: MachineView, address: Ipv4): string => `${machine.id}/${address}`;

  const isMaster = (machine: MachineView, { router }: InstanceConfig): boolean =>
    facts.seat(machine, router.vrid)?.state === "MASTER";

  const isEntitled = (machine: MachineView, address: Ipv4): boolean =>
    facts.instancesWith(machine, address).some((one) => isMaster(machine, one)) ||
    isYetToLetGo(machine, address);

  /**
   * A reload takes one thing after the other: what waited for its turn may leave when another router announces, as long as
   * the master that is to lose the address still has it.
   */
  const isYetToLetGo = (machine: MachineView, address: Ipv4): boolean =>
    saidInReload !== undefined &&
    machine.kernel.has(address) &&
    facts
      .previousInstances(machine)
      .filter((one) => addressesOf(one).includes(address))
      .some((one) => isMaster(machine, one));

  const atSwitch = (machine: MachineView, address: Ipv4, passed: boolean): void => {
    if (passed || isExcused(machine)) saidInReload?.add(address);
    if (!isEntitled(machine, address)) {
      const known = unentitled.get(machine.id);
      if (known === undefined) unentitled.set(machine.id, [{ address, passed }]);
      else known.push({ address, passed });
      return;
    }
    const name = key(machine, address);
    if (!watches.has(name)) return;
    if (passed || isExcused(machine)) watches.delete(name);
  };

  const becameMaster = (machine: MachineView, seat: Seat): void => {
    const said = unentitled.get(machine.id) ?? [];
    unentitled.delete(machine.id);
    const others = said.filter(({ address }) => !isEntitled(machine, address));
    if (others.length > 0) unentitled.set(machine.id, others);
    for (const address of facts.addressesOf(machine, seat.vrid)) {
      const mine = said.filter((one) => one.address === address);
      const isHeard = mine.some((one) => one.passed);
      if (!isHeard && !(mine.length > 0 && isExcused(machine))) watch(machine, seat, address);
    }
  };

  /** Is it no wonder that what this machine said did not get through? It cannot know. */
  const isExcused = (machine: MachineView): boolean =>
    !machine.port.up ||
    machine.port.forwardsFrom > facts.now ||
    facts.now - facts.unwellAt(machine) < RECOVERY;

  const watch = (machine: MachineView, seat: Seat, address: Ipv4): void => {
    const one: AgreementWatch = { machine, seat, address, since: facts.now };
    watches.set(key(machine, address), one);
    look(one);
  };

  const look = (one: AgreementWatch): void => {
    const { machine, seat, address } = one;
    const name = key(machine, address);
    if (watches.get(name) !== one) return;
    const isDisturbed =
      !machine.engineRuns || !machine.port.up || machine.kernel.faults.slowMicros > 0;
    const heardAt = seat.heardAt ?? Number.NEGATIVE_INFINITY;
    one.since = isDisturbed
      ? facts.now
      : Math.max(one.since, heardAt, woken.at(machine) ?? facts.now, facts.networkChangedAt);
    const patience = heardAt >= seat.since ? 4 * facts.interval(seat.vrid) + AFTER_RIVAL : 0;
    const limit = announceBoundOf(facts, machine) + patience;
    const waited = facts.now - one.since;
    if (waited <= limit) {
      cluster.queue.in(Math.max(1_000, limit - waited + 1), () => look(one));
      return;
    }
    watches.delete(name);
    cluster.violate(
      "not-announced-in-time",
      `machine ${machine.id} is master and silent about ${printIpv4(address)} for ${waited} us (limit ${limit})`,
    );
  };

  const forget = (machine: MachineView, seat?: Seat): void => {
    for (const [name, one] of watches) {
      if (one.machine === machine && (seat === undefined || one.seat === seat))
        watches.delete(name);
    }
  };

  return {
    arpAtSwitch: atSwitch,
    transition: (machine, { instance, to }) => {
      const seat = facts.seatNamed(machine, instance);
      if (seat === undefined) return;
      forget(machine, seat);
      if (to === "MASTER") becameMaster(machine, seat);
    },
    beforeReload: () => {
      saidInReload = new Set();
    },
    afterReload: (machine) => {
      const said = saidInReload;
      saidInReload = undefined;
      const before = facts.previousInstances(machine).flatMap(addressesOf);
      for (const { router } of facts.instances(machine)) {
        const seat = facts.seat(machine, router.vrid);
        const addresses = facts.addressesOf(machine, router.vrid);
        for (const [name, one] of watches) {
          if (one.seat === seat && !addresses.includes(one.address)) watches.delete(name);
        }
        if (seat?.state !== "MASTER") continue;
        for (const address of addresses) {
          if (!before.includes(address) && said?.has(address) !== true)
            watch(machine, seat, address);
        }
      }
    },
    loopDone: (machine) => {
      woken.loopDone(machine);
      for (const { address } of unentitled.get(machine.id) ?? [])
        cluster.violate(
          "announces-without-right",
          `machine ${machine.id} announced ${printIpv4(address)} and is not its master`,
        );
      unentitled.delete(machine.id);
    },
    engineStarted: (machine) => forget(machine),
    engineEnded: (machine) => {
      forget(machine);
      unentitled.delete(machine.id);
    },
  };
}

const addressesOf = (config: InstanceConfig): readonly Ipv4[] =>
  [...config.addresses, ...config.excludedAddresses].map(({ address }) => address);
