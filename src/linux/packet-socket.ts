/**
 * Whole Ethernet frames in and out of one interface (AF_PACKET, SOCK_RAW): capture, injection, a
 * switch's port. Or, with `payloadOnly`, what is behind their headers.
 *
 * The kernel keeps a VLAN tag beside the frame, not in it; frames are therefore seen untagged. On a
 * veth, checksums and large segments are unfinished unless its offloads are off (links.ts).
 */
import { OK, type Outcome } from "#vrrp/engine/world";
import * as abi from "./abi.ts";
import { type BpfInstruction, emitBpf, NOTHING } from "./bpf.ts";
import { errnoName } from "./errno.ts";
import * as libc from "./ffi.ts";
import { type Result, success } from "./result.ts";
import { setReceiveBuffer } from "./socket-options.ts";

export interface PacketSocketOptions {
  /** Ethernet type, ETH_P_ALL for every one (the default), 0 for a socket that only sends. */
  readonly protocol?: number;
  /** True by default: what this machine sends on the interface is not received. */
  readonly ignoreOutgoing?: boolean;
  /**
   * Frames for other stations too. Needed on a switch's port; a capture of the own traffic does
   * without.
   */
  readonly promiscuous?: boolean;
  readonly filter?: readonly BpfInstruction[];
  /** Without the Ethernet header (SOCK_DGRAM); to receive. */
  readonly payloadOnly?: true;
  /** Bytes; the kernel doubles it, and charges some hundred bytes for each frame. */
  readonly receiveBuffer?: number;
}

export class PacketSocket implements Disposable {
  readonly fd: number;
  /** Of the frame received last: PACKET_HOST, PACKET_OUTGOING, … (linux/if_packet.h). */
  lastType: number = abi.PACKET_HOST;
  /** The length on the wire of the frame received last, even if `receive` cut it short. */
  lastLength = 0;
  readonly #address = new Uint8Array(abi.SOCKADDR_LL.size);
  readonly #addressLength = new Int32Array(1);

  constructor(fd: number) {
    this.fd = fd;
  }

  /** One frame into `into`, cut to its size; 0 when there is none (or the interface went down). */
  receive(into: Uint8Array): number {
    this.#addressLength[0] = this.#address.length;
    const length = libc.recvfrom(
      this.fd,
      into,
      into.length,
      abi.MSG_DONTWAIT | abi.MSG_TRUNC,
      this.#address,
      this.#addressLength,
    );
    if (length <= 0) return 0;
    this.lastType = this.#address[abi.SOCKADDR_LL.pkttype] ?? abi.PACKET_HOST;
    this.lastLength = length;
    return Math.min(length, into.length);
  }

  /** The frame is copied. ENOBUFS and EAGAIN mean that the device's queue is full. */
  send(frame: Uint8Array): Outcome {
    for (;;) {
      if (libc.send(this.fd, frame, frame.length, abi.MSG_DONTWAIT) >= 0) return OK;
      if (errnoName(libc.errno()) !== "EINTR") return libc.failure("send(AF_PACKET)");
    }
  }

  /**
   * Frames that passed the filter, and how many of them found no room in the buffer, since the last
   * call.
   */
  statistics(): Result<{ readonly packets: number; readonly drops: number }> {
    const value = new Int32Array(abi.TPACKET_STATS.size / 4);
    const length = Int32Array.of(abi.TPACKET_STATS.size);
    if (libc.getsockopt(this.fd, abi.SOL_PACKET, abi.PACKET_STATISTICS, value, length) < 0) {
      return libc.failure("getsockopt(PACKET_STATISTICS)");
    }
    return success({ packets: (value[0] ?? 0) >>> 0, drops: (value[1] ?? 0) >>> 0 });
  }

