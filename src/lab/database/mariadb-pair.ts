/** Two MariaDB servers as the guides set them up: GTID, and semi-synchronous (AFTER_SYNC). */
import { setTimeout as sleep } from "node:timers/promises";
import { MariaDb, type MariaDbOptions, REPLICATION_ACCOUNT } from "./mariadb.ts";

const POLL_MILLISECONDS = 10;
const CONNECT_MILLISECONDS = 20_000;

/**
 * Of both servers, as either may be the primary. `rpl_semi_sync_master_enabled` is for the one that
 * is: a replica with it waits for an acknowledgement of what it applies, which nobody sends.
 */
export const semiSync = (timeoutMs: number): readonly string[] => [
  "--rpl-semi-sync-slave-enabled=1",
  "--rpl-semi-sync-master-wait-point=AFTER_SYNC",
  `--rpl-semi-sync-master-timeout=${timeoutMs}`,
];

/** Resolves when the replica receives and applies. The primary is reached at `primary.address`. */
export async function follow(replica: MariaDb, primary: MariaDb): Promise<void> {
  const { user, password } = REPLICATION_ACCOUNT;
  await replica.query("STOP SLAVE");
  await replica.query(
    `CHANGE MASTER TO MASTER_HOST='${primary.address}', MASTER_PORT=${primary.port}, ` +
      `MASTER_USER='${user}', MASTER_PASSWORD='${password}', MASTER_USE_GTID=slave_pos, ` +
      "MASTER_CONNECT_RETRY=1",
  );
  await replica.query("START SLAVE");
  const until = performance.now() + CONNECT_MILLISECONDS;
  for (;;) {
    const [status] = await replica.query("SHOW SLAVE STATUS");
    const runs = status?.["Slave_IO_Running"] === "Yes" && status["Slave_SQL_Running"] === "Yes";
    if (runs) return;
    if (performance.now() > until) {
      throw new Error(`the replica does not follow: ${JSON.stringify(status)}`);
    }
    await sleep(POLL_MILLISECONDS);
  }
}

export interface MariaDbPair {
  readonly primary: MariaDb;
  readonly replica: MariaDb;
}

export type PairMember = Omit<MariaDbOptions, "settings">;

/**
 * Starts both, the second as the read-only replica of the first. Both are read-only at every
 * start, as a server that comes back must not take writes before somebody has decided.
 *
 * @param semiSyncTimeoutMs how long a primary without its replica waits before it acknowledges
 * alone
 */
export async function makePair(
  members: readonly [PairMember, PairMember],
  semiSyncTimeoutMs: number,
  settings: readonly string[] = [],
): Promise<MariaDbPair> {
  const all = [...semiSync(semiSyncTimeoutMs), "--read-only=1", ...settings];
  const [primary, replica] = await Promise.all(
    members.map((member) => MariaDb.start({ ...member, settings: all })),
  );
  if (primary === undefined || replica === undefined) throw new Error("a server did not start");
  try {
    await primary.query("SET GLOBAL read_only=0");
    await follow(replica, primary);
    await primary.query("SET GLOBAL rpl_semi_sync_master_enabled=1");
    return { primary, replica };
  } catch (error) {
    await Promise.all([primary.stop(), replica.stop()]);
    throw error;
  }
}
