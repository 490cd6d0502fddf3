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
import { type GatePair, settingsOf, until, withGatePair } from "./gate-pair.ts";
import { PairWriters, type WriterKind } from "./pair-writers.ts";

const login = ({ user, password }: Account) => ({ user, password: new Secret(password) });
export const CREDENTIALS: Credentials = {
  client: login(GATE_ACCOUNT),
  replication: login(REPLICATION_ACCOUNT),
};

export type PostgreSqlPair = GatePair<PostgreSql, PostgreSqlDatabase>;

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
        new PostgreSqlDatabase(
          settingsOf("postgresql", own, peer, more),
          CREDENTIALS,
          dialCommands,
        ),
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

const KIND: WriterKind<PostgreSql, Client> = {
  connect: async (server) => await server.connect(APP_ACCOUNT.user, APP_DATABASE),
  write: async (client, writer, seq) =>
    await client.query("INSERT INTO t VALUES ($1, $2)", [writer, seq]),
  close: (client) => void client.end().catch(() => undefined),
};

export class PostgreSqlWriters extends PairWriters<PostgreSql, Client> {
  constructor(server: PostgreSql) {
    super(server, KIND);
  }

  /** What was acknowledged, and is not there. */
  async lostAt(server: PostgreSql): Promise<readonly string[]> {
    const client = await server.connect(APP_ACCOUNT.user, APP_DATABASE);
    try {
      const { rows } = await client.query<{ readonly writer: number; readonly seq: number }>(
        "SELECT writer, seq FROM t",
      );
      const there = new Set(rows.map(({ writer, seq }) => `${writer}:${seq}`));
      return this.acknowledged.filter((one) => !there.has(one));
    } finally {
      await client.end();
    }
  }
}
