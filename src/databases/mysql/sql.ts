/** A connection to a server, as everything here sees it: a real one, or a test's. */
import type { Closable, Dial, Link } from "../port/link.ts";

/** Values as the server prints them. */
export type Row = Readonly<Record<string, string | null>>;

export interface Sql extends Closable {
  /**
   * Rejects with `ServerProblem`. After a time-out the connection is closed here; the server may go
   * on with the statement (`threadId` names it).
   */
  query(sql: string, timeoutMs: number): Promise<readonly Row[]>;
  readonly threadId: number;
}

export type SqlDial = Dial<Sql>;
export type SqlLink = Link<Sql>;

/** By the kept connection, or a new one; one that has died unseen is not tried again. */
export async function query(
  link: SqlLink,
  sql: string,
  timeoutMs: number,
): Promise<readonly Row[]> {
  return await (await link.open(timeoutMs)).query(sql, timeoutMs);
}
