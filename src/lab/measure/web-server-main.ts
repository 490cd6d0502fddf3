/** A web server on a node: says which node answered. web-server-main.ts NAME PORT */
import { createServer } from "node:http";

const [name = "?", port = "0"] = process.argv.slice(2);
createServer((_, answer) => {
  answer.writeHead(200, { "x-node": name, connection: "close", "content-length": "3" });
  answer.end("ok\n");
}).listen(Number(port), "0.0.0.0", () => process.stdout.write("ready\n"));
