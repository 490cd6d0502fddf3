/**
 * The engine's world on Linux: a raw VRRP socket and an ARP socket for each interface of a router,
 * an ARP socket for each other device with a virtual address, one rtnetlink socket for requests and
 * one for news, all in one reactor.
 */

import type { Ipv4 } from "#units/address";
import { type Instant, type Micros, micros } from "#units/time";
import type { FromEngine } from "#vrrp/engine/engine-link";
import {
  type AddressGuard,
  type AddressLifetime,
  type Advertisement,
  ANY_DEVICE,
  type Failure,
  type Fence,
  OK,
  type Outcome,
  type World,
  type WorldEvent,
} from "#vrrp/engine/world";
import type { VirtualAddress } from "#vrrp/router/config";
import { claimedAddresses } from "./address-claims.ts";
import type { AddressLifetimes } from "./address-lifetimes.ts";
import { type ArpSocket, openArpSender, openArpSocket } from "./arp-socket.ts";
import { now, workBound } from "./clock.ts";
import { KernelFence } from "./kernel-fence.ts";
import type { LinePipe } from "./line-pipe.ts";
import { BATCH, IncomingPackets, OutgoingPackets } from "./packet-batch.ts";
import { PromoteSecondaries } from "./promote-secondaries.ts";
import type { Reactor } from "./reactor.ts";
import type { Rtnetlink } from "./rtnetlink.ts";
import { NUD_FAILED, NUD_INCOMPLETE } from "./rtnetlink-messages.ts";
import { destroySocketsNow } from "./socket-destroy.ts";
import { openVrrpSocket, type VrrpSocket } from "./vrrp-socket.ts";

interface Port {
  /** Undefined if no router sends there. */
  vrrp: VrrpSocket | undefined;
  arp: ArpSocket | undefined;
  readonly groups: Set<Ipv4>;
  /** Which of the advertisements being sent are for this socket. */
  readonly waiting: number[];
}

/** True: the packet, which came before `at`, repeats another and is dealt with. */
type Repeats = (interfaceIndex: number, bytes: Uint8Array, at: Instant) => boolean;

/** A thousand connections; other routers' advertisements wait that long. */
const RESET_MOST: Micros = micros(10_000);
/** Where this process does not get the processor; the address stays as long. */
const RESET_LONGEST: Micros = micros(100_000);

/** The errors of sending when the socket's device has been deleted. */
const GONE: readonly string[] = ["ENXIO", "ENODEV"];

export class LinuxWorld implements World {
  readonly guard: AddressGuard | undefined;
  readonly fence: Fence;
  readonly #rtnetlink: Rtnetlink;
  readonly #lifetimes: AddressLifetimes;
  readonly #reactor: Reactor;
  readonly #pipe: LinePipe;
  readonly #receive: (event: WorldEvent) => void;
  readonly #repeats: Repeats;
  readonly #ports = new Map<number, Port>();
  readonly #promoting = new PromoteSecondaries();
  readonly #senders = new Map<number, ArpSocket>();
  readonly #received = new IncomingPackets();
  readonly #sending = new OutgoingPackets();

  constructor(parts: {
    readonly reactor: Reactor;
    readonly rtnetlink: Rtnetlink;
    readonly lifetimes: AddressLifetimes;
    readonly pipe: LinePipe;
    readonly guard: AddressGuard | undefined;
    readonly receive: (event: WorldEvent) => void;
    readonly repeats: Repeats;
  }) {
    this.#reactor = parts.reactor;
    this.#rtnetlink = parts.rtnetlink;
    this.#lifetimes = parts.lifetimes;
    this.#pipe = parts.pipe;
    this.guard = parts.guard;
    this.fence = new KernelFence(parts.reactor, (text) =>
      parts.pipe.write({ type: "log", level: "warning", text }, true),
    );
    this.#receive = parts.receive;
    this.#repeats = parts.repeats;
  }

