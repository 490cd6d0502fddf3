/**
 * At most one owner. Two machines that answer for an address while they hear each other are allowed
 * only:
 *
 *  - during a hand-over (the old owner has announced that it goes), for the hand-over's bound;
 *  - during an election among masters that run and hear each other, for the bound of the grace
 *    period;
 *  - where the old owner is dead or hung: never, if the new one had heard its last advertisement
 *    and the lease is more than a backstop. (Advertisements lost before it died let the new one
 *    take over earlier than any lease can know.)
 *
 * Machines that do not hear each other may both own it: plain VRRP cannot prevent that, and this
 * check does not ask for it.
 */

import { type IpAddress, printIp } from "#units/address";
import { leaseFor } from "#vrrp/router/lease";
import { handOverWait } from "#vrrp/router/timing";
import type { MachineView } from "./cluster-view.ts";
import { type ClusterFacts, NEVER, type ObservedRouter } from "./facts.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/**
 * How long two masters that hear each other may both own the address: up to an interval until
 * they have heard each other, then at most 35 rounds of 25 ms or an eighth of an interval.
 * Microseconds; the delays of the simulated world are added.
 */
export const electionBound = (interval: number): number =>
  1.2 * interval + ROUNDS * Math.min(25_000, Math.max(2_000, interval / 8)) + 20_000;

const ROUNDS = 35;

type Excuse = "hand-over" | "election" | "lease-in-flight" | "none";

interface Episode {
  readonly address: IpAddress;
  readonly a: MachineView;
  readonly b: MachineView;
  excuse: Excuse;
  /** When the present excuse began. */
  since: number;
}

export interface OverlapTotals {
  /** Microseconds with two owners that hear each other, by excuse. */
  readonly micros: Record<Excuse, number>;
  readonly longest: Record<Excuse, number>;
}

export class OverlapChecker {
  readonly totals: OverlapTotals = {
    micros: { "hand-over": 0, election: 0, "lease-in-flight": 0, none: 0 },
    longest: { "hand-over": 0, election: 0, "lease-in-flight": 0, none: 0 },
  };
  readonly #cluster: SimulatedCluster;
  readonly #facts: ClusterFacts;
  readonly #episodes = new Map<string, Episode>();
  /** The owners by address and machine. */
  readonly #ownedSince = new Map<string, number>();

  constructor(cluster: SimulatedCluster, facts: ClusterFacts) {
    this.#cluster = cluster;
    this.#facts = facts;
  }

  observer(): Observer {
    const look = (): void => this.#lookAtAll();
    const lookWhileOpen = (): void => {
      if (this.#episodes.size > 0) this.#lookAtAll();
    };
    return {
      ownership: (machine, address, owns) => {
        if (owns) this.#ownedSince.set(`${address}/${machine.id}`, this.#facts.now);
        this.#look(address);
      },
      connectivity: look,
      transition: look,
      fault: look,
      runs: look,
      engineEnded: look,
      engineStarted: look,
      advertSent: lookWhileOpen,
      loopDone: lookWhileOpen,
      settled: () => {
        look();
        for (const { address } of this.#episodes.values())
          this.#cluster.violate("two-owners-at-the-end", printIp(address));
      },
    };
  }

  #lookAtAll(): void {
    for (const address of this.#cluster.addresses) this.#look(address);
  }

  #look(address: IpAddress): void {
    const { machines } = this.#cluster;
    for (const a of machines) {
      for (const b of machines) {
        if (a.id < b.id) this.#lookAtPair(address, a, b);
      }
    }
  }

  #lookAtPair(address: IpAddress, a: MachineView, b: MachineView): void {
    const name = `${address}/${a.id}/${b.id}`;
    const known = this.#episodes.get(name);
    const both =
      this.#owns(address, a) && this.#owns(address, b) && this.#cluster.areConnected(a, b);
    if (!both) {
      if (known !== undefined) this.#close(known);
      this.#episodes.delete(name);
      return;
    }
    const isFirst = this.#since(address, a) <= this.#since(address, b);
    const excuse = isFirst ? this.#excuse(address, a, b) : this.#excuse(address, b, a);
    if (known?.excuse === excuse) return this.#check(known);
    if (known === undefined) {
      this.#episodes.set(name, { address, a, b, excuse, since: this.#facts.now });
    } else {
      this.#close(known);
      known.excuse = excuse;
      known.since = this.#facts.now;
    }
    if (excuse === "none") this.#checkSoon(name);
  }

