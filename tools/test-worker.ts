/**
 * Runs test files one after the other in this process, as the runner hands them over
 * (tools/test-pool.ts): what they import is loaded and compiled once for all of them.
 *
 * A file is a suite of its own, so its hooks stay its own, and an error while it is loaded is its
 * failure. What a file changes in the process and does not put back is its failure as well: the
 * next file would inherit it.
 */
import { before, describe, mock } from "node:test";
import { setImmediate } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { findLeftovers, lookAround, openHandles } from "./test-leftovers.ts";
import { FILE_SUITE, type FromWorker, type ToWorker } from "./test-pool.ts";

const HANDLES_CLOSE_MILLISECONDS = 1_000;

const send = (message: FromWorker): void => void process.send?.(message);

async function runFile(path: string, timeout: number): Promise<void> {
  const state = lookAround();
  await describe(FILE_SUITE, { timeout }, async () => {
    await import(pathToFileURL(path).href);
  });
  mock.reset();
  mock.timers.reset();
  // The reporter's stream has handed on everything by then: it waits for nothing but its turn.
  await setImmediate();
  await setImmediate();
  const leftovers = await findLeftovers(state, HANDLES_CLOSE_MILLISECONDS);
  send({ kind: "done", leftovers, residentBytes: process.memoryUsage.rss() });
}

/** Lets Node.js come to its end, which reports what went wrong outside every test. */
function end(): void {
  process.channel?.unref();
  setTimeout(() => {
    send({ kind: "stuck", handles: [...openHandles().keys()].join(" ") });
    process.exit(1);
  }, HANDLES_CLOSE_MILLISECONDS).unref();
}

// A listener of our own changes nothing of what node:test does about it, but knows the moment.
for (const name of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(name, (error: unknown) => {
    send({ kind: "stray", text: error instanceof Error ? (error.stack ?? "") : String(error) });
  });
}
process.on("disconnect", () => process.exit(1));
process.on("message", (message: ToWorker) => {
  if (message.kind === "end") end();
  else void runFile(message.path, message.timeoutMilliseconds);
});
// Opened by their first use, whoever that is.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => process.exit(1));
// The test runner of Node.js begins with the first call, and listens for errors from then on.
before(() => {});
send({ kind: "ready" });
