/** A connection to a PostgreSQL server, as everything here sees it: a real one, or a test's. */
import type { Closable, Dial, Link } from "../port/link.ts";

/** Values as the server prints them. */
export type Row = Readonly<Record<string, string | null>>;

/**
 * `command`: a session that may also use the replication commands IDENTIFY_SYSTEM and
 * TIMELINE_HISTORY, which no SQL function replaces on a standby. `query`: an ordinary one.
 */
export type SessionKind = "command" | "query";

export interface Connection extends Closable {
  /**
   * One statement, or several of which the last one's rows count. Rejects with `ServerProblem`;
   * after a time-out the connection is closed here, and the server may go on with the statement.
   */
  query(sql: string, timeoutMs: number): Promise<readonly Row[]>;
}

export type PgDial = Dial<Connection>;
export type PgLink = Link<Connection>;

/** Sessions of Baton have it as their application_name. */
export const OWN_NAME = "baton";

/** In quotes, as a value in SQL. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
