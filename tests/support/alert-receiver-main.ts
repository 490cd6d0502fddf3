/** A receiver of alerts as a program: appends each document to a file, one a line. */
import { appendFileSync } from "node:fs";
import { AlertReceiver } from "./alert-receiver.ts";

const [file = "", port = ""] = process.argv.slice(2);

await AlertReceiver.start((response, { body }) => {
  appendFileSync(file, `${body}\n`);
  response.writeHead(204);
  response.end();
}, Number(port));
appendFileSync(file, "");
