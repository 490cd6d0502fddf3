/**
 * A packet socket for who has which address on one interface: ARP for IPv4, neighbour solicitations
 * and advertisements for IPv6. Whole Ethernet frames in and out; our own are not received.
 */
import type { Outcome } from "#vrrp/engine/world";
import { ETH_P_ARP, ETH_P_IPV6 } from "./abi.ts";
import { NEIGHBOUR_DISCOVERY, NOT_OUTGOING } from "./bpf.ts";
import { openPacketSocket } from "./packet-socket.ts";
import type { Result } from "./result.ts";

export interface NeighbourSocket {
  readonly fd: number;
  /** Reads one frame into `into`; 0 if there is none. */
  receive(into: Uint8Array): number;
  send(frame: Uint8Array): Outcome;
  /** False if its device is gone for good. */
  isBound(): boolean;
  close(): void;
}

export function openNeighbourSocket(
  interfaceIndex: number,
  version: 4 | 6 = 4,
): Result<NeighbourSocket> {
  const options =
    version === 4
      ? { protocol: ETH_P_ARP, filter: NOT_OUTGOING }
      : { protocol: ETH_P_IPV6, filter: NEIGHBOUR_DISCOVERY };
  return openPacketSocket(interfaceIndex, options);
}

/** For announcements only: nothing is received, so no buffer fills up. */
export function openNeighbourSender(interfaceIndex: number): Result<NeighbourSocket> {
  return openPacketSocket(interfaceIndex, { protocol: 0 });
}
