/** `check NAME { postgresql … }`: does it answer, and with what? Needs no rights. */
import type { DatabaseAddress } from "#keepalived/plan/run-plan";
import type { Credentials } from "../port/credentials.ts";
import { type CheckOutcome, type DatabaseCheck, printAddress } from "../port/database.ts";
import { Link } from "../port/link.ts";
import { asProblem } from "../port/problem.ts";
import * as common from "../port/texts.ts";
import type { Connection, PgDial, Row } from "./connection.ts";
import * as texts from "./texts.ts";

export class PostgreSqlCheck implements DatabaseCheck {
  readonly #link: Link<Connection>;

  constructor(at: DatabaseAddress, credentials: Credentials, dial: PgDial) {
    this.#link = new Link(at, credentials.client, dial);
  }

  async run(query: string | undefined, timeoutMs: number): Promise<CheckOutcome> {
    try {
      const rows = await this.#link.use(timeoutMs, async (connection, leftMs) => {
        return await connection.query(query ?? "SELECT 1", leftMs);
      });
      return query === undefined ? { ok: true } : validate(rows);
    } catch (error) {
      return { ok: false, why: texts.unreachable(printAddress(this.#link.at), asProblem(error)) };
    }
  }

  close(): void {
    this.#link.close();
  }
}

const FALSE: readonly (string | null | undefined)[] = ["0", "false", "f", "", null, undefined];

function validate(rows: readonly Row[]): CheckOutcome {
  if (rows.length === 0) return { ok: false, why: common.noRow };
  const found = rows.find((row) => FALSE.includes(Object.values(row)[0]?.toLowerCase()));
  return found === undefined ? { ok: true } : { ok: false, why: common.falseRow };
}
