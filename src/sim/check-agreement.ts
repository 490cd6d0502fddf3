/**
 * Compares what a daemon shows about the platform with what the platform did. Without a cloud
 * there is nothing to complain about.
 *
 *  - It never shows "agrees" because of an answer that was asked for before the last sign to
 *    the contrary.
 *  - An address that the platform has moved away from a node that showed "agrees" is reported:
 *    within `REPORTED` and the time that two answers need, that node has shown something else,
 *    whether or not the address came back meanwhile. The time starts anew when anything is
 *    wrong with the machine or the platform. A date in whole seconds hides what happens within
 *    one second.
 *  - In the end the address is bound to its owner, and the owner shows "agrees".
 *  - Announcements that are repeated because of an answer stay rare.
 */
import { verdictOf } from "#cloud/agreement/agreement-state";
import { type IpAddress, printIp } from "#units/address";
import type { Report } from "#vrrp/router/event";
import type { AgreementWatch, MachineView } from "./cluster-view.ts";
import { type ClusterFacts, NEVER } from "./facts.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** docs/guarantees.md */
const REPORTED = 6_500_000;
/**
 * After trouble the next question may take this long: the longest pause, and the time until an
 * unanswered question is given up.
 */
const ASKS_AGAIN = 13_000_000;
/**
 * A doubt is asked about a second after the answer that is under way at the latest, and its own
 * answer takes as long (seed 294920).
 */
const ASKED = 1_100_000;
/** Half a minute of calm after an answer that showed a move, and the pauses between questions. */
const DISPUTED = 34_000_000;
/** The supervisor's wake-ups, and frames in transit. */
const LATE = 50_000;
/** Pauses of 1, 2, 4 and 8 s, and one more for a binding that was lost again. */
const WINDOW = 10_000_000;
const WINDOW_MOST = 6;

export interface AgreementTotals {
  /**
   * Counts moves away from a node that showed "agrees", and the longest time until it showed
   * something else.
   */
  moves: number;
  longest: number;
  /** Moves away and back within one second, which the date does not show. */
  unseen: number;
  again: number;
}

/** One address of one machine. */
interface Case {
  readonly machine: MachineView;
  watch: AgreementWatch;
  signAt: number;
  /** When the last answer was asked for, if it was "yes". */
  yesAskedAt: number;
  /** When the platform took the address away, as long as the node has not shown it. */
  movedAt: number | undefined;
  /** When the last excuse ended: the time to report is counted from here. */
  countsFrom: number;
  /** When the platform moved it here. */
  cameAt: number;
  again: number[];
}

export class AgreementChecker {
  readonly totals: AgreementTotals = { moves: 0, longest: 0, unseen: 0, again: 0 };
  readonly #cluster: SimulatedCluster;
  readonly #facts: ClusterFacts;
  readonly #cases = new Map<string, Case>();
  #faults = 0;
  #troubleAt = NEVER;

  constructor(cluster: SimulatedCluster, facts: ClusterFacts) {
    this.#cluster = cluster;
    this.#facts = facts;
  }

  observer(): Observer {
    return {
      supervisorReceives: (machine, message) => {
        if (message.type === "report") this.#reported(machine, message.instance, message.report);
        if (message.type !== "transition" || message.to !== "MASTER") return;
        // The pauses begin anew with every term as MASTER (seed 46351).
        for (const one of this.#of(machine, message.instance))
          Object.assign(one, { signAt: NEVER, yesAskedAt: NEVER, again: [] });
      },
      answered: (machine, watch, view, askedAt) => {
        const one = this.#case(machine, watch);
        // No answer is no "no": an agreement stays what it was, as old as it is.
        if (view.kind !== "unknown") one.yesAskedAt = view.kind === "ours" ? askedAt : NEVER;
      },
      agreement: (machine, watch) => this.#shown(this.#case(machine, watch)),
      announcedAgain: (machine, watch) => this.#announced(this.#case(machine, watch)),
      addressMoved: (address, from, to) => this.#moved(address, from, to),
      platformFault: (_, begins) => {
        this.#faults += begins ? 1 : -1;
        this.#troubleAt = this.#facts.now;
      },
      end: () => this.#atEnd(),
    };
  }

  #case(machine: MachineView, watch: AgreementWatch): Case {
    const key = `${machine.id}/${watch.instance}/${watch.address}`;
    let one = this.#cases.get(key);
    if (one === undefined) {
      const never = { signAt: NEVER, yesAskedAt: NEVER, cameAt: NEVER, countsFrom: NEVER };
      one = { machine, watch, ...never, movedAt: undefined, again: [] };
      this.#cases.set(key, one);
    }
    // A new supervisor knows nothing of what happened before.
    if (one.watch !== watch)
      Object.assign(one, { watch, movedAt: undefined, yesAskedAt: NEVER, again: [] });
    return one;
  }

