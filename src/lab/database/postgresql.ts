/**
 * A PostgreSQL server for tests and the laboratory: everything in one folder, small, nothing
 * written through to the disk. Its empty cluster is made once and copied, so that the servers of a
 * pair are copies of one cluster from the beginning.
 */
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { type StartProgram, startHere } from "./program.ts";

const VERSIONS = "/usr/lib/postgresql";
const REJOIN = join(import.meta.dirname, "../../../examples/postgresql/rejoin.sh");
const START_MILLISECONDS = 30_000;
const STOP_MILLISECONDS = 20_000;
const POLL_MILLISECONDS = 5;
/** The server refuses to run as root. */
const NOBODY = 65_534;
const AS_NOBODY = [
  "setpriv",
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  "--clear-groups",
  "--pdeathsig",
  "KILL",
  "--",
];

export interface Account {
  readonly user: string;
  readonly password: string;
}
/** Of Baton. */
export const GATE_ACCOUNT: Account = { user: "baton", password: "baton-secret" };
export const REPLICATION_ACCOUNT: Account = { user: "repl", password: "repl-secret" };
/** Of clients: owns the database `app`. */
export const APP_ACCOUNT: Account = { user: "app", password: "app-secret" };
export const APP_DATABASE = "app";

/** What Baton's account needs in PostgreSQL 15 or later, and no more. */
export const GATE_GRANTS: readonly string[] = [
  "GRANT pg_monitor, pg_signal_backend TO baton",
  "GRANT EXECUTE ON FUNCTION pg_promote(boolean, integer), pg_reload_conf() TO baton",
  "GRANT ALTER SYSTEM ON PARAMETER default_transaction_read_only, synchronous_standby_names TO baton",
  "GRANT SET ON PARAMETER baton.history TO baton",
  "GRANT SELECT ON pg_hba_file_rules TO baton",
  "GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO baton",
];
/** What pg_rewind reads the new primary's files by. */
export const REWIND_GRANTS: readonly string[] = [
  "GRANT pg_checkpoint TO repl",
  "GRANT EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean), " +
    "pg_stat_file(text, boolean), pg_read_binary_file(text), " +
    "pg_read_binary_file(text, bigint, bigint, boolean) TO repl",
];

const role = ({ user, password }: Account, more = ""): string =>
  `CREATE ROLE ${user} LOGIN ${more} PASSWORD '${password}'`;

const ACCOUNTS: readonly string[] = [
  "SET password_encryption = 'scram-sha-256'",
  role(GATE_ACCOUNT, "REPLICATION"),
  ...GATE_GRANTS,
  role(REPLICATION_ACCOUNT, "REPLICATION"),
  ...REWIND_GRANTS,
  role(APP_ACCOUNT),
  `CREATE DATABASE ${APP_DATABASE} OWNER ${APP_ACCOUNT.user}`,
];

const HBA = [
  "local all all trust",
  "host all all 0.0.0.0/0 scram-sha-256",
  "host replication all 0.0.0.0/0 scram-sha-256",
  "",
].join("\n");

/** The newest that is installed. */
export function postgresqlPrograms(): string | undefined {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS) : [];
  const newest = versions.map(Number).toSorted((one, other) => other - one)[0];
  return newest === undefined ? undefined : join(VERSIONS, String(newest), "bin");
}

function programs(): string {
  const found = postgresqlPrograms();
  if (found === undefined)
    throw new Error("PostgreSQL is not installed: apt-get install postgresql");
  return found;
}

/**
 * An empty cluster with the laboratory's accounts. Throws if the programs are not there or refuse.
 */
