/** The engine's view of a simulated machine: ports/world.ts over the simulated kernel and network. */
import type { FromEngine } from "#contract/engine-link";
import { OK, type World } from "#ports/world";
import { BROADCAST_MAC, type Ipv4, ipv4, type Mac } from "#units/address";
import type { Kernel } from "./kernel.ts";
import type { Frame, Network, Port } from "./network.ts";

export interface WorldParts {
  readonly kernel: Kernel;
  readonly network: Network;
  readonly port: Port;
  readonly hasGuard: boolean;
  /** The neighbour table: unicast peers are resolved; whoever is unknown is flooded. */
  readonly macOf: (address: Ipv4) => Mac | undefined;
  readonly tell: (message: FromEngine) => void;
  readonly sent: (frame: Frame) => void;
  readonly listening: (on: boolean) => void;
}

const MULTICAST_MIN = 0xe0000000;

export function createWorld(parts: WorldParts): World {
  const { kernel, network, port } = parts;
  const refused = (index: number, call: string): ReturnType<World["sendArp"]> | undefined => {
    if (!kernel.linkExists || index !== kernel.linkIndex)
      return { ok: false, errno: "ENODEV", call };
    return kernel.linkUp ? undefined : { ok: false, errno: "ENETDOWN", call };
  };
  const send = (frame: Frame): void => {
    parts.sent(frame);
    network.send(port, frame, kernel.lag);
  };
  return {
    listen: (index) => {
      if (!kernel.linkExists || index !== kernel.linkIndex)
        return { ok: false, errno: "ENODEV", call: "SO_BINDTODEVICE" };
      parts.listening(true);
      return OK;
    },
    unlisten: () => parts.listening(false),
    sendAdvert: (index, packet, to) => {
      const failure = refused(index, "sendto");
      if (failure !== undefined) return failure;
      const isMulticast = to >= MULTICAST_MIN;
      const mac = (isMulticast ? undefined : parts.macOf(to)) ?? BROADCAST_MAC;
      send({ from: port.mac, to: mac, kind: "vrrp", bytes: packet.slice() });
      return OK;
    },
    isUnresolved: () => false,
    sendArp: (index, bytes) => {
      const failure = refused(index, "sendto");
      if (failure !== undefined) return failure;
      send({ from: port.mac, to: BROADCAST_MAC, kind: "arp", bytes: bytes.slice() });
      return OK;
    },
    setAddress: (index, address, seconds) => kernel.setAddress(index, address, seconds),
    removeAddress: (index, address) => kernel.removeAddress(index, address),
    guard: parts.hasGuard ? kernel.guard : undefined,
    tell: parts.tell,
  };
}

/** Fields of an advertisement read straight from a whole IPv4 packet of ours (header without options). */
export const vridOf = (packet: Uint8Array): number => packet[21] ?? 0;
export const priorityOf = (packet: Uint8Array): number => packet[22] ?? 0;
export const sourceOf = (packet: Uint8Array): Ipv4 =>
  ipv4(
    (packet[12] ?? 0) * 0x1000000 +
      (((packet[13] ?? 0) << 16) | ((packet[14] ?? 0) << 8) | (packet[15] ?? 0)),
  );
