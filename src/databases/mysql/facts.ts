/** What a server says of itself, in the terms of both MySQL and MariaDB. */
import { fromSeconds, type Micros } from "#units/time";
import { ServerProblem } from "../port/problem.ts";
import type { Data } from "./gtid.ts";
import type { Row, Sql } from "./sql.ts";

export type DialectName = "mariadb" | "mysql";

/** What it follows, if it was ever given anything to follow. */
export interface Replication {
  readonly host: string;
  readonly port: number;
  /** `connecting`: it wants to receive, and cannot reach the server that it follows. */
  readonly receives: "yes" | "connecting" | "stopped";
  readonly applies: boolean;
  /** Whole seconds of the server's own; undefined: it does not know. */
  readonly lag?: Micros;
  /** What it has received, applied or not: GTIDs. */
  readonly received: string;
  readonly receiveError?: string;
  readonly applyError?: string;
  /** Nobody has started or stopped it since the server was started. */
  readonly isUntouched: boolean;
}

export interface SemiSync {
  /** The side of a primary: it waits for an acknowledgement of each commit. */
  readonly isSourceEnabled: boolean;
  /** Enabled, and has not given up waiting. */
  readonly isSourceOn: boolean;
  /** Connected replicas that acknowledge. */
  readonly clients: number;
  readonly timeoutMs: number;
  /** Also waits while no replica is connected. */
  readonly waitsWithoutReplica: boolean;
  /** The replica's side is on, and in use. */
  readonly isReplicaEnabled: boolean;
  readonly isReplicaOn: boolean;
}

export interface Facts {
  readonly dialect: DialectName;
  /** `10.11.6-MariaDB`, `8.4.2` */
  readonly version: string;
  /** `@@server_id`; no two servers of a pair may have the same. */
  readonly serverId?: string;
  readonly user: string;
  /** No application can write: `read_only`; in MySQL `super_read_only`. */
  readonly isReadOnly: boolean;
  readonly data: Data;
  /** What it has, as a position that a replica of it can wait for. */
  readonly position: string;
  /** It writes what it applies into a binary log of its own, and uses GTIDs. */
  readonly isReplicable: boolean;
  readonly replication?: Replication;
  /** Undefined: the plug-in is not loaded. */
  readonly semiSync?: SemiSync;
}

const VARIABLES = [
  "version",
  "server_id",
  "read_only",
  "super_read_only",
  "log_bin",
  "log_slave_updates",
  "log_replica_updates",
  "gtid_mode",
  ...["master", "source"].flatMap((side) => [
    `rpl_semi_sync_${side}_enabled`,
    `rpl_semi_sync_${side}_timeout`,
    `rpl_semi_sync_${side}_wait_no_slave`,
    `rpl_semi_sync_${side}_wait_no_replica`,
  ]),
  "rpl_semi_sync_slave_enabled",
  "rpl_semi_sync_replica_enabled",
];
/** How often replication was started and stopped: in MariaDB, MySQL 8.0, and MySQL 8.4. */
const COMMANDS = ["start_slave", "stop_slave", "slave_start", "slave_stop"]
  .concat("replica_start", "replica_stop")
  .map((name) => `Com_${name}`);
const STATUS = [
  ...["master", "source"].flatMap((side) => [
    `Rpl_semi_sync_${side}_status`,
    `Rpl_semi_sync_${side}_clients`,
  ]),
  "Rpl_semi_sync_slave_status",
  "Rpl_semi_sync_replica_status",
  ...COMMANDS,
];
const list = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(",");
const SHOW_VARIABLES = `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${list(VARIABLES)})`;
const SHOW_STATUS = `SHOW GLOBAL STATUS WHERE Variable_name IN (${list(STATUS)})`;

type Named = ReadonlyMap<string, string>;

async function named(sql: Sql, statement: string, timeoutMs: number): Promise<Named> {
  const rows = await sql.query(statement, timeoutMs);
  return new Map(
    rows.map((row) => [
      (row["Variable_name"] ?? "").toLowerCase().replace("_source_", "_master_"),
      row["Value"] ?? "",
    ]),
  );
}

/** Four short statements. Rejects with `ServerProblem`. @param timeoutMs of each */
export async function readFacts(sql: Sql, timeoutMs: number): Promise<Facts> {
  const variables = await named(sql, SHOW_VARIABLES, timeoutMs);
  const version = variables.get("version");
  // A proxy, or another program with this protocol: what it leaves out would be read as "off".
  if (version === undefined || !variables.has("read_only"))
    throw new ServerProblem("answer", "its variables are not a MySQL server's", "no-facts");
  const dialect: DialectName = /mariadb/i.test(version) ? "mariadb" : "mysql";
  const isOn = (name: string): boolean => /^(?:1|on)$/i.test(variables.get(name) ?? "");
  // First what follows, then what there is: what arrives between the two is no surplus.
  const replication = await readReplication(sql, dialect, version, timeoutMs);
  const status = await named(sql, SHOW_STATUS, timeoutMs);
  const { data, position, user } = await readData(sql, dialect, timeoutMs);
  const semiSync = readSemiSync(variables, status);
  const serverId = variables.get("server_id");
  return {
    dialect,
    version,
    ...(serverId === undefined ? {} : { serverId }),
    user,
    isReadOnly: dialect === "mariadb" ? isOn("read_only") : isOn("super_read_only"),
    data,
    position,
    isReplicable:
      isOn("log_bin") &&
      (isOn("log_slave_updates") || isOn("log_replica_updates")) &&
      (dialect === "mariadb" || isOn("gtid_mode")),
    ...(replication === undefined
      ? {}
      : { replication: { ...replication, isUntouched: isUntouched(status) } }),
    ...(semiSync === undefined ? {} : { semiSync }),
  };
}

