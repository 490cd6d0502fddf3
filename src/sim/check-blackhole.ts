/**
 * Clients reach the owner. A blackhole window is the time in which exactly one machine owns an
 * address and a client's cache points elsewhere.
 *
 * When two owners have become one (a healed partition, lost packets), or a new one has taken
 * over, the window lasts at most `BOUND` from the moment one was left, or from the last
 * announcement by anybody else that reached the client. With a budget for announcements, the
 * wait for the owner's turn is added (`announceBoundOf`). An owner that has heard a rival which
 * has not sent it priority 0 may have to yield itself, and waits four intervals first.
 *
 * Not checked: what was lost on the way, a machine that was not well, an owner that went without
 * priority 0 and unheard, clients that were cut off from the owner when it announced, and
 * keepalived on either side (it yields without priority 0 and does not announce again).
 */
import { type IpAddress, printIp } from "#units/address";
import { announceBoundOf } from "./announce-budget.ts";
import type { AddressOwner, ArpClient, MachineView, Reachability } from "./cluster-view.ts";
import { type ClusterFacts, NEVER, type ObservedRouter } from "./facts.ts";
import { NeighbourQuestions } from "./neighbour-questions.ts";
import type { Observer } from "./observer.ts";
import type { ScenarioFault } from "./scenario.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";
import { Woken } from "./woken.ts";

/**
 * A winner that hears no priority 0 announces 15 ms after the last sign of its rival; the rest
 * is for the frame's transit.
 */
export const BOUND = 20_000;

export interface BlackholeTotals {
  /**
   * Microseconds in which a client had an owner in reach and did not reach it, summed over all
   * clients and addresses.
   */
  micros: number;
  longest: number;
  /** The number of windows checked. */
  checked: number;
  /**
   * The longest window in which there was nothing to wait for: no budget, no rival, no foreign
   * announcement, nothing slow.
   */
  checkedLongest: number;
}

interface Window {
  readonly client: ArpClient;
  readonly address: IpAddress;
  readonly owner: MachineView;
  readonly openedAt: number;
  /** From when on there was a second owner: what was lost since then is an excuse. */
  readonly from: number;
  /** Who else has owned the address in the client's reach since then. */
  readonly others: readonly AddressOwner[];
  /** True if its owner had heard a rival that had not sent it priority 0. */
  readonly hasRival: boolean;
  since: number;
}

/** More than one owner in a client's reach. */
interface Many {
  readonly since: number;
  /** All that have been among them. */
  readonly owners: Set<AddressOwner>;
}

const key = (client: ArpClient, address: IpAddress): string => `${client.id}/${address}`;

export class BlackholeChecker {
  readonly totals: BlackholeTotals = { micros: 0, longest: 0, checked: 0, checkedLongest: 0 };
  readonly #cluster: SimulatedCluster;
  readonly #facts: ClusterFacts;
  readonly #woken: Woken;
  readonly #foreign: ForeignAnnouncements;
  readonly #allowance: Allowance;
  readonly #questions: NeighbourQuestions;
  readonly #windows = new Map<string, Window>();
  /** By client and address. */
  readonly #many = new Map<string, Many>();
  /**
   * The last announcement that did not reach the client, and the last that did; by machine,
   * client and address.
   */
  readonly #arpLostAt = new Map<string, number>();
  readonly #arpHeardAt = new Map<string, number>();
  #rivalOwnedAt = NEVER;

  constructor(cluster: SimulatedCluster, facts: ClusterFacts) {
    this.#cluster = cluster;
    this.#facts = facts;
    this.#woken = new Woken(facts);
    this.#foreign = new ForeignAnnouncements(facts);
    this.#allowance = new Allowance(facts);
    this.#questions = new NeighbourQuestions(facts);
  }

