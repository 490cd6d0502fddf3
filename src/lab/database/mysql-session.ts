/** A connection of the load to MySQL or MariaDB. */
import { type Connection, createConnection, type QueryError } from "mysql2";
import { READ_ONLY } from "./ledger.ts";
import type { LoadOptions } from "./load-protocol.ts";
import { type Session, StatementFailed, within } from "./session.ts";

/** ER_OPTION_PREVENTS_STATEMENT, ER_READ_ONLY_MODE. */
const READ_ONLY_ERRORS: ReadonlySet<number> = new Set([1290, 1836]);

function failureOf(error: QueryError): StatementFailed {
  if (READ_ONLY_ERRORS.has(error.errno ?? 0)) return new StatementFailed(READ_ONLY, true);
  // What the server says, and not because it ends the connection.
  const isAnswer = error.sqlState !== undefined && !error.fatal;
  return new StatementFailed(error.code ?? "?", isAnswer);
}

type Row = Readonly<Record<string, unknown>>;

function ask(
  connection: Connection,
  milliseconds: number,
  sql: string,
  values: number[] = [],
): Promise<readonly Row[]> {
  return within(milliseconds, (end) => {
    connection.query(sql, values, (error: QueryError | null, rows: unknown) => {
      if (error === null) end(undefined, Array.isArray(rows) ? (rows as readonly Row[]) : []);
      else end(failureOf(error));
    });
  });
}

/** @throws StatementFailed */
export async function connectMysql(options: LoadOptions): Promise<Session> {
  const { address, port, user, password, database } = options;
  const { connectMilliseconds, statementMilliseconds } = options;
  const connection = createConnection({
    host: address,
    port,
    user,
    password,
    database,
    // Its own timer is the one that counts.
    connectTimeout: 10 * connectMilliseconds,
  });
  // What happens to a connection is seen by the statement that waits for an answer.
  connection.on("error", () => undefined);
  try {
    await within<void>(connectMilliseconds, (end) => {
      connection.connect((error) => end(error === null ? undefined : failureOf(error)));
    });
    const [row] = await ask(connection, connectMilliseconds, "SELECT @@server_id AS server");
    const insert = "INSERT INTO ledger (writer, seq) VALUES (?, ?)";
    const select = "SELECT COALESCE(MAX(seq), 0) AS newest FROM ledger WHERE writer = ?";
    return {
      server: Number(row?.["server"]),
      write: async (writer, seq) => {
        await ask(connection, statementMilliseconds, insert, [writer, seq]);
      },
      newest: async (writer) => {
        const [found] = await ask(connection, statementMilliseconds, select, [writer]);
        return Number(found?.["newest"]);
      },
      destroy: () => connection.destroy(),
    };
  } catch (error) {
    connection.destroy();
    throw error;
  }
}
