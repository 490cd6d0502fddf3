/**
 * An owner that speaks within reach is heard, and a link flap costs the flap and nothing more.
 *
 *  - Who takes over because a master fell silent has not been spoken to: what was sent to it while both ports forwarded, and
 *    was not lost, has reached it after a question for its MAC address, the answer and the frame's own way. A kernel that
 *    asks again only after a second keeps advertisements back for three detection times at `advert_int 0.1`.
 *  - Who comes back from a flap to its seat finds it empty: no peer that has heard it has taken over meanwhile. The one
 *    advertisement with which it came back from the flap before does not count as heard: a port may have its carrier before
 *    it forwards. What a peer lost besides excuses.
 */

import type { MachineView } from "./cluster-view.ts";
import type { ClusterFacts, Seat } from "./facts.ts";
import { destinationOf, isMulticast } from "./frame-fields.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** Question, answer and packet; one more for what is in a queue. */
const FRAMES = 4;

/** What one machine says to another for one router. */
interface Ear {
  readonly from: MachineView;
  readonly to: MachineView;
  readonly vrid: number;
  /** The first advertisement that has not been heard yet, nor been lost; none: -1. */
  unheardAt: number;
}

const NONE = -1;

export function checkFlap(cluster: SimulatedCluster, facts: ClusterFacts): Observer {
  const { machines, scenario } = cluster;
  const ears = new Map<number, Ear>();
  /** The last advertisement peers may be expected to have heard. */
  const countedAt = new Map<Seat, number>();
  const key = (from: number, to: number, vrid: number): number => (from * 1_024 + to) * 256 + vrid;

  const earOf = (from: MachineView, to: MachineView, vrid: number): Ear => {
    const name = key(from.id, to.id, vrid);
    let ear = ears.get(name);
    if (ear === undefined) {
      ear = { from, to, vrid, unheardAt: NONE };
      ears.set(name, ear);
    }
    return ear;
  };

  const forget = (isMeant: (one: Ear) => boolean): void => {
    for (const one of ears.values()) {
      if (one.unheardAt !== NONE && isMeant(one)) one.unheardAt = NONE;
    }
  };

  /** Of a question, its answer and what waits for it. */
  const exchange = (a: MachineView, b: MachineView): number =>
    FRAMES * facts.latency() +
    4 * (scenario.wakeLateMicros + 100) +
    4 * Math.max(a.extraLate, b.extraLate) +
    8 * Math.max(a.kernel.faults.slowMicros, b.kernel.faults.slowMicros);

  const sent = (machine: MachineView, vrid: number, packet: Uint8Array): void => {
    const seat = facts.seat(machine, vrid);
    if (seat === undefined) return;
    // Said before the change of state is told: the word with which it comes back.
    if (seat.state !== "FAULT") countedAt.set(seat, facts.now);
    const to = destinationOf(packet);
    const toAll = isMulticast(to);
    for (const other of machines) {
      if (other === machine || !(toAll || to === other.address)) continue;
      const ear = earOf(machine, other, vrid);
      if (ear.unheardAt === NONE && cluster.areConnected(machine, other)) ear.unheardAt = facts.now;
    }
  };

  const tookOver = (heir: Seat): void => {
    if (heir.reason !== "master-down") return;
    for (const { from, to, vrid, unheardAt: sentAt } of ears.values()) {
      if (sentAt === NONE || to !== heir.machine || vrid !== heir.vrid) continue;
      const ago = facts.now - sentAt;
      if (ago <= exchange(from, to) || facts.slowAt >= sentAt) continue;
      if (Math.max(facts.unwellAt(from), facts.unwellAt(to)) >= sentAt) continue;
      cluster.violate(
        "spoke-unheard",
        `vrid ${vrid}: machine ${to.id} took over and has not heard what ${from.id} said ${ago} us ago`,
      );
    }
  };

  const returned = (seat: Seat): void => {
    const { machine, vrid } = seat;
    const counted = countedAt.get(seat) ?? Number.NEGATIVE_INFINITY;
    if (facts.pausedAt(machine) >= counted || machine.clockOffsetFellAt >= counted) return;
    if (facts.deceivedAt > facts.now - 3 * facts.detection(vrid)) return;
    for (const heir of facts.seats(vrid)) {
      if (heir === seat || heir.state !== "MASTER" || heir.reason !== "master-down") continue;
      // Both were owners before: that is a contest, and this one may not have heard of it yet (seed 26288).
      if (heir.since <= counted) continue;
      if (!heir.machine.engineRuns || facts.unwellAt(heir.machine) >= counted) continue;
      const heard = heir.heard.get(machine.id);
      if (heard === undefined || heard.sentAt < counted) continue;
      cluster.violate(
        "returned-beside-owner",
        `vrid ${vrid}: machine ${machine.id} came back to a seat that ${heir.machine.id} has had for ${facts.now - heir.since} us`,
      );
    }
  };

  return {
    advertSent: (machine, vrid, priority, packet) => {
      if (priority > 0) sent(machine, vrid, packet);
    },
    advertArrived: (machine, from, vrid, _, sentAt) => {
      const ear = ears.get(key(from, machine.id, vrid));
      if (ear !== undefined && sentAt >= ear.unheardAt) ear.unheardAt = NONE;
    },
    advertLost: (from, to) => forget((one) => one.from.id === from && one.to.id === to),
    questionLost: (a, b) =>
      forget(({ from, to }) => (from.id === a && to.id === b) || (from.id === b && to.id === a)),
    connectivity: () => forget(({ from, to }) => !cluster.areConnected(from, to)),
    transition: (machine, { instance, to }) => {
      const seat = facts.seatNamed(machine, instance);
      if (seat === undefined) return;
      if (to === "MASTER") {
        tookOver(seat);
        if (seat.reason === "link-back-in-time") returned(seat);
      }
      forget((one) => one.to === machine && one.vrid === seat.vrid);
    },
    engineStarted: (machine) => forget(({ to }) => to === machine),
    engineEnded: (machine) => forget(({ to }) => to === machine),
  };
}
