/**
 * Clients reach the owner. Silence is the time in which exactly one machine owns an address and a client's cache points elsewhere.
 *
 * When two owners have become one (a healed partition, lost packets), or a new one has taken over, silence lasts at most
 * `BOUND` from the moment one was left, or from the last announcement of anybody else that reached the client; with a budget
 * for announcements, the owner's turn in it is added (`announceBoundOf`). An owner that has heard a rival which has not said
 * goodbye to it may have to yield itself, and waits four intervals first.
 *
 * Not judged: what was lost on the way, a machine that was not well, an owner that went without a word and unheard, clients
 * that were cut off from the owner when it announced, and keepalived on either side (it yields without a word and does not
 * announce again).
 */
import { type Ipv4, printIpv4 } from "#units/address";
import { announceBoundOf } from "./announce-budget.ts";
import type { AddressOwner, ClientView, MachineView } from "./cluster-view.ts";
import type { ClusterFacts } from "./facts.ts";
import type { Observer } from "./observer.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";
import { Woken } from "./woken.ts";

/** A winner that hears no goodbye announces 15 ms after the last sign of its rival; the rest is the way. */
export const BOUND = 20_000;
/** An owner answers a stranger's announcements at most so often, later more seldom, until there was none for a while. */
const FOREIGN_GAP = 200_000;
const FOREIGN_GAP_MAX = 10_000_000;
const PROMPT_ANSWERS = 4;
const CALM = 30_000_000;

interface Silence {
  readonly client: ClientView;
  readonly address: Ipv4;
  readonly owner: MachineView;
  readonly openedAt: number;
  /** Whoever was a second owner was one from here on: what was lost since then excuses. */
  readonly from: number;
  /** Its owner had heard a rival that had not said goodbye to it. */
  readonly hasRival: boolean;
  since: number;
}

export interface DarknessTotals {
  /** Microseconds in which a client had an owner in reach and did not reach it, of all clients and addresses. */
  micros: number;
  longest: number;
  /** Silences that were judged, and the longest with nothing to wait for: no budget, no rival, no stranger, nothing slow. */
  judged: number;
  judgedLongest: number;
}

