/** A connection to a server, as everything here sees it: a real one, or a test's. */
import type { DatabaseAddress } from "#keepalived/plan/run-plan";
import type { Login } from "../port/credentials.ts";

/** Values as the server prints them. */
export type Row = Readonly<Record<string, string | null>>;

export interface Sql {
  readonly isOpen: boolean;
  /**
   * Rejects with `SqlError`. After a time-out the connection is closed here; the server may go on
   * with the statement (`threadId` names it).
   */
  query(sql: string, timeoutMs: number): Promise<readonly Row[]>;
  readonly threadId: number;
  destroy(): void;
}

/**
 * `unreachable`: nobody accepts a connection; `hung`: somebody does, and does not answer;
 * `refused`: the login; `statement`: the server's answer to a statement.
 */
export type SqlProblem = "unreachable" | "hung" | "refused" | "statement";

export class SqlError extends Error {
  readonly problem: SqlProblem;
  /** The server's name of the error, or the system's. */
  readonly code: string;

  constructor(problem: SqlProblem, code: string, message: string) {
    super(message);
    this.problem = problem;
    this.code = code;
  }
}

export interface DialLimits {
  /** Until somebody accepts. */
  readonly connectMs: number;
  /** All of it, with the login. */
  readonly loginMs: number;
}

export type Dial = (
  at: DatabaseAddress,
  login: Login | undefined,
  limits: DialLimits,
) => Promise<Sql>;

/** Fulfils or rejects with the work, or calls `late` and rejects. */
export async function within<T>(work: Promise<T>, ms: number, late: () => SqlError): Promise<T> {
  const timer = Promise.withResolvers<never>();
  const timeout = setTimeout(() => timer.reject(late()), Math.max(0, ms));
  try {
    return await Promise.race([work, timer.promise]);
  } finally {
    clearTimeout(timeout);
  }
}

export const asSqlError = (error: unknown): SqlError => {
  if (error instanceof SqlError) return error;
  const { code = "", message = String(error) } = error as { code?: string; message?: string };
  return new SqlError("statement", code, message);
};
