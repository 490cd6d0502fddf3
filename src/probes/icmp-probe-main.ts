/**
 * Asks an address (or several in turn) for an echo every millisecond, as an ordinary host
 * would: the kernel does the ARP, or neighbour discovery, so announcements matter. Answers are
 * taken from a packet socket, because who answered shows in the Ethernet header only. One thread,
 * one ppoll loop; times are CLOCK_BOOTTIME, comparable with every other process of the machine.
 *
 * Usage: icmp-probe-main.ts ADDRESS[,ADDRESS…] INTERFACE     addresses of one version of IP
 * (protocol on file descriptor 3: probe-protocol.ts)
 */
import * as abi from "#linux/abi";
import { now } from "#linux/clock";
import * as libc from "#linux/ffi";
import { LinePipe } from "#linux/line-pipe";
import { Reactor } from "#linux/reactor";
import { LinuxError } from "#linux/result";
import { type IpAddress, isIpv6, isLinkLocal, writeIp } from "#units/address";
import { fromMillis, type Instant, type Micros } from "#units/time";
import { emitIcmpEcho, emitIcmpv6Request, ICMP_ECHO_HEADER_LENGTH } from "#vrrp/wire/icmp-echo";
import { arrivedAt } from "./arrival.ts";
import { readEchoReply } from "./echo-reply.ts";
import { mustReadIp } from "./must-read.ts";
import { ProbeMemory } from "./probe-memory.ts";
import { OUTPUT_FD, type ProberRequest } from "./probe-protocol.ts";
import { nextProbe } from "./rhythm.ts";

const PERIOD: Micros = fromMillis(1);
/** A sequence number on the wire has 16 bits and comes again after 65 s. */
const SEQUENCES = 1 << 16;
const PAYLOAD = 8;

const [text = "", interfaceName = "eth0"] = process.argv.slice(2);
const targets = text.split(",").map(mustReadIp);
const IS_IPV6 = targets.some(isIpv6);

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
  view.setUint16(abi.SOCKADDR_LL.protocol, IS_IPV6 ? abi.ETH_P_IPV6 : abi.ETH_P_IP);
  view.setInt32(abi.SOCKADDR_LL.ifindex, libc.if_nametoindex(interfaceName), true);
  check(libc.bind(fd, address, address.length), "bind(AF_PACKET)");
  return fd;
}

function openSender(): number {
  const [family, protocol] = IS_IPV6
    ? [abi.AF_INET6, abi.IPPROTO_ICMPV6]
    : [abi.AF_INET, abi.IPPROTO_ICMP];
  const fd = check(libc.socket(family, abi.SOCK_RAW | abi.SOCK_NONBLOCK, protocol), "socket(ICMP)");
  // The kernel puts a copy of every answer here too. They are not read, so no room is needed.
  libc.setsockopt(fd, abi.SOL_SOCKET, abi.SO_RCVBUF, Int32Array.of(0), 4);
  return fd;
}

function socketAddress(address: IpAddress): Uint8Array {
  const end = IS_IPV6 ? abi.SOCKADDR_IN6 : abi.SOCKADDR_IN;
  const bytes = new Uint8Array(end.size);
  const family = IS_IPV6 ? abi.AF_INET6 : abi.AF_INET;
  const view = new DataView(bytes.buffer);
  view.setUint16(end.family, family, true);
  // Of a link-local address the kernel is to know the link.
  if (IS_IPV6 && isLinkLocal(address))
    view.setUint32(abi.SOCKADDR_IN6.scope, libc.if_nametoindex(interfaceName), true);
  writeIp(address, bytes, end.address);
  return bytes;
}

const receiver = openReceiver(interfaceName);
const sender = openSender();
const destinations = targets.map(socketAddress);
const id = process.pid & 0xffff;
const frame = new Uint8Array(2048);
const message = new Uint8Array(64);

const memory = new ProbeMemory({ period: PERIOD, targets: targets.length });

function sendProbe(at: Instant): void {
  const number = memory.sent(at);
  const length = emitRequest(number % SEQUENCES);
  // If sending fails (no route, no ARP reply), that is a probe without an answer.
  const destination = destinations[number % targets.length] ?? new Uint8Array();
  libc.sendto(sender, message, length, abi.MSG_DONTWAIT, destination, destination.length);
}

function emitRequest(sequence: number): number {
  if (!IS_IPV6)
    return emitIcmpEcho(message, { kind: "request", id, sequence, payloadLength: PAYLOAD });
  emitIcmpv6Request(message, id, sequence);
  return ICMP_ECHO_HEADER_LENGTH + PAYLOAD;
}

function receiveAnswers(): void {
  for (;;) {
    const length = libc.recv(receiver, frame, frame.length, abi.MSG_DONTWAIT);
    if (length < 0) return;
    const reply = readEchoReply(frame, length, id);
    if (reply === undefined) continue;
    // The latest probe with this sequence number.
    const last = memory.count - 1;
    const behind = (((last % SEQUENCES) - reply.sequence + SEQUENCES) % SEQUENCES) >>> 0;
    const number = last - behind;
    if (!memory.isRemembered(number)) continue;
    if (reply.source !== targets[number % targets.length]) continue;
    memory.answered(number, arrivedAt(receiver), reply.mac);
  }
}

const pipe = new LinePipe(OUTPUT_FD);
const reactor = new Reactor();
reactor.add(receiver, receiveAnswers);
reactor.add(pipe.fd, () => {
  for (const line of pipe.read())
    pipe.write(memory.answer(JSON.parse(line) as ProberRequest), false);
});

let next = now();
while (!pipe.ended) {
  reactor.wait(next);
  const at = now();
  if (at < next) continue;
  sendProbe(at);
  next = nextProbe(next, at, PERIOD);
}
