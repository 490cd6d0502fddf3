/**
 * A pair of nodes with a database on each, the second a replica of the first, a daemon that moves
 * the address between them, and clients that write through the address. Every round begins with new
 * servers: what a fault has left behind is gone.
 */
import type { StdioOptions } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { spawnIn } from "#linux/namespace";
import type { Ledger } from "../database/ledger.ts";
import { DatabaseLoad } from "../database/load.ts";
import { mount } from "../sandbox/folders.ts";
import { statusOf } from "./control.ts";
import type { DatabaseNode, Detection, GateKind } from "./database-config.ts";
import type { Detections } from "./database-goals.ts";
import type { DatabaseKit, LabServer, Member } from "./database-kit.ts";
import { CLIENT, Lab, type LabOptions, VIRTUAL_ADDRESS } from "./lab.ts";
import type { LabNode } from "./node.ts";

export interface DatabaseLabOptions extends LabOptions {
  readonly kit: DatabaseKit;
  readonly detection: Detection;
  /** Of Baton; keepalived always has the guides' scripts. */
  readonly gate: GateKind;
  /** Baton's gate with a script that asks the database, as keepalived has it. */
  readonly isScripted?: boolean;
  readonly writers?: number;
  readonly readers?: number;
}

export interface RoundOptions {
  /** Promotions may be made slow. */
  readonly isSlow?: boolean;
}

const PACE_MILLISECONDS = 5;
const CONNECT_MILLISECONDS = 100;
const STATEMENT_MILLISECONDS = 1_000;
const LOAD_STARTS_SECONDS = 20;
const ELIGIBLE_SECONDS = 20;
const POLL_MILLISECONDS = 50;

export class DatabaseLab {
  readonly lab: Lab;
  readonly #options: DatabaseLabOptions;
  readonly #folder: string;
  readonly #kit: DatabaseKit;
  #servers = new Map<string, LabServer>();
  #load: DatabaseLoad | undefined;
  #round = 0;

