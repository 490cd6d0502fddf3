/**
 * A MariaDB server for tests and the laboratory: everything in one folder, small buffers, nothing
 * written through to the disk unless asked for. Ready in a fifth of a second, as its empty data
 * folder is made once and copied.
 */
import { type ChildProcess, spawnSync } from "node:child_process";
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { type StartProgram, startHere } from "./program.ts";

const PROGRAM = "/usr/sbin/mariadbd";
const SHARE = "/usr/share/mysql";
const START_MILLISECONDS = 30_000;
const STOP_MILLISECONDS = 20_000;
const POLL_MILLISECONDS = 5;
const QUERY_MILLISECONDS = 20_000;

export const HOW_TO_INSTALL_MARIADB = "apt-get install mariadb-server-core";
export const hasMariaDb = (): boolean => existsSync(PROGRAM);

export interface Account {
  readonly user: string;
  readonly password: string;
}
/** Of Baton: may look, switch read-only, and start and stop replication. */
export const GATE_ACCOUNT: Account = { user: "baton", password: "baton-secret" };
export const REPLICATION_ACCOUNT: Account = { user: "repl", password: "repl-secret" };
/** Of clients: may do everything in the database `app`, and cannot write while it is read-only. */
export const APP_ACCOUNT: Account = { user: "app", password: "app-secret" };
export const APP_DATABASE = "app";

/** What Baton's account needs in MariaDB 10.5 or later, and no more. */
export const GATE_GRANTS: readonly string[] = [
  "GRANT REPLICATION SLAVE ADMIN, REPLICATION MASTER ADMIN, REPLICA MONITOR, BINLOG MONITOR, " +
    "READ_ONLY ADMIN, CONNECTION ADMIN, PROCESS, RELOAD ON *.* TO 'baton'@'%'",
  "GRANT SELECT ON mysql.global_priv TO 'baton'@'%'",
];

const identified = ({ user, password }: Account): string =>
  `CREATE USER '${user}'@'%' IDENTIFIED BY '${password}'`;

const accounts: readonly string[] = [
  "FLUSH PRIVILEGES",
  identified(GATE_ACCOUNT),
  ...GATE_GRANTS,
  identified(REPLICATION_ACCOUNT),
  "GRANT REPLICATION SLAVE ON *.* TO 'repl'@'%'",
  identified(APP_ACCOUNT),
  `GRANT ALL ON ${APP_DATABASE}.* TO 'app'@'%'`,
  `CREATE DATABASE ${APP_DATABASE}`,
];

/** The small server that every start gets; the same settings make the data folder. */
const SMALL: readonly string[] = [
  "--no-defaults",
  "--user=root",
  "--innodb-log-file-size=4M",
  "--innodb-buffer-pool-size=16M",
  "--innodb-autoextend-increment=1",
  "--innodb-undo-tablespaces=0",
  "--key-buffer-size=1M",
  "--aria-log-file-size=8M",
];

/**
 * An empty data folder with the system's tables and the laboratory's accounts. Throws if the
 * program is not there or refuses.
 */
