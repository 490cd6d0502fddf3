/** A server, and the connection to it that is kept: what is asked in a hurry needs no login. */
import type { DatabaseAddress } from "#keepalived/plan/run-plan";
import type { Login } from "../port/credentials.ts";
import { type Facts, readFacts } from "./facts.ts";
import { asSqlError, type Dial, type DialLimits, type Row, type Sql, SqlError } from "./sql.ts";

/** A machine that is there accepts within a round trip. */
const CONNECT_MS = 200;

export class Link {
  readonly at: DatabaseAddress;
  readonly #login: Login | undefined;
  readonly #dial: Dial;
  #sql: Sql | undefined;
  #isClosed = false;
  /** It accepted, and did not answer, when it was last looked at. */
  isHung = false;

  constructor(at: DatabaseAddress, login: Login | undefined, dial: Dial) {
    this.at = at;
    this.#login = login;
    this.#dial = dial;
  }

  get isOpen(): boolean {
    return this.#sql?.isOpen === true;
  }

  /** The kept connection, or a new one. Rejects with `SqlError`. */
  async open(timeoutMs: number): Promise<Sql> {
    if (this.#sql?.isOpen === true) return this.#sql;
    const sql = await this.another(timeoutMs);
    this.#sql = sql;
    return sql;
  }

  /** One more, which the caller closes. */
  async another(timeoutMs: number): Promise<Sql> {
    if (this.#isClosed) throw new SqlError("unreachable", "closed", "closed");
    const limits: DialLimits = {
      connectMs: Math.min(CONNECT_MS, timeoutMs),
      loginMs: timeoutMs,
    };
    const sql = await this.#dial(this.at, this.#login, limits);
    if (!this.#isClosed) return sql;
    sql.destroy();
    throw new SqlError("unreachable", "closed", "closed");
  }

  async query(sql: string, timeoutMs: number): Promise<readonly Row[]> {
    return await (await this.open(timeoutMs)).query(sql, timeoutMs);
  }

  /**
   * A kept connection may have died unseen: then once more by a new one.
   *
   * @param keptMs how long a kept connection may take. Nothing but a new one shows whether the
   * machine is gone or its server is slow.
   */
  async facts(timeoutMs: number, keptMs: number = timeoutMs): Promise<Facts> {
    const kept = this.#sql;
    const begun = performance.now();
    try {
      return await readFacts(
        await this.open(timeoutMs),
        kept === undefined ? timeoutMs : Math.min(keptMs, timeoutMs),
      );
    } catch (error) {
      const left = timeoutMs - (performance.now() - begun);
      if (kept === undefined || asSqlError(error).problem === "statement" || left < 1) throw error;
      this.drop();
      return await readFacts(await this.open(left), left);
    }
  }

  drop(): void {
    this.#sql?.destroy();
    this.#sql = undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.drop();
  }
}

/** Facts, or why there are none. */
export type Seen =
  | { readonly facts: Facts; readonly problem?: undefined }
  | { readonly facts?: undefined; readonly problem: SqlError };

export async function see(link: Link, timeoutMs: number, keptMs?: number): Promise<Seen> {
  try {
    const facts = await link.facts(timeoutMs, keptMs);
    link.isHung = false;
    return { facts };
  } catch (error) {
    const problem = asSqlError(error);
    link.isHung = problem.problem === "hung";
    return { problem };
  }
}
