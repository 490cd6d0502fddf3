/**
 * A raw socket for IP protocol 112 on one interface, or on none in particular: whole packets in and
 * out, of IPv4 or of IPv6.
 */

import { type IpAddress, writeIp } from "#units/address";
import { ANY_DEVICE, OK, type Outcome } from "#vrrp/engine/world";
import * as abi from "./abi.ts";
import { onlyGroups } from "./bpf.ts";
import * as libc from "./ffi.ts";
import { Ipv6Packets } from "./packet-batch.ts";
import { attachFilter } from "./packet-socket.ts";
import { type Result, success } from "./result.ts";
import { setReceiveBuffer } from "./socket-options.ts";

const RECEIVE_BUFFER = 1_048_576;

type SocketOption = readonly [string, number, number, Uint8Array | Int32Array];

export interface VrrpSocket {
  readonly fd: number;
  /** Reads one packet into `into`; 0 if there is none. */
  receive(into: Uint8Array): number;
  send(packet: Uint8Array, to: IpAddress): Outcome;
  joinGroup(group: IpAddress): Outcome;
  /** Harmless for a group that was never joined, or after the device is gone. */
  leaveGroup(group: IpAddress): void;
  close(): void;
}

/** What differs between the two versions of IP. */
interface Version {
  readonly family: number;
  readonly options: (interfaceIndex: number) => readonly SocketOption[];
  readonly destination: {
    readonly size: number;
    readonly family: number;
    readonly address: number;
  };
  readonly membership: { readonly size: number; readonly group: number; readonly ifindex: number };
  readonly join: readonly [level: number, option: number, name: string];
  readonly leave: number;
}

const { IPPROTO_IP, IPPROTO_IPV6 } = abi;
const [ON, OFF] = [Int32Array.of(1), Int32Array.of(0)];

const VERSIONS: Readonly<Record<4 | 6, Version>> = {
  4: {
    family: abi.AF_INET,
    options: (interfaceIndex) => [
      ["IP_HDRINCL", IPPROTO_IP, abi.IP_HDRINCL, ON],
      ...ifBound(interfaceIndex, [
        "IP_MULTICAST_IF",
        IPPROTO_IP,
        abi.IP_MULTICAST_IF,
        membership(abi.IP_MREQN, interfaceIndex),
      ]),
      ["IP_MULTICAST_LOOP", IPPROTO_IP, abi.IP_MULTICAST_LOOP, OFF],
      // Only groups joined on this socket, not those that other programs of the machine have
      // joined.
      ["IP_MULTICAST_ALL", IPPROTO_IP, abi.IP_MULTICAST_ALL, OFF],
    ],
    destination: abi.SOCKADDR_IN,
    membership: abi.IP_MREQN,
    join: [IPPROTO_IP, abi.IP_ADD_MEMBERSHIP, "IP_ADD_MEMBERSHIP"],
    leave: abi.IP_DROP_MEMBERSHIP,
  },
  6: {
    family: abi.AF_INET6,
    options: (interfaceIndex) => [
      ["IPV6_HDRINCL", IPPROTO_IPV6, abi.IPV6_HDRINCL, ON],
      ...ifBound(interfaceIndex, [
        "IPV6_MULTICAST_IF",
        IPPROTO_IPV6,
        abi.IPV6_MULTICAST_IF,
        Int32Array.of(interfaceIndex),
      ]),
      ["IPV6_MULTICAST_LOOP", IPPROTO_IPV6, abi.IPV6_MULTICAST_LOOP, OFF],
      ["IPV6_RECVPKTINFO", IPPROTO_IPV6, abi.IPV6_RECVPKTINFO, ON],
      ["IPV6_RECVHOPLIMIT", IPPROTO_IPV6, abi.IPV6_RECVHOPLIMIT, ON],
    ],
    destination: abi.SOCKADDR_IN6,
    membership: abi.IPV6_MREQ,
    join: [IPPROTO_IPV6, abi.IPV6_ADD_MEMBERSHIP, "IPV6_ADD_MEMBERSHIP"],
    leave: abi.IPV6_DROP_MEMBERSHIP,
  },
};

const ifBound = (interfaceIndex: number, option: SocketOption): readonly SocketOption[] =>
  interfaceIndex === ANY_DEVICE ? [] : [option];

function membership({ size, ifindex }: Version["membership"], interfaceIndex: number): Uint8Array {
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setInt32(ifindex, interfaceIndex, true);
  return bytes;
}