export function prepareMariaDb(folder: string): void {
  if (!hasMariaDb()) throw new Error(`MariaDB is not installed: ${HOW_TO_INSTALL_MARIADB}`);
  if (existsSync(folder)) return;
  const making = `${folder}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(join(making, "mysql"), { recursive: true, mode: 0o700 });
  const tables = ["system_tables", "performance_tables", "system_tables_data"]
    .map((name) => readFileSync(join(SHARE, `mysql_${name}.sql`), "utf8"))
    .join("\n");
  const first = "use mysql;\nSET @skip_auth_anonymous=1;\nSET @auth_root_socket='root';\n";
  const { status, stderr } = spawnSync(
    PROGRAM,
    [...SMALL, "--bootstrap", "--skip-networking", `--datadir=${making}`],
    { input: `${first}${tables}\n${accounts.join(";\n")};\n`, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`mariadbd --bootstrap: ${stderr.slice(-2_000)}`);
  renameSync(making, folder);
}

export interface MariaDbOptions {
  /** What `prepareMariaDb` has made; copied. */
  readonly template: string;
  /** Its own: data, socket and log. Kept by `restart`. */
  readonly folder: string;
  /** Unless given, in that folder. Who is to use it must be able to reach it. */
  readonly socket?: string;
  /** Different on every server of a pair; also `@@server_id`. */
  readonly serverId: number;
  /** Where it listens; unless given 127.0.0.1. */
  readonly address?: string;
  readonly port: number;
  /** As on the command line, after all others: `--rpl-semi-sync-master-timeout=1000`. */
  readonly settings?: readonly string[];
  /** Unless given, here. */
  readonly start?: StartProgram;
}

export class MariaDb {
  readonly socket: string;
  readonly folder: string;
  readonly port: number;
  readonly address: string;
  readonly #options: MariaDbOptions;
  #child: ChildProcess | undefined;
  #connection: Connection | undefined;

  private constructor(options: MariaDbOptions) {
    this.#options = options;
    this.folder = options.folder;
    this.socket = options.socket ?? join(options.folder, "db.sock");
    this.port = options.port;
    this.address = options.address ?? "127.0.0.1";
  }

  /** Resolves when it accepts connections. */
  static async start(options: MariaDbOptions): Promise<MariaDb> {
    const server = new MariaDb(options);
    mkdirSync(options.folder, { recursive: true });
    const data = join(options.folder, "data");
    rmSync(data, { recursive: true, force: true });
    cpSync(options.template, data, { recursive: true });
    mkdirSync(join(options.folder, "log"), { recursive: true });
    await server.restart();
    return server;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get log(): string {
    return join(this.folder, "error.log");
  }

  /** Starts it again with its data; a server that runs is ended first. */
  async restart(): Promise<void> {
    await this.stop();
    const log = openSync(this.log, "a");
    const start = this.#options.start ?? startHere;
    const child = start([PROGRAM, ...this.#settings()], ["ignore", log, log]);
    closeSync(log);
    this.#child = child;
    child.once("error", () => undefined);
    const until = performance.now() + START_MILLISECONDS;
    for (;;) {
      try {
        await this.query("SELECT 1");
        return;
      } catch (error) {
        if (child.exitCode !== null || child.signalCode !== null || performance.now() > until) {
          throw new Error(`mariadbd ${this.folder}: ${this.logTail()}`, { cause: error });
        }
      }
      await sleep(POLL_MILLISECONDS);
    }
  }

  #settings(): readonly string[] {
    const { serverId } = this.#options;
    return [
      ...SMALL,
      `--datadir=${join(this.folder, "data")}`,
      `--socket=${this.socket}`,
      `--pid-file=${join(this.folder, "pid")}`,
      `--port=${this.port}`,
      `--bind-address=${this.address}`,
      `--server-id=${serverId}`,
      `--log-bin=${join(this.folder, "log", "bin")}`,
      `--relay-log=${join(this.folder, "log", "relay")}`,
      "--binlog-format=ROW",
      "--log-slave-updates",
      "--gtid-strict-mode",
      "--skip-name-resolve",
      "--skip-slave-start",
      "--slave-net-timeout=5",
      "--sync-binlog=0",
      "--innodb-flush-log-at-trx-commit=2",
      ...(this.#options.settings ?? []),
    ];
  }

  /** As root, through the socket; one connection, made again after the server has gone. */
  async query<Row = Record<string, unknown>>(
    sql: string,
    values: readonly (string | number)[] = [],
  ): Promise<readonly Row[]> {
    try {
      this.#connection ??= await this.#keep();
      const options = { sql, timeout: QUERY_MILLISECONDS };
      const [rows] = await this.#connection.query<RowDataPacket[]>(options, [...values]);
      return rows as unknown as readonly Row[];
    } catch (error) {
      this.#connection?.destroy();
      this.#connection = undefined;
      throw error;
    }
  }

  /** Whoever makes a server read-only may kill this session too. */
  async #keep(): Promise<Connection> {
    const connection = await this.connect();
    const lost = (): void => {
      if (this.#connection === connection) this.#connection = undefined;
    };
    connection.on("end", lost);
    connection.on("error", lost);
    return connection;
  }

  /** A connection of its own, as root. */
  async connect(): Promise<Connection> {
    const connection = await createConnection({
      socketPath: this.socket,
      user: "root",
      multipleStatements: true,
      connectTimeout: QUERY_MILLISECONDS,
    });
    // A server that is killed ends its connections; who waits for an answer gets the error too.
    connection.on("error", () => undefined);
    return connection;
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** SIGKILL: nothing is written, nobody is informed. Resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** SIGTERM, and SIGKILL if it takes too long. Resolves when it is gone. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async #end(name: NodeJS.Signals): Promise<void> {
    this.#connection?.destroy();
    this.#connection = undefined;
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGCONT");
    child.kill(name);
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MILLISECONDS);
    await ended;
    clearTimeout(timer);
  }

  logTail(): string {
    return existsSync(this.log) ? readFileSync(this.log, "utf8").slice(-2_000) : "(no log)";
  }
}
