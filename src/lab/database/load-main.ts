/**
 * A client of the database behind the virtual address: some connections insert numbered rows, some
 * ask for the newest row of a writer. Runs until its input ends; each line of its input is answered
 * with what was recorded since the last one (load-protocol.ts).
 *
 *   load-main.ts OPTIONS
 */
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "#linux/clock";
import type { LoadLine, LoadOptions } from "./load-protocol.ts";
import { type Session, StatementFailed } from "./session.ts";

const options = JSON.parse(process.argv[2] ?? "{}") as LoadOptions;
const RETRY_MILLISECONDS = 5;

/** Only the client library that is needed is loaded. */
async function loadSession(): Promise<(one: LoadOptions) => Promise<Session>> {
  switch (options.kind) {
    case "mysql":
      return (await import("./mysql-session.ts")).connectMysql;
    case "redis":
      return (await import("./redis-session.ts")).connectRedis;
    case "postgresql":
      return (await import("./postgresql-session.ts")).connectPostgresql;
  }
}
const connect = await loadSession();

let acknowledged: [number, number, number, number][] = [];
let failed: [string, number][] = [];
let stale: [number, number, number][] = [];
let answers = 0;
/** The newest acknowledged row of each writer. */
const newest = new Map<number, number>();

const print = (line: LoadLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

/** One connection: `turn` again and again, a new connection after a failure. */
async function keepAsking(
  place: number,
  turn: (session: Session) => Promise<void>,
): Promise<never> {
  let session: Session | undefined;
  // All lose their connections at one moment; attempts that end together would show a database that
  // answers again only to the nearest of those moments.
  const part = (place + 1) / (options.writers + options.readers);
  const connectMilliseconds = options.connectMilliseconds * (0.5 + 0.5 * part);
  const limits: LoadOptions = { ...options, connectMilliseconds };
  for (;;) {
    const begunAt = performance.now();
    try {
      session ??= await connect(limits);
      await turn(session);
    } catch (error) {
      if (!(error instanceof StatementFailed)) throw error;
      failed.push([error.code, now()]);
      if (!error.isAnswer) {
        session?.destroy();
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
  return keepAsking(writer, async (session) => {
    seq += 1;
    await session.write(writer, seq);
    if (newest.size === 0) print({ kind: "ready" });
    newest.set(writer, seq);
    acknowledged.push([writer, seq, session.server, now()]);
  });
}

function read(first: number): Promise<never> {
  let turn = first;
  return keepAsking(options.writers + first, async (session) => {
    turn += 1;
    const writer = turn % options.writers;
    const known = newest.get(writer) ?? 0;
    const behind = known - (await session.newest(writer));
    answers += 1;
    if (behind > 0) stale.push([session.server, now(), behind]);
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
