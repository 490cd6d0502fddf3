/**
 * A Redis server for tests and the laboratory: everything in one folder. Closed at every start, as
 * a server that comes back must not take writes before somebody has decided.
 */
import type { ChildProcess } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { type StartProgram, startHere } from "./program.ts";

const PROGRAM = "redis-server";
const START_MILLISECONDS = 20_000;
const POLL_MILLISECONDS = 5;
const ADDRESS = "127.0.0.1";

export interface RedisServerOptions {
  /** Its own: data and log. Kept by `restart`. */
  readonly folder: string;
  readonly port: number;
  /** Where it listens; unless given 127.0.0.1. */
  readonly address?: string;
  /** Where it is asked; unless given at its address, which must be this namespace's then. */
  readonly socket?: string;
  readonly password?: string;
  /** As on the command line, after all others: `["--appendonly", "yes"]`. */
  readonly settings?: readonly string[];
  /** Unless given, here. */
  readonly start?: StartProgram;
}

export class RedisServer {
  readonly port: number;
  readonly address: string;
  readonly folder: string;
  readonly #options: RedisServerOptions;
  #child: ChildProcess | undefined;

  private constructor(options: RedisServerOptions) {
    this.#options = options;
    this.folder = options.folder;
    this.port = options.port;
    this.address = options.address ?? ADDRESS;
  }

  /** Resolves when it answers. */
  static async start(options: RedisServerOptions): Promise<RedisServer> {
    mkdirSync(options.folder, { recursive: true });
    const server = new RedisServer(options);
    await server.restart();
    return server;
  }

  /** Starts it again with its data; one that runs is killed first. */
  async restart(): Promise<void> {
    await this.kill();
    const log = openSync(this.#log, "a");
    const start = this.#options.start ?? startHere;
    const child = start([PROGRAM, ...this.#arguments()], ["ignore", log, log]);
    closeSync(log);
    child.once("error", () => undefined);
    this.#child = child;
    const until = performance.now() + START_MILLISECONDS;
    for (;;) {
      try {
        await this.call("PING");
        return;
      } catch (error) {
        if (child.exitCode !== null || performance.now() > until)
          throw new Error(`redis-server: ${this.#logTail()}`, { cause: error });
      }
      await sleep(POLL_MILLISECONDS);
    }
  }

  #arguments(): readonly string[] {
    const { socket, settings = [] } = this.#options;
    const place = ["--port", String(this.port), "--bind", this.address, "--dir", this.folder];
    const local = socket === undefined ? [] : ["--unixsocket", socket];
    const closed = ["--min-replicas-to-write", "1000000"];
    const quick = ["--daemonize", "no", "--save", "", "--repl-diskless-sync-delay", "0"];
    return [...place, ...local, ...closed, ...quick, ...settings];
  }

  /** One command by a connection of its own. */
  async call(command: string, ...args: readonly string[]): Promise<unknown> {
    const client = this.connect("admin");
    try {
      await client.connect();
      return await client.call(command, ...args);
    } finally {
      client.disconnect();
    }
  }

  /** The caller closes it. */
  connect(name: string): Redis {
    const { socket, password } = this.#options;
    const client = new Redis({
      ...(socket === undefined ? { host: this.address, port: this.port } : { path: socket }),
      ...(password !== undefined && { password }),
      connectionName: name,
      lazyConnect: true,
      disableClientInfo: true,
      enableReadyCheck: false,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
    });
    client.on("error", () => undefined);
    return client;
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** SIGKILL. Resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGKILL");
    await ended;
  }

  get #log(): string {
    return join(this.folder, "redis.log");
  }

  #logTail(): string {
    return existsSync(this.#log) ? readFileSync(this.#log, "utf8").slice(-2_000) : "(no log)";
  }
}
