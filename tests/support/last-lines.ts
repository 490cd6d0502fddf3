/**
 * Says more lines on file descriptor 3 than a socket holds, says on its output that it has, and
 * ends: an engine's stop.
 */
import { writeSync } from "node:fs";
import { LinePipe } from "#linux/line-pipe";
import { micros } from "#units/time";

const pipe = new LinePipe(3);
const count = Number(process.argv[2]);
for (let line = 0; line < count; line++) pipe.write({ line, text: "x".repeat(200) }, false);
writeSync(1, pipe.waiting ? "some wait" : "all taken");
pipe.finish(micros(60_000_000));
process.exitCode = pipe.waiting ? 1 : 0;