/** With `ANY_DEVICE` it receives unicast from every device, and sends by the routing table. */
export function openVrrpSocket(
  interfaceIndex: number,
  name: string,
  version: 4 | 6 = 4,
): Result<VrrpSocket> {
  const { family, options } = VERSIONS[version];
  const type = abi.SOCK_RAW | abi.SOCK_NONBLOCK | abi.SOCK_CLOEXEC;
  const fd = libc.socket(family, type, abi.IPPROTO_VRRP);
  if (fd < 0) return libc.failure("socket(VRRP)");
  const device = new TextEncoder().encode(`${name}\0`);
  const steps: readonly SocketOption[] = [
    ...ifBound(interfaceIndex, ["SO_BINDTODEVICE", abi.SOL_SOCKET, abi.SO_BINDTODEVICE, device]),
    ...options(interfaceIndex),
  ];
  for (const [option, level, number, value] of steps) {
    if (set(fd, level, number, value)) continue;
    const failure = libc.failure(`setsockopt(${option})`);
    libc.close(fd);
    return failure;
  }
  setReceiveBuffer(fd, RECEIVE_BUFFER);
  // TC_PRIO_CONTROL: ahead of other traffic in the device's queue.
  set(fd, abi.SOL_SOCKET, abi.SO_PRIORITY, Int32Array.of(6));
  const socket = new RawSocket(fd, version, interfaceIndex);
  const filtered = socket.filterGroups();
  if (filtered.ok) return success(socket);
  socket.close();
  return filtered;
}

const set = (fd: number, level: number, option: number, value: Uint8Array | Int32Array): boolean =>
  libc.setsockopt(fd, level, option, value, value.byteLength) === 0;

class RawSocket implements VrrpSocket {
  readonly fd: number;
  readonly #version: Version;
  readonly #isIpv6: boolean;
  readonly #destination: Uint8Array;
  readonly #membership: Uint8Array;
  /** IPv6 has no option as IP_MULTICAST_ALL for raw sockets; each join and leave says it anew. */
  readonly #groups = new Set<IpAddress>();
  /** Made when one packet at a time is read from it. */
  #single: Ipv6Packets | undefined;

  constructor(fd: number, version: 4 | 6, interfaceIndex: number) {
    this.fd = fd;
    this.#version = VERSIONS[version];
    this.#isIpv6 = version === 6;
    const { destination, membership: request, family } = this.#version;
    this.#destination = new Uint8Array(destination.size);
    new DataView(this.#destination.buffer).setUint16(destination.family, family, true);
    this.#membership = membership(request, interfaceIndex);
  }

  receive(into: Uint8Array): number {
    if (!this.#isIpv6) {
      return Math.max(0, libc.recv(this.fd, into, into.length, abi.MSG_DONTWAIT));
    }
    this.#single ??= new Ipv6Packets();
    if (this.#single.receive(this.fd, 1) === 0) return 0;
    const packet = this.#single.packet(0).subarray(0, into.length);
    into.set(packet);
    return packet.length;
  }

  send(packet: Uint8Array, to: IpAddress): Outcome {
    const { address, size } = this.#version.destination;
    writeIp(to, this.#destination, address);
    const flags = abi.MSG_DONTWAIT;
    const sent = libc.sendto(this.fd, packet, packet.length, flags, this.#destination, size);
    return sent < 0 ? libc.failure("sendto(VRRP)") : OK;
  }

  joinGroup(group: IpAddress): Outcome {
    const [level, option, name] = this.#version.join;
    if (!set(this.fd, level, option, this.#requestFor(group))) {
      const failure = libc.failure(`setsockopt(${name})`);
      if (failure.errno !== "EADDRINUSE") return failure;
    }
    this.#groups.add(group);
    return this.filterGroups();
  }

  leaveGroup(group: IpAddress): void {
    const [level] = this.#version.join;
    set(this.fd, level, this.#version.leave, this.#requestFor(group));
    this.#groups.delete(group);
    // Then what is sent to the group is received as long as others are in it, and refused later.
    void this.filterGroups();
  }

  filterGroups(): Outcome {
    if (!this.#isIpv6) return OK;
    const groups = [...this.#groups].map((group) => {
      const bytes = new Uint8Array(16);
      writeIp(group, bytes, 0);
      return bytes;
    });
    return attachFilter(this.fd, onlyGroups(groups));
  }

  #requestFor(group: IpAddress): Uint8Array {
    writeIp(group, this.#membership, this.#version.membership.group);
    return this.#membership;
  }

  close(): void {
    libc.close(this.fd);
  }
}