export async function preparePostgreSql(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  const making = `${folder}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true });
  chownSync(making, NOBODY, NOBODY);
  const data = join(making, "data");
  const argv = [
    join(programs(), "initdb"),
    `--pgdata=${data}`,
    "--username=postgres",
    "--no-sync",
    "--auth=trust",
    "--encoding=UTF8",
    "--no-locale",
  ];
  const [program = "", ...args] = [...AS_NOBODY, ...argv];
  const made = spawnSync(program, args, { encoding: "utf8", cwd: making });
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const server = new PostgreSql({ template: folder, folder: making, address: "", port: 5_432 });
  await server.restart();
  for (const statement of ACCOUNTS) await server.query(statement);
  await server.stop();
  renameSync(making, folder);
}

export interface PostgreSqlOptions {
  /** What `preparePostgreSql` has made; copied. */
  readonly template: string;
  /** Its own: data, socket and log. Kept by `restart`. Every user must be able to enter it. */
  readonly folder: string;
  /** Where it listens; unless given 127.0.0.1. */
  readonly address?: string;
  readonly port: number;
  /** Unless given, its folder. */
  readonly socketFolder?: string;
  /** `["wal_keep_size=1GB"]`: after all others. */
  readonly settings?: readonly string[];
  /** Begins as a standby of that server. */
  readonly follows?: { readonly host: string; readonly port: number };
  /** Unless given, here. */
  readonly start?: StartProgram;
}

/** The small server that every start gets. */
const SMALL: readonly string[] = [
  "fsync=off",
  "shared_buffers=16MB",
  "max_connections=120",
  "max_wal_size=256MB",
  "wal_keep_size=128MB",
  "wal_log_hints=on",
  "wal_retrieve_retry_interval=200ms",
  "wal_receiver_timeout=5s",
  "wal_sender_timeout=5s",
  "log_checkpoints=off",
];

export class PostgreSql {
  readonly folder: string;
  readonly data: string;
  readonly port: number;
  readonly address: string;
  readonly #options: PostgreSqlOptions;
  #client: Client | undefined;

  constructor(options: PostgreSqlOptions) {
    this.#options = options;
    this.folder = options.folder;
    this.data = join(options.folder, "data");
    this.port = options.port;
    this.address = options.address ?? "127.0.0.1";
  }

  /** Resolves when it answers. */
  static async start(options: PostgreSqlOptions): Promise<PostgreSql> {
    const server = new PostgreSql(options);
    mkdirSync(options.folder, { recursive: true });
    chmodSync(options.folder, 0o755);
    chownSync(options.folder, NOBODY, NOBODY);
    rmSync(server.data, { recursive: true, force: true });
    // With its owner and modes, which the server asks for.
    const { status, stderr } = spawnSync("cp", ["-a", join(options.template, "data"), server.data]);
    if (status !== 0) throw new Error(`cp: ${String(stderr)}`);
    if (options.follows !== undefined) server.makeStandby(options.follows);
    await server.restart();
    return server;
  }

  /** The Unix socket. */
  get socket(): string {
    return join(this.#options.socketFolder ?? this.folder, `.s.PGSQL.${this.port}`);
  }

  get log(): string {
    return join(this.folder, "server.log");
  }

  /** Of the main process, whoever has started it; undefined: it does not run. */
  get pid(): number | undefined {
    try {
      const [line = ""] = readFileSync(join(this.data, "postmaster.pid"), "utf8").split("\n");
      process.kill(Number(line), 0);
      return Number(line);
    } catch {
      return undefined;
    }
  }

  /** At its next start. */
  makeStandby({ host, port }: { readonly host: string; readonly port: number }): void {
    const { user, password } = REPLICATION_ACCOUNT;
    const source = `host=${host} port=${port} user=${user} password=${password}`;
    writeFileSync(join(this.data, "standby.signal"), "");
    writeFileSync(join(this.data, "postgresql.auto.conf"), `primary_conninfo = '${source}'\n`, {
      flag: "a",
    });
    chownSync(join(this.data, "standby.signal"), NOBODY, NOBODY);
  }

  /** With its data, whatever it was before. */
  async restartAsStandby(of: PostgreSql): Promise<void> {
    await this.stop();
    this.makeStandby({ host: of.address, port: of.port });
    await this.restart();
  }

  /**
   * What the gate's `rejoin` program of examples/postgresql does.
   *
   * @returns its status, and what it said last
   */
  async rejoin(
    of: PostgreSql,
    environment: Readonly<Record<string, string>>,
  ): Promise<{ readonly status: number | null; readonly said: string }> {
    const [program = "", ...args] = this.rejoinProgram(of.port);
    const child = spawn(program, args, {
      env: { ...process.env, ...environment, BATON_PEER: of.address },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (more: Buffer) => {
      said += more.toString();
    });
    const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { status, said: said.trim().split("\n").at(-1) ?? "" };
  }

  /** As a gate's `rejoin` line has it. */
  rejoinProgram(peerPort: number): readonly string[] {
    const passfile = join(this.folder, "passfile");
    writeFileSync(passfile, `*:*:*:${REPLICATION_ACCOUNT.user}:${REPLICATION_ACCOUNT.password}\n`);
    chmodSync(passfile, 0o600);
    chownSync(passfile, NOBODY, NOBODY);
    const options = {
      data: this.data,
      configuration: this.configuration,
      bin: programs(),
      user: "nobody",
      passfile,
      "socket-folder": this.#options.socketFolder ?? this.folder,
      port: String(this.port),
      "peer-port": String(peerPort),
    };
    return [REJOIN, ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])];
  }

  /** Starts it again with its data; a server that runs is ended first. */
  async restart(): Promise<void> {
    await this.stop();
    const log = openSync(this.log, "a");
    const start = this.#options.start ?? startHere;
    this.#configure();
    const argv = [...AS_NOBODY, join(programs(), "postgres"), "-D", this.configuration];
    const child = start(argv, ["ignore", log, log]);
    closeSync(log);
    child.once("error", () => undefined);
    const until = performance.now() + START_MILLISECONDS;
    for (;;) {
      try {
        await this.query("SELECT 1");
        return;
      } catch (error) {
        if (child.exitCode !== null || child.signalCode !== null || performance.now() > until)
          throw new Error(`postgres ${this.folder}: ${this.logTail()}`, { cause: error });
      }
      await sleep(POLL_MILLISECONDS);
    }
  }

  /** Outside of the data, which pg_rewind copies from another server. */
  #configure(): void {
    const { settings = [], socketFolder = this.folder } = this.#options;
    const all = [
      ...SMALL,
      `data_directory=${this.data}`,
      `hba_file=${join(this.configuration, "pg_hba.conf")}`,
      `listen_addresses=${this.address}`,
      `port=${this.port}`,
      `unix_socket_directories=${socketFolder}`,
      ...settings,
    ];
    const lines = all.map((one) => one.replace(/^([\w.]+)=(.*)$/, "$1 = '$2'"));
    mkdirSync(this.configuration, { recursive: true });
    writeFileSync(join(this.configuration, "postgresql.conf"), `${lines.join("\n")}\n`);
    writeFileSync(join(this.configuration, "pg_hba.conf"), HBA);
  }

  /** Of its settings, as programs of PostgreSQL take it. */
  get configuration(): string {
    return join(this.folder, "conf");
  }

  /** As a superuser, through the socket; one connection, made again after the server has gone. */
  async query<Row = Record<string, unknown>>(
    sql: string,
    values: readonly (string | number)[] = [],
  ): Promise<readonly Row[]> {
    this.#client ??= await this.#keep();
    const { rows } = await this.#client.query(sql, [...values]);
    return rows as unknown as readonly Row[];
  }

  async #keep(): Promise<Client> {
    const client = await this.connect("postgres", "postgres");
    const lost = (): void => {
      if (this.#client === client) this.#client = undefined;
    };
    client.on("end", lost);
    client.on("error", lost);
    return client;
  }

  /** A connection of its own, through the socket. */
  async connect(user: string, database: string): Promise<Client> {
    const host = this.#options.socketFolder ?? this.folder;
    const client = new Client({ host, port: this.port, user, database });
    // A server that is killed ends its connections; who waits for an answer gets the error too.
    client.on("error", () => undefined);
    await client.connect();
    return client;
  }

  /** To every process of it: a machine that stops, a server that hangs. */
  signal(name: NodeJS.Signals): void {
    const { pid } = this;
    if (pid === undefined) return;
    for (const one of [pid, ...childrenOf(pid)]) {
      try {
        process.kill(one, name);
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  /** SIGKILL to all of it: nothing is written, nobody is informed. Resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** SIGINT, which ends sessions. Resolves when it is gone, and has sent all to its standbys. */
  async stop(): Promise<void> {
    await this.#end("SIGINT");
  }

  async #end(name: NodeJS.Signals): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    void client?.end().catch(() => undefined);
    const { pid } = this;
    if (pid === undefined) return;
    if (name !== "SIGKILL") {
      this.signal("SIGCONT");
      process.kill(pid, name);
    }
    const until = performance.now() + (name === "SIGKILL" ? 0 : STOP_MILLISECONDS);
    for (let isKilled = false; this.pid === pid; ) {
      if (!isKilled && performance.now() >= until) {
        this.signal("SIGKILL");
        isKilled = true;
      }
      await sleep(POLL_MILLISECONDS);
    }
  }

  logTail(): string {
    return existsSync(this.log) ? readFileSync(this.log, "utf8").slice(-2_000) : "(no log)";
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return text
      .split(" ")
      .map(Number)
      .filter((one) => one > 0);
  } catch {
    return [];
  }
}
