/**
 * A client on the segment: an ARP cache as Linux keeps one, and whether its packets reach who owns
 * the address.
 *
 * Any announcement of a known address updates the cache. An address that does not answer is asked
 * for again after `RESOLVE_AFTER` (5 s as DELAY and three probes of 1 s), and every second while
 * nobody answers.
 */
import { BROADCAST_MAC, type IpAddress, type Mac } from "#units/address";
import type { Rng } from "#units/rng";
import type { AddressOwner, ArpClient, Reachability } from "./cluster-view.ts";
import type { EventQueue } from "./event-queue.ts";
import { readNeighbourMessage } from "./neighbour-frames.ts";
import type { Observers } from "./observer.ts";
import type { Frame, Port, Segment } from "./segment.ts";

export const RESOLVE_AFTER = 8_000_000;
const RETRY = 1_000_000;

interface Entry {
  mac: Mac | undefined;
  service: Reachability;
  since: number;
  /** When it was reached last. */
  lostAt: number;
}

export class Client implements ArpClient {
  readonly port: Port;
  readonly id: number;
  readonly #queue: EventQueue;
  readonly #network: Segment;
  readonly #nodes: readonly AddressOwner[];
  readonly #rng: Rng;
  readonly #observers: Observers;
  readonly #cache = new Map<IpAddress, Entry>();

  constructor(
    id: number,
    environment: {
      readonly queue: EventQueue;
      readonly network: Segment;
      readonly rng: Rng;
      readonly observers: Observers;
    },
    nodes: readonly AddressOwner[],
    mac: Mac,
    addresses: readonly IpAddress[],
  ) {
    this.id = id;
    this.#queue = environment.queue;
    this.#network = environment.network;
    this.#nodes = nodes;
    this.#rng = environment.rng;
    this.#observers = environment.observers;
    this.port = environment.network.attach(mac, (frame) => this.#receive(frame), ["garp"]);
    for (const address of addresses) {
      this.#cache.set(address, { mac: undefined, service: "nobody", since: 0, lostAt: 0 });
      this.#resolveLater(address, RETRY);
    }
    environment.observers.add({
      ownership: (_machine, address) => this.#look(address),
      rivalOwnership: (_rival, address) => this.#look(address),
      connectivity: () => {
        for (const address of this.#cache.keys()) this.#look(address);
      },
    });
  }

  macOf(address: IpAddress): Mac | undefined {
    return this.#cache.get(address)?.mac;
  }

  service(address: IpAddress): Reachability | undefined {
    return this.#cache.get(address)?.service;
  }

  #receive(frame: Frame): void {
    const message = readNeighbourMessage(frame.bytes);
    if (message?.sender === undefined) return;
    const { sender, mac } = message;
    const entry = this.#cache.get(sender);
    if (entry === undefined || mac === BROADCAST_MAC) return;
    entry.mac = mac;
    this.#observers.emit("clientLearned", this, sender);
    this.#look(sender);
  }

  /** Nodes that own the address and hear this client, and it them. */
  ownersOf(address: IpAddress): readonly AddressOwner[] {
    return this.#nodes.filter(
      (node) =>
        node.owns(address) &&
        this.#network.reaches(this.port, node.port) &&
        this.#network.reaches(node.port, this.port),
    );
  }

  #look(address: IpAddress): void {
    const entry = this.#cache.get(address);
    if (entry === undefined) return;
    const owners = this.ownersOf(address);
    const service: Reachability =
      owners.length === 0
        ? "nobody"
        : owners.some((node) => node.mac === entry.mac)
          ? "reached"
          : "blackholed";
    if (service === entry.service) return;
    const { now } = this.#queue;
    const before = entry.service;
    const { since } = entry;
    entry.service = service;
    entry.since = now;
    this.#observers.emit("service", this, address, service, before, since);
    if (before !== "reached") return;
    entry.lostAt = now;
    this.#resolveLater(address, RESOLVE_AFTER);
  }

  /** Asks for the address, unless it was reached meanwhile. */
  #resolveLater(address: IpAddress, delay: number): void {
    this.#queue.in(delay, () => {
      const entry = this.#cache.get(address);
      if (entry === undefined || entry.service === "reached") return;
      // Reached and lost again since: its own turn comes.
      if (entry.mac !== undefined && this.#queue.now - entry.lostAt < RESOLVE_AFTER) return;
      const owners = this.ownersOf(address);
      if (owners.length === 0) return this.#resolveLater(address, RETRY);
      entry.mac = this.#rng.pick(owners).mac;
      this.#look(address);
    });
  }
}
