/**
 * A client of a web server behind the virtual address: a new connection for each request, so many
 * a second, whatever becomes of the others. Its first line says that one was
 * answered, its second, when its input ends, what became of all of them.
 *
 *   web-load-main.ts ADDRESS PORT REQUESTS_PER_SECOND
 */
import { get } from "node:http";
import type { LoadFigures } from "./web-load.ts";

const [host = "", port = "", rate = "0"] = process.argv.slice(2);
const TIMEOUT_MS = 2_000;

let asked = 0;
let answered = 0;
const cut: Record<string, number> = {};
let slowest = 0;
const failures: { code: string; atMs: number }[] = [];
const by: Record<string, number> = {};
let open = 0;
let late = 0;
/** A SYN is sent again after a second. */
const LATE_MS = 500;

function ask(): void {
  asked += 1;
  open += 1;
  const begunAt = performance.now();
  let isConnected = false;
  let isOver = false;
  const end = (code: string | undefined): void => {
    if (isOver) return;
    isOver = true;
    open -= 1;
    slowest = Math.max(slowest, performance.now() - begunAt);
    if (code === undefined && answered === 0) process.stdout.write("begun\n");
    if (code === undefined) answered += 1;
    else if (isConnected) cut[code] = (cut[code] ?? 0) + 1;
    else failures.push({ code, atMs: Math.round(begunAt) });
  };
  const request = get({ host, port: Number(port), agent: false, timeout: TIMEOUT_MS }, (answer) => {
    const name = String(answer.headers["x-node"] ?? "?");
    answer.resume();
    answer.once("end", () => {
      by[name] = (by[name] ?? 0) + 1;
      end(undefined);
    });
    answer.once("error", (error: NodeJS.ErrnoException) => end(error.code ?? "?"));
  });
  request.once("socket", (socket) =>
    socket.once("connect", () => {
      isConnected = true;
      if (performance.now() - begunAt > LATE_MS) late += 1;
    }),
  );
  request.once("timeout", () => request.destroy(Object.assign(new Error(), { code: "ETIMEDOUT" })));
  request.once("error", (error: NodeJS.ErrnoException) => end(error.code ?? "?"));
}

const startedAt = performance.now();
let tickedAt = startedAt;
let pause = 0;
const timer = setInterval(() => {
  pause = Math.max(pause, performance.now() - tickedAt);
  tickedAt = performance.now();
  const due = Math.floor(((performance.now() - startedAt) * Number(rate)) / 1_000);
  while (asked < due) ask();
}, 1);

process.stdin.resume();
process.stdin.once("end", () => {
  clearInterval(timer);
  const finish = setInterval(() => {
    if (open > 0) return;
    clearInterval(finish);
    const seconds = (performance.now() - startedAt) / 1_000;
    const figures: LoadFigures = {
      asked,
      answered,
      cut,
      failures,
      by,
      late,
      pause,
      seconds,
      slowest,
    };
    process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0));
  }, 10);
});
