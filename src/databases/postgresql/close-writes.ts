/**
 * A primary takes no writes, or takes them again.
 *
 * PostgreSQL has no primary that is read-only: `default_transaction_read_only` is only what a
 * session begins with, and it may set it back. So sessions of applications are ended too, those
 * that began before every new one begins read-only; and the fence keeps new ones away from the
 * virtual address. Who comes by another way and sets it back can still write.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Refusal } from "../port/refusal.ts";
import { type Connection, type PgLink, quoted } from "./connection.ts";
import { type Facts, readFacts } from "./facts.ts";
import { changeSetting } from "./settings.ts";
import * as texts from "./texts.ts";

const READ_ONLY = "default_transaction_read_only";
/** Between two rounds. */
const AGAIN_MS = 3;
/** Time for what follows. */
const MARGIN_MS = 30;

/**
 * Resolves with the facts of the closed server; a standby is closed as it is. Rejects with
 * `ServerProblem`, or with a `Refusal` where sessions go on.
 */
export async function closeWrites(link: PgLink, timeoutMs: number): Promise<Facts> {
  return await link.use(timeoutMs, async (connection, ms) => {
    const end = performance.now() + ms;
    const left = (): number => Math.max(1, end - performance.now());
    const before = await readFacts(connection, left());
    if (before.standby !== undefined) return before;
    const { at } = await changeSetting(connection, READ_ONLY, "on", left());
    await endApplications(connection, at, left);
    // What was committed without waiting for the disk is on it with this, and can be sent.
    await connection.query(
      "BEGIN; SET LOCAL synchronous_commit = local; " +
        "SELECT pg_logical_emit_message(true, 'baton', 'closed'); COMMIT",
      left(),
    );
    return await readFacts(connection, left());
  });
}

/** Resolves with the facts of the server, which is a primary. */
export async function openWrites(link: PgLink, timeoutMs: number): Promise<Facts> {
  return await link.use(timeoutMs, async (connection, ms) => {
    const end = performance.now() + ms;
    const left = (): number => Math.max(1, end - performance.now());
    const before = await readFacts(connection, left());
    if (!before.isClosed) return before;
    await changeSetting(connection, READ_ONLY, "off", left());
    return await readFacts(connection, left());
  });
}

/** A standby is closed beforehand, so that its promotion opens nothing by itself. */
export async function prepareClosed(link: PgLink, timeoutMs: number): Promise<void> {
  await link.use(timeoutMs, async (connection, leftMs) => {
    await changeSetting(connection, READ_ONLY, "on", leftMs);
  });
}

async function endApplications(
  connection: Connection,
  before: string,
  left: () => number,
): Promise<void> {
  for (;;) {
    const rows = await connection.query(endSessions(before), left());
    // A session of a superuser can be ended by another one only: its next transaction is read-only.
    const rest = rows.filter((row) => row["ended"] !== null || row["busy"] === "t");
    if (rest.length === 0) return;
    if (left() <= MARGIN_MS) {
      const users = [...new Set(rest.map((row) => row["usename"] ?? "?"))];
      throw new Refusal("sessions", texts.sessionsLeft(users));
    }
    await sleep(AGAIN_MS);
  }
}

/** Everybody's but Baton's and the replication's. */
const endSessions = (before: string): string =>
  `SELECT usename, busy, CASE WHEN may THEN pg_terminate_backend(pid) END AS ended
  FROM (SELECT a.pid, a.usename, a.xact_start IS NOT NULL AS busy,
      (me.rolsuper OR NOT coalesce(r.rolsuper, false)) AS may
    FROM pg_stat_activity a LEFT JOIN pg_roles r ON r.oid = a.usesysid
      CROSS JOIN (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) me
    WHERE a.backend_type IN ('client backend', 'logical replication worker')
      AND a.usename IS DISTINCT FROM current_user
      AND a.backend_start <= ${quoted(before)}::timestamptz
    OFFSET 0) found`;