  observer(): Observer {
    return {
      loopDone: (machine) => this.#woken.loopDone(machine),
      ownership: (machine, address) => this.#ownersChanged(machine, address),
      rivalOwnership: (rival, address) => {
        this.#rivalOwnedAt = this.#facts.now;
        this.#ownersChanged(rival, address);
      },
      connectivity: () => this.#connectivityChanged(),
      // Each of two masters claims what the other owns, and is answered like an unknown peer.
      advertArrived: (machine, _, vrid) => this.#allowance.heard(machine, vrid),
      neighbour: (machine, address, state) => this.#questions.changed(machine, address, state),
      arpSent: (_, address) => {
        if (this.#hasTwoMasters(address)) this.#foreign.claimed();
      },
      // This was provoked by the platform, at a time of its own, and the other owner's answer
      // has to wait for its turn.
      announcedAgain: (_, { address }) => {
        if (this.#hasTwoMasters(address)) this.#foreign.announcedAgain();
      },
      arpLost: (machine, client, address) => this.#arpLost(machine, client, address),
      arpAtSwitch: (machine, address, passed) => {
        if (passed) return;
        for (const client of this.#cluster.clients) this.#arpLost(machine, client, address);
      },
      fault: (fault, begins) => {
        if (fault.kind === "foreign-announcement" && begins) this.#foreign.began(fault);
      },
      engineMessage: (machine, message) => {
        if (message.type !== "report" || message.report.kind !== "switch-taken-back") return;
        for (const window of this.#windows.values())
          if (window.owner === machine) window.since = this.#facts.now;
      },
      clientLearned: (client, address) => this.#learned(client, address),
      service: (client, address, service, before, since) =>
        this.#serviceChanged(client, address, service, before, since),
    };
  }

  // ---- windows open and close ------------------------------------------------------------------

  #serviceChanged(
    client: ArpClient,
    address: IpAddress,
    service: Reachability,
    before: Reachability,
    since: number,
  ): void {
    const { now } = this.#facts;
    if (before === "blackholed") {
      this.totals.micros += now - since;
      this.totals.longest = Math.max(this.totals.longest, now - since);
    }
    if (service === "reached") this.#close(client, address);
    // The other owner is gone, or somebody else's announcement came after the owner's.
    else if (service === "blackholed" && before === "reached") {
      const many = this.#many.get(key(client, address));
      this.#open(client, address, many, now - this.#facts.latency());
    }
  }

  #ownersChanged(node: AddressOwner, address: IpAddress): void {
    const { network, clients } = this.#cluster;
    for (const client of clients) {
      // For a client behind a partition nothing has changed, so no window begins or ends.
      if (!network.reaches(client.port, node.port) || !network.reaches(node.port, client.port))
        continue;
      const name = key(client, address);
      const owners = client.ownersOf(address);
      const many = this.#many.get(name);
      if (owners.length !== 1) this.#windows.delete(name);
      if (owners.length > 1) {
        this.#haveMany(name, owners);
        continue;
      }
      this.#many.delete(name);
      if (client.service(address) === "blackholed")
        this.#open(client, address, many, this.#facts.now);
    }
  }

  #haveMany(name: string, owners: readonly AddressOwner[]): void {
    const many = this.#many.get(name);
    if (many === undefined)
      this.#many.set(name, { since: this.#facts.now, owners: new Set(owners) });
    else for (const owner of owners) many.owners.add(owner);
  }

  #connectivityChanged(): void {
    const { addresses, clients } = this.#cluster;
    for (const address of addresses) {
      for (const client of clients) {
        const name = key(client, address);
        this.#windows.delete(name);
        const owners = client.ownersOf(address);
        if (owners.length <= 1) this.#many.delete(name);
        else this.#haveMany(name, owners);
      }
    }
  }

