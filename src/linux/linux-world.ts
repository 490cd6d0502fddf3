/**
 * The engine's world on Linux: a raw VRRP socket and an ARP socket for each interface of a router,
 * an ARP socket for each other device with a virtual address, one rtnetlink socket for requests and
 * one for news, all in one reactor.
 */

import type { Ipv4 } from "#units/address";
import type { FromEngine } from "#vrrp/engine/engine-link";
import {
  type AddressGuard,
  ANY_DEVICE,
  type Failure,
  OK,
  type Outcome,
  type World,
  type WorldEvent,
} from "#vrrp/engine/world";
import type { VirtualAddress } from "#vrrp/router/config";
import { claimedAddresses } from "./address-claims.ts";
import { type ArpSocket, openArpSender, openArpSocket } from "./arp-socket.ts";
import type { LinePipe } from "./line-pipe.ts";
import { PromoteSecondaries } from "./promote-secondaries.ts";
import type { Reactor } from "./reactor.ts";
import type { Rtnetlink } from "./rtnetlink.ts";
import { NUD_FAILED, NUD_INCOMPLETE } from "./rtnetlink-messages.ts";
import { openVrrpSocket, type VrrpSocket } from "./vrrp-socket.ts";

interface Port {
  /** Undefined where no router speaks. */
  vrrp: VrrpSocket | undefined;
  arp: ArpSocket | undefined;
  readonly groups: Set<Ipv4>;
}

/**
 * Packets taken from one socket before others have their turn: a flood on one interface must not
 * starve the rest.
 */
const BATCH = 64;
/** What sending says when the device under the socket has been deleted. */
const GONE: readonly string[] = ["ENXIO", "ENODEV"];

export class LinuxWorld implements World {
  readonly guard: AddressGuard | undefined;
  readonly #rtnetlink: Rtnetlink;
  readonly #reactor: Reactor;
  readonly #pipe: LinePipe;
  readonly #receive: (event: WorldEvent) => void;
  readonly #ports = new Map<number, Port>();
  readonly #promoting = new PromoteSecondaries();
  readonly #senders = new Map<number, ArpSocket>();
  readonly #buffer = new Uint8Array(65_536);

  constructor(parts: {
    readonly reactor: Reactor;
    readonly rtnetlink: Rtnetlink;
    readonly pipe: LinePipe;
    readonly guard: AddressGuard | undefined;
    readonly receive: (event: WorldEvent) => void;
  }) {
    this.#reactor = parts.reactor;
    this.#rtnetlink = parts.rtnetlink;
    this.#pipe = parts.pipe;
    this.guard = parts.guard;
    this.#receive = parts.receive;
  }

  listen(interfaceIndex: number, name: string, groups: readonly Ipv4[] | undefined): Outcome {
    // The device was deleted and made anew with the same index, and the message about it was lost:
    // the sockets belong to the old device.
    if (this.#ports.get(interfaceIndex)?.arp?.isBound() === false) this.unlisten(interfaceIndex);
    const known = this.#ports.get(interfaceIndex);
    const port = known ?? { vrrp: undefined, arp: undefined, groups: new Set() };
    this.#ports.set(interfaceIndex, port);
    const outcome = this.#open(port, interfaceIndex, name, groups !== undefined);
    if (outcome.ok) return groups === undefined ? OK : setGroups(port, groups);
    if (known === undefined) this.unlisten(interfaceIndex);
    return outcome;
  }

  /** Those of its sockets that are wanted and not there yet. */
  #open(port: Port, interfaceIndex: number, name: string, isForRouter: boolean): Outcome {
    if (isForRouter && port.vrrp === undefined) {
      const opened = openVrrpSocket(interfaceIndex, name);
      if (!opened.ok) return opened;
      const vrrp = opened.value;
      port.vrrp = vrrp;
      this.#reactor.add(vrrp.fd, () => this.#drain("packet", interfaceIndex, port, vrrp));
    }
    if (port.arp === undefined && interfaceIndex !== ANY_DEVICE) {
      const opened = openArpSocket(interfaceIndex);
      if (!opened.ok) return opened;
      const arp = opened.value;
      port.arp = arp;
      this.#reactor.add(arp.fd, () => this.#drain("arp", interfaceIndex, port, arp));
    }
    return OK;
  }

