/** A pair of MariaDB servers as examples/mysql sets them up. */
import { join } from "node:path";
import { rowKey } from "../database/ledger.ts";
import { APP_ACCOUNT, APP_DATABASE, type MariaDb, prepareMariaDb } from "../database/mariadb.ts";
import { makePair } from "../database/mariadb-pair.ts";
import {
  DATABASE_PORT,
  exampleSettings,
  writeGate,
  writeGuide,
  writeScriptedGate,
} from "./database-config.ts";
import { controlsOf, type DatabaseKit, type LabServer } from "./database-kit.ts";

/** As in examples/mysql. */
const SEMI_SYNC_MILLISECONDS = 10_000;

const templateIn = (folder: string): string => join(folder, "template");

const labServer = (server: MariaDb): LabServer => ({
  ...controlsOf(server),

  rows: async () => {
    const rows = await server.query<{ writer: number; seq: number }>(
      `SELECT writer, seq FROM ${APP_DATABASE}.ledger`,
    );
    return new Set(rows.map(({ writer, seq }) => rowKey(writer, seq)));
  },

  isFollowing: async () => {
    const [status] = await server.query("SHOW SLAVE STATUS");
    return status?.["Slave_IO_Running"] === "Yes" && status["Slave_SQL_Running"] === "Yes";
  },

  hold: async (what: "applying" | "receiving") => {
    await server.query(`STOP SLAVE ${what === "applying" ? "SQL" : "IO"}_THREAD`);
  },

  /** Where a script has promoted it, it follows nobody and there is nothing to start. */
  release: async () => {
    const [status] = await server.query("SHOW SLAVE STATUS");
    if (status !== undefined) await server.query("START SLAVE");
  },

  waitForReplica: async (milliseconds: number) => {
    await server.query(`SET GLOBAL rpl_semi_sync_master_timeout=${milliseconds}`);
  },
});

export const mariadbKit: DatabaseKit = {
  name: "mariadb",
  port: DATABASE_PORT,
  run: "mysqld",
  rejoins: true,
  load: { kind: "mysql", ...APP_ACCOUNT, database: APP_DATABASE },

  prepare: (folder) => {
    prepareMariaDb(templateIn(folder));
    return Promise.resolve();
  },

  startPair: async (folder, [first, second], isGated) => {
    // Baton switches it as it promotes. The guides have it on at the primary, and a replica that
    // goes on alone.
    const settings = isGated ? [] : ["--rpl-semi-sync-master-enabled=1", "--skip-slave-start=0"];
    const [a, b] = [first, second].map(({ folder: own, runFolder, number, address, start }) => ({
      template: templateIn(folder),
      folder: own,
      socket: join(runFolder, "mysqld.sock"),
      serverId: number,
      address,
      port: DATABASE_PORT,
      start,
    }));
    if (a === undefined || b === undefined) throw new Error("a pair has two nodes");
    const { primary, replica } = await makePair([a, b], SEMI_SYNC_MILLISECONDS, [
      ...exampleSettings("a").filter((one) => !one.startsWith("--server_id")),
      ...settings,
    ]);
    // A replica with it waits for somebody to acknowledge what it applies, up to the time-out.
    if (!isGated) await replica.query("SET GLOBAL rpl_semi_sync_master_enabled=0");
    await primary.query(
      `CREATE TABLE ${APP_DATABASE}.ledger (writer INT, seq INT, PRIMARY KEY (writer, seq))`,
    );
    return [labServer(primary), labServer(replica)];
  },

  configure: (node, gate) => {
    const write = { builtin: writeGate, scripts: writeScriptedGate, none: writeGuide };
    return write[gate](node);
  },
};
