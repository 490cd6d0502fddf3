/**
 * `garp_master_refresh`: an owner announces each address once a period, by the configuration it
 * has now, and no later than its turn in the budget allows. It does not while it hears a rival:
 * a master that may have to yield announces nothing.
 */
import { type IpAddress, printIp } from "#units/address";
import { announceBoundOf } from "./announce-budget.ts";
import type { MachineView } from "./cluster-view.ts";
import type { ClusterFacts, ObservedRouter } from "./facts.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";
import { Woken } from "./woken.ts";

const key = (machine: MachineView, address: IpAddress): string => `${machine.id}/${address}`;

export class RefreshChecker {
  readonly #cluster: SimulatedCluster;
  readonly #facts: ClusterFacts;
  readonly #woken: Woken;
  readonly #announcedAt = new Map<string, number>();
  /** How many times the check of a router was restarted; an older check is void. */
  readonly #rounds = new Map<ObservedRouter, number>();
  /** When the last reload was, by machine. */
  readonly #reloadedAt = new Map<number, number>();

  constructor(cluster: SimulatedCluster, facts: ClusterFacts) {
    this.#cluster = cluster;
    this.#facts = facts;
    this.#woken = new Woken(facts);
  }

  observer(): Observer {
    return {
      loopDone: (machine) => this.#woken.loopDone(machine),
      arpSent: (machine, address) => {
        this.#announcedAt.set(key(machine, address), this.#facts.now);
      },
      transition: (machine, { instance }) => {
        const router = this.#facts.routerNamed(machine, instance);
        if (router !== undefined) this.#begin(router);
      },
      afterReload: (machine) => {
        this.#reloadedAt.set(machine.id, this.#facts.now);
        for (const { router } of this.#facts.instances(machine)) {
          const observed = this.#facts.routerOf(machine, router.vrid);
          if (observed !== undefined) this.#begin(observed);
        }
      },
    };
  }

  #begin(router: ObservedRouter): void {
    const round = (this.#rounds.get(router) ?? 0) + 1;
    this.#rounds.set(router, round);
    const { refresh } = router.config.announce;
    if (router.state === "MASTER" && refresh > 0)
      this.#cluster.queue.in(refresh, () => this.#look(router, round));
  }

  #look(router: ObservedRouter, round: number): void {
    const { machine, vrid, config } = router;
    if (this.#rounds.get(router) !== round) return;
    if (this.#facts.routerOf(machine, vrid) !== router) return;
    const { refresh } = config.announce;
    const wake = this.#cluster.scenario.wakeLateMicros + 100;
    const limit = refresh + (announceBoundOf(this.#facts, machine) + 4 * wake);
    const since = this.#countsSince(router);
    for (const address of isUndisturbed(machine) ? this.#facts.addressesOf(machine, vrid) : []) {
      const last = Math.max(since, this.#announcedAt.get(key(machine, address)) ?? 0);
      const ago = this.#facts.now - last;
      if (ago <= limit) continue;
      this.#cluster.violate(
        "not-refreshed",
        `machine ${machine.id} has not announced ${printIp(address)} for ${ago} us (limit ${limit})`,
      );
    }
    this.#cluster.queue.in(refresh, () => this.#look(router, round));
  }

  #countsSince(router: ObservedRouter): number {
    const { machine, vrid, config, since, heardAt, isSwitching } = router;
    // Four intervals after a rival's last advertisement it is forgotten, and the next period
    // counts.
    const rivalUntil =
      heardAt === undefined
        ? 0
        : heardAt + 4 * this.#facts.interval(vrid) + config.announce.refresh;
    // With a gate a move that is taken back is promoted first, perhaps without the address (seed
    // 256350).
    const phase = machine.engine?.instances.find((one) => one.config.router.vrid === vrid)?.state
      .phase;
    // A planned move that breaks before it makes has no address to announce (seed 601949).
    const isServed = phase?.kind !== "promoting" && !isSwitching;
    return Math.max(
      isServed ? since : this.#facts.now,
      rivalUntil,
      this.#reloadedAt.get(machine.id) ?? 0,
      this.#woken.at(machine) ?? this.#facts.now,
    );
  }
}

const isUndisturbed = ({ engineRuns, kernel, extraLate }: MachineView): boolean =>
  engineRuns && kernel.linkUp && extraLate === 0 && kernel.faults.slowMicros === 0;
