/** The engine's view of a simulated machine: `World` over the simulated kernel and segment. */

import { BROADCAST_MAC, type IpAddress, isMulticast } from "#units/address";
import type { FromEngine } from "#vrrp/engine/engine-link";
import { OK, sendEach, setEach, type World } from "#vrrp/engine/world";
import { etherDestinationOf, isGroupMac } from "#vrrp/wire/ethernet";
import { arpSender, arpTarget } from "./frame-fields.ts";
import type { SimulatedKernel } from "./kernel.ts";
import type { Neighbours } from "./neighbours.ts";
import type { Frame, Port, Segment } from "./segment.ts";

export interface WorldParts {
  readonly kernel: SimulatedKernel;
  readonly network: Segment;
  readonly port: Port;
  readonly hasGuard: boolean;
  readonly hasFence: boolean;
  readonly neighbours: Neighbours;
  readonly emit: (message: FromEngine) => void;
  readonly claimed: () => ReadonlySet<IpAddress>;
  /** Given to the kernel, where a packet may wait for its receiver's MAC address. */
  readonly sent: (kind: Frame["kind"], bytes: Uint8Array) => void;
  /** Sockets are bound to the device that is there now. */
  readonly listening: (on: boolean) => void;
}

export function createMachineWorld(parts: WorldParts): World {
  const { kernel, network, neighbours, port } = parts;
  const refused = (index: number, call: string): ReturnType<World["sendFrame"]> | undefined => {
    if (!kernel.linkExists || index !== kernel.linkIndex)
      return { ok: false, errno: "ENODEV", call };
    return kernel.linkUp ? undefined : { ok: false, errno: "ENETDOWN", call };
  };
  return {
    listen: (index) => {
      if (!kernel.linkExists || index !== kernel.linkIndex)
        return { ok: false, errno: "ENODEV", call: "SO_BINDTODEVICE" };
      parts.listening(true);
      return OK;
    },
    unlisten: () => parts.listening(false),
    unixTime: () => kernel.calendar.unixTime(),
    sendAdverts: (adverts) =>
      sendEach(adverts, ({ interfaceIndex, packet, to }) => {
        const failure = refused(interfaceIndex, "sendto");
        if (failure !== undefined) return failure;
        const bytes = packet.slice();
        parts.sent("vrrp", bytes);
        sendPacket(parts, to, bytes, kernel.lag);
        return OK;
      }),
    isUnresolved: (index, to) => index === kernel.linkIndex && neighbours.isUnresolved(to),
    forwardsIpv6: () => false,
    sendFrame: (index, frame) => {
      const failure = refused(index, "sendto");
      if (failure !== undefined) return failure;
      const bytes = frame.slice();
      const kind = arpSender(bytes) === arpTarget(bytes) ? "garp" : "arp";
      parts.sent(kind, bytes);
      // A multicast group of Ethernet is everybody here.
      const destination = etherDestinationOf(bytes);
      const to = isGroupMac(destination) ? BROADCAST_MAC : destination;
      network.send(port, { from: port.mac, to, kind, bytes }, kernel.lag);
      return OK;
    },
    setAddress: (index, address, seconds) => kernel.setAddress(index, address, seconds),
    prolongAddresses: (all) =>
      setEach(all, (index, address, seconds) => kernel.setAddress(index, address, seconds)),
    removeAddress: (index, address) => kernel.removeAddress(index, address),
    promoteSecondaries: () => OK,
    claimed: parts.claimed,
    guard: parts.hasGuard ? kernel.guard : undefined,
    fence: parts.hasFence ? kernel.fence : undefined,
    emit: parts.emit,
  };
}

/** A packet to the group, or to a peer, for which the MAC address may have to be found first. */
export function sendPacket(
  parts: Pick<WorldParts, "network" | "neighbours" | "port">,
  to: IpAddress,
  bytes: Uint8Array,
  lag: number,
): void {
  const { network, neighbours, port } = parts;
  if (!isMulticast(to)) return neighbours.send(to, bytes, lag);
  network.send(port, { from: port.mac, to: BROADCAST_MAC, kind: "vrrp", bytes }, lag);
}
