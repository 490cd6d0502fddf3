/**
 * A packet socket for ARP on one interface: whole Ethernet frames in and out; our own are not
 * received.
 */
import type { Outcome } from "#vrrp/engine/world";
import { ETH_P_ARP } from "./abi.ts";
import { NOT_OUTGOING } from "./bpf.ts";
import { openPacketSocket } from "./packet-socket.ts";
import type { Result } from "./result.ts";

export interface ArpSocket {
  readonly fd: number;
  /** Reads one frame into `into`; 0 if there is none. */
  receive(into: Uint8Array): number;
  send(frame: Uint8Array): Outcome;
  /** False if its device is gone for good. */
  isBound(): boolean;
  close(): void;
}

export function openArpSocket(interfaceIndex: number): Result<ArpSocket> {
  return openPacketSocket(interfaceIndex, { protocol: ETH_P_ARP, filter: NOT_OUTGOING });
}

/** For announcements only: nothing is received, so no buffer fills up. */
export function openArpSender(interfaceIndex: number): Result<ArpSocket> {
  return openPacketSocket(interfaceIndex, { protocol: 0 });
}
