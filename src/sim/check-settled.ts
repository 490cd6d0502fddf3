/**
 * After the storm of faults there is one owner, it is the right one, it has announced itself,
 * and nothing moves any more.
 */
import { type IpAddress, printIp } from "#units/address";
import type { Engine } from "#vrrp/engine/engine";
import { announceBoundOf } from "./announce-budget.ts";
import { electionBound } from "./check-overlap.ts";
import { RESOLVE_AFTER } from "./client.ts";
import type { ArpClient, MachineView } from "./cluster-view.ts";
import { type ClusterFacts, NEVER } from "./facts.ts";
import type { Observer, TransitionMessage } from "./observer.ts";
import { virtualsOf } from "./scenario.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

export class SettledChecker {
  readonly #cluster: SimulatedCluster;
  readonly #facts: ClusterFacts;
  /** By client and address: when it ceased to reach the owner. */
  readonly #unreachedSince = new Map<string, number>();
  /** The last announcement that was lost on the way to it; by machine, client and address. */
  readonly #arpLostAt = new Map<string, number>();

  constructor(cluster: SimulatedCluster, facts: ClusterFacts) {
    this.#cluster = cluster;
    this.#facts = facts;
  }

  observer(): Observer {
    return {
      settled: () => {
        this.#checkRecovered();
        this.#checkOwners();
        this.#checkStrongest();
      },
      transition: (machine, message) => this.#checkRest(machine, message),
      arpLost: (machine, client, address) => {
        this.#arpLostAt.set(`${machine.id}/${client.id}/${address}`, this.#facts.now);
      },
      service: (client, address, _, before) => {
        if (before === "reached")
          this.#unreachedSince.set(`${client.id}/${address}`, this.#facts.now);
      },
      end: () => this.#checkOwners(),
    };
  }