  #learned(client: ArpClient, address: IpAddress): void {
    const name = key(client, address);
    const announcer = this.#believed(client, address);
    if (announcer !== undefined) this.#arpHeardAt.set(`${announcer.id}/${name}`, this.#facts.now);
    const window = this.#windows.get(name);
    if (window !== undefined && announcer !== window.owner) window.since = this.#facts.now;
  }

  #arpLost(machine: MachineView, client: ArpClient, address: IpAddress): void {
    this.#arpLostAt.set(`${machine.id}/${key(client, address)}`, this.#facts.now);
  }

  #open(client: ArpClient, address: IpAddress, many: Many | undefined, otherwise: number): void {
    const name = key(client, address);
    const owner = this.#onlyOwner(client, address);
    if (owner === undefined || this.#windows.has(name)) return;
    const hasRival = this.#yieldWait(owner, address) > 0;
    const { now } = this.#facts;
    const window: Window = {
      client,
      address,
      owner,
      openedAt: now,
      from: many?.since ?? otherwise,
      others: [...(many?.owners ?? [])].filter((one) => one !== owner),
      hasRival,
      since: now,
    };
    this.#windows.set(name, window);
    this.#cluster.queue.in(this.#limitOf(window) + 1, () => this.#check(window));
  }

  #check(window: Window): void {
    const { client, address, owner } = window;
    const name = key(client, address);
    if (this.#windows.get(name) !== window) return;
    const { now } = this.#facts;
    const limit = this.#limitOf(window);
    if (isMovingAway(owner, address)) window.since = now;
    const lasted = now - window.since;
    if (lasted <= limit)
      return this.#cluster.queue.in(limit - lasted + 1, () => this.#check(window));
    this.#windows.delete(name);
    if (this.#isExcused(window)) return;
    const text = `client ${client.id} does not reach ${printIp(address)} on machine ${owner.id}`;
    this.#cluster.violate("client-unreachable", `${text} for ${lasted} us (limit ${limit})`);
  }

  #close(client: ArpClient, address: IpAddress): void {
    const name = key(client, address);
    const window = this.#windows.get(name);
    if (window === undefined) return;
    this.#windows.delete(name);
    if (isMovingAway(window.owner, address) || this.#isExcused(window)) return;
    this.totals.checked += 1;
    if (!this.#hasNothingToWaitFor(window)) return;
    const lasted = this.#facts.now - window.since;
    this.totals.checkedLongest = Math.max(this.totals.checkedLongest, lasted);
  }

  // ---- how long a window may last --------------------------------------------------------------

  #limitOf(window: Window): number {
    const { owner, address, since } = window;
    return (
      BOUND +
      this.#releaseDelay(window) +
      this.#questionWait(window) +
      this.#yieldWait(owner, address) +
      announceBoundOf(this.#facts, owner) +
      2 * this.#facts.latency() +
      4 * (this.#cluster.scenario.wakeLateMicros + 100) +
      this.#foreign.answerWait() +
      this.#allowance.wait(owner, address, since)
    );
  }

  /** How long an owner that has heard a rival waits before it announces, as of `at`. */
  #yieldWait(owner: MachineView, address: IpAddress, at: number = this.#facts.now): number {
    for (const { router } of this.#facts.instancesWith(owner, address)) {
      const interval = this.#facts.interval(router.vrid);
      for (const [from, heard] of this.#facts.routerOf(owner, router.vrid)?.heard ?? []) {
        const isPending = heard.at > heard.releasedAt && at - heard.at < 5 * interval;
        if (from !== owner.id && isPending) return 4 * interval;
      }
    }
    return 0;
  }

  /**
   * A router that yields first removes its addresses and then sends priority 0: a slow system
   * call for each address delays the advertisement. That is the other owner, whatever the client
   * believes: of many addresses it may have heard of neither (seed 162928).
   */
  #releaseDelay(window: Window): number {
    const delays = this.#othersOf(window).map((one) => {
      const calls = this.#facts
        .instancesWith(one, window.address)
        .map(({ router }) => this.#facts.addressesOf(one, router.vrid).length);
      return one.kernel.faults.slowMicros * (1 + Math.max(0, ...calls));
    });
    return Math.max(0, ...delays);
  }

  /**
   * Priority 0 goes to the owner alone, also with multicast: a kernel that has never sent anything
   * to it asks for its MAC address first (seed 501561: each frame takes 0.45 s).
   */
  #questionWait(window: Window): number {
    const { owner, from } = window;
    const waits = this.#othersOf(window).map((one) =>
      this.#questions.wait(one, owner.address, from),
    );
    return Math.max(0, ...waits);
  }

  /** The machines of whom the owner may have to hear priority 0. */
  #othersOf({ client, address, others }: Window): readonly MachineView[] {
    const believed = this.#believed(client, address);
    return this.#cluster.machines.filter((one) => one === believed || others.includes(one));
  }

  #hasNothingToWaitFor({ owner, address, from, hasRival }: Window): boolean {
    const { machines, network } = this.#cluster;
    const hasBudget = announceBoundOf(this.#facts, owner) > BOUND;
    const hasWaited = hasRival || this.#yieldWait(owner, address, from) > 0;
    const isSlow =
      this.#facts.slowAt >= from ||
      network.extraLatency > 0 ||
      machines.some((machine) => machine.extraLate > 0 || machine.kernel.faults.slowMicros > 0);
    return !hasBudget && !hasWaited && !this.#foreign.matters(from) && !isSlow;
  }

  // ---- excuses ---------------------------------------------------------------------------------

  #isExcused(window: Window): boolean {
    const { address, owner, openedAt, from } = window;
    const { network } = this.#cluster;
    return (
      this.#rivalOwnedAt >= from ||
      this.#believesRival(window) ||
      this.#missedAnnouncement(window) ||
      this.#facts.lostOnWayTo(owner.id) >= from ||
      // The owner may not have heard the unknown peer that the client has heard.
      (this.#foreign.isSince(from) && network.base.loss + network.extraLoss > 0) ||
      this.#facts.networkChangedAt > openedAt ||
      this.#facts.unwellAt(owner) >= from ||
      // Its address answers until the lease ends, but an owner that does not run announces
      // nothing.
      !owner.engineRuns ||
      this.#wentUnheard(window) ||
      owner.extraLate > 0 ||
      owner.kernel.faults.slowMicros > 0 ||
      this.#facts.slowAt >= from ||
      !this.#isMaster(owner, address)
    );
  }

  /**
   * Whether the owner's announcement was lost, or the owner was stopped when it had something
   * to answer.
   */
  #missedAnnouncement({ client, address, owner, from }: Window): boolean {
    const name = `${owner.id}/${key(client, address)}`;
    const hasHeardRival = this.#facts
      .instancesWith(owner, address)
      .some(({ router }) => (this.#facts.routerOf(owner, router.vrid)?.heardAt ?? 0) >= from);
    const lost = this.#arpLostAt.get(name);
    const heard = this.#arpHeardAt.get(name) ?? NEVER;
    // This includes an announcement that was lost long ago, in a partition or behind a late
    // port, if nothing has provoked another since.
    if (lost !== undefined && lost >= (hasHeardRival ? from : Math.min(from, heard))) return true;
    // It was not running when the other one announced, and the other one has gone without
    // priority 0.
    return !hasHeardRival && this.#facts.unwellAt(owner) >= this.#learnedAt(client, address);
  }

  /**
   * Whether the other owner, which the client believes in, went unheard. Or the client believes in
   * none of them: its entry is from before, when it was cut off from the machine that it names, or
   * from the one that took over from that. Only a conflict of the two owners would have brought an
   * announcement, and every other one went unheard (seed 122612: a partition ends and, within an
   * interval, one of the two owners is killed).
   */
  #wentUnheard(window: Window): boolean {
    const { client, address, owner, others } = window;
    const believed = this.#believed(client, address);
    if (believed === undefined || believed === owner) return false;
    if (this.#isUnheard(believed, window)) return true;
    if (others.length === 0 || others.includes(believed)) return false;
    return this.#cluster.machines
      .filter((one) => others.includes(one))
      .every((one) => this.#isUnheard(one, window));
  }

  /**
   * The other one never had a turn in good health while both were in reach: its kernel ended the
   * lease, or it found that it had stalled, and the owner had heard nothing from it. Then no
   * running node knows that an announcement is needed.
   */
  #isUnheard(other: MachineView, window: Window): boolean {
    const { address, owner, from } = window;
    const wasHeard = this.#facts.instancesWith(owner, address).some(({ router }) => {
      const heard = this.#facts.routerOf(owner, router.vrid)?.heard.get(other.id);
      return heard !== undefined && Math.max(heard.at, heard.releasedAt) >= from;
    });
    if (wasHeard) return false;
    // Or it is MASTER, and has not read yet that somebody has deleted its address (seed 345638).
    if (this.#isMaster(other, address)) return true;
    return (this.#woken.at(other) ?? this.#facts.now) >= from || this.#wasLeaving(other, window);
  }

  /** Its entry is keepalived's, which has yielded without a word (seed 343623). */
  #believesRival({ client, address }: Window): boolean {
    const mac = client.macOf(address);
    return this.#cluster.rivals.some((rival) => rival.mac === mac);
  }

  /**
   * It began its hand-over behind a cut, where its priority 0 was lost, and ends it with the first
   * advertisement of the owner, which takes it for no rival (seed 322492).
   */
  #wasLeaving(other: MachineView, { address, owner, from }: Window): boolean {
    return this.#facts.instancesWith(owner, address).some(({ router }) => {
      const leaving = this.#facts.routerOf(other, router.vrid);
      if (leaving?.state === "STOP") return leaving.since < from;
      // A planned move is one that goes on living (seed 642484).
      return leaving?.reason === "switched" && leaving.switchBegunAt < from;
    });
  }

  /** When the client learned its present entry. */
  #learnedAt(client: ArpClient, address: IpAddress): number {
    const announcer = this.#believed(client, address);
    const name = `${announcer?.id}/${key(client, address)}`;
    return this.#arpHeardAt.get(name) ?? Number.POSITIVE_INFINITY;
  }

  /** On which machine the client believes the address to be. */
  #believed(client: ArpClient, address: IpAddress): MachineView | undefined {
    const mac = client.macOf(address);
    return this.#cluster.machines.find((machine) => machine.mac === mac);
  }

  #onlyOwner(client: ArpClient, address: IpAddress): MachineView | undefined {
    const owners = client.ownersOf(address);
    return owners.length === 1
      ? this.#cluster.machines.find((one) => one === owners[0])
      : undefined;
  }

  #hasTwoMasters(address: IpAddress): boolean {
    return this.#cluster.machines.filter((one) => this.#isMaster(one, address)).length >= 2;
  }

  #isMaster(machine: MachineView, address: IpAddress): boolean {
    return this.#facts
      .instancesWith(machine, address)
      .some(({ router }) => this.#facts.routerOf(machine, router.vrid)?.state === "MASTER");
  }
}

