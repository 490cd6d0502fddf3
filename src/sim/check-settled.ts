/** After the storm: one owner, the right one, announced, and nothing moves any more. */
import { type Ipv4, printIpv4 } from "#units/address";
import { announceBoundOf } from "./announce-budget.ts";
import { electionBound } from "./check-overlap.ts";
import type { ClusterFacts } from "./facts.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

export function checkSettled(cluster: SimulatedCluster, facts: ClusterFacts): Observer {
  const { machines, rivals, addresses, clients } = cluster;
  /** Every node that has a virtual router of this address has the address too: with a mixture nothing is promised. */
  const isAgreed = (address: Ipv4): boolean => {
    const configs = [...machines, ...rivals.map((rival) => rival.spec)].flatMap(
      (node) => node.instances,
    );
    const having = configs.filter((one) =>
      [...one.addresses, ...one.excludedAddresses].some((virtual) => virtual.address === address),
    );
    const vrids = new Set(having.map(({ router }) => router.vrid));
    return (
      having.length > 0 &&
      configs.every((one) => !vrids.has(one.router.vrid) || having.includes(one))
    );
  };
  const describe = (): string =>
    [...facts.all()]
      .map((seat) => `${seat.machine.id}/${seat.vrid} ${seat.state} (${seat.reason})`)
      .join(", ");

  /**
   * With a budget the last of many addresses is announced long after an owner was found: a port that forwards late, or a
   * packet lost in the calm, may have made a rival of somebody shortly before the end.
   */
  const isItsTurnToCome = (address: Ipv4): boolean => {
    const owner = machines.find((machine) => machine.owns(address));
    if (owner === undefined) return false;
    const seats = facts
      .instancesWith(owner, address)
      .flatMap(({ router }) => facts.seat(owner, router.vrid) ?? []);
    const since = Math.max(
      facts.networkChangedAt,
      ...seats.flatMap((seat) => [seat.since, seat.heardAt ?? 0, seat.releaseHeardAt ?? 0]),
    );
    return facts.now - since <= announceBoundOf(facts, owner);
  };

  /** Where packets are lost for ever a run may end in an election; how long that may last is judged by check-overlap. */
  const isElecting = (address: Ipv4): boolean => {
    if (cluster.scenario.network.loss === 0) return false;
    const masters = [...facts.all()].filter(
      ({ machine, vrid, state }) =>
        state === "MASTER" && facts.addressesOf(machine, vrid).includes(address),
    );
    return (
      masters.length > 1 &&
      masters.some(({ since, vrid }) => facts.now - since <= electionBound(facts.interval(vrid)))
    );
  };

  const oneOwner = (): void => {
    for (const address of addresses) {
      if (isElecting(address)) continue;
      const owners = [...machines, ...rivals].filter((node) => node.owns(address));
      if (owners.length === 0 && !isAgreed(address)) continue;
      if (owners.length !== 1)
        cluster.violate(
          owners.length === 0 ? "nobody-owns" : "two-own",
          `${printIpv4(address)} has ${owners.length} owners: ${describe()}`,
        );
      for (const client of clients) {
        if (
          owners.length === 1 &&
          client.service(address) !== "reached" &&
          !isItsTurnToCome(address)
        )
          cluster.violate(
            "not-announced",
            `${printIpv4(address)}: client ${client.id} is ${client.service(address)}`,
          );
      }
    }
  };

  /** With preemption the strongest wins, in the end. */
  const strongest = (): void => {
    const vrids = new Set(
      machines.flatMap((one) => one.instances.map(({ router }) => router.vrid)),
    );
    for (const vrid of vrids) {
      const routers = machines.flatMap((machine) => {
        const instance = machine.engine?.instances.find((one) => one.config.router.vrid === vrid);
        return instance === undefined ? [] : [instance];
      });
      if (routers.some((one) => !one.config.router.preempt || one.config.group !== undefined))
        continue;
      const best = Math.max(...routers.map((one) => one.state.effectivePriority));
      const master = routers.find((one) => one.state.phase.kind === "master");
      if (master !== undefined && master.state.effectivePriority < best)
        cluster.violate(
          "weaker-master",
          `vrid ${vrid}: ${master.state.effectivePriority}, best ${best}`,
        );
    }
  };

  return {
    settled: () => {
      for (const seat of facts.all()) {
        const isGone = seat.machine.instances.every(({ router }) => router.vrid !== seat.vrid);
        if (isGone) continue;
        if (seat.state !== "MASTER" && seat.state !== "BACKUP")
          cluster.violate("not-recovered", describe());
      }
      oneOwner();
      strongest();
    },
    transition: (machine, message) => {
      if (cluster.phase === "settled" && cluster.scenario.network.loss === 0)
        cluster.violate(
          "moves-in-peace",
          `machine ${machine.id} ${message.from} -> ${message.to} (${message.reason.kind})`,
        );
    },
    end: oneOwner,
  };
}
