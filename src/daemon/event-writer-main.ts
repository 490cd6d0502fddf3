/**
 * A thread of the supervisor's process that alone waits for the disk. Loads SQLite and nothing else
 * of the daemon.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { FromWriter, ToWriter, WriterData } from "./event-protocol.ts";
import { EventWriter } from "./event-writer.ts";

const HOUR_MS = 3_600_000;
/** After so long without a message garbage is collected, for V8 would wait for much more of it. */
const IDLE_MS = 5_000;

// As linux/memory.ts has it, which would load the FFI into this thread too.
function collect(): void {
  globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
}

const port = parentPort;
if (port !== null) {
  const writer = new EventWriter(
    workerData as WriterData,
    () => Date.now() * 1_000,
    (message) => port.postMessage(message),
  );
  const quiet = (): void => {
    writer.rest();
    collect();
    // The allocator and the code are the process's: its own thread sees to them.
    port.postMessage({ type: "collected" } satisfies FromWriter);
  };
  let isTidying = false;
  const tidy = (): void => {
    isTidying = writer.tidy();
    if (isTidying) setImmediate(tidy);
  };
  let idle: NodeJS.Timeout | undefined;
  port.on("message", (message: ToWriter) => {
    writer.take(message);
    if (!isTidying) tidy();
    clearTimeout(idle);
    if (message.type === "close") port.close();
    else idle = setTimeout(quiet, IDLE_MS).unref();
  });
  setInterval(tidy, HOUR_MS).unref();
}
