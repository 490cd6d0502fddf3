/** What the load program is given, and what it answers. */

/** As JSON in its only argument. */
export interface LoadOptions {
  /** What is spoken there. */
  readonly kind: "mysql" | "redis" | "postgresql";
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Nothing to Redis. */
  readonly database: string;
  /** Connections that write. */
  readonly writers: number;
  /** Connections that ask for the newest row of a writer. */
  readonly readers: number;
  /** A connection sends the next statement so long after the last one at the earliest. */
  readonly paceMilliseconds: number;
  /**
   * A connection that is not there after this, or a part of it, is tried again: TCP's own next
   * attempt, after a second, would hide when the address answers again.
   */
  readonly connectMilliseconds: number;
  /** A statement without an answer for so long ends its connection. */
  readonly statementMilliseconds: number;
}

/** `ready` once a write was acknowledged; then one line for each line of its input, the records. */
export type LoadLine = { readonly kind: "ready" } | ({ readonly kind: "records" } & LoadRecords);

/** Everything since the last ones; instants in microseconds of CLOCK_BOOTTIME. */
export interface LoadRecords {
  /** writer, seq, server, at. */
  readonly acknowledged: readonly (readonly [number, number, number, number])[];
  /** code, at. */
  readonly failed: readonly (readonly [string, number])[];
  /** server, at, rows behind. */
  readonly stale: readonly (readonly [number, number, number])[];
  readonly answers: number;
}
