/** Faults of one machine: its processes, the machine itself, its kernel's link and addresses. */
import type { SimulatedMachine } from "./machine.ts";
import type { ScenarioFault } from "./scenario.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** Ends a fault that lasts. */
export type EndFault = () => void;

type MachineFault = Extract<ScenarioFault, { readonly machine: number }>;
type Of<K extends MachineFault["kind"]> = Extract<MachineFault, { readonly kind: K }>;

type ProcessFault = Of<"stop" | "engine-crash" | "supervisor-crash" | "kill-all" | "hang">;
type DeviceFault = Of<"interface-renamed" | "interface-replaced" | "address-moved">;
type AddressFault = Of<"address-fails" | "guard-fails" | "address-slow">;

/** Returns how to end it, for what lasts. */
export function beginOnMachine(
  cluster: SimulatedCluster,
  fault: MachineFault,
): EndFault | undefined {
  const machine = cluster.machine(fault.machine);
  const { kernel, supervisor } = machine;
  switch (fault.kind) {
    case "stop":
    case "engine-crash":
    case "supervisor-crash":
    case "kill-all":
    case "hang":
      return beginOnProcess(machine, fault);
    case "power-off":
      machine.powerOff();
      return () => machine.powerOn(fault.portLate);
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
    case "link-flap":
      kernel.setLink(false);
      return () => machine.restoreCarrier(fault.portLate);
    case "interface-gone":
      kernel.removeLink();
      return () => kernel.restoreLink();
    case "interface-renamed":
    case "interface-replaced":
    case "address-moved":
      return beginOnDevice(machine, fault);
    case "second-daemon":
      return runSecondDaemon(cluster, machine);
    case "address-fails":
    case "guard-fails":
    case "address-slow":
      return refuseAddresses(machine, fault);
    case "address-deleted":
      return repeatInStorm(cluster, fault, () => kernel.drop(fault.address));
    case "addresses-flushed":
      return repeatInStorm(cluster, fault, () => kernel.flush());
    case "tracker":
      setTracker(machine, fault.result);
      return () => setTracker(machine, fault.afterwards);
    case "switch":
      machine.switchAway();
      return () => machine.switchBack();
    case "maintenance":
      machine.setMaintenance(fault.mode);
      return () => machine.setMaintenance(undefined);
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

function beginOnProcess(machine: SimulatedMachine, fault: ProcessFault): EndFault | undefined {
  const { supervisor } = machine;
  switch (fault.kind) {
    case "stop":
      return stopDaemon(machine);
    case "engine-crash":
      if (machine.engine === undefined) return undefined;
      machine.endEngine("died");
      supervisor.engineEnded("died");
      return undefined;
    case "supervisor-crash":
      supervisor.crash();
      return () => restart(machine);
    case "kill-all":
      machine.endEngine("died");
      supervisor.vanish();
      return () => restart(machine);
    case "hang":
      machine.setEngineStopped(true);
      if (fault.who === "all") supervisor.isStopped = true;
      return () => {
        if (machine.engine !== undefined) machine.setEngineStopped(false);
        machine.isEngineStopped = false;
        supervisor.isStopped = false;
        supervisor.continue();
      };
  }
}

/** Started again afterwards, or as soon as it has ended when that is later. */
function stopDaemon(machine: SimulatedMachine): EndFault {
  let ended = false;
  let wanted = false;
  machine.supervisor.stop(() => {
    ended = true;
    if (wanted) restart(machine);
  });
  return () => {
    wanted = true;
    if (ended) restart(machine);
  };
}

/** The service manager first ends what is left of the old run. */
function restart(machine: SimulatedMachine): void {
  if (!machine.isPowered || machine.supervisor.isAlive) return;
  machine.endEngine("died");
  machine.isEngineStopped = false;
  machine.supervisor.start();
}

/** What others do to the device and its addresses. */
function beginOnDevice(machine: SimulatedMachine, fault: DeviceFault): EndFault | undefined {
  const { kernel, supervisor } = machine;
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
      if (!machine.owns(fault.address)) return undefined;
      if (!machine.engineRuns && !supervisor.holds(fault.address)) return undefined;
      kernel.drop(fault.address);
      kernel.addCopy(fault.address);
      return () => void kernel.dropCopy(fault.address);
  }
}

/** It may sweep what is nobody's, and nothing else. */
function runSecondDaemon(cluster: SimulatedCluster, machine: SimulatedMachine): undefined {
  const { kernel } = machine;
  const guarded = new Set(kernel.guardedAddresses());
  const owned = [...machine.claimed()].map((address) => ({ address, had: kernel.has(address) }));
  machine.runSecondDaemon();
  const guardedNow = new Set(kernel.guardedAddresses());
  for (const { address, had } of owned) {
    if (had !== kernel.has(address) || guarded.has(address) !== guardedNow.has(address))
      cluster.violate("second-daemon-interferes", `machine ${machine.id}`);
  }
}

function refuseAddresses({ kernel }: SimulatedMachine, fault: AddressFault): EndFault {
  switch (fault.kind) {
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
  }
}

function repeatInStorm(
  cluster: SimulatedCluster,
  { times, every }: Of<"address-deleted" | "addresses-flushed">,
  run: () => void,
): undefined {
  for (let i = 0; i < times; i++)
    cluster.queue.in(i * every, () => {
      if (cluster.phase === "storm") run();
    });
}

function setTracker(machine: SimulatedMachine, result: Of<"tracker">["result"]): void {
  const { supervisor } = machine;
  machine.trackers.set(`${result.kind}/${result.name}`, result);
  machine.environment.observers.emit("tracker", machine, result);
  if (supervisor.runs) machine.send({ type: "tracker", ...result });
}
