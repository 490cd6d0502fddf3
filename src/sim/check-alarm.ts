/**
 * A router at fault that hears nobody own the address for two detection times reports it
 * ("no-owner"), once for each such time; and not while an owner is heard.
 */
import { type Centis, centis } from "#units/time";
import { masterDown } from "#vrrp/router/timing";
import type { MachineView } from "./cluster-view.ts";
import { type ClusterFacts, NEVER, type ObservedRouter } from "./facts.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** Detection times. */
const TIMEOUT = 2;

export class AlarmChecker {
  readonly #cluster: SimulatedCluster;
  readonly #facts: ClusterFacts;
  readonly #raisedAt = new Map<ObservedRouter, number>();
  readonly #watched = new Set<ObservedRouter>();

  constructor(cluster: SimulatedCluster, facts: ClusterFacts) {
    this.#cluster = cluster;
    this.#facts = facts;
  }

  observer(): Observer {
    return {
      transition: (machine, { instance, to }) => {
        const router = to === "FAULT" ? this.#facts.routerNamed(machine, instance) : undefined;
        if (router !== undefined) this.#watch(router, 0);
      },
      advertArrived: (machine, _, vrid) => {
        const router = this.#facts.routerOf(machine, vrid);
        if (router?.state === "FAULT") this.#watch(router, 0);
      },
      engineMessage: (machine, message) => {
        if (message.type === "report" && message.report.kind === "no-owner")
          this.#raised(machine, message.instance);
      },
    };
  }

  #watch(router: ObservedRouter, delay: number): void {
    if (this.#watched.has(router)) return;
    this.#watched.add(router);
    this.#cluster.queue.in(delay + 1, () => this.#look(router));
  }

  #look(router: ObservedRouter): void {
    this.#watched.delete(router);
    const { machine, vrid, state, name } = router;
    if (this.#facts.routerOf(machine, vrid) !== router || state !== "FAULT") return;
    const unheard = machine.engineRuns ? this.#facts.now - this.#unheardSince(router) : 0;
    const limit = TIMEOUT * this.#facts.detection(vrid) + this.#lateOf(machine);
    // One alarm covers the whole time, whether or not an unknown peer's packet has ended it
    // (seed 35959).
    const raisedLast = this.#raisedAt.get(router) ?? NEVER;
    if (raisedLast >= Math.max(router.since, ownerHeardAt(router))) return;
    if (unheard <= limit) return this.#watch(router, limit - unheard);
    this.#cluster.violate(
      "no-alarm",
      `machine ${machine.id} ${name} is at fault, has heard nobody for ${unheard} us and does not report it (limit ${limit})`,
    );
  }

  #raised(machine: MachineView, name: string): void {
    const router = this.#facts.routerNamed(machine, name);
    if (router === undefined) return;
    const { now } = this.#facts;
    this.#raisedAt.set(router, now);
    // With a gate it is raised also by one that is not eligible (check-gate.ts).
    if (router.config.gate !== undefined) return;
    const who = `machine ${machine.id} ${name}`;
    if (router.state !== "FAULT" && !this.#facts.isHeldBack(router))
      this.#cluster.violate("false-alarm", `${who} is ${router.state}`);
    const heardAt = ownerHeardAt(router);
    if (this.#facts.unwellAt(machine) > heardAt) return;
    const soonest = TIMEOUT * masterDown(router.config, this.#shortestInterval(router), 255);
    if (now - heardAt < soonest)
      this.#cluster.violate("false-alarm", `${who} heard an owner ${now - heardAt} us ago`);
  }

  /** One that is held back goes by the interval of the master it heard last (seed 276343). */
  #shortestInterval(router: ObservedRouter): Centis {
    const own = router.config.advertInterval;
    if (router.state === "FAULT" || router.config.version === 2) return own;
    const all = this.#facts.routersOf(router.vrid).map(({ config }) => config.advertInterval);
    return centis(Math.min(own, ...all));
  }

  /**
   * The time restarts with anything that may have been an owner's advertisement, and time in
   * which the machine or its clock did not run does not count.
   */
  #unheardSince({ machine, since, heardAt }: ObservedRouter): number {
    return Math.max(
      since,
      heardAt ?? 0,
      this.#facts.runsSince(machine),
      this.#facts.unwellAt(machine),
    );
  }

  #lateOf({ extraLate, kernel }: MachineView): number {
    const wake = this.#cluster.scenario.wakeLateMicros + 100;
    return 4 * wake + 4 * (extraLate + kernel.faults.slowMicros) + 1_000;
  }
}

/** An unknown peer's packet may have been refused; the packet of a node is an owner's. */
function ownerHeardAt({ heard }: ObservedRouter): number {
  let heardAt = NEVER;
  for (const [node, { at }] of heard) if (node >= 0) heardAt = Math.max(heardAt, at);
  return heardAt;
}