  #checkRecovered(): void {
    for (const { machine, vrid, state } of this.#facts.all()) {
      const isGone = machine.instances.every(({ router }) => router.vrid !== vrid);
      if (!isGone && state !== "MASTER" && state !== "BACKUP")
        this.#cluster.violate("not-recovered", this.#describe());
    }
  }

  #checkRest({ id }: MachineView, { from, to, reason }: TransitionMessage): void {
    const { phase, scenario } = this.#cluster;
    if (phase === "settled" && scenario.network.loss === 0)
      this.#cluster.violate(
        "moves-when-settled",
        `machine ${id} ${from} -> ${to} (${reason.kind})`,
      );
  }

  // ---- one owner, and every client reaches it --------------------------------------------------

  #checkOwners(): void {
    for (const address of this.#cluster.addresses) {
      if (!this.#isElecting(address)) this.#checkOwner(address);
    }
  }

  #checkOwner(address: IpAddress): void {
    const { machines, rivals } = this.#cluster;
    const owners = [...machines, ...rivals].filter((node) => node.owns(address));
    if (owners.length === 0 && !this.#isAgreed(address)) return;
    if (owners.length === 1) return this.#checkClients(address);
    this.#cluster.violate(
      owners.length === 0 ? "nobody-owns" : "several-own",
      `${printIp(address)} has ${owners.length} owners: ${this.#describe()}`,
    );
  }

  #checkClients(address: IpAddress): void {
    for (const client of this.#cluster.clients) {
      const service = client.service(address);
      if (service === "reached" || this.#isItsTurnToCome(address)) continue;
      if (!this.#isToFindOut(client, address))
        this.#cluster.violate(
          "not-announced",
          `${printIp(address)}: client ${client.id} is ${service}`,
        );
    }
  }

  /**
   * Where packets are lost all the time, all that the owner's budget has let it announce may have
   * been lost on the way to this client, which finds out by itself in a while: with a port that
   * forwards late, after the end of the run (seed 167400).
   */
  #isToFindOut(client: ArpClient, address: IpAddress): boolean {
    if (this.#cluster.scenario.network.loss === 0) return false;
    const name = `${client.id}/${address}`;
    const since = this.#unreachedSince.get(name) ?? NEVER;
    if (this.#facts.now - since > RESOLVE_AFTER) return false;
    // keepalived announces when it hears the weaker master, not again when that one has gone: the
    // last announcement is not its own then (seed 238088).
    if (this.#cluster.rivals.some((rival) => rival.owns(address))) return true;
    const owner = this.#cluster.machines.find((machine) => machine.owns(address));
    return (this.#arpLostAt.get(`${owner?.id}/${name}`) ?? NEVER) >= since;
  }

  /**
   * Whether every node that has this virtual router also has this address: for a mixture
   * nothing is promised.
   */
  #isAgreed(address: IpAddress): boolean {
    const { machines, rivals } = this.#cluster;
    const configs = [...machines, ...rivals.map((rival) => rival.spec)].flatMap(
      (node) => node.instances,
    );
    const having = configs.filter((one) => virtualsOf(one).includes(address));
    const vrids = new Set(having.map(({ router }) => router.vrid));
    return (
      having.length > 0 &&
      configs.every((one) => !vrids.has(one.router.vrid) || having.includes(one))
    );
  }

  /**
   * Where packets are lost all the time, a run may end during an election; check-overlap.ts
   * limits how long that may last.
   */
  #isElecting(address: IpAddress): boolean {
    if (this.#cluster.scenario.network.loss === 0) return false;
    const { now } = this.#facts;
    const masters = [...this.#facts.all()].filter(
      ({ machine, vrid, state }) =>
        state === "MASTER" && this.#facts.addressesOf(machine, vrid).includes(address),
    );
    return (
      masters.length > 1 &&
      masters.some(({ since, vrid }) => now - since <= electionBound(this.#facts.interval(vrid)))
    );
  }

  /**
   * With a budget the last of many addresses is announced long after an owner was found, and
   * shortly before the end a late port or a packet lost in the calm may have made another node
   * a rival.
   */
  #isItsTurnToCome(address: IpAddress): boolean {
    const owner = this.#cluster.machines.find((machine) => machine.owns(address));
    if (owner === undefined) return false;
    const routers = this.#facts
      .instancesWith(owner, address)
      .flatMap(({ router }) => this.#facts.routerOf(owner, router.vrid) ?? []);
    const since = Math.max(
      this.#facts.networkChangedAt,
      ...routers.flatMap((one) => [one.since, one.heardAt ?? 0, one.releaseHeardAt ?? 0]),
    );
    return this.#facts.now - since <= announceBoundOf(this.#facts, owner);
  }

  // ---- the right one ---------------------------------------------------------------------------

  /** With preemption the strongest wins in the end. */
  #checkStrongest(): void {
    // Whoever has a gate does not take the address from a living master.
    if (this.#cluster.gates !== undefined) return;
    const configs = this.#cluster.machines.flatMap((one) => one.instances);
    for (const vrid of new Set(configs.map(({ router }) => router.vrid))) {
      const routers = this.#running(vrid);
      if (routers.some(({ config }) => !config.router.preempt || config.group !== undefined))
        continue;
      const best = Math.max(...routers.map((one) => one.state.effectivePriority));
      const master = routers.find((one) => one.state.phase.kind === "master");
      if (master === undefined || master.state.effectivePriority >= best) continue;
      const text = `vrid ${vrid}: ${master.state.effectivePriority}, best ${best}`;
      this.#cluster.violate("weaker-master", text);
    }
  }

  #running(vrid: number): readonly Engine["instances"][number][] {
    return this.#cluster.machines.flatMap(
      ({ engine }) => engine?.instances.find((one) => one.config.router.vrid === vrid) ?? [],
    );
  }

  #describe(): string {
    return [...this.#facts.all()]
      .map(({ machine, vrid, state, reason }) => `${machine.id}/${vrid} ${state} (${reason})`)
      .join(", ");
  }
}
