/**
 * Watches one address in several network namespaces from a single thread. Reports on file
 * descriptor 3, one line each, when it appears and disappears, and which advertisements arrive
 * (CLOCK_BOOTTIME microseconds):
 *
 *   {"kind":"presence","host":"a","present":true,"at":…}   at the start: what is there
 *   {"kind":"advert","host":"a","from":"172.16.0.14","priority":50,"at":…}
 *
 * Usage: address-watch-main.ts ADDRESS INTERFACE HOST…
 * (the namespace of the n-th host on descriptor 4 + n)
 */
import { CLONE_NEWNET, ETH_P_IP, ETH_P_IPV6 } from "#linux/abi";
import { now } from "#linux/clock";
import * as libc from "#linux/ffi";
import { LinePipe } from "#linux/line-pipe";
import { openPacketSocket } from "#linux/packet-socket";
import { Reactor } from "#linux/reactor";
import { LinuxError, must } from "#linux/result";
import { openMonitor, openRtnetlink } from "#linux/rtnetlink";
import { arrivedAt } from "#probes/arrival";
import { mustReadIp } from "#probes/must-read";
import { OUTPUT_FD } from "#probes/probe-protocol";
import { type IpAddress, ipv6At, isIpv6, printIp } from "#units/address";
import type { Instant } from "#units/time";
import type { AddressInfo } from "#vrrp/engine/world";
import { ETHERNET_HEADER_LENGTH } from "#vrrp/wire/ethernet";
import {
  IPV4_HEADER_LENGTH,
  ipv4HeaderLengthAt,
  ipv4ProtocolAt,
  ipv4SourceAt,
  PROTOCOL_VRRP,
} from "#vrrp/wire/ipv4-fields";
import { IPV6_HEADER_LENGTH, IPV6_OFFSET } from "#vrrp/wire/ipv6-fields";
import { VRRP_OFFSET } from "#vrrp/wire/vrrp-packet";
import { FIRST_NAMESPACE_FD, type WatchNews } from "./instrument-protocol.ts";

const [text = "", interfaceName = "eth0", ...hosts] = process.argv.slice(2);
const address = mustReadIp(text);

const pipe = new LinePipe(OUTPUT_FD);
const reactor = new Reactor();
reactor.add(pipe.fd, () => void pipe.read());

const say = (news: WatchNews): void => pipe.write(news, false);

const isOurs = (info: AddressInfo): boolean => info.address === address;
const readers: ((at: Instant) => void)[] = [];

/**
 * rtnetlink's messages have no times, so the time of reading counts. All hosts are read at once
 * and get one time: otherwise messages that waited together while this process did not run
 * would seem to have happened in the order of the hosts.
 */
function readAll(): void {
  const at = now();
  for (const read of readers) read(at);
}

function watchAddress(host: string): void {
  const monitor = must(openMonitor());
  using requests = must(openRtnetlink());
  const report = (present: boolean, at: Instant): void => {
    say({ kind: "presence", host, present, at });
  };
  readers.push((at) => {
    for (const event of monitor.read()) {
      if (event.kind === "resync") report(event.addresses.some(isOurs), at);
      else if (event.kind === "address" && isOurs(event.address)) report(true, at);
      else if (event.kind === "addressGone" && isOurs(event.address)) report(false, at);
    }
  });
  reactor.add(monitor.fd, readAll);
  report(must(requests.addresses()).some(isOurs), now());
}

function watchAdverts(host: string): void {
  const index = libc.if_nametoindex(interfaceName);
  if (index === 0) throw new LinuxError(libc.failure(`if_nametoindex(${interfaceName})`));
  const socket = must(
    openPacketSocket(index, { protocol: isIpv6(address) ? ETH_P_IPV6 : ETH_P_IP }),
  );
  arrivedAt(socket.fd);
  const frame = new Uint8Array(256);
  reactor.add(socket.fd, () => {
    for (;;) {
      const length = socket.receive(frame);
      if (length === 0) return;
      const found = isIpv6(address) ? advert6(frame, length) : advert4(frame, length);
      if (found === undefined || length <= found.vrrp + VRRP_OFFSET.priority) continue;
      say({
        kind: "advert",
        host,
        from: printIp(found.from),
        priority: frame[found.vrrp + VRRP_OFFSET.priority] ?? 0,
        at: arrivedAt(socket.fd),
      });
    }
  });
}

/** Who sent it, and where the VRRP message begins; undefined: something else. */
interface Advert {
  readonly from: IpAddress;
  readonly vrrp: number;
}

function advert4(frame: Uint8Array, length: number): Advert | undefined {
  const ip = ETHERNET_HEADER_LENGTH;
  if (length < ip + IPV4_HEADER_LENGTH || ipv4ProtocolAt(frame, ip) !== PROTOCOL_VRRP)
    return undefined;
  return { from: ipv4SourceAt(frame, ip), vrrp: ip + ipv4HeaderLengthAt(frame, ip) };
}

function advert6(frame: Uint8Array, length: number): Advert | undefined {
  const ip = ETHERNET_HEADER_LENGTH;
  const vrrp = ip + IPV6_HEADER_LENGTH;
  if (length < vrrp || frame[ip + IPV6_OFFSET.nextHeader] !== PROTOCOL_VRRP) return undefined;
  return { from: ipv6At(frame, ip + IPV6_OFFSET.source), vrrp };
}

for (const [place, host] of hosts.entries()) {
  if (libc.setns(FIRST_NAMESPACE_FD + place, CLONE_NEWNET) !== 0) {
    throw new LinuxError(libc.failure(`setns(${host})`));
  }
  watchAddress(host);
  watchAdverts(host);
}
while (!pipe.ended) reactor.wait(undefined);
