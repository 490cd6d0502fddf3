/**
 * A client on the segment: an ARP cache as Linux keeps one, and whether its packets reach who owns the address.
 *
 * Any announcement of a known address updates the cache. An address that does not answer is asked for again after
 * `RESOLVE_AFTER` (5 s as DELAY and three probes of 1 s), and every second while nobody answers.
 */
import { BROADCAST_MAC, type Ipv4, type Mac } from "#units/address";
import { parseArp } from "#vrrp/wire/arp";
import type { EventQueue } from "./event-queue.ts";
import type { HookList } from "./hooks.ts";
import type { Frame, Network, Port } from "./network.ts";
import type { Random } from "./random.ts";

const RESOLVE_AFTER = 8_000_000;
const RETRY = 1_000_000;

/** `reached`: packets get to an owner. `dark`: there is an owner in reach, but the cache points elsewhere. `nobody`: none is. */
export type Service = "reached" | "dark" | "nobody";

/** Who can answer for an address: one of our machines, or a rival. */
export interface Owner {
  readonly mac: Mac;
  readonly port: Port;
  owns(address: Ipv4): boolean;
}

interface Entry {
  mac: Mac | undefined;
  service: Service;
  since: number;
  /** When it was reached last. */
  lostAt: number;
  /** Total microseconds in each state. */
  readonly spent: Record<Service, number>;
  longestDark: number;
}

export class Client {
  readonly port: Port;
  readonly id: number;
  readonly #queue: EventQueue;
  readonly #network: Network;
  readonly #nodes: readonly Owner[];
  readonly #random: Random;
  readonly #hooks: HookList;
  readonly #cache = new Map<Ipv4, Entry>();

  constructor(
    id: number,
    around: {
      readonly queue: EventQueue;
      readonly network: Network;
      readonly random: Random;
      readonly hooks: HookList;
    },
    nodes: readonly Owner[],
    mac: Mac,
    addresses: readonly Ipv4[],
  ) {
    this.id = id;
    this.#queue = around.queue;
    this.#network = around.network;
    this.#nodes = nodes;
    this.#random = around.random;
    this.#hooks = around.hooks;
    this.port = around.network.attach(mac, (frame) => this.#receive(frame), ["garp"]);
    for (const address of addresses) {
      const spent = { reached: 0, dark: 0, nobody: 0 };
      this.#cache.set(address, {
        mac: undefined,
        service: "nobody",
        since: 0,
        lostAt: 0,
        spent,
        longestDark: 0,
      });
      this.#resolveLater(address, RETRY);
    }
    around.hooks.add({
      ownership: (_machine, address) => this.#look(address),
      rivalOwnership: (_rival, address) => this.#look(address),
      connectivity: () => {
        for (const address of this.#cache.keys()) this.#look(address);
      },
      end: () => {
        for (const entry of this.#cache.values()) {
          entry.spent[entry.service] += this.#queue.now - entry.since;
          entry.since = this.#queue.now;
        }
      },
    });
  }

  entries(): ReadonlyMap<Ipv4, Readonly<Entry>> {
    return this.#cache;
  }

  service(address: Ipv4): Service | undefined {
    return this.#cache.get(address)?.service;
  }

  #receive(frame: Frame): void {
    const parsed = parseArp(frame.bytes);
    if (parsed.kind === "drop") return;
    const { senderAddress, senderMac } = parsed.arp;
    const entry = this.#cache.get(senderAddress);
    if (entry === undefined || senderMac === BROADCAST_MAC) return;
    entry.mac = senderMac;
    this.#hooks.tell("clientLearned", this, senderAddress);
    this.#look(senderAddress);
  }

  /** Nodes that own the address and hear this client, and it them. */
  ownersOf(address: Ipv4): readonly Owner[] {
    return this.#nodes.filter(
      (node) =>
        node.owns(address) &&
        this.#network.reaches(this.port, node.port) &&
        this.#network.reaches(node.port, this.port),
    );
  }

  #look(address: Ipv4): void {
    const entry = this.#cache.get(address);
    if (entry === undefined) return;
    const owners = this.ownersOf(address);
    const service: Service =
      owners.length === 0
        ? "nobody"
        : owners.some((node) => node.mac === entry.mac)
          ? "reached"
          : "dark";
    if (service === entry.service) return;
    const { now } = this.#queue;
    const before = entry.service;
    const { since } = entry;
    entry.spent[before] += now - since;
    if (before === "dark") entry.longestDark = Math.max(entry.longestDark, now - since);
    entry.service = service;
    entry.since = now;
    this.#hooks.tell("service", this, address, service, before, since);
    if (before !== "reached") return;
    entry.lostAt = now;
    this.#resolveLater(address, RESOLVE_AFTER);
  }

  /** Asks for the address, unless it was reached meanwhile. */
  #resolveLater(address: Ipv4, delay: number): void {
    this.#queue.in(delay, () => {
      const entry = this.#cache.get(address);
      if (entry === undefined || entry.service === "reached") return;
      // Reached and lost again since: its own turn comes.
      if (entry.mac !== undefined && this.#queue.now - entry.lostAt < RESOLVE_AFTER) return;
      const owners = this.ownersOf(address);
      if (owners.length === 0) return this.#resolveLater(address, RETRY);
      entry.mac = this.#random.pick(owners).mac;
      this.#look(address);
    });
  }
}
