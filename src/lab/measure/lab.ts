/**
 * A running pair (or more) of nodes with a client, which scenarios, the demonstration and the
 * tests use.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { shadowSystemFolders } from "../sandbox/folders.ts";
import { isInsideSandbox } from "../sandbox/sandbox.ts";
import type { DaemonKind } from "./daemon.ts";
import { Instruments } from "./instruments.ts";
import type { LabCloud } from "./lab-cloud.ts";
import { BridgeNetwork, ipv6Of, type LabNetwork } from "./network.ts";
import { LabNode } from "./node.ts";
import { masterDownSeconds, type Profile } from "./profile.ts";

export const VIRTUAL_ADDRESS = "172.16.0.135";
export const CLIENT_ADDRESS = "172.16.0.200";
export const VIRTUAL_ADDRESS_IPV6 = "2001:db8:16::135";
export const CLIENT = "client";
/** The tutorial's two machines, then more for labs with more than two. */
const NODE_ADDRESSES = ["172.16.0.16", "172.16.0.14", "172.16.0.15", "172.16.0.17", "172.16.0.18"];
const NODE_NAMES = ["a", "b", "c", "d", "e"];
const POLL_MILLISECONDS = 10;

export interface LabOptions {
  readonly folder: string;
  readonly profile: Profile;
  /** The daemon of each node; there are as many nodes as daemons. */
  readonly kinds: readonly DaemonKind[];
  /** Settings of single nodes, by index, where they differ. */
  readonly profiles?: readonly (Profile | undefined)[];
  /**
   * A factor for every time limit, because tests must pass on a machine that is busy with
   * something else.
   */
  readonly slowness?: number;
  /** Undefined if the nodes are on a bridge. */
  readonly cloud?: LabCloud;
  /** Also find out which nodes answer: an address may be there and not answer. */
  readonly askEach?: boolean;
}

/** The hosts, if the lab cannot choose them: a VPC has to be built first. */
export const labHosts = (count: number): readonly { name: string; address: string }[] => [
  ...Array.from({ length: count }, (_, index) => ({
    name: NODE_NAMES[index] ?? `n${index}`,
    address: NODE_ADDRESSES[index] ?? `172.16.0.${20 + index}`,
  })),
  { name: CLIENT, address: CLIENT_ADDRESS },
];

export class Lab {
  readonly profile: Profile;
  readonly network: LabNetwork;
  readonly nodes: readonly LabNode[];
  readonly instruments: Instruments;
  /** The platform, if there is one under this lab. */
  readonly cloud: LabCloud | undefined;
  #outside: Instruments | undefined;
  readonly slowness: number;

  /**
   * Makes the network and its instruments; daemons are started by `startDaemons`. Needs the
   * sandbox.
   */
  constructor(options: LabOptions) {
    if (!isInsideSandbox()) {
      throw new Error(
        "the lab runs in a sandbox only: node src/lab/sandbox/sandbox-main.ts node … (npm test does it)",
      );
    }
    shadowSystemFolders();
    mkdirSync(options.folder, { recursive: true });
    const plans = options.kinds.map((kind, index) => ({
      kind,
      name: NODE_NAMES[index] ?? `n${index}`,
      address: NODE_ADDRESSES[index] ?? `172.16.0.${20 + index}`,
      profile: options.profiles?.[index] ?? options.profile,
      priority: options.profile.priorities[index] ?? options.profile.priorities.at(-1) ?? 100,
    }));
    this.profile = options.profile;
    this.slowness = options.slowness ?? 1;
    this.cloud = options.cloud;
    this.network =
      options.cloud?.network ??
      new BridgeNetwork([
        ...plans.map(({ name, address }) => ({ name, address, isNode: true })),
        { name: CLIENT, address: CLIENT_ADDRESS, isNode: false },
      ]);
    this.nodes = plans.map(
      ({ kind, name, address, profile, priority }) =>
        new LabNode({
          name,
          kind,
          profile,
          namespace: this.network.namespaceOf(name),
          network: this.network,
          cloudEnvironment: options.cloud?.environmentOf(name),
          folder: join(options.folder, name),
          addresses: {
            address: this.#speaksFrom(address),
            priority,
            peers: plans
              .filter((plan) => plan.name !== name)
              .map((plan) => this.#speaksFrom(plan.address)),
            virtualAddress: this.virtualAddress,
          },
        }),
    );
    this.instruments = new Instruments({
      network: this.network,
      nodes: this.nodes.map((node) => node.name),
      client: CLIENT,
      virtualAddress: this.virtualAddress,
      furtherAddresses: this.profile.furtherAddresses,
      askEachFrom: options.askEach === true ? this.#hostAddress(CLIENT_ADDRESS) : undefined,
    });
  }

  /** The one that is watched. */
  get virtualAddress(): string {
    return this.profile.ip === 6 ? VIRTUAL_ADDRESS_IPV6 : VIRTUAL_ADDRESS;
  }

  #hostAddress(address: string): string {
    return this.profile.ip === 6 ? ipv6Of(address).global : address;
  }

