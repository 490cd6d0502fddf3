/** What the pair of a database needs to know of its kind: MariaDB, Redis, PostgreSQL. */
import type { LoadOptions } from "../database/load-protocol.ts";
import type { StartProgram } from "../database/program.ts";
import type { DatabaseNode, GateKind } from "./database-config.ts";
import type { EngineName } from "./database-fault-names.ts";

/** A server on a node of the pair. */
export interface LabServer {
  /** Starts it again with its data; one that runs is ended first. */
  restart(): Promise<void>;
  /** SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** The rows of the load that it has now, as `rowKey`. */
  rows(): Promise<ReadonlySet<number>>;
  /** Receives from the other one, and applies. */
  isFollowing(): Promise<boolean>;
  /** As a replica: what it receives is not applied, or it receives nothing more. */
  hold?(what: "applying" | "receiving"): Promise<void>;
  /** What `hold` has stopped goes on, if it is still a replica. */
  release?(): Promise<void>;
  /** As a primary: without a replica it acknowledges alone after so long. */
  waitForReplica?(milliseconds: number): Promise<void>;
}

interface Program {
  restart(): Promise<unknown>;
  kill(): Promise<unknown>;
  signal(name: NodeJS.Signals): void;
}

/** What a server's program is asked for whatever it is. */
export const controlsOf = (program: Program): Pick<LabServer, "restart" | "kill" | "signal"> => ({
  restart: async () => void (await program.restart()),
  kill: async () => void (await program.kill()),
  signal: (name) => program.signal(name),
});

export interface Member {
  /** Its own, in memory: data and log. */
  readonly folder: string;
  /** Of sockets: within the node's own /run, where daemons can reach it. */
  readonly runFolder: string;
  /** From 1; what the load calls the server that answered. */
  readonly number: 1 | 2;
  readonly address: string;
  readonly start: StartProgram;
}

export interface DatabaseKit {
  readonly name: EngineName;
  readonly port: number;
  /** Name of the folder within the node's /run. */
  readonly run: string;
  /** A former primary that was demoted follows the new one by itself. */
  readonly rejoins: boolean;
  readonly load: Pick<LoadOptions, "kind" | "user" | "password" | "database">;
  /** @param folder for what all servers have in common; it is there, and is empty at first */
  prepare(folder: string): Promise<void>;
  /**
   * The first takes writes, or will as soon as its daemon has promoted it; the second follows it.
   *
   * @param isGated a gate of Baton decides who takes writes
   */
  startPair(
    folder: string,
    members: readonly [Member, Member],
    isGated: boolean,
  ): Promise<readonly [LabServer, LabServer]>;
  /** Writes what the node needs beside it. @returns keepalived.conf */
  configure(node: DatabaseNode, gate: GateKind): string;
}
