/**
 * Asks everybody who has an address, every two milliseconds, by ARP or by neighbour discovery, and
 * counts every machine that answers: two answers to one question are two owners.
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
import { isIpv4, isIpv6, type Mac } from "#units/address";
import { after, fromMillis, type Instant, type Micros } from "#units/time";
import { arpRequest, emitArp, parseArp } from "#vrrp/wire/arp";
import { emitNeighbour, neighbourSolicitation, parseNeighbour } from "#vrrp/wire/neighbour";
import { arrivedAt } from "./arrival.ts";
import { mustReadIp } from "./must-read.ts";
import { ProbeMemory } from "./probe-memory.ts";
import { OUTPUT_FD, type ProberRequest } from "./probe-protocol.ts";
import { nextProbe } from "./rhythm.ts";

const PERIOD: Micros = fromMillis(2);
/** An answer does not name its question: after this long it is not to the last one. */
const ANSWERED_WITHIN: Micros = fromMillis(20);

const [addressText = "", interfaceName = "", ownText = ""] = process.argv.slice(2);
const target = mustReadIp(addressText);
const own = mustReadIp(ownText);
const index = libc.if_nametoindex(interfaceName);
const ownMac: Mac = (() => {
  using rtnetlink = must(openRtnetlink());
  const link = must(rtnetlink.links()).find((one) => one.index === index);
  if (link === undefined) throw new Error(`there is no ${interfaceName}`);
  return link.mac;
})();
const socket = must(openNeighbourSocket(index, isIpv6(target) ? 6 : 4));
arrivedAt(socket.fd);
const frame = new Uint8Array(256);
const question = makeQuestion();

function makeQuestion(): Uint8Array {
  if (isIpv4(target) && isIpv4(own))
    return frame.slice(0, emitArp(frame, arpRequest(ownMac, own, target)));
  if (isIpv6(target) && isIpv6(own))
    return frame.slice(0, emitNeighbour(frame, neighbourSolicitation(ownMac, own, target)));
  throw new Error("addresses of both versions of IP");
}

/** Who answers us that it has the address; undefined: something else. */
function answerer(length: number): Mac | undefined {
  if (isIpv6(target)) {
    const read = parseNeighbour(frame, length);
    if (read.kind !== "neighbour" || read.neighbour.kind !== "advertisement") return undefined;
    const { target: about, mac, etherSource, etherDestination } = read.neighbour;
    return about === target && etherDestination === ownMac ? (mac ?? etherSource) : undefined;
  }
  const read = parseArp(frame, 0, length);
  if (read.kind !== "arp") return undefined;
  const { operation, senderAddress, senderMac, targetMac } = read.arp;
  const isOurs = operation === "reply" && senderAddress === target && targetMac === ownMac;
  return isOurs ? senderMac : undefined;
}

const memory = new ProbeMemory({ period: PERIOD, countsEach: true });
let lastSentAt = 0 as Instant;

function receiveAnswers(): void {
  for (;;) {
    const length = socket.receive(frame);
    if (length === 0) return;
    const mac = answerer(length);
    if (mac === undefined) continue;
    const at = arrivedAt(socket.fd);
    if (memory.count === 0 || at > after(lastSentAt, ANSWERED_WITHIN)) continue;
    memory.answered(memory.count - 1, at, mac);
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
