/**
 * Sends frames at a constant rate until the pipe ends or a line arrives on it, then answers how
 * many the kernel took.
 *
 * Usage: flood-sender-main.ts ORDER (flood-sender.ts); answers on descriptor 3
 */
import { now } from "#linux/clock";
import * as libc from "#linux/ffi";
import { LinePipe } from "#linux/line-pipe";
import { SendBatch } from "#linux/message-batch";
import { openPacketSocket } from "#linux/packet-socket";
import { setPriority, setTimerSlack } from "#linux/process";
import { Reactor } from "#linux/reactor";
import { LinuxError, must } from "#linux/result";
import { OUTPUT_FD } from "#probes/probe-protocol";
import { createRng } from "#units/rng";
import { after, elapsed, micros } from "#units/time";
import { floodFrames } from "./flood-frames.ts";
import type { FloodAnswer, FloodOrder } from "./flood-sender.ts";

/** Frames leave in groups: a wake-up costs more than a frame. */
const EVERY = micros(1_000);
/** After a pause of the machine what was not sent is not made up for at once. */
const BEHIND_MAX = 256;
const NICE = -10;

const order = JSON.parse(process.argv[2] ?? "") as FloodOrder;
const index = libc.if_nametoindex(order.target.plan.peerName);
if (index === 0) throw new LinuxError(libc.failure("if_nametoindex"));
const socket = must(openPacketSocket(index, { protocol: 0 }));
const frames = floodFrames(order.flood, order.target, createRng(order.seed));
const batch = new SendBatch(frames, undefined);
const pipe = new LinePipe(OUTPUT_FD);
const reactor = new Reactor();
let isOver = false;
reactor.add(pipe.fd, () => {
  isOver = pipe.read().length > 0 || pipe.ended;
});
// Both may be refused: then the rate is as even as the machine allows.
void setPriority(NICE);
void setTimerSlack(1_000);

const most = order.frames ?? Number.POSITIVE_INFINITY;
let next = 0;
let sent = 0;
let due = 0;
let from = now();
const begun = from;
while (!isOver) {
  reactor.wait(after(from, EVERY));
  const time = now();
  due = Math.min(due + (elapsed(from, time) * order.rate) / 1_000_000, BEHIND_MAX);
  from = time;
  due = Math.min(due, most - sent);
  while (due >= 1) {
    const count = Math.min(Math.floor(due), batch.count - next);
    const taken = batch.send(socket.fd, next, count);
    sent += taken;
    due -= taken;
    next = (next + taken) % batch.count;
  }
}
const seconds = elapsed(begun, now()) / 1_000_000;
pipe.write({ sent, seconds } satisfies FloodAnswer, false);
pipe.finish(micros(1_000_000));
