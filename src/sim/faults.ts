/** Makes a fault happen, and ends it when its time is over or the storm is. */
import type { Machine } from "./machine.ts";
import { type Fault, isPlatformFault, type PlatformFault } from "./scenario.ts";
import type { Simulation } from "./simulation.ts";

export function applyFault(simulation: Simulation, fault: Fault): void {
  const undo = begin(simulation, fault);
  const hook = isPlatformFault(fault) ? "platformFault" : "fault";
  simulation.hooks.tell(hook, fault, true);
  if (undo === undefined) return;
  const end = (): void => {
    if (!simulation.lasting.delete(fault)) return;
    undo();
    simulation.hooks.tell(hook, fault, false);
  };
  simulation.lasting.set(fault, end);
  if ("micros" in fault) simulation.queue.in(fault.micros, end);
}

/** Returns how to end it, for what lasts. */
function begin(simulation: Simulation, fault: Fault): (() => void) | undefined {
  if ("machine" in fault) return beginOnMachine(simulation, fault);
  if (isPlatformFault(fault)) return beginOnPlatform(simulation, fault);
  switch (fault.kind) {
    case "loss":
    case "slow-network":
    case "reordering":
    case "one-way":
    case "partition":
    case "vrrp-cut":
      return beginOnNetwork(simulation, fault);
    case "rival":
      return beginOnRival(simulation, fault);
    case "hostile":
      return simulation.stranger.attack(fault);
    case "foreign-announcement":
      return simulation.stranger.announce(fault);
  }
}

type NetworkFault = Extract<
  Fault,
  { kind: "loss" | "slow-network" | "reordering" | "one-way" | "partition" | "vrrp-cut" }
>;
type MachineFault = Extract<Fault, { readonly machine: number }>;

function beginOnNetwork(
  { network, machines, rivals, clients }: Simulation,
  fault: NetworkFault,
): () => void {
  switch (fault.kind) {
    case "loss":
      network.extraLoss += fault.share;
      return () => {
        network.extraLoss = Math.max(0, network.extraLoss - fault.share);
      };
    case "slow-network":
      network.extraLatency += fault.latency;
      return () => {
        network.extraLatency -= fault.latency;
      };
    case "reordering":
      network.extraReordering += fault.share;
      return () => {
        network.extraReordering = Math.max(0, network.extraReordering - fault.share);
      };
    case "one-way": {
      const from = machines[fault.from]?.port.id ?? 0;
      const to = machines[fault.to]?.port.id ?? 0;
      network.cut(from, to);
      return () => network.heal(from, to);
    }
    case "vrrp-cut": {
      const left = fault.machines.map((id) => machines[id]?.port.id ?? 0);
      const nodes = [...machines, ...rivals].map((node) => node.port.id);
      const right = nodes.filter((id) => !left.includes(id));
      const pairs = left.flatMap((a) => right.flatMap((b) => [[a, b] as const, [b, a] as const]));
      for (const [from, to] of pairs) network.cutVrrp(from, to);
      return () => {
        for (const [from, to] of pairs) network.healVrrp(from, to);
      };
    }
    case "partition": {
      // Each side keeps a client, like a router on that side; rivals are with the first one.
      const [first, ...others] = clients.map((client) => client.port.id);
      const left = [...fault.machines.map((id) => machines[id]?.port.id ?? 0), ...others];
      const nodes = [...machines, ...rivals].map((node) => node.port.id);
      const right = [...nodes, first ?? 0].filter((id) => !left.includes(id));
      const pairs = left.flatMap((a) => right.map((b) => [a, b] as const));
      return cutBothWays(network, pairs);
    }
  }
}

function beginOnPlatform({ platform }: Simulation, fault: PlatformFault): (() => void) | undefined {
  if (platform === undefined) return undefined;
  switch (fault.kind) {
    case "platform-slow":
      platform.extraLatency += fault.latency;
      return () => {
        platform.extraLatency -= fault.latency;
      };
    case "platform-fails":
      platform.failing += fault.share;
      return () => {
        platform.failing = Math.max(0, platform.failing - fault.share);
      };
    case "platform-stale":
      platform.staleness += fault.age;
      return () => {
        platform.staleness -= fault.age;
      };
    case "claims-lost":
      platform.losing += fault.share;
      return () => {
        platform.losing = Math.max(0, platform.losing - fault.share);
      };
  }
}

function beginOnRival(
  { network, machines, rivals }: Simulation,
  fault: Extract<Fault, { kind: "rival" }>,
): (() => void) | undefined {
  const rival = rivals[fault.rival];
  if (rival === undefined) return undefined;
  switch (fault.what) {
    case "stop":
      rival.stop();
      return () => rival.start();
    case "kill":
      rival.kill();
      return () => rival.start();
    case "hang":
      rival.setStopped(true);
      return () => rival.setStopped(false);
    case "cut": {
      const pairs = machines.map((machine) => [machine.port.id, rival.port.id] as const);
      return cutBothWays(network, pairs);
    }
  }
}

