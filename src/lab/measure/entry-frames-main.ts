/**
 * Beside the clients of an entry tier: what arrives at their machine from the virtual address. Its
 * first line says that it listens, its second, when its input ends, what it saw (entry-frames.ts).
 *
 *   entry-frames-main.ts INTERFACE_INDEX ADDRESS PORT
 */
import { ReceiveBatch, stampArrivals } from "#linux/message-batch";
import { openPacketSocket } from "#linux/packet-socket";
import { must } from "#linux/result";
import { mustReadIpv4 } from "#probes/must-read";
import { FrameWatch } from "./entry-frames.ts";

const [index = "", address = "", port = ""] = process.argv.slice(2);
/** Frames wait in the socket meanwhile; their times are the kernel's. */
const READ_EVERY_MS = 5;
const FRAME_LENGTH = 128;
const BATCH = 512;

const socket = must(openPacketSocket(Number(index), { receiveBuffer: 64 * 1_048_576 }));
stampArrivals(socket.fd);
const batch = new ReceiveBatch(BATCH, FRAME_LENGTH);
const watch = new FrameWatch(mustReadIpv4(address), Number(port));

function read(): void {
  for (;;) {
    const count = batch.receive(socket.fd);
    for (let place = 0; place < count; place++) {
      const at = batch.arrivedAt(place);
      const from = batch.frameAt(place);
      const length = Math.min(batch.lengthOf(place), FRAME_LENGTH);
      if (at !== undefined) watch.take(batch.frames.subarray(from, from + length), at);
    }
    if (count < BATCH) return;
  }
}

setInterval(read, READ_EVERY_MS);
process.stdout.write("begun\n");
process.stdin.resume();
process.stdin.once("end", () => {
  read();
  const { drops } = must(socket.statistics());
  if (drops > 0) {
    process.stderr.write(`${drops} frames found no room\n`);
    process.exit(1);
  }
  process.stdout.write(`${JSON.stringify(watch.seen())}\n`, () => process.exit(0));
});
