/** A packet socket for ARP on one interface: whole Ethernet frames in and out; our own are not received. */
import { OK, type Outcome } from "#ports/world";
import * as abi from "./abi.ts";
import * as libc from "./ffi.ts";
import { type Result, success } from "./result.ts";

export interface ArpSocket {
  readonly fd: number;
  /** One frame into `into`; 0 when there is none. */
  receive(into: Uint8Array): number;
  send(frame: Uint8Array): Outcome;
  close(): void;
}

export function openArpSocket(interfaceIndex: number): Result<ArpSocket> {
  // Protocol 0 receives nothing until `bind` says which: no frame of another interface slips in between.
  const fd = libc.socket(abi.AF_PACKET, abi.SOCK_RAW | abi.SOCK_NONBLOCK | abi.SOCK_CLOEXEC, 0);
  if (fd < 0) return libc.failure("socket(AF_PACKET)");
  libc.setsockopt(fd, abi.SOL_PACKET, abi.PACKET_IGNORE_OUTGOING, Int32Array.of(1), 4);
  const address = new Uint8Array(abi.SOCKADDR_LL.size);
  const view = new DataView(address.buffer);
  view.setUint16(abi.SOCKADDR_LL.family, abi.AF_PACKET, true);
  view.setUint16(abi.SOCKADDR_LL.protocol, abi.ETH_P_ARP);
  view.setInt32(abi.SOCKADDR_LL.ifindex, interfaceIndex, true);
  if (libc.bind(fd, address, address.length) !== 0) {
    const failure = libc.failure("bind(AF_PACKET)");
    libc.close(fd);
    return failure;
  }
  return success({
    fd,
    receive: (into) => Math.max(0, libc.recv(fd, into, into.length, abi.MSG_DONTWAIT)),
    send: (frame) =>
      libc.send(fd, frame, frame.length, abi.MSG_DONTWAIT) < 0 ? libc.failure("send(ARP)") : OK,
    close: () => void libc.close(fd),
  });
}