/**
 * During a planned move a claim may be the successor's, which must have the last word (seeds
 * 295213, 340686: nobody has taken over yet). If the move is taken back clients are reached then.
 */
const isMovingAway = ({ engine }: MachineView, address: IpAddress): boolean =>
  engine?.instances.some(
    ({ state, addresses }) =>
      state.phase.kind === "switching" &&
      addresses.some(({ virtual }) => virtual.address === address),
  ) === true;

/**
 * How often an owner may answer foreign announcements: less and less often, until there has
 * been none for a while.
 */
const FOREIGN_GAP = 200_000;
const FOREIGN_GAP_MAX = 10_000_000;
const PROMPT_ANSWERS = 4;
const CALM = 30_000_000;

/** What an owner has to answer, and how long it may delay the answer. */
class ForeignAnnouncements {
  readonly #facts: ClusterFacts;
  /** When the last announcement of an unknown peer comes, or came. */
  #lastAt = NEVER;
  /** When one of two masters last claimed what the other owns. */
  #claimedAt = NEVER;
  /**
   * The number of announcements since the last pause, and the number of times that a series of
   * them began.
   */
  #count = 0;
  #series = 0;

  constructor(facts: ClusterFacts) {
    this.#facts = facts;
  }

  claimed(): void {
    this.#calmDown();
    this.#claimedAt = this.#facts.now;
    this.#count += 1;
  }

