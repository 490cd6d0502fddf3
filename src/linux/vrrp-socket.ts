/**
 * A raw socket for IP protocol 112 on one interface, or on none in particular: whole IPv4 packets
 * in and out.
 */

import type { Ipv4 } from "#units/address";
import { ANY_DEVICE, OK, type Outcome } from "#vrrp/engine/world";
import * as abi from "./abi.ts";
import * as libc from "./ffi.ts";
import { type Result, success } from "./result.ts";
import { setReceiveBuffer } from "./socket-options.ts";

const RECEIVE_BUFFER = 1_048_576;

type SocketOption = readonly [string, number, number, Uint8Array | Int32Array];

export interface VrrpSocket {
  readonly fd: number;
  /** Reads one packet into `into`; 0 if there is none. */
  receive(into: Uint8Array): number;
  send(packet: Uint8Array, to: Ipv4): Outcome;
  joinGroup(group: Ipv4): Outcome;
  /** Harmless for a group that was never joined, or after the device is gone. */
  leaveGroup(group: Ipv4): void;
  close(): void;
}

/** With `ANY_DEVICE` it receives unicast from every device, and sends by the routing table. */
export function openVrrpSocket(interfaceIndex: number, name: string): Result<VrrpSocket> {
  const fd = libc.socket(
    abi.AF_INET,
    abi.SOCK_RAW | abi.SOCK_NONBLOCK | abi.SOCK_CLOEXEC,
    abi.IPPROTO_VRRP,
  );
  if (fd < 0) return libc.failure("socket(VRRP)");
  const set = (level: number, option: number, value: Uint8Array | Int32Array): boolean =>
    libc.setsockopt(fd, level, option, value, value.byteLength) === 0;
  const mreq = new Uint8Array(abi.IP_MREQN.size);
  new DataView(mreq.buffer).setInt32(abi.IP_MREQN.ifindex, interfaceIndex, true);
  const steps: readonly SocketOption[] = [
    ["IP_HDRINCL", abi.IPPROTO_IP, abi.IP_HDRINCL, Int32Array.of(1)],
    ...(interfaceIndex === ANY_DEVICE ? [] : toDevice(name, mreq)),
    ["IP_MULTICAST_LOOP", abi.IPPROTO_IP, abi.IP_MULTICAST_LOOP, Int32Array.of(0)],
    // Only groups joined on this socket, not those that other programs of the machine have joined.
    ["IP_MULTICAST_ALL", abi.IPPROTO_IP, abi.IP_MULTICAST_ALL, Int32Array.of(0)],
  ];
  for (const [option, level, number, value] of steps) {
    if (set(level, number, value)) continue;
    const failure = libc.failure(`setsockopt(${option})`);
    libc.close(fd);
    return failure;
  }
  setReceiveBuffer(fd, RECEIVE_BUFFER);
  // TC_PRIO_CONTROL: ahead of other traffic in the device's queue.
  set(abi.SOL_SOCKET, abi.SO_PRIORITY, Int32Array.of(6));

  const destination = new Uint8Array(abi.SOCKADDR_IN.size);
  const view = new DataView(destination.buffer);
  view.setUint16(abi.SOCKADDR_IN.family, abi.AF_INET, true);
  return success({
    fd,
    receive: (into) => Math.max(0, libc.recv(fd, into, into.length, abi.MSG_DONTWAIT)),
    send(packet, to) {
      view.setUint32(abi.SOCKADDR_IN.address, to);
      const sent = libc.sendto(
        fd,
        packet,
        packet.length,
        abi.MSG_DONTWAIT,
        destination,
        destination.length,
      );
      return sent < 0 ? libc.failure("sendto(VRRP)") : OK;
    },
    joinGroup(group) {
      new DataView(mreq.buffer).setUint32(abi.IP_MREQN.group, group);
      if (set(abi.IPPROTO_IP, abi.IP_ADD_MEMBERSHIP, mreq)) return OK;
      const failure = libc.failure("setsockopt(IP_ADD_MEMBERSHIP)");
      return failure.errno === "EADDRINUSE" ? OK : failure;
    },
    leaveGroup(group) {
      new DataView(mreq.buffer).setUint32(abi.IP_MREQN.group, group);
      set(abi.IPPROTO_IP, abi.IP_DROP_MEMBERSHIP, mreq);
    },
    close: () => void libc.close(fd),
  });
}

const toDevice = (name: string, mreq: Uint8Array): readonly SocketOption[] => [
  ["SO_BINDTODEVICE", abi.SOL_SOCKET, abi.SO_BINDTODEVICE, new TextEncoder().encode(`${name}\0`)],
  ["IP_MULTICAST_IF", abi.IPPROTO_IP, abi.IP_MULTICAST_IF, mreq],
];
