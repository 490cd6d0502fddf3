/** `check NAME { mysql … }`: does it answer, and with what? */
import type { DatabaseAddress } from "#keepalived/plan/run-plan";
import type { Credentials } from "../port/credentials.ts";
import { type CheckOutcome, type DatabaseCheck, printAddress } from "../port/database.ts";
import { Link } from "./link.ts";
import { asSqlError, type Dial, type Row } from "./sql.ts";
import * as texts from "./texts.ts";

export class MySqlCheck implements DatabaseCheck {
  readonly #link: Link;

  constructor(at: DatabaseAddress, credentials: Credentials, dial: Dial) {
    this.#link = new Link(at, credentials.client, dial);
  }

  async run(query: string | undefined, timeoutMs: number): Promise<CheckOutcome> {
    const begun = performance.now();
    const ask = async (): Promise<readonly Row[]> =>
      await this.#link.query(query ?? "SELECT 1", timeoutMs - (performance.now() - begun));
    try {
      const isKept = this.#link.isOpen;
      const rows = await ask().catch(async (error: unknown) => {
        // A kept connection that the server has closed says nothing about the server.
        if (!isKept || asSqlError(error).problem !== "unreachable") throw error;
        this.#link.drop();
        return await ask();
      });
      return query === undefined ? { ok: true } : validate(rows);
    } catch (error) {
      const problem = asSqlError(error);
      const where = printAddress(this.#link.at);
      const why =
        problem.problem === "hung" ? texts.hungServer(where) : texts.unreachable(where, problem);
      return { ok: false, why };
    }
  }

  close(): void {
    this.#link.close();
  }
}

const FALSE: readonly (string | null | undefined)[] = ["0", "false", "f", "", null, undefined];

function validate(rows: readonly Row[]): CheckOutcome {
  if (rows.length === 0) return { ok: false, why: texts.noRow };
  const found = rows.find((row) => FALSE.includes(Object.values(row)[0]?.toLowerCase()));
  return found === undefined ? { ok: true } : { ok: false, why: texts.falseRow };
}
