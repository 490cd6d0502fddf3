/**
 * A client of the address that writes numbered rows and keeps every acknowledgement. Ends at
 * SIGTERM, with a line of JSON (`WriterReport`). Arguments: host, writer's number.
 */
import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { within } from "#databases/port/problem";
import { APP_ACCOUNT, APP_DATABASE } from "#lab/database/postgresql";

export interface WriterReport {
  /** Sequence numbers, as they were acknowledged. */
  readonly acknowledged: readonly number[];
  /** By SQLSTATE or the system's name. */
  readonly errors: Readonly<Record<string, number>>;
  /** Reads that missed a row that had been acknowledged before. */
  readonly stale: number;
  /** Milliseconds without an acknowledgement, the longest. */
  readonly outageMs: number;
}

const [host = "", number = "1"] = process.argv.slice(2);
const STATEMENT_MS = 1_000;
const AGAIN_MS = 10;

const acknowledged: number[] = [];
const errors: Record<string, number> = {};
let stale = 0;
let outageMs = 0;
let lastAt = performance.now();
let isEnded = false;
let next = 1;

const answered = async <T>(work: Promise<T>): Promise<T> =>
  await within(work, STATEMENT_MS, () => new Error("no answer"));

async function session(): Promise<void> {
  const socket = new Socket();
  const client = new Client({
    host,
    port: 5_432,
    user: APP_ACCOUNT.user,
    password: APP_ACCOUNT.password,
    database: APP_DATABASE,
    stream: () => socket,
  });
  client.on("error", () => undefined);
  try {
    await answered(client.connect());
    const newest = "SELECT coalesce(max(seq), 0) AS newest FROM t WHERE writer = $1";
    const { rows } = await answered(client.query<{ newest: number }>(newest, [Number(number)]));
    if ((rows[0]?.newest ?? 0) < (acknowledged.at(-1) ?? 0)) stale += 1;
    while (!isEnded) {
      const seq = next;
      next += 1;
      await answered(client.query("INSERT INTO t VALUES ($1, $2)", [Number(number), seq]));
      acknowledged.push(seq);
      outageMs = Math.max(outageMs, performance.now() - lastAt);
      lastAt = performance.now();
    }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const name = code ?? message;
    errors[name] = (errors[name] ?? 0) + 1;
  } finally {
    socket.destroy();
  }
}

process.once("SIGTERM", () => {
  isEnded = true;
});
while (!isEnded) {
  await session();
  await sleep(AGAIN_MS);
}
const report: WriterReport = { acknowledged, errors, stale, outageMs: Math.round(outageMs) };
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
