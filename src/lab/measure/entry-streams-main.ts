/**
 * Long streams through the virtual address, all opened at once. Its first line says that each has
 * sent something, its second, when its input ends, what became of all of them. One that begins with
 * another status than 200 is no stream: the program ends with that.
 *
 *   entry-streams-main.ts ADDRESS PORT COUNT SECONDS
 */
import { get } from "node:http";
import type { StreamFigures } from "./entry-load.ts";
import { OwnPauses } from "./own-pauses.ts";

const [host = "", port = "", count = "0", seconds = "0"] = process.argv.slice(2);
/** Without anything for so long a stream hangs: a part comes every 20 ms. */
const HUNG_MS = 1_000;

interface Stream {
  lastAt: number | undefined;
  end: "complete" | "reset" | undefined;
}

const pauses = new OwnPauses(performance.now());
const streams: Stream[] = [];
let begun = 0;

function open(): void {
  const stream: Stream = { lastAt: undefined, end: undefined };
  streams.push(stream);
  const end = (how: "complete" | "reset"): void => {
    stream.end ??= how;
  };
  const path = `/stream?seconds=${seconds}`;
  const request = get({ host, port: Number(port), path, agent: false }, (answer) => {
    if (answer.statusCode !== 200) {
      process.stderr.write(`a stream began with status ${answer.statusCode}\n`);
      process.exit(1);
    }
    answer.on("data", () => {
      if (stream.lastAt === undefined && ++begun === Number(count)) process.stdout.write("begun\n");
      stream.lastAt = performance.now();
    });
    answer.once("end", () => end(answer.complete ? "complete" : "reset"));
    answer.once("error", () => end("reset"));
  });
  request.once("error", () => end("reset"));
}

for (let opened = 0; opened < Number(count); opened++) open();

setInterval(() => pauses.ran(performance.now()), 1);

process.stdin.resume();
// What has arrived is read before somebody counts as hung.
process.stdin.once("end", () => setTimeout(() => setImmediate(finish), 1));

function finish(): void {
  const at = performance.now();
  const isOpen = ({ end }: Stream): boolean => end === undefined;
  const isHung = (one: Stream): boolean => isOpen(one) && at - (one.lastAt ?? 0) > HUNG_MS;
  const figures: StreamFigures = {
    completed: streams.filter(({ end }) => end === "complete").length,
    reset: streams.filter(({ end }) => end === "reset").length,
    hung: streams.filter(isHung).length,
    running: streams.filter((one) => isOpen(one) && !isHung(one)).length,
    pause: pauses.longest,
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0));
}
