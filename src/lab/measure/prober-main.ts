/**
 * Asks an address (or several in turn) for an echo every millisecond, as an ordinary host
 * would: the kernel does the ARP, so gratuitous ARP matters. Answers are taken from a packet
 * socket, because who answered shows in the Ethernet header only. One thread, one ppoll loop;
 * times are CLOCK_BOOTTIME, comparable with every other process of the machine.
 *
 * Usage: prober-main.ts ADDRESS[,ADDRESS…] INTERFACE
 * (protocol on file descriptor 3: instrument-protocol.ts)
 */
import * as abi from "#linux/abi";
import { now } from "#linux/clock";
import * as libc from "#linux/ffi";
import { LinePipe } from "#linux/line-pipe";
import { Reactor } from "#linux/reactor";
import { LinuxError } from "#linux/result";
import { type Ipv4, type Mac, printMac } from "#units/address";
import { after, fromMillis, type Instant, type Micros, micros } from "#units/time";
import { emitIcmpEcho } from "#vrrp/wire/icmp-echo";
import { arrivedAt } from "./arrival.ts";
import { readEchoReply } from "./echo-reply.ts";
import { OUTPUT_FD, type ProberAnswer, type ProberRequest } from "./instrument-protocol.ts";
import { mustReadIpv4 } from "./must-read.ts";
import { analyseOutage, type Probe } from "./outage.ts";
import { divideProbes } from "./probe-parts.ts";

const PERIOD: Micros = fromMillis(1);
const CATCH_UP: Micros = fromMillis(20);
/**
 * How many probes are remembered: over four minutes. A sequence number on the wire has 16 bits
 * and comes again after 65 s.
 */
const MEMORY = 1 << 18;
const SEQUENCES = 1 << 16;
const IPPROTO_ICMP = 1;
const PAYLOAD = 8;

const sentAt = new Float64Array(MEMORY);
const answeredAt = new Float64Array(MEMORY);
const answeredBy = new Float64Array(MEMORY);
let count = 0;

function check(fd: number, call: string): number {
  if (fd < 0) throw new LinuxError(libc.failure(call));
  return fd;
}

function openReceiver(interfaceName: string): number {
  const fd = check(
    libc.socket(abi.AF_PACKET, abi.SOCK_RAW | abi.SOCK_NONBLOCK, 0),
    "socket(AF_PACKET)",
  );
  libc.setsockopt(fd, abi.SOL_PACKET, abi.PACKET_IGNORE_OUTGOING, Int32Array.of(1), 4);
  libc.setsockopt(fd, abi.SOL_SOCKET, abi.SO_RCVBUFFORCE, Int32Array.of(1 << 20), 4);
  const address = new Uint8Array(abi.SOCKADDR_LL.size);
  const view = new DataView(address.buffer);
  view.setUint16(abi.SOCKADDR_LL.family, abi.AF_PACKET, true);
  view.setUint16(abi.SOCKADDR_LL.protocol, abi.ETH_P_IP);
  view.setInt32(abi.SOCKADDR_LL.ifindex, libc.if_nametoindex(interfaceName), true);
  check(libc.bind(fd, address, address.length), "bind(AF_PACKET)");
  return fd;
}

function openSender(): number {
  const fd = check(
    libc.socket(abi.AF_INET, abi.SOCK_RAW | abi.SOCK_NONBLOCK, IPPROTO_ICMP),
    "socket(ICMP)",
  );
  // The kernel puts a copy of every answer here too. They are not read, so no room is needed.
  libc.setsockopt(fd, abi.SOL_SOCKET, abi.SO_RCVBUF, Int32Array.of(0), 4);
  return fd;
}

function socketAddress(address: Ipv4): Uint8Array {
  const bytes = new Uint8Array(abi.SOCKADDR_IN.size);
  const view = new DataView(bytes.buffer);
  view.setUint16(abi.SOCKADDR_IN.family, abi.AF_INET, true);
  view.setUint32(abi.SOCKADDR_IN.address, address);
  return bytes;
}

const [text = "", interfaceName = "eth0"] = process.argv.slice(2);
const targets = text.split(",").map(mustReadIpv4);
const receiver = openReceiver(interfaceName);
const sender = openSender();
const destinations = targets.map(socketAddress);
const id = process.pid & 0xffff;
const frame = new Uint8Array(2048);
const message = new Uint8Array(64);