  /** A copy of the address owner's (255) may be the machine's own, and stays (seed 320105). */
  #owns(address: IpAddress, machine: MachineView): boolean {
    // With a gate two may have the address for longer, but only one serves it (check-gate.ts).
    if (!machine.owns(address)) return false;
    if (machine.gate !== undefined && !machine.serves(address)) return false;
    const isAddressOwner = this.#routerWith(machine, address)?.config.priority === 255;
    return machine.kernel.has(address) || !isAddressOwner;
  }

  #since(address: IpAddress, machine: MachineView): number {
    return this.#ownedSince.get(`${address}/${machine.id}`) ?? 0;
  }

  #close(episode: Episode): void {
    const { micros, longest } = this.totals;
    const { excuse, since } = episode;
    const lasted = this.#facts.now - since;
    micros[excuse] += lasted;
    longest[excuse] = Math.max(longest[excuse], lasted);
    this.#check(episode);
  }

  /**
   * Several things happen at one instant (one machine loses the address as another gets it), so
   * the check is made a moment later.
   */
  #checkSoon(name: string): void {
    this.#cluster.queue.in(1, () => {
      const episode = this.#episodes.get(name);
      if (episode?.excuse === "none") this.#check(episode);
    });
  }

  #check(episode: Episode): void {
    const { a, b, excuse, address } = episode;
    const since = excuse === "election" ? this.#electsSince(episode) : episode.since;
    const lasted = this.#facts.now - since;
    const limit = this.#limitOf(episode);
    if (lasted > limit)
      this.#cluster.violate(
        excuse === "none" ? "two-owners" : `two-owners-too-long-${excuse}`,
        `${printIp(address)} on machines ${a.id} and ${b.id} for ${lasted} us (limit ${limit})`,
      );
  }

  /**
   * Each has to hear the other. Every lost advertisement and every change of the network starts
   * the election anew.
   */
  #electsSince({ since, a, b }: Episode): number {
    return Math.max(
      since,
      this.#facts.lostAt(a.id, b.id),
      this.#facts.lostAt(b.id, a.id),
      this.#facts.networkChangedAt,
      this.#facts.deceivedAt,
      this.#facts.unwellAt(a),
      this.#facts.unwellAt(b),
    );
  }

  // ---- excuses ---------------------------------------------------------------------------------

  #excuse(address: IpAddress, first: MachineView, second: MachineView): Excuse {
    const old = this.#routerWith(first, address);
    const heir = this.#routerWith(second, address);
    if (old === undefined || heir === undefined) return "election";
    if (isLeaving(first, old) || isLeaving(second, heir)) return "hand-over";
    const bothRun = hasBegun(first) && hasBegun(second);
    // If only one is master, the other has left that state but its loop has not run yet: that
    // takes a few wake-ups.
    if (bothRun) return old.state === "MASTER" || heir.state === "MASTER" ? "election" : "none";
    const [dead, alive] = hasBegun(first) ? [heir, old] : [old, heir];
    return this.#isLeaseBroken(address, dead, alive, dead === old) ? "none" : "lease-in-flight";
  }

  /** The dead machine should have lost the address before the other one took it. */
  #isLeaseBroken(
    address: IpAddress,
    dead: ObservedRouter,
    alive: ObservedRouter,
    wasFirst: boolean,
  ): boolean {
    const facts = this.#facts;
    const lease = leaseFor(dead.config, dead.config.priority, this.#hasGuard(dead.machine));
    if (lease.guarantee === "backstop") return false;
    if (alive.since <= this.#since(address, dead.machine) || !wasFirst) return false;
    const recently = facts.now - 3 * facts.detection(dead.vrid);
    if (facts.deceivedAt > recently || dead.machine.clockOffsetFellAt > recently) return false;
    if (!wasHeardToTheEnd(alive, dead) || this.#countsByAnother(alive, dead)) return false;
    // A pause of the whole machine stops the kernel's timers too, and with them the lease.
    if (facts.pausedAt(dead.machine) >= (dead.advertSentAt ?? 0)) return false;
    // The new owner was asked to take over, or the two had heard each other before the old one
    // failed.
    if (this.#wasAsked(alive) || alive.since < facts.unwellAt(dead.machine)) return false;
    // Preemption considers priorities only, so it may happen at any moment, even while the old
    // owner hangs. The address owner (255) always preempts, and a check on either side may
    // decide which one is stronger.
    if (alive.reason === "preempts" || alive.reason === "address-owner") return false;
    return !(alive.config.preempt && alive.config.priority > dead.config.priority);
  }

  /**
   * A backup of version 3 counts by the interval of the master it heard last (RFC 9568 6.4.2). Of
   * two in a conflict that may be the other one, with a shorter interval than the one for which the
   * dead one's lease was made (seed 188619).
   */
  #countsByAnother({ heard, config }: ObservedRouter, dead: ObservedRouter): boolean {
    const last = heard.get(dead.machine.id)?.at;
    if (config.version !== 3 || last === undefined) return false;
    return this.#facts
      .routersOf(dead.vrid)
      .filter((one) => one.config.advertInterval < dead.config.advertInterval)
      .some((one) => (heard.get(one.machine.id)?.at ?? NEVER) > last);
  }

  /**
   * By priority 0, which it heard itself, or which a member of its sync group heard that it
   * followed at once. Seed 39422: a supervisor is killed in the middle of the hand-over for its
   * dead engine. Until the lease ends, both may answer as in any other hand-over.
   */
  #wasAsked({ machine, reason, since, name }: ObservedRouter): boolean {
    if (reason === "master-released") return true;
    if (reason !== "group") return false;
    const group = machine.groups.find(({ members }) => members.includes(name));
    return (group?.members ?? []).some((member) => {
      const one = this.#facts.routerNamed(machine, member);
      return one?.since === since && one.reason === "master-released";
    });
  }

  /** Whether its kernel has the sub-second lease, and has never refused it. */
  #hasGuard(machine: MachineView): boolean {
    return this.#cluster.scenario.hasGuard && !this.#facts.isGuardRefused(machine);
  }

  /** By what its engine works by: one that hangs has not read a changed file (seed 193301). */
  #routerWith(machine: MachineView, address: IpAddress): ObservedRouter | undefined {
    const [instance] = this.#facts.instancesWith(machine, address);
    return instance === undefined ? undefined : this.#facts.routerOf(machine, instance.router.vrid);
  }

  // ---- bounds ----------------------------------------------------------------------------------

  /** The longest time that an excuse may last. */
  #limitOf(episode: Episode): number {
    const { a, b, address } = episode;
    const router = this.#routerWith(a, address) ?? this.#routerWith(b, address);
    if (router === undefined) return Number.POSITIVE_INFINITY;
    switch (episode.excuse) {
      case "hand-over":
        return this.#handOverLimit(episode, router) + this.#late(episode);
      case "election":
        return this.#electionLimit(episode, router) + this.#late(episode);
      case "lease-in-flight":
        return this.#leaseLimit(episode, router) + this.#late(episode);
      case "none":
        return 0;
    }
  }

  #late({ a, b }: Episode): number {
    return (
      8 * this.#facts.latency() +
      8 * (this.#cluster.scenario.wakeLateMicros + 100) +
      4 * Math.max(a.extraLate, b.extraLate) +
      8 * Math.max(a.kernel.faults.slowMicros, b.kernel.faults.slowMicros)
    );
  }

  #handOverLimit({ a, b, address, since }: Episode, either: ObservedRouter): number {
    const waits = [a, b].map((machine) => {
      const { config } = this.#routerWith(machine, address) ?? either;
      return handOverWait(config);
    });
    // The kernel ends a hand-over that hangs; it counts whole seconds and may be a second late,
    // and one more where an address that went makes it begin its second anew (seed 821743).
    const hangs = [a, b].some((one) => !one.engineRuns || this.#facts.unwellAt(one) >= since);
    const { supervisorLateMicros } = this.#cluster.scenario;
    return Math.max(...waits) + (hangs ? 3_000_000 : 0) + supervisorLateMicros;
  }

  #electionLimit({ a, b, since }: Episode, { vrid }: ObservedRouter): number {
    // Before a question is answered, the lease of every address is prolonged, with a system
    // call for each.
    const calls = [a, b].map(
      (one) => one.kernel.faults.slowMicros * this.#facts.addressesOf(one, vrid).length,
    );
    // If a side is woken later than a round lasts, it may miss its turn once more (seed 80959).
    const busy = 2 * Math.max(a.extraLate, b.extraLate);
    // A round is over when the answer has come, however long that takes (seed 340459).
    const { extraLatency } = this.#cluster.network;
    const isSlow = extraLatency > 0 || this.#facts.slowAt >= since;
    const answers = isSlow ? ROUNDS * 2 * this.#facts.latencySince(since) : 0;
    const bound = electionBound(this.#facts.interval(vrid)) + answers;
    return bound + ROUNDS * Math.max(...calls) + busy;
  }

  #leaseLimit({ a, b, address }: Episode, either: ObservedRouter): number {
    const leases = [a, b].map((machine) => {
      const { config } = this.#routerWith(machine, address) ?? either;
      const lease = leaseFor(config, config.priority, this.#hasGuard(machine)).addressSeconds;
      // It may have held the address for an engine that died before it (seed 135158).
      const held = Math.ceil(handOverWait(config) / 1_000_000) + 1;
      return machine.supervisor.isAlive ? lease : Math.max(lease, held);
    });
    return Math.max(...leases) * 1_000_000 + 1_250_000;
  }
}

/** Until it has its configuration, what an engine finds is a dead one's (seed 617691). */
const hasBegun = ({ engineRuns, engine }: MachineView): boolean =>
  engineRuns && engine !== undefined && engine.instances.length > 0;

const isLeaving = (
  { supervisor }: MachineView,
  { state, name, isSwitching }: ObservedRouter,
): boolean =>
  isSwitching || supervisor.isTakingOver || state === "STOP" || supervisor.isHolding(name);

/** Did `heir` base its take-over on the very last advertisement of `old`? */
function wasHeardToTheEnd(heir: ObservedRouter, old: ObservedRouter): boolean {
  const heard = heir.heard.get(old.machine.id);
  if (heard === undefined || old.advertSentAt === undefined) return false;
  // What it has heard since says nothing of why it took over (seed 886644).
  return heard.sentAt >= old.advertSentAt && heard.at <= heir.since;
}
