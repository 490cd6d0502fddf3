/** The statements that change something, in the language of either server. */

import type { Login } from "../port/credentials.ts";
import { ServerProblem } from "../port/problem.ts";
import { type DialectName, type Session, saysReplica } from "./facts.ts";
import { isGtidText } from "./gtid.ts";

export interface Statements {
  readonly readOnly: readonly string[];
  readonly writable: readonly string[];
  readonly stopApplying: string;
  readonly startApplying: string;
  readonly stopReceiving: string;
  readonly startReceiving: string;
  /** Forgets whom it followed, and what it had received from there. */
  readonly forget: string;
  /** Gives one row: `late` is 0 when everything up to the position is applied. */
  waitApplied(position: string, seconds: number): string;
  readonly semiSyncOn: string;
  readonly semiSyncOff: string;
  readonly semiSyncReplica: string;
  follow(host: string, port: number, login: Login): readonly string[];
}

/** What a statement may take from outside, in quotes: of what needs escapes, quotes alone. */
function quoted(text: string): string {
  if (/[\\\0\n\r]/.test(text)) {
    throw new ServerProblem("answer", "a backslash or a line end in a value", "unquotable");
  }
  return `'${text.replaceAll("'", "''")}'`;
}

function position(text: string): string {
  if (!isGtidText(text)) throw new ServerProblem("answer", `not a GTID: ${text}`, "no-gtid");
  return `'${text}'`;
}

export function statementsOf(dialect: DialectName, version: string): Statements {
  return dialect === "mariadb" ? MARIADB : mysql(saysReplica(dialect, version), version);
}

const MARIADB: Statements = {
  readOnly: ["SET GLOBAL read_only=1"],
  writable: ["SET GLOBAL read_only=0"],
  stopApplying: "STOP SLAVE SQL_THREAD",
  startApplying: "START SLAVE SQL_THREAD",
  stopReceiving: "STOP SLAVE IO_THREAD",
  startReceiving: "START SLAVE IO_THREAD",
  forget: "RESET SLAVE ALL",
  waitApplied: (at, seconds) =>
    `SELECT -MASTER_GTID_WAIT(${position(at)}, ${seconds.toFixed(3)}) AS late`,
  semiSyncOn: "SET GLOBAL rpl_semi_sync_master_enabled=1",
  semiSyncOff: "SET GLOBAL rpl_semi_sync_master_enabled=0",
  semiSyncReplica: "SET GLOBAL rpl_semi_sync_slave_enabled=1",
  follow: (host, port, login) => [
    // What it wrote as a primary counts as applied; the server refuses what the other has not.
    "SET GLOBAL gtid_slave_pos=@@GLOBAL.gtid_current_pos",
    `CHANGE MASTER TO MASTER_HOST=${quoted(host)}, MASTER_PORT=${port}, ` +
      `MASTER_USER=${quoted(login.user)}, ` +
      `MASTER_PASSWORD=${quoted(login.password?.reveal() ?? "")}, ` +
      `MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1${tls("MASTER", login)}`,
    "START SLAVE",
  ],
};

const tls = (side: string, login: Login): string =>
  login.sslCa === undefined
    ? ""
    : `, ${side}_SSL=1, ${side}_SSL_VERIFY_SERVER_CERT=1, ${side}_SSL_CA=${quoted(login.sslCa)}`;

function mysql(isNew: boolean, version: string): Statements {
  const replica = isNew ? "REPLICA" : "SLAVE";
  const [source, change] = isNew
    ? (["SOURCE", "CHANGE REPLICATION SOURCE"] as const)
    : (["MASTER", "CHANGE MASTER"] as const);
  // The plug-ins of 8.0.26 have new names for their variables; 8.4 has no others.
  const [, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  const isRenamed = isNew && (minor > 0 || patch >= 26 || Number(version.split(".")[0]) > 8);
  const semiSource = isRenamed ? "rpl_semi_sync_source_enabled" : "rpl_semi_sync_master_enabled";
  const semiReplica = isRenamed ? "rpl_semi_sync_replica_enabled" : "rpl_semi_sync_slave_enabled";
  return {
    readOnly: ["SET GLOBAL super_read_only=1"],
    writable: ["SET GLOBAL super_read_only=0", "SET GLOBAL read_only=0"],
    stopApplying: `STOP ${replica} SQL_THREAD`,
    startApplying: `START ${replica} SQL_THREAD`,
    stopReceiving: `STOP ${replica} IO_THREAD`,
    startReceiving: `START ${replica} IO_THREAD`,
    forget: `RESET ${replica} ALL`,
    waitApplied: (at, seconds) =>
      `SELECT WAIT_FOR_EXECUTED_GTID_SET(${position(at)}, ${seconds.toFixed(3)}) AS late`,
    semiSyncOn: `SET GLOBAL ${semiSource}=1`,
    semiSyncOff: `SET GLOBAL ${semiSource}=0`,
    semiSyncReplica: `SET GLOBAL ${semiReplica}=1`,
    follow: (host, port, login) => [
      `${change} TO ${source}_HOST=${quoted(host)}, ${source}_PORT=${port}, ` +
        `${source}_USER=${quoted(login.user)}, ` +
        `${source}_PASSWORD=${quoted(login.password?.reveal() ?? "")}, ` +
        `${source}_AUTO_POSITION=1, ${source}_CONNECT_RETRY=1` +
        // Without TLS the password of caching_sha2_password needs the server's key.
        (login.sslCa === undefined ? `, GET_${source}_PUBLIC_KEY=1` : tls(source, login)),
      `START ${replica}`,
    ],
  };
}

/** Sessions that are the server's own, or a replica's. */
const OWN_COMMANDS: readonly string[] = ["Binlog Dump", "Binlog Dump GTID", "Daemon"];
const OWN_USERS: readonly string[] = ["system user", "event_scheduler", "mysql.session"];

/** Everybody who might write, and everybody who waits for a commit. */
export const applications = (sessions: readonly Session[], self: string): readonly Session[] =>
  sessions.filter(
    ({ user, command }) =>
      user !== self &&
      !OWN_USERS.includes(user) &&
      !OWN_COMMANDS.includes(command) &&
      !command.startsWith("Slave"),
  );

export const kill = ({ id }: Session): string => `KILL ${Number(id)}`;