  /**
   * False: the device it was bound to is gone, also where another one has its name and index by
   * now.
   */
  isBound(): boolean {
    const address = new Uint8Array(abi.SOCKADDR_LL.size);
    const length = Int32Array.of(address.length);
    if (libc.getsockname(this.fd, address, length) !== 0) return false;
    return new DataView(address.buffer).getInt32(abi.SOCKADDR_LL.ifindex, true) > 0;
  }

  close(): void {
    libc.close(this.fd);
  }
  [Symbol.dispose](): void {
    this.close();
  }
}

export function openPacketSocket(
  interfaceIndex: number,
  options: PacketSocketOptions = {},
): Result<PacketSocket> {
  // Protocol 0 receives nothing until `bind` says which: no frame of another interface, and none
  // that the filter would have refused, slips in between.
  const type = options.payloadOnly === true ? abi.SOCK_DGRAM : abi.SOCK_RAW;
  const fd = libc.socket(abi.AF_PACKET, type | abi.SOCK_NONBLOCK | abi.SOCK_CLOEXEC, 0);
  if (fd < 0) return libc.failure("socket(AF_PACKET)");
  const prepared = prepare(fd, interfaceIndex, options);
  if (prepared.ok) return success(new PacketSocket(fd));
  libc.close(fd);
  return prepared;
}

function prepare(fd: number, interfaceIndex: number, options: PacketSocketOptions): Outcome {
  const { protocol = abi.ETH_P_ALL, ignoreOutgoing = true, receiveBuffer } = options;
  if (ignoreOutgoing) {
    const done = libc.setsockopt(
      fd,
      abi.SOL_PACKET,
      abi.PACKET_IGNORE_OUTGOING,
      Int32Array.of(1),
      4,
    );
    // Before Linux 4.20 there is no such option; a filter can say it then.
    if (done < 0 && options.filter === undefined)
      return libc.failure("setsockopt(PACKET_IGNORE_OUTGOING)");
  }
  if (options.filter !== undefined) {
    const attached = attachFilter(fd, options.filter);
    if (!attached.ok) return attached;
  }
  if (receiveBuffer !== undefined) setReceiveBuffer(fd, receiveBuffer);
  if (options.promiscuous === true) {
    const request = new Uint8Array(abi.PACKET_MREQ.size);
    const view = new DataView(request.buffer);
    view.setInt32(abi.PACKET_MREQ.ifindex, interfaceIndex, true);
    view.setUint16(abi.PACKET_MREQ.type, abi.PACKET_MR_PROMISC, true);
    const { SOL_PACKET, PACKET_ADD_MEMBERSHIP } = abi;
    if (libc.setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, request, request.length) < 0) {
      return libc.failure("setsockopt(PACKET_MR_PROMISC)");
    }
  }
  const address = new Uint8Array(abi.SOCKADDR_LL.size);
  const view = new DataView(address.buffer);
  view.setUint16(abi.SOCKADDR_LL.family, abi.AF_PACKET, true);
  view.setUint16(abi.SOCKADDR_LL.protocol, protocol);
  view.setInt32(abi.SOCKADDR_LL.ifindex, interfaceIndex, true);
  return libc.bind(fd, address, address.length) === 0 ? OK : libc.failure("bind(AF_PACKET)");
}

/** Stops receiving, on a socket of any kind. */
export const refuseEverything = (fd: number): Outcome => attachFilter(fd, NOTHING);

export function attachFilter(fd: number, program: readonly BpfInstruction[]): Outcome {
  const instructions = emitBpf(program);
  const header = new Uint8Array(abi.SOCK_FPROG.size);
  const view = new DataView(header.buffer);
  view.setUint16(abi.SOCK_FPROG.length, program.length, true);
  // The kernel copies the program during the call; `instructions` is alive until its end.
  view.setBigUint64(abi.SOCK_FPROG.filter, libc.addressOf(instructions), true);
  const done = libc.setsockopt(fd, abi.SOL_SOCKET, abi.SO_ATTACH_FILTER, header, header.length);
  return done === 0 && instructions.length > 0 ? OK : libc.failure("setsockopt(SO_ATTACH_FILTER)");
}