  listen(interfaceIndex: number, name: string, groups: readonly Ipv4[] | undefined): Outcome {
    // The device was deleted and made anew with the same index, and the message about it was lost:
    // the sockets belong to the old device.
    if (this.#ports.get(interfaceIndex)?.arp?.isBound() === false) this.unlisten(interfaceIndex);
    const known = this.#ports.get(interfaceIndex);
    const port = known ?? { vrrp: undefined, arp: undefined, groups: new Set(), waiting: [] };
    this.#ports.set(interfaceIndex, port);
    const outcome = this.#open(port, interfaceIndex, name, groups !== undefined);
    if (outcome.ok) return groups === undefined ? OK : setGroups(port, groups);
    if (known === undefined) this.unlisten(interfaceIndex);
    return outcome;
  }

  /** Opens those of its sockets that are wanted and do not exist yet. */
  #open(port: Port, interfaceIndex: number, name: string, isForRouter: boolean): Outcome {
    if (isForRouter && port.vrrp === undefined) {
      const opened = openVrrpSocket(interfaceIndex, name);
      if (!opened.ok) return opened;
      const vrrp = opened.value;
      port.vrrp = vrrp;
      this.#reactor.addPackets(vrrp.fd, () => this.#drain("packet", interfaceIndex, port, vrrp.fd));
    }
    if (port.arp === undefined && interfaceIndex !== ANY_DEVICE) {
      const opened = openArpSocket(interfaceIndex);
      if (!opened.ok) return opened;
      const arp = opened.value;
      port.arp = arp;
      this.#reactor.addPackets(arp.fd, () => this.#drain("arp", interfaceIndex, port, arp.fd));
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

  sendAdverts(adverts: readonly Advertisement[]): readonly Outcome[] | undefined {
    let outcomes: Outcome[] | undefined;
    for (let place = 0; place < adverts.length; place++) {
      const port = this.#portOf(adverts[place]);
      if (port?.vrrp === undefined) {
        outcomes ??= allSent(adverts);
        outcomes[place] = notListening("sendto(VRRP)");
      } else port.waiting.push(place);
    }
    for (const port of this.#ports.values()) {
      if (port.waiting.length === 0) continue;
      outcomes = this.#sendWaiting(port, adverts, outcomes);
      port.waiting.length = 0;
    }
    return outcomes;
  }

  #portOf(advert: Advertisement | undefined): Port | undefined {
    return advert === undefined ? undefined : this.#ports.get(advert.interfaceIndex);
  }

  #sendWaiting(
    { vrrp, waiting }: Port,
    adverts: readonly Advertisement[],
    before: Outcome[] | undefined,
  ): Outcome[] | undefined {
    let outcomes = before;
    for (let from = 0; from < waiting.length && vrrp !== undefined; from += BATCH) {
      const end = Math.min(waiting.length, from + BATCH);
      for (let at = from; at < end; at++) {
        const advert = adverts[waiting[at] ?? -1];
        if (advert !== undefined) this.#sending.add(advert.packet, advert.to);
      }
      const sent = this.#sending.send(vrrp.fd);
      for (let at = from; at < end && sent !== undefined; at++) {
        outcomes ??= allSent(adverts);
        outcomes[waiting[at] ?? -1] = sent[at - from] ?? OK;
      }
    }
    return outcomes;
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

  prolongAddresses(
    all: readonly AddressLifetime[],
    until?: Instant,
  ): readonly Outcome[] | undefined {
    return this.#lifetimes.set(all, until);
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

  resetConnections(addresses: readonly Ipv4[], ports: readonly number[] | undefined): Outcome {
    return destroySocketsNow({ addresses, ports }, workBound(RESET_MOST, RESET_LONGEST));
  }

  emit(message: FromEngine): void {
    this.#pipe.write(message, onlyInforms(message));
  }

  /**
   * Reads one batch before others have their turn, so that a flood on one interface does not
   * starve the rest. True: there may be more.
   */
  #drain(kind: "packet" | "arp", interfaceIndex: number, port: Port, fd: number): boolean {
    const received = this.#received;
    const count = received.receive(fd);
    // One reading of the clock for all that only repeat, up to one that may take time: they were
    // there before it.
    let at = count > 0 ? now() : NEVER;
    for (let place = 0; place < count; place++) {
      const bytes = received.packet(place);
      if (kind === "packet" && this.#repeats(interfaceIndex, bytes, at)) continue;
      this.#receive({ kind, interfaceIndex, bytes });
      // What was received may have ended the listening.
      if (this.#ports.get(interfaceIndex) !== port) return false;
      at = now();
    }
    return count === BATCH;
  }
}

/**
 * Reports may be lost if the supervisor does not read. The end of a hand-over must not be lost,
 * or the supervisor would do it once more.
 */
function onlyInforms(message: FromEngine): boolean {
  if (message.type === "report") return message.report.kind !== "handed-over";
  return message.type === "log" || message.type === "drop" || message.type === "snapshot";
}

const NEVER = 0 as Instant;

const allSent = (adverts: readonly Advertisement[]): Outcome[] => adverts.map(() => OK);

const notListening = (call: string): Failure => ({ ok: false, errno: "ENOTCONN", call });

/**
 * Groups that are no longer wanted are left first: the kernel allows a socket 20
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