function sendProbe(at: Instant): void {
  const place = count % MEMORY;
  sentAt[place] = at;
  answeredAt[place] = 0;
  const length = emitIcmpEcho(message, {
    kind: "request",
    id,
    sequence: count % SEQUENCES,
    payloadLength: PAYLOAD,
  });
  count += 1;
  // If sending fails (no route, no ARP reply), that is a probe without an answer.
  const destination = destinations[place % targets.length] ?? new Uint8Array();
  libc.sendto(sender, message, length, abi.MSG_DONTWAIT, destination, destination.length);
}

function receiveAnswers(): void {
  for (;;) {
    const length = libc.recv(receiver, frame, frame.length, abi.MSG_DONTWAIT);
    if (length < 0) return;
    const reply = readEchoReply(frame, length, id);
    if (reply === undefined) continue;
    // The latest probe with this sequence number.
    const last = count - 1;
    const behind = (((last % SEQUENCES) - reply.sequence + SEQUENCES) % SEQUENCES) >>> 0;
    const place = (last - behind) % MEMORY;
    if (last - behind < 0 || answeredAt[place] !== 0) continue;
    if (reply.source !== targets[place % targets.length]) continue;
    answeredAt[place] = arrivedAt(receiver);
    answeredBy[place] = reply.mac;
  }
}

/** Probes are sent in the order of time, so a short window is found without looking at all. */
function firstSince(from: Instant): number {
  let low = Math.max(0, count - MEMORY);
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sentAt[middle % MEMORY] ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

function* probesWithin({
  from,
  to,
  target,
}: ProberRequest): Generator<Probe & { readonly place: number }> {
  for (let index = firstSince(from); index < count; index++) {
    const place = index % MEMORY;
    const at = (sentAt[place] ?? 0) as Instant;
    if (at >= to) return;
    if (place % targets.length !== target) continue;
    const answer = answeredAt[place] ?? 0;
    yield { place, sentAt: at, answeredAt: answer === 0 ? undefined : (answer as Instant) };
  }
}

function answer(request: ProberRequest): ProberAnswer {
  const probes = [...probesWithin(request)];
  const turns: { mac: string; from: Instant; to: Instant; answers: number }[] = [];
  let lastMac = 0;
  let longestPause = 0;
  let previous: Instant | undefined;
  for (const probe of probes) {
    if (previous !== undefined) longestPause = Math.max(longestPause, probe.sentAt - previous);
    previous = probe.sentAt;
    if (probe.answeredAt === undefined) continue;
    const mac = answeredBy[probe.place] ?? 0;
    const turn = turns.at(-1);
    const at = probe.answeredAt;
    if (turn !== undefined && mac === lastMac) {
      turn.answers += 1;
      turn.to = at;
    } else turns.push({ mac: printMac(mac as Mac), from: at, to: at, answers: 1 });
    lastMac = mac;
  }
  const oldest = sentAt[Math.max(0, count - MEMORY) % MEMORY] ?? 0;
  const covered = count > 0 && oldest <= request.from;
  return {
    id: request.id,
    outage: analyseOutage(probes, micros(PERIOD * targets.length)),
    covered,
    turns,
    longestPause,
    ...(request.step !== undefined && {
      parts: divideProbes(
        probes.map(({ place, ...probe }) => ({ ...probe, mac: answeredBy[place] ?? 0 })),
        request.from,
        request.step,
      ).map(({ mac, ...part }) => ({ ...part, mac: mac === undefined ? mac : printMac(mac) })),
    }),
  };
}

const pipe = new LinePipe(OUTPUT_FD);
const reactor = new Reactor();
reactor.add(receiver, receiveAnswers);
reactor.add(pipe.fd, () => {
  for (const line of pipe.read()) pipe.write(answer(JSON.parse(line) as ProberRequest), false);
});

let next = now();
while (!pipe.ended) {
  reactor.wait(next);
  const at = now();
  if (at < next) continue;
  sendProbe(at);
  // The prober catches up after its own short delays. After a long one the schedule continues
  // from here, without a burst.
  next = after(at - next > CATCH_UP ? at : next, PERIOD);
}
