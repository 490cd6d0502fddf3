/** Makes a fault happen, and ends it when its time is over or the storm is. */
import { beginOnMachine, type EndFault } from "./machine-faults.ts";
import { isPlatformFault, type PlatformFault, type ScenarioFault } from "./scenario.ts";
import type { Segment } from "./segment.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

export class FaultInjector {
  readonly #cluster: SimulatedCluster;
  /** Faults that still last, and how each is ended. */
  readonly #lasting = new Map<ScenarioFault, () => void>();

  constructor(cluster: SimulatedCluster) {
    this.#cluster = cluster;
  }

  apply(fault: ScenarioFault): void {
    const { observers, queue } = this.#cluster;
    const undo = begin(this.#cluster, fault);
    const kind = isPlatformFault(fault) ? "platformFault" : "fault";
    observers.emit(kind, fault, true);
    if (undo === undefined) return;
    const end = (): void => {
      if (!this.#lasting.delete(fault)) return;
      undo();
      observers.emit(kind, fault, false);
    };
    this.#lasting.set(fault, end);
    if ("micros" in fault) queue.in(fault.micros, end);
  }

  /** The storm is over. */
  endAll(): void {
    for (const end of this.#lasting.values()) end();
  }
}

/** Returns how to end it, for what lasts. */
function begin(cluster: SimulatedCluster, fault: ScenarioFault): EndFault | undefined {
  if ("machine" in fault) return beginOnMachine(cluster, fault);
  if (isPlatformFault(fault)) return beginOnPlatform(cluster, fault);
  switch (fault.kind) {
    case "loss":
    case "slow-network":
    case "reordering":
    case "one-way":
    case "partition":
    case "vrrp-cut":
      return beginOnNetwork(cluster, fault);
    case "rival":
      return beginOnRival(cluster, fault);
    case "hostile":
      return cluster.unknownPeer.attack(fault);
    case "foreign-announcement":
      return cluster.unknownPeer.announce(fault);
  }
}

type NetworkFault = Extract<
  ScenarioFault,
  { kind: "loss" | "slow-network" | "reordering" | "one-way" | "partition" | "vrrp-cut" }
>;

function beginOnNetwork(
  { network, machines, rivals, clients }: SimulatedCluster,
  fault: NetworkFault,
): EndFault {
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

function beginOnPlatform(
  { platform }: SimulatedCluster,
  fault: PlatformFault,
): EndFault | undefined {
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
  { network, machines, rivals }: SimulatedCluster,
  fault: Extract<ScenarioFault, { kind: "rival" }>,
): EndFault | undefined {
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

function cutBothWays(network: Segment, pairs: readonly (readonly [number, number])[]): EndFault {
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
