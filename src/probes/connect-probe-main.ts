/**
 * Makes a TCP connection every millisecond and breaks it off: is the service behind the address
 * there? A refused connection is no answer: the machine is there, the service is not.
 *
 * Usage: connect-probe-main.ts ADDRESS PORT
 * (protocol on file descriptor 3: probe-protocol.ts)
 */
import { connect, Socket } from "node:net";
import { createInterface } from "node:readline";
import { now } from "#linux/clock";
import { fromMillis, type Micros } from "#units/time";
import { ProbeMemory } from "./probe-memory.ts";
import { OUTPUT_FD, type ProberRequest } from "./probe-protocol.ts";
import { nextProbe } from "./rhythm.ts";

const PERIOD: Micros = fromMillis(1);
/** A connection that takes longer is given up, so that descriptors stay bounded. */
const GIVE_UP_MS = 1_000;

const [host = "", port = ""] = process.argv.slice(2);
const memory = new ProbeMemory({ period: PERIOD });
const pipe = new Socket({ fd: OUTPUT_FD });

function probe(): void {
  const number = memory.sent(now());
  const socket = connect({ host, port: Number(port), noDelay: true });
  const timer = setTimeout(() => socket.destroy(), GIVE_UP_MS);
  socket.once("connect", () => {
    if (memory.isRemembered(number)) memory.answered(number, now(), 0);
    // A reset, so that no connection lingers here or at the service.
    socket.resetAndDestroy();
  });
  socket.once("error", () => socket.destroy());
  socket.once("close", () => clearTimeout(timer));
}

let next = now();
function turn(): void {
  for (let at = now(); at >= next; at = now()) {
    probe();
    next = nextProbe(next, at, PERIOD);
  }
  setTimeout(turn, 1);
}

createInterface({ input: pipe }).on("line", (line) => {
  pipe.write(`${JSON.stringify(memory.answer(JSON.parse(line) as ProberRequest))}\n`);
});
pipe.on("error", () => process.exit(0));
pipe.on("close", () => process.exit(0));
turn();
