/**
 * Two owners between whom only VRRP is filtered hear each other's ARP. Each answer of one
 * provokes an answer of the other and moves the clients, so after a while the answers have to
 * be rare, whatever the interval.
 *
 * This is checked in partitions that last long enough, from `LOUD` after both became master,
 * and while nothing else happens.
 */
import { type IpAddress, printIp } from "#units/address";
import type { MachineView } from "./cluster-view.ts";
import type { ClusterFacts } from "./facts.ts";
import type { Observer } from "./observer.ts";
import type { ScenarioFault } from "./scenario.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** Within this time the pauses between answers have doubled up to 10 s. */
const LOUD = 15_000_000;
/** One answer in 10 s, in both forms of ARP. */
const GAP = 10_000_000;
/**
 * The answers before that, from 0.2 s to 10 s apart. A rival that claims once in ten seconds,
 * or a limited port, spreads them over a minute (seeds 33927, 48627).
 */
const EARLY_ANSWERS = 10;
const FORMS = 2;

export class ClaimChecker {
  readonly #cluster: SimulatedCluster;
  readonly #facts: ClusterFacts;
  #cut: ScenarioFault | undefined;
  #quietFrom = 0;
  /** By machine and address. */
  readonly #counts = new Map<string, number>();
  /**
   * Announcements provoked by the platform's answers, which have a bound of their own
   * (check-agreement.ts).
   */
  readonly #calledFor = new Map<string, number>();

  constructor(cluster: SimulatedCluster, facts: ClusterFacts) {
    this.#cluster = cluster;
    this.#facts = facts;
  }

  observer(): Observer {
    return {
      fault: (fault, begins) => {
        if (fault.kind === "vrrp-cut") this.#cut = begins ? fault : undefined;
        this.#restart();
      },
      transition: () => this.#restart(),
      connectivity: () => this.#restart(),
      announcedAgain: ({ id }, { address }) => {
        const name = `${id}/${address}`;
        this.#calledFor.set(name, (this.#calledFor.get(name) ?? 0) + 1);
      },
      arpSent: (machine, address) => {
        if (this.#cut !== undefined && this.#facts.now >= this.#quietFrom)
          this.#count(machine, address);
      },
    };
  }

  #restart(): void {
    this.#quietFrom = this.#facts.now + LOUD;
    this.#counts.clear();
    this.#calledFor.clear();
  }

  #count(machine: MachineView, address: IpAddress): void {
    const name = `${machine.id}/${address}`;
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    const lasted = this.#facts.now - this.#quietFrom;
    const answers = EARLY_ANSWERS + Math.floor(lasted / GAP);
    const refreshes = this.#refreshes(machine, address, lasted + GAP);
    const limit = FORMS * (answers + refreshes + (this.#calledFor.get(name) ?? 0));
    if (count > limit)
      this.#cluster.violate(
        "claims-too-often",
        `machine ${machine.id} announced ${printIp(address)} ${count} times in ${lasted} us`,
      );
  }

  /** Announcements that are due at regular times. */
  #refreshes(machine: MachineView, address: IpAddress, lasted: number): number {
    return this.#facts
      .instancesWith(machine, address)
      .map(({ router }) => router.announce)
      .map(({ refresh, refreshRepeat }) =>
        refresh > 0 ? (Math.ceil(lasted / refresh) + 1) * refreshRepeat : 0,
      )
      .reduce((sum, one) => sum + one, 0);
  }
}