  #of(machine: MachineView, instance: string): readonly Case[] {
    return [...this.#cases.values()].filter(
      (one) => one.machine === machine && one.watch.instance === instance,
    );
  }

  #reported(machine: MachineView, instance: string, report: Report): void {
    const isOfAll = report.kind === "weaker-master" || report.kind === "grace";
    const isOfOne = report.kind === "address-claimed" || report.kind === "claims-ended";
    for (const one of this.#of(machine, instance)) {
      if (isOfAll || (isOfOne && report.address === one.watch.address))
        one.signAt = this.#facts.now;
    }
  }

  #shown(one: Case): void {
    const { kind } = verdictOf(one.watch.state);
    const { now } = this.#facts;
    if (kind === "agrees" && one.yesAskedAt <= one.signAt)
      this.#violate(
        "agrees-against-a-sign",
        one,
        `asked ${now - one.yesAskedAt} us ago, sign ${now - one.signAt} us ago`,
      );
    if (one.movedAt === undefined || kind === "agrees" || kind === "unknown") return;
    this.totals.longest = Math.max(this.totals.longest, now - one.countsFrom);
    one.movedAt = undefined;
  }

  #moved(address: IpAddress, from: number | undefined, to: number | undefined): void {
    const { now } = this.#facts;
    for (const one of this.#cases.values()) {
      if (one.watch.address !== address) continue;
      if (one.machine.id === to) this.#cameBack(one);
      if (one.machine.id !== from || verdictOf(one.watch.state).kind !== "agrees") continue;
      if (one.movedAt !== undefined) continue;
      this.totals.moves += 1;
      one.movedAt = now;
      one.countsFrom = now;
      this.#checkAt(one, now, now);
    }
  }

  #cameBack(one: Case): void {
    const { now } = this.#facts;
    if (one.movedAt !== undefined && second(now) === second(one.cameAt)) {
      one.movedAt = undefined;
      this.totals.unseen += 1;
    }
    one.cameAt = now;
  }

  #checkAt(one: Case, movedAt: number, from: number): void {
    const { queue, platform } = this.#cluster;
    const answers = 2 * (platform?.spec.askMax ?? 0);
    queue.at(from + REPORTED + answers + LATE, () => {
      if (one.movedAt !== movedAt || !isThere(one)) return;
      const well = this.#wellSince(one.machine);
      if (well > from) {
        one.countsFrom = well;
        return this.#checkAt(one, movedAt, well);
      }
      this.#violate("move-not-reported", one, `moved ${queue.now - movedAt} us ago`);
    });
  }

  /** The time from which on questions are asked and answered as they should be. */
  #wellSince(machine: MachineView): number {
    const { now } = this.#facts;
    if (this.#faults > 0 || !machine.supervisor.runs || !machine.port.up) return now;
    return Math.max(this.#troubleAt, this.#facts.unwellAt(machine)) + ASKS_AGAIN;
  }

  #announced(one: Case): void {
    const { now } = this.#facts;
    this.totals.again += 1;
    one.again.push(now);
    while ((one.again[0] ?? now) < now - WINDOW) one.again.shift();
    if (one.again.length > WINDOW_MOST)
      this.#violate("announces-again-too-often", one, `${one.again.length} times in 10 s`);
  }

  /**
   * keepalived asks nobody and announces once, so the platform may still have an address of its
   * bound to the previous owner.
   */
  #atEnd(): void {
    const { rivals, platform } = this.#cluster;
    if (rivals.length > 0 || platform === undefined) return;
    for (const one of this.#cases.values()) {
      const { machine, watch } = one;
      const isMaster = this.#facts.routerNamed(machine, watch.instance)?.state === "MASTER";
      if (!isMaster || !isThere(one) || !platform.admits(machine.id)) continue;
      const holder = platform.holderOf(watch.address);
      const { kind } = verdictOf(watch.state);
      // A sign that came a moment ago has not been asked about yet (seed 60206).
      const answers = 2 * platform.spec.askMax;
      const isBeingAsked = kind === "doubtful" && one.signAt > this.#facts.now - ASKED - answers;
      const isOpen = isBeingAsked || (kind === "disputed" && this.#wasLostAndCameBack(one));
      if (holder !== machine.id || (kind !== "agrees" && !isOpen))
        this.#violate("platform-differs", one, `bound to ${holder}, shows ${kind}`);
    }
  }

  /**
   * Where packets are lost all the time, another node may have taken over for a moment, and half a
   * minute of calm has not passed since (seed 217028).
   */
  #wasLostAndCameBack({ cameAt }: Case): boolean {
    const { scenario, platform } = this.#cluster;
    const answers = 2 * (platform?.spec.askMax ?? 0);
    return scenario.network.loss > 0 && this.#facts.now - cameAt <= DISPUTED + answers;
  }

  #violate(check: string, { machine, watch }: Case, what: string): void {
    const address = printIp(watch.address);
    this.#cluster.violate(check, `machine ${machine.id} ${watch.instance} ${address}: ${what}`);
  }
}

/** Whether the record belongs to the present supervisor. */
const isThere = ({ machine, watch }: Case): boolean =>
  [...(machine.supervisor.cloud?.all() ?? [])].includes(watch);

const second = (at: number): number => Math.floor(at / 1_000_000);
