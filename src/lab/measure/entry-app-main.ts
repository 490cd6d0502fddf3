/**
 * The application behind a node's nginx or HAProxy: says which node it is on, and sends streams
 * that last as long as asked (`/stream?seconds=60`). entry-app-main.ts NAME ADDRESS PORT
 */
import { createServer } from "node:http";

const [name = "?", address = "127.0.0.1", port = "0"] = process.argv.slice(2);
/** What a stream sends, and how often. */
const PART = Buffer.alloc(512, "x");
const PART_MS = 20;

createServer((request, answer) => {
  const url = new URL(request.url ?? "/", "http://node");
  if (url.pathname !== "/stream") {
    answer.writeHead(200, { "x-node": name, "content-length": "3" });
    answer.end("ok\n");
    return;
  }
  const end = performance.now() + Number(url.searchParams.get("seconds") ?? "1") * 1_000;
  answer.writeHead(200, { "x-node": name });
  const timer = setInterval(() => {
    if (performance.now() < end) answer.write(PART);
    else answer.end();
  }, PART_MS);
  answer.once("close", () => clearInterval(timer));
}).listen(Number(port), address, () => process.stdout.write("ready\n"));
