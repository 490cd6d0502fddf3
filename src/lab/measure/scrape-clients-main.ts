/**
 * Clients of a daemon's HTTP API, as a process of their own: so many idle streams of events, and a
 * scrape each second. Prints what it did, as JSON, when its input ends.
 *
 *     node scrape-clients-main.ts HOST PORT STREAMS
 */
import { get, type IncomingMessage } from "node:http";

const [host = "127.0.0.1", port = "9650", streams = "50"] = process.argv.slice(2);
const PERIOD_MS = 1_000;

export interface ScrapeReport {
  readonly scrapes: number;
  readonly failures: number;
  readonly bytes: number;
  readonly slowestMs: number;
  /** Streams that are open at the end. */
  readonly open: number;
}

let [scrapes, failures, bytes, slowestMs, open] = [0, 0, 0, 0, 0];

function ask(path: string, accept: string, answered: (answer: IncomingMessage) => void): void {
  const asked = get({ host, port, path, headers: { accept }, agent: false }, answered);
  asked.on("error", () => (failures += 1));
}

function scrape(): void {
  const begin = performance.now();
  ask("/metrics", "text/plain", (answer) => {
    answer.on("data", (part: Buffer) => (bytes += part.length));
    answer.on("end", () => {
      if (answer.statusCode === 200) scrapes += 1;
      else failures += 1;
      slowestMs = Math.max(slowestMs, performance.now() - begin);
    });
  });
}

for (let count = 0; count < Number(streams); count++)
  ask("/v1/events", "text/event-stream", (answer) => {
    open += 1;
    answer.resume();
    answer.on("close", () => (open -= 1));
  });
const timer = setInterval(scrape, PERIOD_MS);
process.stdin.resume().on("end", () => {
  clearInterval(timer);
  const report: ScrapeReport = { scrapes, failures, bytes, slowestMs, open };
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
});
