/**
 * Asks by broadcast who has an address, every two milliseconds, and counts every machine that
 * answers: two answers to one question are two owners.
 *
 * Usage: arp-probe-main.ts ADDRESS INTERFACE OWN-ADDRESS
 * (protocol on file descriptor 3: probe-protocol.ts)
 */

import { now } from "#linux/clock";
import * as libc from "#linux/ffi";
import { LinePipe } from "#linux/line-pipe";
import { openNeighbourSocket } from "#linux/neighbour-socket";
import { Reactor } from "#linux/reactor";
import { must } from "#linux/result";
import { openRtnetlink } from "#linux/rtnetlink";
import { BROADCAST_MAC, type Mac } from "#units/address";
import { after, fromMillis, type Instant, type Micros } from "#units/time";
import { ARP_FRAME_LENGTH, emitArp, parseArp } from "#vrrp/wire/arp";
import { arrivedAt } from "./arrival.ts";
import { mustReadIpv4 } from "./must-read.ts";
import { ProbeMemory } from "./probe-memory.ts";
import { OUTPUT_FD, type ProberRequest } from "./probe-protocol.ts";
import { nextProbe } from "./rhythm.ts";

const PERIOD: Micros = fromMillis(2);
/** An ARP answer does not name its question: after this long it is not to the last one. */
const ANSWERED_WITHIN: Micros = fromMillis(20);

const [addressText = "", interfaceName = "", ownText = ""] = process.argv.slice(2);
const target = mustReadIpv4(addressText);
const own = mustReadIpv4(ownText);
const index = libc.if_nametoindex(interfaceName);
const ownMac: Mac = (() => {
  using rtnetlink = must(openRtnetlink());
  const link = must(rtnetlink.links()).find((one) => one.index === index);
  if (link === undefined) throw new Error(`there is no ${interfaceName}`);
  return link.mac;
})();
const socket = must(openNeighbourSocket(index));
arrivedAt(socket.fd);
const question = new Uint8Array(ARP_FRAME_LENGTH);
emitArp(question, {
  operation: "request",
  senderMac: ownMac,
  senderAddress: own,
  targetMac: 0 as Mac,
  targetAddress: target,
  etherSource: ownMac,
  etherDestination: BROADCAST_MAC,
});
const frame = new Uint8Array(256);
const memory = new ProbeMemory({ period: PERIOD, countsEach: true });
let lastSentAt = 0 as Instant;

function receiveAnswers(): void {
  for (;;) {
    const length = socket.receive(frame);
    if (length === 0) return;
    const read = parseArp(frame, 0, length);
    if (read.kind !== "arp") continue;
    const { operation, senderAddress, senderMac, targetMac } = read.arp;
    if (operation !== "reply" || senderAddress !== target || targetMac !== ownMac) continue;
    const at = arrivedAt(socket.fd);
    if (memory.count === 0 || at > after(lastSentAt, ANSWERED_WITHIN)) continue;
    memory.answered(memory.count - 1, at, senderMac);
  }
}

const pipe = new LinePipe(OUTPUT_FD);
const reactor = new Reactor();
reactor.add(socket.fd, receiveAnswers);
reactor.add(pipe.fd, () => {
  for (const line of pipe.read())
    pipe.write(memory.answer(JSON.parse(line) as ProberRequest), false);
});

let next = now();
while (!pipe.ended) {
  reactor.wait(next);
  const at = now();
  if (at < next) continue;
  receiveAnswers();
  memory.sent(at);
  lastSentAt = at;
  // A question that could not be sent has no answer.
  void socket.send(question);
  next = nextProbe(next, at, PERIOD);
}