  private constructor(options: DatabaseLabOptions) {
    this.#options = options;
    this.lab = new Lab(options);
    // In memory: both servers would wait for one disk, and that is what would be measured.
    this.#kit = options.kit;
    this.#folder = join(options.folder, this.#kit.name);
    mkdirSync(this.#folder);
    mount("-t", "tmpfs", "none", this.#folder);
  }

  static async start(options: DatabaseLabOptions): Promise<DatabaseLab> {
    const pair = new DatabaseLab(options);
    await options.kit.prepare(pair.#folder);
    return pair;
  }

  serverOf(node: LabNode): LabServer {
    const server = this.#servers.get(node.name);
    if (server === undefined) throw new Error(`no database on ${node.name}`);
    return server;
  }

  /** Baton's gate decides, not the guides' scripts. */
  get hasGate(): boolean {
    return this.#options.gate !== "none" && this.lab.nodes.some(({ kind }) => kind === "baton");
  }

  /** A former primary follows again by itself. */
  get rejoins(): boolean {
    return this.hasGate && this.#kit.rejoins;
  }

  /** What the settings in use can notice, and how fast. */
  get detections(): Detections {
    return {
      masterDownSeconds: this.lab.takeOverSeconds(),
      check: this.#options.detection,
    };
  }

  /** The longest time until a fault is noticed, by VRRP or by the check. */
  detectionSeconds(): number {
    const { intervalSeconds, timeoutSeconds, fall } = this.#options.detection;
    // keepalived ends a script that hangs at its next turn.
    const check = 2 * timeoutSeconds + intervalSeconds * fall;
    return Math.max(this.lab.takeOverSeconds(), check);
  }

  /** @param id `@@server_id`: the node's number, from 1 */
  nodeOf(id: number): LabNode {
    const node = this.lab.nodes[id - 1];
    if (node === undefined) throw new Error(`no node has the server ${id}`);
    return node;
  }

  otherThan(node: LabNode): LabNode {
    const other = this.lab.nodes.find((one) => one !== node);
    if (other === undefined) throw new Error("a pair has two nodes");
    return other;
  }

  /** New servers, daemons started anew, clients that write; the first node is the owner. */
  async begin({ isSlow = false }: RoundOptions = {}): Promise<LabNode> {
    await this.#clear();
    await this.#startServers();
    for (const node of this.lab.nodes) this.#configure(node, isSlow);
    const owner = await this.lab.startDaemons();
    if (this.hasGate) await this.#untilEligible(this.otherThan(owner));
    this.#load = new DatabaseLoad(this.lab.network.namespaceOf(CLIENT), {
      address: VIRTUAL_ADDRESS,
      port: this.#kit.port,
      ...this.#kit.load,
      writers: this.#options.writers ?? 6,
      readers: this.#options.readers ?? 2,
      paceMilliseconds: PACE_MILLISECONDS,
      connectMilliseconds: CONNECT_MILLISECONDS,
      statementMilliseconds: STATEMENT_MILLISECONDS,
    });
    const limit = LOAD_STARTS_SECONDS * this.lab.slowness * 1_000;
    const late = sleep(limit, "late" as const, { ref: false });
    if ((await Promise.race([this.#load.started(), late])) === "late") {
      throw new Error(`no write through the address within ${limit} ms\n${this.lab.describe(40)}`);
    }
    return owner;
  }

  /** A pair that has just been started has nobody to take over yet. */
  async #untilEligible(node: LabNode): Promise<void> {
    const limit = ELIGIBLE_SECONDS * this.lab.slowness;
    const end = performance.now() + limit * 1_000;
    for (;;) {
      const status = await statusOf(node.folder);
      const gate = status?.instances[0]?.gate;
      // Scripts show nothing of a database.
      if (gate?.eligible === "yes" || gate?.database === undefined) return;
      if (performance.now() > end)
        throw new Error(`${node.name} not eligible within ${limit} s\n${this.lab.describe(40)}`);
      await sleep(POLL_MILLISECONDS);
    }
  }

  /** What the clients have seen since `begin`. */
  async ledger(): Promise<Ledger> {
    if (this.#load === undefined) throw new Error("no load runs");
    return await this.#load.ledger();
  }

  /** The clients end; what they saw. */
  async finish(): Promise<Ledger> {
    const ledger = await this.ledger();
    this.#load?.close();
    this.#load = undefined;
    return ledger;
  }

  /** The rows that a node has now. */
  async rowsOf(node: LabNode): Promise<ReadonlySet<number>> {
    return await this.serverOf(node).rows();
  }

  /** Whether the node's database receives from the other one and applies. */
  async isFollowing(node: LabNode): Promise<boolean> {
    return await this.serverOf(node).isFollowing();
  }

  async #startServers(): Promise<void> {
    this.#round += 1;
    const [first, second] = this.lab.nodes;
    if (first === undefined || second === undefined) throw new Error("a pair has two nodes");
    const members = [this.#memberOf(first, 1), this.#memberOf(second, 2)] as const;
    const isGated = this.hasGate && this.#options.gate === "builtin";
    const [a, b] = await this.#kit.startPair(this.#folder, members, isGated);
    this.#servers = new Map([
      [first.name, a],
      [second.name, b],
    ]);
  }

  #memberOf(node: LabNode, number: 1 | 2): Member {
    // Within the node's own /run: daemons ask as nobody, who cannot enter our folder.
    const runFolder = join(node.folder, "run", this.#kit.run);
    mkdirSync(runFolder, { recursive: true });
    return {
      folder: join(this.#folder, `${node.name}-${this.#round}`),
      runFolder,
      number,
      address: node.address,
      start: (argv: readonly string[], stdio: StdioOptions) =>
        spawnIn(node.namespace, argv, { stdio, diesWithParent: true }),
    };
  }

  #configure(node: LabNode, isSlow: boolean): void {
    const files: DatabaseNode = {
      name: node.name,
      etc: join(node.folder, "etc"),
      address: node.address,
      peer: this.otherThan(node).address,
      virtualAddress: VIRTUAL_ADDRESS,
      detection: this.#options.detection,
      isScripted: this.#options.isScripted ?? false,
      isSlow,
    };
    const gate = node.kind === "baton" ? this.#options.gate : "none";
    node.configure(this.#kit.configure(files, gate));
  }

  /** Nothing of an earlier round is left: daemons, servers, addresses, marks. */
  async #clear(): Promise<void> {
    this.#load?.close();
    this.#load = undefined;
    for (const node of this.lab.nodes) {
      if (node.isRunning()) await node.signalAll("SIGKILL");
      node.setCable("plugged");
      this.lab.network.setVrrpLoss(node.name, 0);
      node.forgetVirtualAddress();
      // The daemon's state is beside its socket, as it runs with a runtime folder of its own.
      for (const name of ["baton", this.#kit.run]) {
        rmSync(join(node.folder, "run", name), { recursive: true, force: true });
      }
      rmSync(join(node.folder, "etc", "slow"), { force: true });
    }
    await this.#endServers();
  }

  async #endServers(): Promise<void> {
    const servers = [...this.#servers.values()];
    this.#servers = new Map();
    await Promise.all(servers.map((server) => server.kill()));
    for (const { name } of this.lab.nodes) {
      const folder = join(this.#folder, `${name}-${this.#round}`);
      rmSync(folder, { recursive: true, force: true });
    }
  }

  async close(): Promise<void> {
    this.#load?.close();
    await this.#endServers();
    await this.lab.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
