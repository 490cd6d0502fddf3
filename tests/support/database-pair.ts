/** A pair of MariaDB servers in this process's network, with Baton's view of each. */
import { join } from "node:path";
import { MySqlDatabase } from "#databases/mysql/mysql";
import { dialMySql } from "#databases/mysql/mysql-client";
import type { SqlDial } from "#databases/mysql/sql";
import type { Credentials } from "#databases/port/credentials";
import type { DatabaseSettings } from "#databases/port/database";
import {
  type Account,
  GATE_ACCOUNT,
  type MariaDb,
  prepareMariaDb,
  REPLICATION_ACCOUNT,
} from "#lab/database/mariadb";
import { makePair } from "#lab/database/mariadb-pair";
import { Secret } from "#units/secret";
import { type GatePair, PAIR_SETTINGS, until, withGatePair } from "./gate-pair.ts";

/** A primary that waits for its replica for so long acknowledges nothing alone in any test. */
export const LONG_MS = 3_600_000;

const login = ({ user, password }: Account) => ({ user, password: new Secret(password) });
export const CREDENTIALS: Credentials = {
  client: login(GATE_ACCOUNT),
  replication: login(REPLICATION_ACCOUNT),
};

export type TestPair = GatePair<MariaDb, MySqlDatabase>;

export const settingsFor = (
  own: MariaDb,
  peer: MariaDb,
  more: Partial<DatabaseSettings> = {},
): DatabaseSettings => ({
  ...PAIR_SETTINGS,
  kind: "mysql",
  at: { socket: own.socket },
  peers: [{ host: peer.address, port: peer.port }],
  sync: "required",
  ...more,
});

export async function withPair(
  options: {
    readonly semiSyncMs?: number;
    readonly more?: Partial<DatabaseSettings>;
    readonly dial?: SqlDial;
  },
  use: (pair: TestPair) => Promise<void>,
): Promise<void> {
  await withGatePair(
    {
      name: "mariadb",
      start: (folder) => startServers(folder, options.semiSyncMs ?? LONG_MS),
      open: (own, peer) =>
        new MySqlDatabase(
          settingsFor(own, peer, options.more),
          CREDENTIALS,
          options.dial ?? dialMySql,
        ),
      prepare,
    },
    use,
  );
}

async function startServers(
  folder: string,
  semiSyncMs: number,
): Promise<readonly [MariaDb, MariaDb]> {
  const template = join(folder, "template");
  prepareMariaDb(template);
  const { primary, replica } = await makePair(
    [
      { template, folder: join(folder, "a"), serverId: 1, port: 13_301 },
      { template, folder: join(folder, "b"), serverId: 2, port: 13_302 },
    ],
    semiSyncMs,
  );
  return [primary, replica];
}

async function prepare({ a, gateA, gateB }: TestPair): Promise<void> {
  await a.query("CREATE TABLE app.t(id INT AUTO_INCREMENT PRIMARY KEY)");
  await until(gateA, ({ isSynchronous }) => isSynchronous === true);
  // What is remembered of a primary needs two looks.
  await until(gateB, ({ eligible }) => eligible);
  await until(gateB, ({ eligible }) => eligible);
}
