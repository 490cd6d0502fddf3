/** A pair of MariaDB servers in this process's network, with Baton's view of each. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MySqlDatabase } from "#databases/mysql/mysql";
import { dialMySql } from "#databases/mysql/mysql-client";
import type { Dial } from "#databases/mysql/sql";
import type { Credentials } from "#databases/port/credentials";
import type { DatabaseSettings, Standing } from "#databases/port/database";
import {
  type Account,
  GATE_ACCOUNT,
  type MariaDb,
  prepareMariaDb,
  REPLICATION_ACCOUNT,
} from "#lab/database/mariadb";
import { makePair } from "#lab/database/mariadb-pair";
import { Secret } from "#units/secret";
import { fromMillis, fromSeconds } from "#units/time";

/** A primary that waits for its replica for so long acknowledges nothing alone in any test. */
export const LONG_MS = 3_600_000;
const POLL_MS = 20;
const UNTIL_MS = 15_000;

const login = ({ user, password }: Account) => ({ user, password: new Secret(password) });
export const CREDENTIALS: Credentials = {
  client: login(GATE_ACCOUNT),
  replication: login(REPLICATION_ACCOUNT),
};

export interface TestPair {
  readonly a: MariaDb;
  readonly b: MariaDb;
  /** Of the first server, which is the primary at the beginning. */
  readonly gateA: MySqlDatabase;
  readonly gateB: MySqlDatabase;
  readonly folder: string;
}

export const settingsFor = (
  own: MariaDb,
  peer: MariaDb,
  more: Partial<DatabaseSettings> = {},
): DatabaseSettings => ({
  kind: "mysql",
  at: { socket: own.socket },
  peers: [{ host: peer.address, port: peer.port }],
  maxLag: fromSeconds(5),
  sync: "required",
  rejoin: "auto",
  interval: fromMillis(200),
  timeout: fromSeconds(1),
  promoteTimeout: fromSeconds(10),
  demoteTimeout: fromSeconds(5),
  ...more,
});

export async function withPair(
  options: {
    readonly semiSyncMs?: number;
    readonly more?: Partial<DatabaseSettings>;
    readonly dial?: Dial;
  },
  use: (pair: TestPair) => Promise<void>,
): Promise<void> {
  spawnSync("ip", ["link", "set", "lo", "up"]);
  const folder = mkdtempSync(join(tmpdir(), "baton-mariadb-"));
  const template = join(folder, "template");
  prepareMariaDb(template);
  const { primary, replica } = await makePair(
    [
      { template, folder: join(folder, "a"), serverId: 1, port: 13_301 },
      { template, folder: join(folder, "b"), serverId: 2, port: 13_302 },
    ],
    options.semiSyncMs ?? LONG_MS,
  );
  const open = (own: MariaDb, peer: MariaDb): MySqlDatabase =>
    new MySqlDatabase(settingsFor(own, peer, options.more), CREDENTIALS, options.dial ?? dialMySql);
  const gateA = open(primary, replica);
  const gateB = open(replica, primary);
  try {
    await primary.query("CREATE TABLE app.t(id INT AUTO_INCREMENT PRIMARY KEY)");
    await until(gateA, ({ isSynchronous }) => isSynchronous === true);
    // What is remembered of a primary needs two looks.
    await until(gateB, ({ eligible }) => eligible);
    await until(gateB, ({ eligible }) => eligible);
    await use({ a: primary, b: replica, gateA, gateB, folder });
  } finally {
    await Promise.all([gateA.close(), gateB.close()]);
    await Promise.all([primary.kill(), replica.kill()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Looks until it is so. */
export async function until(
  gate: MySqlDatabase,
  isSo: (standing: Standing) => boolean,
  beside: readonly MySqlDatabase[] = [],
): Promise<Standing> {
  const end = performance.now() + UNTIL_MS;
  for (;;) {
    const standing = await gate.look();
    if (isSo(standing)) return standing;
    if (performance.now() > end) throw new Error(`it stays at ${JSON.stringify(standing)}`);
    for (const other of beside) await other.look();
    await new Promise((resolve) => {
      setTimeout(resolve, POLL_MS);
    });
  }
}

export const english = ({ why }: Standing): string => why.map(({ en }) => en).join("; ");

/** Milliseconds since 1970. */
export const inSeconds = (seconds: number): number => Date.now() + seconds * 1_000;
