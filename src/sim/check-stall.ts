/**
 * After a stall that is longer than a peer needs to take over, a master advertises nothing
 * before it gives up.
 */
import { handOverWait, masterDown } from "#vrrp/router/timing";
import type { MachineView } from "./cluster-view.ts";
import type { ClusterFacts } from "./facts.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/**
 * Has to be added before the facts, because it needs the advertisement before the one that is
 * being sent.
 */
/** As long as the kernel keeps addresses for a hand-over; a sync group waits for its slowest. */
const longestWait = ({ instances }: MachineView): number =>
  Math.max(...instances.map(({ router }) => handOverWait(router)));

export class StallChecker {
  readonly #cluster: SimulatedCluster;
  readonly #facts: ClusterFacts;

  constructor(cluster: SimulatedCluster, facts: ClusterFacts) {
    this.#cluster = cluster;
    this.#facts = facts;
  }

  observer(): Observer {
    return {
      advertSent: (machine, vrid, priority) => {
        if (priority > 0) this.#advertised(machine, vrid);
      },
    };
  }

  #advertised(machine: MachineView, vrid: number): void {
    const router = this.#facts.routerOf(machine, vrid);
    if (router?.advertSentAt === undefined || router.state !== "MASTER") return;
    // It was asked to give the address up, did not advertise meanwhile, and takes that back.
    const asked = this.#facts.now - router.switchBegunAt;
    const { gate } = router.config;
    // With a gate its successor may be promoted meanwhile, and fail.
    const promotion =
      gate === undefined ? 0 : gate.promoteTimeout + gate.demoteTimeout + gate.drain;
    if (router.isSwitching && asked < longestWait(machine) + promotion) return;
    if (machine.clockOffsetFellAt > router.advertSentAt) return;
    // The decision cannot know of a slow system call between itself and the sending.
    if (machine.kernel.lag > 0) return;
    const pause = this.#facts.now - router.advertSentAt;
    const { priority, advertInterval } = router.config;
    const earliestTakeOver = masterDown(router.config, advertInterval, Math.min(priority, 254));
    if (pause > earliestTakeOver && router.since < router.advertSentAt)
      this.#cluster.violate(
        "advertised-after-stall",
        `machine ${machine.id} advertised as master after a pause of ${pause} us`,
      );
  }
}
