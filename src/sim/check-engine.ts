/** What must hold on one machine after every turn of the engine's loop. */

import { earliest } from "#units/time";
import { deadline } from "#vrrp/router/router";
import { masterDown } from "#vrrp/router/timing";
import type { MachineView } from "./cluster-view.ts";
import type { ClusterFacts } from "./facts.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** An address somebody removed is back this soon. */
const RESTORED_WITHIN = 50_000;
const SPINS_MAX = 20;

/** Then a rule stays, and is reported. */
const refusesToClose = ({ scenario }: SimulatedCluster, machine: MachineView): boolean =>
  scenario.faults.some(
    (fault) =>
      fault.kind === "guard-fails" && fault.machine === machine.id && fault.calls.includes("close"),
  );

export function checkEngine(cluster: SimulatedCluster, facts: ClusterFacts): Observer {
  const missing = new Map<string, number>();
  const silent = new Map<string, number>();
  const spins = new Map<number, number>();
  const told = new Map<string, string>();
  const machineText = (machine: MachineView): string => `machine ${machine.id}`;

  const masterHasAddresses = (machine: MachineView): void => {
    const { engine, kernel } = machine;
    if (engine === undefined) return;
    for (const instance of engine.instances) {
      const { name } = instance.config.router;
      const { kind } = instance.state.phase;
      for (const { virtual } of instance.addresses) {
        const isThere = kernel.has(virtual.address);
        const isAnywhere = kernel.hasAnywhere(virtual.address);
        if (isThere === (kind === "master") && isThere === isAnywhere && missing.size === 0)
          continue;
        const key = `${machine.id}/${name}/${virtual.address}`;
        if (kind === "master" && !isThere) {
          const since = missing.get(key) ?? facts.now;
          missing.set(key, since);
          const late = machine.extraLate * 2 + kernel.faults.slowMicros * 4;
          if (facts.now - since > RESTORED_WITHIN + late)
            cluster.violate("master-without-address", `${machineText(machine)} ${name}`);
          continue;
        }
        missing.delete(key);
        const entitled = kind === "master" || kind === "handover";
        if (isAnywhere && !entitled && !machine.supervisor.isHolding(name) && kernel.linkExists) {
          const elsewhere = engine.isOwnedElsewhere(instance, kernel.linkIndex, virtual.address);
          // Of an address owner (255) a copy that somebody else has put elsewhere may be the machine's own address, and
          // is left alone (seed 7081).
          const isMachinesOwn = !isThere && instance.config.router.priority === 255;
          if (!elsewhere && !isMachinesOwn)
            cluster.violate("address-without-right", `${machineText(machine)} ${name} is ${kind}`);
        }
      }
    }
  };

  /**
   * A master whose kernel has the address and drops what comes for it is a black hole that its peers take for an owner: it
   * has to notice at its next advertisement at the latest.
   */
  const masterAnswers = (machine: MachineView): void => {
    const { engine, kernel } = machine;
    for (const { config, state, addresses } of engine?.instances ?? []) {
      const { name } = config.router;
      for (const { virtual } of addresses) {
        const { address } = virtual;
        const isSilent =
          state.phase.kind === "master" &&
          state.linkUp &&
          kernel.linkUp &&
          kernel.has(address) &&
          !kernel.answers(address);
        const key = `${machine.id}/${name}/${address}`;
        if (!isSilent) {
          silent.delete(key);
          continue;
        }
        const since = silent.get(key) ?? facts.now;
        silent.set(key, since);
        const late = machine.extraLate * 2 + kernel.faults.slowMicros * 4;
        if (facts.now - since > RESTORED_WITHIN + late)
          cluster.violate("silent-master", `${machineText(machine)} ${name}`);
      }
    }
  };

  /** A rule that stays behind its address silences it for whoever has it next, this node or one it forwards to. */
  const guardsOnlyItsOwn = (machine: MachineView): void => {
    const { engine, kernel, supervisor } = machine;
    if (engine === undefined || refusesToClose(cluster, machine)) return;
    for (const address of kernel.guardedAddresses()) {
      if (kernel.hasAnywhere(address)) continue;
      const isEntitled = engine.instances.some(
        ({ state, addresses, config }) =>
          (state.phase.kind === "master" ||
            state.phase.kind === "handover" ||
            supervisor.isHolding(config.router.name)) &&
          addresses.some(({ virtual }) => virtual.address === address),
      );
      if (!isEntitled)
        cluster.violate("stale-guard", `${machineText(machine)} silences what it has not`);
    }
  };

  const doesNotSpin = (machine: MachineView): void => {
    const { engine } = machine;
    if (engine === undefined || engine.finished) return;
    const due = engine.deadline();
    const count =
      due !== undefined && due <= machine.clock() ? (spins.get(machine.id) ?? 0) + 1 : 0;
    spins.set(machine.id, count);
    if (count > SPINS_MAX)
      cluster.violate("spinning", `${machineText(machine)} is due in the past for ever`);
    // The engine's own answer must not be later than what its parts need.
    let needed = engine.announcements.deadline();
    for (const one of engine.instances) needed = earliest(needed, deadline(one.state), one.retryAt);
    if (needed !== due)
      cluster.violate("wrong-deadline", `${machineText(machine)}: ${due}, needed ${needed}`);
  };

  return {
    loopDone: (machine) => {
      masterHasAddresses(machine);
      guardsOnlyItsOwn(machine);
      masterAnswers(machine);
      doesNotSpin(machine);
    },
    engineStarted: (machine) => {
      for (const key of told.keys()) if (key.startsWith(`${machine.id}/`)) told.delete(key);
      for (const key of missing.keys()) if (key.startsWith(`${machine.id}/`)) missing.delete(key);
      for (const key of silent.keys()) if (key.startsWith(`${machine.id}/`)) silent.delete(key);
    },
    beforeReload: (machine, instances) => {
      // What a reload brings back begins anew.
      const names = new Set(machine.engine?.instances.map((one) => one.config.router.name));
      for (const { router } of instances) {
        const key = `${machine.id}/${router.name}`;
        if (!names.has(router.name) || told.get(key) === "STOP") told.delete(key);
      }
    },
    runs: (machine) => {
      for (const key of missing.keys()) if (key.startsWith(`${machine.id}/`)) missing.delete(key);
      for (const key of silent.keys()) if (key.startsWith(`${machine.id}/`)) silent.delete(key);
    },
    transition: (machine, { instance, from, to }) => {
      const key = `${machine.id}/${instance}`;
      const before = told.get(key) ?? "INIT";
      if (from !== before)
        cluster.violate(
          "notify-order",
          `${machineText(machine)} ${instance}: ${from} -> ${to} after ${before}`,
        );
      if (from === to)
        cluster.violate("notify-order", `${machineText(machine)} ${instance}: ${from} twice`);
      told.set(key, to);
    },
    engineEnded: (machine, how) => {
      if (how !== "stopped") return;
      if (machine.instances.some((one) => machine.supervisor.isHolding(one.router.name))) return;
      for (const address of machine.addresses()) {
        if (machine.kernel.has(address))
          cluster.violate(
            "kept-after-stop",
            `${machineText(machine)} stopped and still has an address`,
          );
      }
    },
  };
}

/** After a stall longer than a peer needs to take over, nothing is said as master before giving up. */
export function checkOverslept(cluster: SimulatedCluster, facts: ClusterFacts): Observer {
  return {
    advertSent: (machine, vrid, priority) => {
      // ClusterFacts are told after the checkers, so this is still the advertisement before.
      const seat = facts.seat(machine, vrid);
      if (priority === 0 || seat?.advertSentAt === undefined || seat.state !== "MASTER") return;
      if (machine.clockOffsetFellAt > seat.advertSentAt) return;
      // A slow system call between deciding and sending is not seen by the decision.
      if (machine.kernel.lag > 0) return;
      const silent = facts.now + machine.kernel.lag - seat.advertSentAt;
      const { router } = seat;
      const earliestTakeOver = masterDown(
        router,
        router.advertInterval,
        Math.min(router.priority, 254),
      );
      if (silent > earliestTakeOver && seat.since < seat.advertSentAt)
        cluster.violate(
          "stalled",
          `machine ${machine.id} advertised as master after ${silent} us of silence`,
        );
    },
  };
}
