/**
 * BFD over UDP by raw sockets, so that the TTL and both addresses of what arrives are there without
 * control messages, and a packet for a session needs no socket of its own: whole IPv4 packets in
 * and out, as of protocol 112 (vrrp-socket.ts).
 */
import type { Ipv4 } from "#units/address";
import { BFD_PORT } from "#vrrp/bfd/datagram";
import { OK, type Outcome } from "#vrrp/engine/world";
import * as abi from "./abi.ts";
import { NOTHING, udpTo } from "./bpf.ts";
import * as libc from "./ffi.ts";
import { attachFilter } from "./packet-socket.ts";
import { type Result, success } from "./result.ts";
import { setReceiveBuffer } from "./socket-options.ts";

const RECEIVE_BUFFER = 262_144;

export interface BfdSocket {
  readonly fd: number;
  /** A whole IPv4 packet; its source is that of the header. */
  send(packet: Uint8Array, to: Ipv4): Outcome;
  close(): void;
}

/** EADDRINUSE: another BFD daemon of this network namespace has the port. */
export function openBfdSocket(): Result<BfdSocket> {
  const port = holdPort();
  if (!port.ok) return port;
  const opened = openRaw();
  if (!opened.ok) {
    libc.close(port.value);
    return opened;
  }
  const fd = opened.value;
  const destination = new Uint8Array(abi.SOCKADDR_IN.size);
  const view = new DataView(destination.buffer);
  view.setUint16(abi.SOCKADDR_IN.family, abi.AF_INET, true);
  return success({
    fd,
    send(packet, to) {
      view.setUint32(abi.SOCKADDR_IN.address, to);
      const { length } = destination;
      const sent = libc.sendto(fd, packet, packet.length, abi.MSG_DONTWAIT, destination, length);
      return sent < 0 ? libc.failure("sendto(BFD)") : OK;
    },
    close() {
      libc.close(fd);
      libc.close(port.value);
    },
  });
}

function openRaw(): Result<number> {
  const flags = abi.SOCK_RAW | abi.SOCK_NONBLOCK | abi.SOCK_CLOEXEC;
  const fd = libc.socket(abi.AF_INET, flags, abi.IPPROTO_UDP);
  if (fd < 0) return libc.failure("socket(BFD)");
  const filtered = attachFilter(fd, udpTo(BFD_PORT));
  const isWhole = Int32Array.of(1);
  const done = filtered.ok
    ? libc.setsockopt(fd, abi.IPPROTO_IP, abi.IP_HDRINCL, isWhole, isWhole.byteLength)
    : -1;
  if (!filtered.ok || done !== 0) {
    const failure = filtered.ok ? libc.failure("setsockopt(IP_HDRINCL)") : filtered;
    libc.close(fd);
    return failure;
  }
  setReceiveBuffer(fd, RECEIVE_BUFFER);
  // TC_PRIO_CONTROL: ahead of other traffic in the device's queue.
  libc.setsockopt(fd, abi.SOL_SOCKET, abi.SO_PRIORITY, Int32Array.of(6), 4);
  return success(fd);
}

/** A bound socket that receives nothing: without one the kernel says "port unreachable". */
function holdPort(): Result<number> {
  const fd = libc.socket(abi.AF_INET, abi.SOCK_DGRAM | abi.SOCK_CLOEXEC, 0);
  if (fd < 0) return libc.failure("socket(UDP)");
  const filtered = attachFilter(fd, NOTHING);
  const address = new Uint8Array(abi.SOCKADDR_IN.size);
  const view = new DataView(address.buffer);
  view.setUint16(abi.SOCKADDR_IN.family, abi.AF_INET, true);
  view.setUint16(abi.SOCKADDR_IN.port, BFD_PORT);
  const bound = filtered.ok ? libc.bind(fd, address, address.length) : -1;
  if (filtered.ok && bound === 0) return success(fd);
  const failure = filtered.ok ? libc.failure("bind(BFD)") : filtered;
  libc.close(fd);
  return failure;
}