function beginOnMachine(simulation: Simulation, fault: MachineFault): (() => void) | undefined {
  const machine = simulation.machine(fault.machine);
  const { kernel, supervisor } = machine;
  switch (fault.kind) {
    case "link-flap":
      kernel.setLink(false);
      return () => machine.restoreCarrier(fault.portLate);
    case "interface-gone":
      kernel.removeLink();
      return () => kernel.restoreLink();
    case "interface-renamed":
    case "interface-replaced":
    case "address-moved":
    case "addresses-flushed":
    case "second-daemon":
      return beginOnDevice(simulation, machine, fault);
    case "stop": {
      let ended = false;
      let wanted = false;
      supervisor.stop(() => {
        ended = true;
        if (wanted) supervisor.start();
      });
      return () => {
        wanted = true;
        if (ended) supervisor.start();
      };
    }
    case "engine-crash":
      if (machine.engine === undefined) return undefined;
      machine.endEngine("died");
      supervisor.engineEnded("died");
      return undefined;
    case "supervisor-crash":
      supervisor.crash();
      return () => restart(simulation, fault.machine);
    case "kill-all":
      machine.endEngine("died");
      supervisor.vanish();
      return () => restart(simulation, fault.machine);
    case "power-off":
      machine.powerOff();
      return () => machine.powerOn(fault.portLate);
    case "hang":
      machine.setEngineStopped(true);
      if (fault.who === "all") supervisor.isStopped = true;
      return () => {
        if (machine.engine !== undefined) machine.setEngineStopped(false);
        machine.isEngineStopped = false;
        supervisor.isStopped = false;
        supervisor.continue();
      };
    case "pause":
      machine.pause();
      return () => machine.unpause(fault.clock);
    case "clock-jump":
      machine.clockOffset += fault.by;
      return undefined;
    case "busy":
      machine.extraLate += fault.late;
      return () => {
        machine.extraLate -= fault.late;
      };
    case "address-fails":
      kernel.faults.addFails = fault.errno;
      return () => {
        kernel.faults.addFails = undefined;
      };
    case "guard-fails":
      kernel.faults.guardRefuses = fault.calls;
      return () => {
        kernel.faults.guardRefuses = [];
      };
    case "address-slow":
      kernel.faults.slowMicros += fault.slow;
      return () => {
        kernel.faults.slowMicros = Math.max(0, kernel.faults.slowMicros - fault.slow);
      };
    case "address-deleted":
      for (let i = 0; i < fault.times; i++)
        simulation.queue.in(i * fault.every, () => {
          if (simulation.phase === "storm") kernel.drop(fault.address);
        });
      return undefined;
    case "tracker": {
      const set = (result: typeof fault.result): void => {
        machine.trackers.set(`${result.kind}/${result.name}`, result);
        machine.around.hooks.tell("tracker", machine, result);
        if (supervisor.runs && machine.engine !== undefined)
          machine.send({ type: "tracker", ...result });
      };
      set(fault.result);
      return () => set(fault.afterwards);
    }
    case "reload":
      machine.setInstances(fault.instances);
      supervisor.reload();
      machine.recheck();
      return undefined;
    case "resync":
      machine.overflow();
      return undefined;
  }
}

type DeviceFault = Extract<
  Fault,
  {
    kind:
      | "interface-renamed"
      | "interface-replaced"
      | "address-moved"
      | "addresses-flushed"
      | "second-daemon";
  }
>;

/** What others do to the device and its addresses. */
function beginOnDevice(
  simulation: Simulation,
  machine: Machine,
  fault: DeviceFault,
): (() => void) | undefined {
  const { kernel } = machine;
  switch (fault.kind) {
    case "interface-renamed":
      kernel.rename("lan0");
      return () => kernel.rename("eth0");
    case "interface-replaced":
      kernel.removeLink();
      kernel.restoreLink(fault.keepsIndex);
      if (fault.isLost) machine.overflow();
      return undefined;
    case "address-moved":
      // Of an address that nobody here owns it would be the same as an owner without Baton.
      if (!machine.engineRuns || !machine.owns(fault.address)) return undefined;
      kernel.drop(fault.address);
      kernel.addCopy(fault.address);
      return () => void kernel.dropCopy(fault.address);
    case "second-daemon":
      return beginSecondDaemon(simulation, machine);
    case "addresses-flushed":
      for (let i = 0; i < fault.times; i++)
        simulation.queue.in(i * fault.every, () => {
          if (simulation.phase === "storm") kernel.flush();
        });
      return undefined;
  }
}

/** It may sweep what is nobody's, and nothing else. */
function beginSecondDaemon(simulation: Simulation, machine: Machine): undefined {
  const { kernel } = machine;
  const guarded = new Set(kernel.guardedAddresses());
  const owned = [...machine.claimed()].map((address) => ({ address, had: kernel.has(address) }));
  machine.runSecondDaemon();
  const guardedNow = new Set(kernel.guardedAddresses());
  for (const { address, had } of owned) {
    if (had !== kernel.has(address) || guarded.has(address) !== guardedNow.has(address))
      simulation.violate("second-daemon-interferes", `machine ${machine.id}`);
  }
}

/** The service manager first ends what is left of the old run. */
function restart(simulation: Simulation, id: number): void {
  const machine = simulation.machine(id);
  if (!machine.isPowered || machine.supervisor.isAlive) return;
  machine.endEngine("died");
  machine.isEngineStopped = false;
  machine.supervisor.start();
}

function cutBothWays(
  network: Simulation["network"],
  pairs: readonly (readonly [number, number])[],
): () => void {
  for (const [a, b] of pairs) {
    network.cut(a, b);
    network.cut(b, a);
  }
  return () => {
    for (const [a, b] of pairs) {
      network.heal(a, b);
      network.heal(b, a);
    }
  };
}