  /** Multicast of IPv6 comes from link-local addresses (RFC 9568 section 5.1.2.1). */
  #speaksFrom(address: string): string {
    const isMulticast = this.profile.ip === 6 && this.profile.transport === "multicast";
    return isMulticast ? ipv6Of(address).linkLocal : this.#hostAddress(address);
  }

  /** Readings through a public address; undefined until there is one. */
  get outside(): Instruments | undefined {
    return this.#outside;
  }

  /** A second client, outside, that asks the public address. */
  async watchOutside(publicAddress: string): Promise<void> {
    if (this.cloud === undefined) throw new Error("a lab without a platform has no outside");
    this.#outside = new Instruments({
      network: this.network,
      nodes: [],
      client: this.cloud.outsideClient,
      virtualAddress: publicAddress,
    });
    await this.#outside.ready();
  }

  node(name: string): LabNode {
    const found = this.nodes.find((node) => node.name === name);
    if (found === undefined) throw new Error(`no node is called ${name}`);
    return found;
  }

  /** The nodes that hold the virtual address now, whatever their daemons report. */
  holders(): readonly LabNode[] {
    return this.instruments.holders().map((name) => this.node(name));
  }

  /** Starts the daemons one after the other, so that the first node is the first owner. */
  async startDaemons(): Promise<LabNode> {
    const [first, ...rest] = this.nodes;
    if (first === undefined) throw new Error("a lab without nodes");
    await this.instruments.ready();
    await first.startDaemon();
    await this.until(
      `${first.name} owns ${this.virtualAddress}`,
      this.takeOverSeconds() + 10,
      () => {
        this.#failIfDead([first]);
        return this.holders().includes(first);
      },
    );
    for (const node of rest) await node.startDaemon();
    return this.untilSettled();
  }

  /**
   * The longest time, calculated from this profile, until an owner that stopped advertising is
   * replaced.
   */
  takeOverSeconds(): number {
    return Math.max(
      ...this.profile.priorities.map((priority) => masterDownSeconds(this.profile, priority)),
    );
  }

  /** Waits until this node has the address, and no other one. */
  async untilOwnedBy(node: LabNode, seconds = 10): Promise<void> {
    await this.until(`${node.name} has the address alone`, seconds, () => {
      const [holder, ...more] = this.holders();
      return holder === node && more.length === 0;
    });
  }

  /** Waits until another node than this one has the address, and no third one. */
  async untilMovedFrom(node: LabNode, seconds = 15): Promise<void> {
    await this.until("another node has it", seconds, () => {
      const [holder, ...more] = this.holders();
      return holder !== undefined && holder !== node && more.length === 0;
    });
  }

  /**
   * Waits for the normal state: one holder with a daemon that reports MASTER, and every other
   * node BACKUP, for a little more than an advertisement interval, so that every node has heard
   * the owner.
   */
  async untilSettled(seconds = 25): Promise<LabNode> {
    const quietMilliseconds = this.profile.advertSeconds * 1000 + 200;
    let since = performance.now();
    let last: LabNode | undefined;
    await this.until("one owner, all others BACKUP", seconds, () => {
      this.#failIfDead(this.nodes);
      const holders = this.holders();
      const [owner] = holders;
      const settled =
        holders.length === 1 &&
        (this.cloud === undefined || this.cloud.holder() === owner?.name) &&
        this.nodes.every((node) => node.loggedState() === (node === owner ? "MASTER" : "BACKUP"));
      if (!settled || owner !== last) {
        since = performance.now();
        last = owner;
      }
      return settled && performance.now() - since >= quietMilliseconds;
    });
    if (last === undefined) throw new Error("settled without an owner");
    return last;
  }

  #failIfDead(nodes: readonly LabNode[]): void {
    const dead = nodes.find((node) => !node.isRunning());
    if (dead !== undefined) {
      throw new Error(`the daemon on ${dead.name} has ended\n${this.describe()}`);
    }
  }

  /** Polls the condition; throws an error with the state of all nodes when the time is over. */
  async until(what: string, seconds: number, condition: () => boolean): Promise<void> {
    const limit = seconds * this.slowness;
    const end = performance.now() + limit * 1000;
    while (!condition()) {
      if (performance.now() > end)
        throw new Error(`not within ${limit} s: ${what}\n${this.describe()}`);
      await sleep(POLL_MILLISECONDS);
    }
  }

  /**
   * A description for failure messages: which node holds what, the output of scripts, the ends
   * of the logs.
   */
  describe(logLines = 12): string {
    const holders = this.instruments.holders();
    return this.nodes
      .map((node) => {
        const holds = holders.includes(node.name) ? "holds" : "does not hold";
        const state = `${node.loggedState() ?? "nothing"}, notified ${node.notifiedState() ?? "nothing"}`;
        const runs = node.isRunning() ? "runs" : "does not run";
        return `node ${node.name} (${node.kind} ${runs}) ${holds} ${this.virtualAddress}, logged: ${state}\n${indent(node.logTail(logLines))}`;
      })
      .join("\n");
  }

  /**
   * Ends everything at once: the addresses disappear with their namespaces, so no hand-over is
   * needed.
   */
  async close(): Promise<void> {
    await Promise.allSettled(
      this.nodes.filter((node) => node.isRunning()).map((node) => node.signalAll("SIGKILL")),
    );
    await Promise.all([this.instruments.close(), this.#outside?.close()]);
    this.network.close();
    await this.cloud?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const indent = (text: string): string => text.replaceAll(/^/gm, "    ");
