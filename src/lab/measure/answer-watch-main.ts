/**
 * Finds out which machines answer for an address, whatever the client's own ARP cache says: it
 * sends an echo request to the MAC address of each machine every two milliseconds. An address
 * may be there and not answer (if its lease has ended), so looking at addresses alone would
 * count owners that are none. The reports and the descriptor are those of the address watcher:
 *
 *   {"kind":"presence","host":"a","present":true,"at":…}     the first answer, or the last one
 *
 * Usage: answer-watch-main.ts ADDRESS INTERFACE OWN-ADDRESS HOST=MAC…
 */
import { ETH_P_IP, ETH_P_IPV6 } from "#linux/abi";
import { now } from "#linux/clock";
import * as libc from "#linux/ffi";
import { LinePipe } from "#linux/line-pipe";
import { openPacketSocket } from "#linux/packet-socket";
import { Reactor } from "#linux/reactor";
import { must } from "#linux/result";
import { openRtnetlink } from "#linux/rtnetlink";
import { arrivedAt } from "#probes/arrival";
import { readEchoReply } from "#probes/echo-reply";
import { mustReadIp } from "#probes/must-read";
import { OUTPUT_FD } from "#probes/probe-protocol";
import { type IpAddress, isIpv4, isIpv6, type Mac, readMac } from "#units/address";
import { after, fromMillis, type Instant, type Micros } from "#units/time";
import { writeU16 } from "#vrrp/wire/bytes";
import { checksumOf, sum16 } from "#vrrp/wire/checksum";
import {
  ETHER_TYPE_IPV4,
  ETHER_TYPE_IPV6,
  ETHERNET_HEADER_LENGTH,
  emitEthernetHeader,
} from "#vrrp/wire/ethernet";
import { emitIcmpEcho, emitIcmpv6Request, ICMP_ECHO_HEADER_LENGTH } from "#vrrp/wire/icmp-echo";
import { IPV4_HEADER_LENGTH, PROTOCOL_ICMP } from "#vrrp/wire/ipv4-fields";
import { emitIpv4Header } from "#vrrp/wire/ipv4-packet";
import { IPV6_HEADER_LENGTH, PROTOCOL_ICMPV6 } from "#vrrp/wire/ipv6-fields";
import { emitIpv6Header, sumPseudoHeaderAt } from "#vrrp/wire/ipv6-packet";
import { type WatchNews } from "./instrument-protocol.ts";

const PERIOD: Micros = fromMillis(2);
/**
 * After this long without an answer, the machine no longer answers: a busy machine is late by
 * less.
 */
const UNANSWERED: Micros = fromMillis(40);
const TTL = 64;

interface WatchedHost {
  readonly name: string;
  readonly mac: Mac;
  readonly frame: Uint8Array;
  lastAt: Instant | undefined;
}

const [addressText = "", interfaceName = "eth0", ownText = "", ...hostTexts] =
  process.argv.slice(2);

const target = mustReadIp(addressText);
const own = mustReadIp(ownText);
const index = libc.if_nametoindex(interfaceName);
const ownMac = (() => {
  using rtnetlink = must(openRtnetlink());
  const link = must(rtnetlink.links()).find((one) => one.index === index);
  if (link === undefined) throw new Error(`there is no ${interfaceName}`);
  return link.mac;
})();
const id = process.pid & 0xffff;

function makeHost(text: string): WatchedHost {
  const [name = "", macText = ""] = text.split("=");
  const mac = readMac(macText);
  if (mac === undefined) throw new Error(`${macText} is not a MAC address`);
  return { name, mac, frame: questionTo(mac, own, target), lastAt: undefined };
}

function questionTo(mac: Mac, source: IpAddress, destination: IpAddress): Uint8Array {
  const [ethernet, echo] = [ETHERNET_HEADER_LENGTH, ICMP_ECHO_HEADER_LENGTH];
  if (isIpv4(source) && isIpv4(destination)) {
    const frame = new Uint8Array(ethernet + IPV4_HEADER_LENGTH + echo);
    emitEthernetHeader(frame, mac, ownMac, ETHER_TYPE_IPV4);
    const ip = frame.subarray(ethernet);
    const message = { kind: "request", id, sequence: 0, payloadLength: 0 } as const;
    emitIcmpEcho(ip.subarray(IPV4_HEADER_LENGTH), message);
    const header = { source, destination, ttl: TTL, id: 0, protocol: PROTOCOL_ICMP };
    emitIpv4Header(ip, header, echo);
    return frame;
  }
  if (!isIpv6(source) || !isIpv6(destination)) throw new Error("addresses of both versions of IP");
  const frame = new Uint8Array(ethernet + IPV6_HEADER_LENGTH + echo);
  emitEthernetHeader(frame, mac, ownMac, ETHER_TYPE_IPV6);
  const header = { source, destination, hopLimit: TTL, nextHeader: PROTOCOL_ICMPV6 };
  emitIpv6Header(frame, header, echo, ethernet);
  const message = frame.subarray(ethernet + IPV6_HEADER_LENGTH);
  emitIcmpv6Request(message, id, 0);
  writeU16(
    message,
    2,
    checksumOf(sumPseudoHeaderAt(frame, ethernet, echo) + sum16(message, 0, echo)),
  );
  return frame;
}

const hosts = hostTexts.map(makeHost);
const socket = must(openPacketSocket(index, { protocol: isIpv6(target) ? ETH_P_IPV6 : ETH_P_IP }));
arrivedAt(socket.fd);
const pipe = new LinePipe(OUTPUT_FD);
const reactor = new Reactor();
const say = (host: WatchedHost, present: boolean, at: Instant): void => {
  const news: WatchNews = { kind: "presence", host: host.name, present, at };
  pipe.write(news, false);
};

const received = new Uint8Array(256);

function receive(): void {
  for (;;) {
    const length = socket.receive(received);
    if (length === 0) return;
    const reply = readEchoReply(received, length, id);
    if (reply?.source !== target) continue;
    const host = hosts.find((one) => one.mac === reply.mac);
    if (host === undefined) continue;
    const at = arrivedAt(socket.fd);
    if (host.lastAt === undefined) say(host, true, at);
    host.lastAt = at;
  }
}

reactor.add(socket.fd, receive);
reactor.add(pipe.fd, () => void pipe.read());
let next = now();
while (!pipe.ended) {
  reactor.wait(next);
  const at = now();
  if (at < next) continue;
  receive();
  for (const host of hosts) {
    if (host.lastAt !== undefined && at - host.lastAt > UNANSWERED) {
      say(host, false, host.lastAt);
      host.lastAt = undefined;
    }
    // A failed send counts as a question without an answer.
    void socket.send(host.frame);
  }
  next = after(at - next > UNANSWERED ? at : next, PERIOD);
}
