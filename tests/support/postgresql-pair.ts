/** A pair of PostgreSQL servers in this process's network, Baton's view of each, and clients. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "pg";
import type { Credentials } from "#databases/port/credentials";
import type { DatabaseSettings } from "#databases/port/database";
import { dialCommands } from "#databases/postgresql/pg-client";
import { PostgreSqlDatabase } from "#databases/postgresql/postgresql";
import {
  type Account,
  APP_ACCOUNT,
  APP_DATABASE,
  GATE_ACCOUNT,
  PostgreSql,
  preparePostgreSql,
  REPLICATION_ACCOUNT,
} from "#lab/database/postgresql";
import { Secret } from "#units/secret";
import { type GatePair, PAIR_SETTINGS, until, withGatePair } from "./gate-pair.ts";

const login = ({ user, password }: Account) => ({ user, password: new Secret(password) });
export const CREDENTIALS: Credentials = {
  client: login(GATE_ACCOUNT),
  replication: login(REPLICATION_ACCOUNT),
};

export type PostgreSqlPair = GatePair<PostgreSql, PostgreSqlDatabase>;

const settingsFor = (
  own: PostgreSql,
  peer: PostgreSql,
  more: Partial<DatabaseSettings>,
): DatabaseSettings => ({
  ...PAIR_SETTINGS,
  kind: "postgresql",
  at: { host: own.address, port: own.port },
  peers: [{ host: peer.address, port: peer.port }],
  sync: "preferred",
  ...more,
});

const [PORT_A, PORT_B] = [15_401, 15_402];

/** Made once in this process, and gone with it. */
let template: Promise<string> | undefined;

async function makeTemplate(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "baton-postgresql-template-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  const made = join(folder, "cluster");
  await preparePostgreSql(made);
  return made;
}

async function start(
  folder: string,
  settings: readonly string[],
): Promise<readonly [PostgreSql, PostgreSql]> {
  chmodSync(folder, 0o755);
  template ??= makeTemplate();
  const common = { template: await template, settings };
  const a = await PostgreSql.start({ ...common, folder: join(folder, "a"), port: PORT_A });
  const follows = { host: a.address, port: PORT_A };
  const b = await PostgreSql.start({ ...common, folder: join(folder, "b"), port: PORT_B, follows });
  return [a, b];
}

export async function withPostgreSqlPair(
  {
    more = {},
    settings = [],
  }: {
    readonly more?: Partial<DatabaseSettings>;
    readonly settings?: readonly string[];
  },
  use: (pair: PostgreSqlPair) => Promise<void>,
): Promise<void> {
  await withGatePair(
    {
      name: "postgresql",
      start: (folder) => start(folder, settings),
      open: (own, peer) =>
        new PostgreSqlDatabase(settingsFor(own, peer, more), CREDENTIALS, dialCommands),
      prepare: (pair) => prepare(pair, more),
    },
    use,
  );
}

async function prepare(
  { a, gateA, gateB }: PostgreSqlPair,
  { sync }: Partial<DatabaseSettings>,
): Promise<void> {
  const app = await a.connect(APP_ACCOUNT.user, APP_DATABASE);
  await app.query("CREATE TABLE t(writer int, seq int, PRIMARY KEY (writer, seq))");
  await app.end();
  await until(gateA, (one) => sync === "off" || one.isSynchronous === true);
  await until(gateB, ({ eligible, follows }) => eligible && follows, [gateA]);
}

/** Clients that write as fast as they are answered, and keep what was acknowledged. */
export class PostgreSqlWriters {
  readonly acknowledged: (readonly [writer: number, seq: number])[] = [];
  readonly errors: string[] = [];
  readonly #server: PostgreSql;
  readonly #clients: Client[] = [];
  readonly #ends: Promise<void>[] = [];
  #isStopped = false;
  static #next = 1;

  constructor(server: PostgreSql) {
    this.#server = server;
  }

  async start(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      const client = await this.#server.connect(APP_ACCOUNT.user, APP_DATABASE);
      this.#clients.push(client);
      const writer = PostgreSqlWriters.#next;
      PostgreSqlWriters.#next += 1;
      this.#ends.push(this.#write(client, writer));
    }
  }

  async #write(client: Client, writer: number): Promise<void> {
    try {
      for (let seq = 1; !this.#isStopped; seq += 1) {
        await client.query("INSERT INTO t VALUES ($1, $2)", [writer, seq]);
        this.acknowledged.push([writer, seq]);
      }
    } catch (error) {
      this.errors.push(String(error));
    }
  }

  /** Resolves when so many more have been acknowledged. */
  async more(count: number): Promise<void> {
    const wanted = this.acknowledged.length + count;
    while (this.acknowledged.length < wanted && this.errors.length < this.#ends.length)
      await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
  }

  /** Resolves when every writer has ended: with an error, or stopped here. */
  async ended(): Promise<void> {
    await Promise.all(this.#ends);
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Whoever waits for a server that hangs waits no longer. */
  destroy(): void {
    for (const client of this.#clients) void client.end().catch(() => undefined);
  }

  /** What was acknowledged, and is not there. */
  async lostAt(server: PostgreSql): Promise<readonly string[]> {
    const client = await server.connect(APP_ACCOUNT.user, APP_DATABASE);
    try {
      const { rows } = await client.query<{ readonly writer: number; readonly seq: number }>(
        "SELECT writer, seq FROM t",
      );
      const there = new Set(rows.map(({ writer, seq }) => `${writer}:${seq}`));
      return this.acknowledged
        .map(([writer, seq]) => `${writer}:${seq}`)
        .filter((one) => !there.has(one));
    } finally {
      await client.end();
    }
  }
}
