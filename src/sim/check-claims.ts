/**
 * Two owners between whom only VRRP is filtered hear each other's ARP. Each answer of one calls for one of the other, and moves
 * the clients: after a while they have to be rare, whatever the interval.
 *
 * Judged in cuts that are long enough, from `LOUD` after both have been masters, while nothing else happens.
 */
import { type Ipv4, printIpv4 } from "#units/address";
import type { MachineView } from "./cluster-view.ts";
import type { ClusterFacts } from "./facts.ts";
import type { Observer } from "./observer.ts";
import type { Fault } from "./scenario.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** The answers double their distance up to 10 s in this time. */
const LOUD = 15_000_000;
/** One answer in 10 s, in both forms of ARP. */
const GAP = 10_000_000;
/**
 * Those before, from 0.2 s to 10 s apart: a rival that claims once in ten seconds, or a limited port, spreads them over
 * a minute (seeds 33927, 48627).
 */
const EARLY_ANSWERS = 10;
const FORMS = 2;

export function checkClaims(cluster: SimulatedCluster, facts: ClusterFacts): Observer {
  let cut: Fault | undefined;
  let quietFrom = 0;
  const counts = new Map<string, number>();
  /** Called for by the platform's answers, which have a bound of their own (`check-agreement.ts`). */
  const calledFor = new Map<string, number>();

  const restart = (): void => {
    quietFrom = facts.now + LOUD;
    counts.clear();
    calledFor.clear();
  };

  /** Announcements that come by the clock. */
  const refreshes = (machine: MachineView, address: Ipv4, lasted: number): number =>
    facts
      .instancesWith(machine, address)
      .map(({ router }) => router.announce)
      .map(({ refresh, refreshRepeat }) =>
        refresh > 0 ? (Math.ceil(lasted / refresh) + 1) * refreshRepeat : 0,
      )
      .reduce((sum, one) => sum + one, 0);

  return {
    fault: (fault, begins) => {
      if (fault.kind === "vrrp-cut") cut = begins ? fault : undefined;
      restart();
    },
    transition: restart,
    connectivity: restart,
    announcedAgain: (machine, { address }) => {
      const name = `${machine.id}/${address}`;
      calledFor.set(name, (calledFor.get(name) ?? 0) + 1);
    },
    arpSent: (machine, address) => {
      if (cut === undefined || facts.now < quietFrom) return;
      const name = `${machine.id}/${address}`;
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      const lasted = facts.now - quietFrom;
      const called = calledFor.get(name) ?? 0;
      const limit =
        FORMS *
        (EARLY_ANSWERS +
          Math.floor(lasted / GAP) +
          refreshes(machine, address, lasted + GAP) +
          called);
      if (count > limit)
        cluster.violate(
          "outshouting",
          `machine ${machine.id} announced ${printIpv4(address)} ${count} times in ${lasted} us`,
        );
    },
  };
}
