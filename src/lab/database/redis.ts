/**
 * A Redis server for tests and the laboratory: everything in one folder. Closed at every start, as
 * a server that comes back must not take writes before somebody has decided.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";

const PROGRAM = "redis-server";
const START_MILLISECONDS = 20_000;
const POLL_MILLISECONDS = 5;
const ADDRESS = "127.0.0.1";

export interface RedisServerOptions {
  /** Its own: data and log. Kept by `restart`. */
  readonly folder: string;
  readonly port: number;
  /** As on the command line: `["--appendonly", "yes"]`. */
  readonly settings?: readonly string[];
}

export class RedisServer {
  readonly port: number;
  readonly address = ADDRESS;
  readonly folder: string;
  readonly #settings: readonly string[];
  #child: ChildProcess | undefined;

  private constructor({ folder, port, settings = [] }: RedisServerOptions) {
    this.folder = folder;
    this.port = port;
    this.#settings = settings;
  }

  /** Resolves when it answers. */
  static async start(options: RedisServerOptions): Promise<RedisServer> {
    mkdirSync(options.folder, { recursive: true });
    const server = new RedisServer(options);
    await server.restart();
    return server;
  }

  /** Starts it again with its data. It ends with this process, however that ends. */
  async restart(): Promise<void> {
    const log = openSync(this.#log, "a");
    const argv = ["--pdeathsig", "KILL", "--", PROGRAM, ...this.#arguments()];
    const child = spawn("setpriv", argv, { stdio: ["ignore", log, log] });
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
    const place = ["--port", String(this.port), "--bind", this.address, "--dir", this.folder];
    const closed = ["--min-replicas-to-write", "1000000"];
    const quick = ["--daemonize", "no", "--save", "", "--repl-diskless-sync-delay", "0"];
    return [...place, ...closed, ...quick, ...this.#settings];
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
    const client = new Redis({
      host: this.address,
      port: this.port,
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
