/** What a server says of itself. Pure but for `readFacts`. */
import { ServerProblem } from "../port/problem.ts";
import { type Connection, quoted, type Row } from "./connection.ts";
import { type History, parseForks, parseLsn, parseMarks } from "./history.ts";

/** The setting of Baton's role that keeps `History.marks`: replicated, and nobody else's. */
export const MARKS_SETTING = "baton.history";

export interface Standby {
  /** What is replayed: visible to who reads. */
  readonly replayed: bigint;
  readonly isPaused: boolean;
  /** It has replayed all that is here, and waits for more. */
  readonly isIdle: boolean;
  /** It receives from a server just now. */
  readonly isStreaming: boolean;
}

export interface Facts {
  readonly history: History;
  /** When this server was started, and where: no other one has the same. */
  readonly server: string;
  /** Undefined: a primary. */
  readonly standby: Standby | undefined;
  /** New sessions begin read-only: so a primary is kept from writes. */
  readonly isClosed: boolean;
  /** `synchronous_standby_names`; empty: commits wait for nobody. */
  readonly waitsFor: string;
  /** Standbys that receive from it and have caught up. */
  readonly streaming: number;
  /** Commits wait for each of those, so each has what was acknowledged. */
  readonly waitsForAll: boolean;
  /** Transactions prepared for two-phase commit, which anybody may still commit. */
  readonly prepared: number;
  /** Roles and databases that begin writable in spite of `isClosed`. */
  readonly exempt: readonly string[];
}

/** Takes writes. */
export const isWritable = ({ standby, isClosed }: Facts): boolean =>
  standby === undefined && !isClosed;

const STATE = `SELECT pg_is_in_recovery() AS recovering,
  current_setting('default_transaction_read_only') AS read_only,
  current_setting('synchronous_standby_names') AS names,
  pg_last_wal_replay_lsn() AS replayed,
  CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END AS paused,
  (SELECT status FROM pg_stat_wal_receiver LIMIT 1) AS receiver,
  pg_postmaster_start_time()::text || ' ' || current_setting('port') AS server,
  (SELECT wait_event FROM pg_stat_activity WHERE backend_type = 'startup' LIMIT 1) AS startup,
  (SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming') AS streaming,
  (SELECT count(*) FROM pg_stat_replication
    WHERE state = 'streaming' AND sync_state IN ('sync', 'quorum')) AS synchronous,
  (SELECT count(*) FROM pg_prepared_xacts) AS prepared,
  (SELECT split_part(one, '=', 2) FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole,
      unnest(s.setconfig) one
    WHERE r.rolname = current_user AND s.setdatabase = 0
      AND one LIKE ${quoted(`${MARKS_SETTING}=%`)} LIMIT 1) AS marks,
  (SELECT string_agg(coalesce(r.rolname, d.datname), ' ')
    FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole
      LEFT JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) one
    WHERE one ~ '^(default_)?transaction_read_only=(off|false|no|0)$') AS exempt`;

/** What the process that replays waits for: more to be received, or the next attempt to receive. */
const IDLE: readonly string[] = ["RecoveryWalStream", "RecoveryRetrieveRetryInterval"];

export async function readFacts(connection: Connection, timeoutMs: number): Promise<Facts> {
  const end = performance.now() + timeoutMs;
  const left = (): number => Math.max(1, end - performance.now());
  // In this order: of a primary the timeline is the one that its promotion has begun.
  const [state] = await connection.query(STATE, left());
  const [identity] = await connection.query("IDENTIFY_SYSTEM", left());
  const timeline = Number(identity?.["timeline"]);
  const content = timeline > 1 ? await historyFile(connection, timeline, left()) : "";
  return parseFacts(identity, state, content);
}

/** Undefined: it is not there (any more). */
async function historyFile(
  connection: Connection,
  timeline: number,
  timeoutMs: number,
): Promise<string | undefined> {
  try {
    const [row] = await connection.query(`TIMELINE_HISTORY ${timeline}`, timeoutMs);
    return row?.["content"] ?? undefined;
  } catch (error) {
    if (error instanceof ServerProblem && error.kind === "answer") return undefined;
    throw error;
  }
}

/** @param content of the history file; undefined: it is not there */
export function parseFacts(
  identity: Row | undefined,
  state: Row | undefined,
  content: string | undefined,
): Facts {
  const isTrue = (name: string): boolean => state?.[name] === "t";
  const count = (name: string): number => integer(state?.[name]);
  const isStandby = isTrue("recovering");
  return {
    history: {
      system: identity?.["systemid"] ?? "",
      timeline: integer(identity?.["timeline"]),
      lsn: position(identity?.["xlogpos"]),
      forks: content === undefined ? undefined : parseForks(content),
      marks: parseMarks(state?.["marks"] ?? ""),
    },
    server: `${identity?.["systemid"] ?? ""} ${state?.["server"] ?? ""}`,
    standby: isStandby
      ? {
          replayed: parseLsn(state?.["replayed"] ?? "") ?? 0n,
          isPaused: isTrue("paused"),
          isIdle: IDLE.includes(state?.["startup"] ?? ""),
          isStreaming: state?.["receiver"] === "streaming",
        }
      : undefined,
    isClosed: state?.["read_only"] === "on",
    waitsFor: state?.["names"] ?? "",
    streaming: count("streaming"),
    waitsForAll: waitsForAll(state?.["names"] ?? "", count("streaming"), count("synchronous")),
    prepared: count("prepared"),
    exempt: (state?.["exempt"] ?? "").split(" ").filter((name) => name !== ""),
  };
}

/** `ANY 1 (a, b)`: each of them counts as synchronous, and one of them is enough. */
function waitsForAll(names: string, streaming: number, synchronous: number): boolean {
  const [, any] = /^\s*ANY\s+(\d+)/i.exec(names) ?? [];
  return streaming > 0 && synchronous === streaming && (any === undefined || +any >= streaming);
}

function integer(text: string | null | undefined): number {
  const value = Number(text ?? Number.NaN);
  if (!Number.isSafeInteger(value)) throw lacks();
  return value;
}

function position(text: string | null | undefined): bigint {
  const lsn = parseLsn(text ?? "");
  if (lsn === undefined) throw lacks();
  return lsn;
}

const lacks = (): ServerProblem =>
  new ServerProblem("answer", "IDENTIFY_SYSTEM or a view lacks a value that replication needs");
