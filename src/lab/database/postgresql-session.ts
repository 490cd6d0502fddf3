/** A connection of the load to PostgreSQL. */
import { Client } from "pg";
import { READ_ONLY } from "./ledger.ts";
import type { LoadOptions } from "./load-protocol.ts";
import { type Session, StatementFailed, within } from "./session.ts";

/** The setting by which a server of the pair is known. */
export const NUMBER_SETTING = "cluster_name";
/** read_only_sql_transaction. */
const READ_ONLY_ERROR = "25006";
/** admin_shutdown and its like: the server's answer, and the end of the connection. */
const ENDING = /^57P/;

function failureOf(error: Error): StatementFailed {
  const { code = "?", severity } = error as { readonly code?: string; readonly severity?: string };
  if (code === READ_ONLY_ERROR) return new StatementFailed(READ_ONLY, true);
  return new StatementFailed(code, severity === "ERROR" && !ENDING.test(code));
}

/** @throws StatementFailed */
export async function connectPostgresql(options: LoadOptions): Promise<Session> {
  const { address, port, user, password, database } = options;
  const { connectMilliseconds, statementMilliseconds } = options;
  const client = new Client({ host: address, port, user, password, database });
  // What happens to a connection is seen by the statement that waits for an answer.
  client.on("error", () => undefined);
  const ask = async <T>(milliseconds: number, work: Promise<T>): Promise<T> =>
    await within<T>(milliseconds, (end) => {
      work.then(
        (value) => end(undefined, value),
        (error: Error) => end(failureOf(error)),
      );
    });
  const query = async (
    milliseconds: number,
    text: string,
    values: readonly number[] = [],
  ): Promise<unknown> => {
    const { rows } = await ask(milliseconds, client.query(text, [...values]));
    return Object.values((rows[0] as object | undefined) ?? {})[0];
  };
  const destroy = (): void => {
    client.end().catch(() => undefined);
    // `end` waits for the server.
    const { stream } = (client as unknown as { connection: { stream: { destroy(): void } } })
      .connection;
    stream.destroy();
  };
  try {
    await ask(connectMilliseconds, client.connect());
    const number = await query(connectMilliseconds, `SHOW ${NUMBER_SETTING}`);
    const insert = "INSERT INTO ledger (writer, seq) VALUES ($1, $2)";
    const select = "SELECT coalesce(max(seq), 0) FROM ledger WHERE writer = $1";
    return {
      server: Number(number),
      write: async (writer, seq) => {
        await query(statementMilliseconds, insert, [writer, seq]);
      },
      newest: async (writer) => Number(await query(statementMilliseconds, select, [writer])),
      destroy,
    };
  } catch (error) {
    destroy();
    throw error;
  }
}