function isUntouched(status: Named): boolean {
  const counts = COMMANDS.flatMap((name) => status.get(name.toLowerCase()) ?? []);
  return counts.length > 0 && counts.every((count) => Number(count) === 0);
}

const noData = (): ServerProblem =>
  new ServerProblem("answer", "it does not say which transactions it has", "no-facts");

const WHO = "SUBSTRING_INDEX(USER(), '@', 1) AS user";

async function readData(
  sql: Sql,
  dialect: DialectName,
  timeoutMs: number,
): Promise<{ readonly data: Data; readonly position: string; readonly user: string }> {
  if (dialect === "mysql") {
    const [row] = await sql.query(`SELECT @@GLOBAL.gtid_executed AS executed, ${WHO}`, timeoutMs);
    if (row === undefined) throw noData();
    const executed = (row["executed"] ?? "").replaceAll(/\s+/g, "");
    return { data: { kind: "mysql", executed }, position: executed, user: row["user"] ?? "" };
  }
  const [row] = await sql.query(
    "SELECT @@GLOBAL.gtid_binlog_state AS state, @@GLOBAL.gtid_slave_pos AS applied, " +
      `@@GLOBAL.gtid_current_pos AS position, ${WHO}`,
    timeoutMs,
  );
  if (row === undefined) throw noData();
  return {
    data: { kind: "mariadb", state: row["state"] ?? "", applied: row["applied"] ?? "" },
    position: row["position"] ?? "",
    user: row["user"] ?? "",
  };
}

function readSemiSync(variables: Named, status: Named): SemiSync | undefined {
  const enabled = variables.get("rpl_semi_sync_master_enabled");
  if (enabled === undefined) return undefined;
  const isOn = (from: Named, ...names: readonly string[]): boolean =>
    names.some((name) => /^(?:1|on)$/i.test(from.get(name) ?? ""));
  return {
    isSourceEnabled: isOn(variables, "rpl_semi_sync_master_enabled"),
    isSourceOn: isOn(status, "rpl_semi_sync_master_status"),
    clients: Number(status.get("rpl_semi_sync_master_clients") ?? 0),
    timeoutMs: Number(variables.get("rpl_semi_sync_master_timeout") ?? 0),
    waitsWithoutReplica: isOn(
      variables,
      "rpl_semi_sync_master_wait_no_slave",
      "rpl_semi_sync_master_wait_no_replica",
    ),
    isReplicaEnabled: isOn(
      variables,
      "rpl_semi_sync_slave_enabled",
      "rpl_semi_sync_replica_enabled",
    ),
    isReplicaOn: isOn(status, "rpl_semi_sync_slave_status", "rpl_semi_sync_replica_status"),
  };
}

/** `8.0.22` renamed the statement; 8.4 has the new name only. */
export function saysReplica(dialect: DialectName, version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  return dialect === "mysql" && (major > 8 || (major === 8 && (minor > 0 || patch >= 22)));
}

async function readReplication(
  sql: Sql,
  dialect: DialectName,
  version: string,
  timeoutMs: number,
): Promise<Omit<Replication, "isUntouched"> | undefined> {
  const isNew = saysReplica(dialect, version);
  const [row] = await sql.query(`SHOW ${isNew ? "REPLICA" : "SLAVE"} STATUS`, timeoutMs);
  if (row === undefined) return undefined;
  const field = (name: string): string =>
    row[name] ?? row[name.replace("Replica", "Slave").replace("Source", "Master")] ?? "";
  if (field("Source_Host") === "") return undefined;
  const running = field("Replica_IO_Running");
  const lag = field("Seconds_Behind_Source");
  const receiveError = field("Last_IO_Error");
  const applyError = field("Last_SQL_Error");
  return {
    host: field("Source_Host"),
    port: Number(field("Source_Port")),
    receives: running === "Yes" ? "yes" : running === "No" ? "stopped" : "connecting",
    applies: field("Replica_SQL_Running") === "Yes",
    ...(lag === "" ? {} : { lag: fromSeconds(Number(lag)) }),
    received: (dialect === "mysql" ? field("Retrieved_Gtid_Set") : field("Gtid_IO_Pos")).replaceAll(
      /\s+/g,
      "",
    ),
    ...(receiveError === "" ? {} : { receiveError }),
    ...(applyError === "" ? {} : { applyError }),
  };
}

/** Read from rows of `SHOW PROCESSLIST`. */
export interface Session {
  readonly id: string;
  readonly user: string;
  readonly command: string;
}

export const readSessions = (rows: readonly Row[]): readonly Session[] =>
  rows.map((row) => ({
    id: row["Id"] ?? "",
    user: row["User"] ?? "",
    command: row["Command"] ?? "",
  }));
