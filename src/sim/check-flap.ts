/**
 * An owner that advertises within reach is heard, and a link flap lasts no longer than the flap
 * itself.
 *
 *  - A backup that takes over because it heard no master has not been sent anything: whatever
 *    was sent to it while both ports forwarded, and was not lost, arrives after an ARP request,
 *    its reply and the frame's own transit. A kernel that asks again only after a second keeps
 *    advertisements back for three detection times at `advert_int 0.1`.
 *  - A master that comes back from a flap within its ownership window finds no other owner: no
 *    peer that has heard it has taken over meanwhile. The one advertisement with which it came
 *    back from the flap before does not count as heard: a port may have its carrier before it
 *    forwards. Anything else that a peer lost is an excuse.
 */
import { isMulticast } from "#units/address";
import type { MachineView } from "./cluster-view.ts";
import { type ClusterFacts, NEVER, type ObservedRouter } from "./facts.ts";
import { destinationOf } from "./frame-fields.ts";
import type { Observer, TransitionMessage } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** ARP request, reply and packet, and one more transit for what is in a queue. */
const FRAMES = 4;

/** The advertisements that one machine sends to another for one router. */
interface Flow {
  readonly from: MachineView;
  readonly to: MachineView;
  readonly vrid: number;
  /** The first advertisement that has neither been heard nor been lost; -1 if there is none. */
  unheardAt: number;
}

const NONE = -1;

const flowKey = (from: number, to: number, vrid: number): number =>
  (from * 1_024 + to) * 256 + vrid;

export class FlapChecker {
  readonly #cluster: SimulatedCluster;
  readonly #facts: ClusterFacts;
  readonly #flows = new Map<number, Flow>();
  /** The last advertisement peers may be expected to have heard. */
  readonly #countedAt = new Map<ObservedRouter, number>();

  constructor(cluster: SimulatedCluster, facts: ClusterFacts) {
    this.#cluster = cluster;
    this.#facts = facts;
  }

  observer(): Observer {
    return {
      advertSent: (machine, vrid, priority, packet) => {
        if (priority > 0) this.#sent(machine, vrid, packet);
      },
      advertArrived: (machine, from, vrid, _, sentAt) => {
        const flow = this.#flows.get(flowKey(from, machine.id, vrid));
        if (flow !== undefined && sentAt >= flow.unheardAt) flow.unheardAt = NONE;
      },
      advertLost: (from, to) => this.#forget((one) => one.from.id === from && one.to.id === to),
      questionLost: (a, b) =>
        this.#forget(
          ({ from, to }) => (from.id === a && to.id === b) || (from.id === b && to.id === a),
        ),
      connectivity: () => this.#forget(({ from, to }) => !this.#cluster.areConnected(from, to)),
      transition: (machine, message) => this.#transition(machine, message),
      engineStarted: (machine) => this.#forget(({ to }) => to === machine),
      engineEnded: (machine) => this.#forget(({ to }) => to === machine),
    };
  }

  #sent(machine: MachineView, vrid: number, packet: Uint8Array): void {
    const router = this.#facts.routerOf(machine, vrid);
    if (router === undefined) return;
    // The advertisement with which it comes back is sent before the change of state is
    // reported.
    if (router.state !== "FAULT") this.#countedAt.set(router, this.#facts.now);
    const to = destinationOf(packet);
    const toAll = isMulticast(to);
    for (const other of this.#cluster.machines) {
      if (other === machine || !(toAll || to === other.address)) continue;
      const flow = this.#flow(machine, other, vrid);
      if (flow.unheardAt === NONE && this.#cluster.areConnected(machine, other))
        flow.unheardAt = this.#facts.now;
    }
  }

  #flow(from: MachineView, to: MachineView, vrid: number): Flow {
    const key = flowKey(from.id, to.id, vrid);
    let flow = this.#flows.get(key);
    if (flow === undefined) {
      flow = { from, to, vrid, unheardAt: NONE };
      this.#flows.set(key, flow);
    }
    return flow;
  }

  #forget(isMeant: (one: Flow) => boolean): void {
    for (const one of this.#flows.values()) {
      if (one.unheardAt !== NONE && isMeant(one)) one.unheardAt = NONE;
    }
  }

  #transition(machine: MachineView, { instance, to }: TransitionMessage): void {
    const router = this.#facts.routerNamed(machine, instance);
    if (router === undefined) return;
    if (to === "MASTER") {
      if (router.reason === "master-down") this.#tookOver(router);
      if (router.reason === "link-back-in-time") this.#returned(router);
    }
    this.#forget((one) => one.to === machine && one.vrid === router.vrid);
  }

  #tookOver(heir: ObservedRouter): void {
    const { now, slowAt } = this.#facts;
    for (const { from, to, vrid, unheardAt: sentAt } of this.#flows.values()) {
      if (sentAt === NONE || to !== heir.machine || vrid !== heir.vrid) continue;
      const ago = now - sentAt;
      if (ago <= this.#exchange(from, to) || slowAt >= sentAt) continue;
      if (Math.max(this.#facts.unwellAt(from), this.#facts.unwellAt(to)) >= sentAt) continue;
      this.#cluster.violate(
        "advertisement-unheard",
        `vrid ${vrid}: machine ${to.id} took over and has not heard what ${from.id} sent ${ago} us ago`,
      );
    }
  }

  /** The time for an ARP request, its reply and the packet that waits for it. */
  #exchange(a: MachineView, b: MachineView): number {
    return (
      FRAMES * this.#facts.latency() +
      4 * (this.#cluster.scenario.wakeLateMicros + 100) +
      4 * Math.max(a.extraLate, b.extraLate) +
      8 * Math.max(a.kernel.faults.slowMicros, b.kernel.faults.slowMicros)
    );
  }

  #returned(router: ObservedRouter): void {
    const { machine, vrid } = router;
    const facts = this.#facts;
    const counted = this.#countedAt.get(router) ?? NEVER;
    if (facts.pausedAt(machine) >= counted || machine.clockOffsetFellAt >= counted) return;
    if (facts.deceivedAt > facts.now - 3 * facts.detection(vrid)) return;
    for (const heir of facts.routersOf(vrid)) {
      if (heir === router || heir.state !== "MASTER" || heir.reason !== "master-down") continue;
      // Both were owners before. That is a master conflict, and this one may not have noticed
      // it yet (seed 26288).
      if (heir.since <= counted) continue;
      if (!heir.machine.engineRuns || facts.unwellAt(heir.machine) >= counted) continue;
      const heard = heir.heard.get(machine.id);
      if (heard === undefined || heard.sentAt < counted) continue;
      this.#cluster.violate(
        "returned-beside-owner",
        `vrid ${vrid}: machine ${machine.id} returned as owner, which ${heir.machine.id} has been for ${facts.now - heir.since} us`,
      );
    }
  }
}