export function checkDarkness(
  cluster: SimulatedCluster,
  facts: ClusterFacts,
): { readonly observer: Observer; readonly totals: DarknessTotals } {
  const { clients, machines, addresses, network, queue } = cluster;
  const silences = new Map<string, Silence>();
  /** Since when a client has more than one owner in reach. */
  const manySince = new Map<string, number>();
  /** By machine, client and address: the last announcement that did not reach the client, and that did. */
  const arpLostAt = new Map<string, number>();
  const arpHeardAt = new Map<string, number>();
  const woken = new Woken(facts);
  let strangeAt = Number.NEGATIVE_INFINITY;
  /** Announcements of strangers since nobody had made one for a while, and how often they began. */
  let strangeCount = 0;
  let strangeFaults = 0;
  let claimedAt = Number.NEGATIVE_INFINITY;
  let rivalOwnedAt = Number.NEGATIVE_INFINITY;
  const totals: DarknessTotals = { micros: 0, longest: 0, judged: 0, judgedLongest: 0 };

  const key = (client: ClientView, address: Ipv4): string => `${client.id}/${address}`;

  const theOwner = (client: ClientView, address: Ipv4): MachineView | undefined => {
    const owners = client.ownersOf(address);
    return owners.length === 1 ? machines.find((one) => one === owners[0]) : undefined;
  };

  const isMaster = (machine: MachineView, address: Ipv4): boolean =>
    facts
      .instancesWith(machine, address)
      .some(({ router }) => facts.seat(machine, router.vrid)?.state === "MASTER");

  const open = (client: ClientView, address: Ipv4, from: number): void => {
    const name = key(client, address);
    const owner = theOwner(client, address);
    if (owner === undefined || silences.has(name)) return;
    const hasRival = patienceOf(owner, address) > 0;
    const [openedAt, since] = [facts.now, facts.now];
    const one: Silence = { client, address, owner, from, hasRival, openedAt, since };
    silences.set(name, one);
    queue.in(limitOf(one) + 1, () => look(one));
  };

  /** `at`: rivals heard so shortly before it, or since, count. */
  const patienceOf = (owner: MachineView, address: Ipv4, at: number = facts.now): number => {
    for (const { router } of facts.instancesWith(owner, address)) {
      const interval = facts.interval(router.vrid);
      for (const [from, heard] of facts.seat(owner, router.vrid)?.heard ?? []) {
        const isPending = heard.at > heard.releasedAt && at - heard.at < 5 * interval;
        if (from !== owner.id && isPending) return 4 * interval;
      }
    }
    return 0;
  };

  /** Who yields removes its addresses first and says so then: a slow system call for each keeps its goodbye back. */
  const goodbyeOf = (client: ClientView, address: Ipv4): number => {
    const other = believed(client, address);
    const slow = other?.kernel.faults.slowMicros ?? 0;
    if (other === undefined || slow === 0) return 0;
    const calls = facts
      .instancesWith(other, address)
      .map(({ router }) => facts.addressesOf(other, router.vrid).length);
    return slow * (1 + Math.max(0, ...calls));
  };

  const calmDown = (): void => {
    if (facts.now - Math.max(strangeAt, claimedAt) > CALM) [strangeCount, strangeFaults] = [0, 0];
  };

  /** Each of its announcements may have been answered, and one more each time they paused. */
  const strangeWait = (): number => {
    if (facts.now - strangeAt > FOREIGN_GAP_MAX) return 0;
    const late = Math.max(0, strangeCount + strangeFaults - PROMPT_ANSWERS);
    return 2 * Math.min(FOREIGN_GAP_MAX, FOREIGN_GAP * 2 ** late);
  };

  const limitOf = ({ client, owner, address }: Silence): number =>
    BOUND +
    goodbyeOf(client, address) +
    patienceOf(owner, address) +
    announceBoundOf(facts, owner) +
    2 * facts.latency() +
    4 * (cluster.scenario.wakeLateMicros + 100) +
    strangeWait();

  /** Whose the client believes the address to be. */
  const believed = (client: ClientView, address: Ipv4): MachineView | undefined => {
    const mac = client.macOf(address);
    return machines.find((machine) => machine.mac === mac);
  };

  /**
   * The other one had no turn as an owner that was well since both were in reach: its kernel ended the lease, or it found
   * that it had stalled, and the owner had heard nothing of it. Nobody is left who knows that there is something to say.
   */
  const wentUnheard = ({ client, address, owner, from }: Silence): boolean => {
    const other = believed(client, address);
    if (other === undefined || other === owner) return false;
    const wasHeard = facts.instancesWith(owner, address).some(({ router }) => {
      const heard = facts.seat(owner, router.vrid)?.heard.get(other.id);
      return heard !== undefined && Math.max(heard.at, heard.releasedAt) >= from;
    });
    return !wasHeard && (woken.at(other) ?? facts.now) >= from;
  };

  const isExcused = (one: Silence): boolean => {
    const { client, address, owner, openedAt, from } = one;
    const name = `${owner.id}/${key(client, address)}`;
    const hasMet = facts
      .instancesWith(owner, address)
      .some(({ router }) => (facts.seat(owner, router.vrid)?.heardAt ?? 0) >= from);
    const lost = arpLostAt.get(name);
    const heard = arpHeardAt.get(name) ?? Number.NEGATIVE_INFINITY;
    return (
      rivalOwnedAt >= from ||
      // Also where its last word was lost long ago, behind a cut or a late port, and nothing told it to say more.
      (lost !== undefined && lost >= (hasMet ? from : Math.min(from, heard))) ||
      // It stood still when somebody else announced, and that one has gone without a word.
      (!hasMet && facts.unwellAt(owner) >= learnedAt(client, address)) ||
      facts.lostOnWayTo(owner.id) >= from ||
      // The owner may not have heard the stranger that the client has heard.
      (strangeAt >= from - FOREIGN_GAP && network.base.loss + network.extraLoss > 0) ||
      facts.networkChangedAt > openedAt ||
      facts.unwellAt(owner) >= from ||
      // Its address answers until the lease ends, but who does not run announces nothing.
      !owner.engineRuns ||
      wentUnheard(one) ||
      owner.extraLate > 0 ||
      owner.kernel.faults.slowMicros > 0 ||
      facts.slowAt >= from ||
      !isMaster(owner, address)
    );
  };

  /** When the client was told what it believes. */
  const learnedAt = (client: ClientView, address: Ipv4): number => {
    const speaker = believed(client, address);
    return arpHeardAt.get(`${speaker?.id}/${key(client, address)}`) ?? Number.POSITIVE_INFINITY;
  };

  const look = (one: Silence): void => {
    if (silences.get(key(one.client, one.address)) !== one) return;
    const limit = limitOf(one);
    const lasted = facts.now - one.since;
    if (lasted <= limit) return queue.in(limit - lasted + 1, () => look(one));
    silences.delete(key(one.client, one.address));
    if (isExcused(one)) return;
    const text = `client ${one.client.id} does not reach ${printIpv4(one.address)} on machine ${one.owner.id}`;
    cluster.violate("client-in-the-dark", `${text} for ${lasted} us (limit ${limit})`);
  };

  const close = (client: ClientView, address: Ipv4): void => {
    const name = key(client, address);
    const one = silences.get(name);
    if (one === undefined) return;
    silences.delete(name);
    if (isExcused(one)) return;
    totals.judged += 1;
    const hasBudget = announceBoundOf(facts, one.owner) > BOUND;
    const hasWaited = one.hasRival || patienceOf(one.owner, address, one.from) > 0;
    const isPlain = !hasBudget && !hasWaited && strangeAt < one.from && strangeWait() === 0;
    const isSlow =
      facts.slowAt >= one.from ||
      network.extraLatency > 0 ||
      machines.some((machine) => machine.extraLate > 0 || machine.kernel.faults.slowMicros > 0);
    if (isPlain && !isSlow)
      totals.judgedLongest = Math.max(totals.judgedLongest, facts.now - one.since);
  };

  const ownersChanged = (node: AddressOwner, address: Ipv4): void => {
    for (const client of clients) {
      // Beyond a cut nothing has changed for this one, and nothing ends or begins.
      if (!network.reaches(client.port, node.port) || !network.reaches(node.port, client.port))
        continue;
      const name = key(client, address);
      const count = client.ownersOf(address).length;
      const since = manySince.get(name);
      if (silences.has(name) && count !== 1) silences.delete(name);
      if (count > 1) {
        if (since === undefined) manySince.set(name, facts.now);
        continue;
      }
      manySince.delete(name);
      if (client.service(address) === "dark") open(client, address, since ?? facts.now);
    }
  };

  return {
    totals,
    observer: {
      loopDone: (machine) => woken.loopDone(machine),
      ownership: (machine, address) => ownersChanged(machine, address),
      rivalOwnership: (rival, address) => {
        rivalOwnedAt = facts.now;
        ownersChanged(rival, address);
      },
      connectivity: () => {
        for (const address of addresses) {
          for (const client of clients) {
            const name = key(client, address);
            silences.delete(name);
            const count = client.ownersOf(address).length;
            if (count <= 1) manySince.delete(name);
            else if (!manySince.has(name)) manySince.set(name, facts.now);
          }
        }
      },
      // Of two masters each claims what the other owns, and is answered like a stranger.
      arpSent: (_, address) => {
        if (machines.filter((one) => isMaster(one, address)).length < 2) return;
        calmDown();
        claimedAt = facts.now;
        strangeCount += 1;
      },
      // Called for by the platform, at a moment of its own: the other owner's answer to it has to wait for its turn.
      announcedAgain: (_, { address }) => {
        if (machines.filter((one) => isMaster(one, address)).length < 2) return;
        strangeAt = Math.max(strangeAt, facts.now + FOREIGN_GAP);
      },
      arpLost: (machine, client, address) =>
        arpLostAt.set(`${machine.id}/${key(client, address)}`, facts.now),
      arpAtSwitch: (machine, address, passed) => {
        if (passed) return;
        for (const client of clients)
          arpLostAt.set(`${machine.id}/${key(client, address)}`, facts.now);
      },
      fault: (fault, begins) => {
        if (fault.kind !== "foreign-announcement" || !begins) return;
        calmDown();
        strangeCount += fault.times;
        strangeFaults += 1;
        strangeAt = Math.max(strangeAt, facts.now + fault.times * FOREIGN_GAP);
      },
      clientLearned: (client, address) => {
        const name = key(client, address);
        const speaker = believed(client, address);
        if (speaker !== undefined) arpHeardAt.set(`${speaker.id}/${name}`, facts.now);
        const one = silences.get(name);
        if (one !== undefined && speaker !== one.owner) one.since = facts.now;
      },
      service: (client, address, service, before, since) => {
        if (before === "dark") {
          totals.micros += facts.now - since;
          totals.longest = Math.max(totals.longest, facts.now - since);
        }
        if (service === "reached") close(client, address);
        // Its other owner is gone, or somebody else's announcement came after the owner's.
        else if (service === "dark" && before === "reached")
          open(client, address, manySince.get(key(client, address)) ?? facts.now - facts.latency());
      },
    },
  };
}
