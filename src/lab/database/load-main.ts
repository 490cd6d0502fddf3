/**
 * A client of the database behind the virtual address: some connections insert numbered rows, some
 * ask for the newest row of a writer. Runs until its input ends; each line of its input is answered
 * with what was recorded since the last one (load-protocol.ts).
 *
 *   load-main.ts OPTIONS
 */
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { type Connection, createConnection, type QueryError } from "mysql2";
import { now } from "#linux/clock";
import { READ_ONLY } from "./ledger.ts";
import type { LoadLine, LoadOptions } from "./load-protocol.ts";

const options = JSON.parse(process.argv[2] ?? "{}") as LoadOptions;
/** ER_OPTION_PREVENTS_STATEMENT, ER_READ_ONLY_MODE. */
const READ_ONLY_ERRORS: ReadonlySet<number> = new Set([1290, 1836]);
const RETRY_MILLISECONDS = 5;

let acknowledged: [number, number, number, number][] = [];
let failed: [string, number][] = [];
let stale: [number, number, number][] = [];
let answers = 0;
/** The newest acknowledged row of each writer. */
const newest = new Map<number, number>();

const print = (line: LoadLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

interface Session {
  readonly connection: Connection;
  readonly server: number;
}

class StatementFailed extends Error {
  readonly code: string;
  /** The connection can go on. */
  readonly isAnswer: boolean;

  constructor(code: string, isAnswer: boolean) {
    super(code);
    this.code = code;
    this.isAnswer = isAnswer;
  }
}

function failureOf(error: QueryError): StatementFailed {
  if (READ_ONLY_ERRORS.has(error.errno ?? 0)) return new StatementFailed(READ_ONLY, true);
  // What the server says, and not because it ends the connection.
  const isAnswer = error.sqlState !== undefined && !error.fatal;
  return new StatementFailed(error.code ?? "?", isAnswer);
}

/** Ends with the outcome, or after so many milliseconds. */
function within<T>(milliseconds: number, begin: (end: Ending<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new StatementFailed("no answer", false)), milliseconds);
    begin((error, value) => {
      clearTimeout(timer);
      if (error === undefined) resolve(value as T);
      else reject(error);
    });
  });
}
type Ending<T> = (error: StatementFailed | undefined, value?: T) => void;

type Row = Readonly<Record<string, unknown>>;

function ask(
  connection: Connection,
  sql: string,
  values: number[] = [],
  milliseconds: number = options.statementMilliseconds,
): Promise<readonly Row[]> {
  return within(milliseconds, (end) => {
    connection.query(sql, values, (error: QueryError | null, rows: unknown) => {
      if (error === null) end(undefined, Array.isArray(rows) ? (rows as readonly Row[]) : []);
      else end(failureOf(error));
    });
  });
}

/** @throws StatementFailed */
async function connect(): Promise<Session> {
  const { address, port, user, password, database, connectMilliseconds } = options;
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
    const [row] = await ask(connection, "SELECT @@server_id AS server", [], connectMilliseconds);
    return { connection, server: Number(row?.["server"]) };
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

/** One connection: `turn` again and again, a new connection after a failure. */
async function keepAsking(turn: (session: Session) => Promise<void>): Promise<never> {
  let session: Session | undefined;
  for (;;) {
    const begunAt = performance.now();
    try {
      session ??= await connect();
      await turn(session);
    } catch (error) {
      if (!(error instanceof StatementFailed)) throw error;
      failed.push([error.code, now()]);
      if (!error.isAnswer) {
        session?.connection.destroy();
        session = undefined;
      }
      if (session === undefined) await sleep(RETRY_MILLISECONDS);
    }
    await sleep(Math.max(0, options.paceMilliseconds - (performance.now() - begunAt)));
  }
}

function write(writer: number): Promise<never> {
  // Never twice the same: what became of a row without an answer is not known.
  let seq = 0;
  return keepAsking(async ({ connection, server }) => {
    seq += 1;
    await ask(connection, "INSERT INTO ledger (writer, seq) VALUES (?, ?)", [writer, seq]);
    if (newest.size === 0) print({ kind: "ready" });
    newest.set(writer, seq);
    acknowledged.push([writer, seq, server, now()]);
  });
}

function read(first: number): Promise<never> {
  let turn = first;
  return keepAsking(async ({ connection, server }) => {
    turn += 1;
    const writer = turn % options.writers;
    const known = newest.get(writer) ?? 0;
    const sql = "SELECT COALESCE(MAX(seq), 0) AS newest FROM ledger WHERE writer = ?";
    const [row] = await ask(connection, sql, [writer]);
    answers += 1;
    const behind = known - Number(row?.["newest"]);
    if (behind > 0) stale.push([server, now(), behind]);
  });
}

createInterface({ input: process.stdin })
  .on("line", () => {
    print({ kind: "records", acknowledged, failed, stale, answers });
    acknowledged = [];
    failed = [];
    stale = [];
    answers = 0;
  })
  .on("close", () => process.exit(0));

const numbered = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);
await Promise.all([
  ...numbered(options.writers).map(write),
  ...numbered(options.readers).map(read),
]);