  announcedAgain(): void {
    this.#lastAt = Math.max(this.#lastAt, this.#facts.now + FOREIGN_GAP);
  }

  began({ times }: Extract<ScenarioFault, { kind: "foreign-announcement" }>): void {
    this.#calmDown();
    this.#count += times;
    this.#series += 1;
    this.#lastAt = Math.max(this.#lastAt, this.#facts.now + times * FOREIGN_GAP);
  }

  /** Each may have been answered, and once more after each pause. */
  answerWait(): number {
    if (this.#facts.now - this.#lastAt > FOREIGN_GAP_MAX) return 0;
    const late = Math.max(0, this.#count + this.#series - PROMPT_ANSWERS);
    return 2 * Math.min(FOREIGN_GAP_MAX, FOREIGN_GAP * 2 ** late);
  }

  isSince(from: number): boolean {
    return this.#lastAt >= from - FOREIGN_GAP;
  }

  matters(from: number): boolean {
    return this.#lastAt >= from || this.answerWait() !== 0;
  }

  #calmDown(): void {
    const last = Math.max(this.#lastAt, this.#claimedAt);
    if (this.#facts.now - last > CALM) [this.#count, this.#series] = [0, 0];
  }
}

/** So many announcements at once, and one more each half interval or 0.2 s. */
const ALLOWED = 20;
const ALLOWED_EACH = 200_000;
/** After each advertisement of a rival, and at once when it has gone. */
const AFTER_RIVAL = 4;

/**
 * What others' packets may make an owner announce is bounded. In a conflict that lasts, as in a
 * one-way cut, it is used up, and the announcement that the end of the conflict calls for waits for
 * the next (seed 188127). Counted is what each advertisement that an owner hears may cost at most:
 * announcements of one address that wait for their turn may become fewer.
 */
class Allowance {
  readonly #facts: ClusterFacts;
  /** Of each router: what is left, as of `at`, and when there was last none left. */
  readonly #known = new WeakMap<ObservedRouter, { left: number; at: number; emptyAt: number }>();

  constructor(facts: ClusterFacts) {
    this.#facts = facts;
  }

  heard(owner: MachineView, vrid: number): void {
    const router = this.#facts.routerOf(owner, vrid);
    if (router?.state !== "MASTER") return;
    const { now } = this.#facts;
    const { left, at, emptyAt } = this.#known.get(router) ?? {
      left: ALLOWED,
      at: router.since,
      emptyAt: NEVER,
    };
    // Each time as owner begins with a full one.
    const before = at < router.since ? ALLOWED : left + (now - at) / this.#each(vrid);
    const cost = router.config.announce.lowerPrioRepeat + AFTER_RIVAL;
    const next = Math.max(0, Math.min(ALLOWED, before) - cost);
    this.#known.set(router, { left: next, at: now, emptyAt: next < 1 ? now : emptyAt });
  }

  wait(owner: MachineView, address: IpAddress, since: number): number {
    const waits = this.#facts.instancesWith(owner, address).map(({ router: { vrid } }) => {
      const router = this.#facts.routerOf(owner, vrid);
      const known = router === undefined ? undefined : this.#known.get(router);
      const each = this.#each(vrid);
      return (known?.emptyAt ?? NEVER) >= since - each ? each : 0;
    });
    return Math.max(0, ...waits);
  }

  #each(vrid: number): number {
    return Math.min(ALLOWED_EACH, this.#facts.interval(vrid) / 2);
  }
}