  unlisten(interfaceIndex: number): void {
    const port = this.#ports.get(interfaceIndex);
    if (port === undefined) return;
    this.#ports.delete(interfaceIndex);
    for (const socket of [port.vrrp, port.arp]) {
      if (socket === undefined) continue;
      this.#reactor.remove(socket.fd);
      socket.close();
    }
  }

  sendAdvert(interfaceIndex: number, packet: Uint8Array, to: Ipv4): Outcome {
    return this.#ports.get(interfaceIndex)?.vrrp?.send(packet, to) ?? notListening("sendto(VRRP)");
  }

  isUnresolved(interfaceIndex: number, to: Ipv4): boolean {
    const entry = this.#rtnetlink.neighbour(interfaceIndex, to);
    return entry !== undefined && (entry.state & (NUD_INCOMPLETE | NUD_FAILED)) !== 0;
  }

  sendArp(interfaceIndex: number, frame: Uint8Array): Outcome {
    const arp = this.#ports.get(interfaceIndex)?.arp;
    if (arp !== undefined) return arp.send(frame);
    // An address on a device that could not be listened on. The socket is kept: closing a packet
    // socket waits for every processor (synchronize_net), up to milliseconds.
    let sender = this.#senders.get(interfaceIndex);
    if (sender === undefined) {
      const opened = openArpSender(interfaceIndex);
      if (!opened.ok) return opened;
      sender = opened.value;
      this.#senders.set(interfaceIndex, sender);
    }
    const outcome = sender.send(frame);
    if (!outcome.ok && GONE.includes(outcome.errno)) {
      sender.close();
      this.#senders.delete(interfaceIndex);
    }
    return outcome;
  }

  setAddress(interfaceIndex: number, address: VirtualAddress, seconds: number): Outcome {
    return this.#rtnetlink.setAddress(interfaceIndex, address, seconds);
  }

  removeAddress(interfaceIndex: number, address: VirtualAddress): Outcome {
    return this.#rtnetlink.removeAddress(interfaceIndex, address);
  }

  promoteSecondaries(devices: ReadonlySet<string>): Outcome {
    return this.#promoting.settle(devices);
  }

  claimed(): ReadonlySet<Ipv4> {
    return claimedAddresses();
  }

  emit(message: FromEngine): void {
    this.#pipe.write(message, onlyInforms(message));
  }

  #drain(
    kind: "packet" | "arp",
    interfaceIndex: number,
    port: Port,
    socket: VrrpSocket | ArpSocket,
  ): void {
    for (let taken = 0; taken < BATCH; taken++) {
      // What was received may have ended the listening; the descriptor's number may be another
      // socket's by now.
      if (this.#ports.get(interfaceIndex) !== port) return;
      const length = socket.receive(this.#buffer);
      if (length <= 0) return;
      this.#receive({ kind, interfaceIndex, bytes: this.#buffer.subarray(0, length) });
    }
  }
}

/**
 * May be lost when the supervisor does not read. The end of a hand-over may not: the supervisor
 * would do it once more.
 */
function onlyInforms(message: FromEngine): boolean {
  if (message.type === "report") return message.report.kind !== "handed-over";
  return message.type === "log" || message.type === "drop" || message.type === "snapshot";
}

const notListening = (call: string): Failure => ({ ok: false, errno: "ENOTCONN", call });

/**
 * Those that are not wanted any more go first: the kernel allows a socket 20
 * (igmp_max_memberships).
 */
function setGroups(port: Port, groups: readonly Ipv4[]): Outcome {
  for (const group of port.groups) {
    if (groups.includes(group)) continue;
    port.vrrp?.leaveGroup(group);
    port.groups.delete(group);
  }
  const [first = OK] = groups.map((group) => joinGroup(port, group));
  return first;
}

function joinGroup(port: Port, group: Ipv4): Outcome {
  if (port.groups.has(group)) return OK;
  const outcome = port.vrrp?.joinGroup(group) ?? notListening("IP_ADD_MEMBERSHIP");
  if (outcome.ok) port.groups.add(group);
  return outcome;
}
