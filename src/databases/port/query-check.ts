/** `check NAME { mysql … }` and its like: does it answer, and with what? Needs no rights. */
import type { DatabaseAddress } from "#keepalived/plan/run-plan";
import type { Credentials } from "./credentials.ts";
import { type CheckOutcome, type DatabaseCheck, printAddress, type Text } from "./database.ts";
import { type Closable, type Dial, Link } from "./link.ts";
import { asProblem, type ServerProblem } from "./problem.ts";
import * as texts from "./texts.ts";

type Row = Readonly<Record<string, string | null>>;

interface Asked extends Closable {
  query(sql: string, timeoutMs: number): Promise<readonly Row[]>;
}

export class QueryCheck<C extends Asked> implements DatabaseCheck {
  readonly #link: Link<C>;
  readonly #why: (where: string, problem: ServerProblem) => Text;

  /** @param why it did not answer as it should */
  constructor(
    at: DatabaseAddress,
    { client }: Credentials,
    dial: Dial<C>,
    why: (where: string, problem: ServerProblem) => Text,
  ) {
    this.#link = new Link(at, client, dial);
    this.#why = why;
  }

  async run(query: string | undefined, timeoutMs: number): Promise<CheckOutcome> {
    try {
      const rows = await this.#link.use(timeoutMs, async (connection, leftMs) => {
        return await connection.query(query ?? "SELECT 1", leftMs);
      });
      return query === undefined ? { ok: true } : validate(rows);
    } catch (error) {
      return { ok: false, why: this.#why(printAddress(this.#link.at), asProblem(error)) };
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
