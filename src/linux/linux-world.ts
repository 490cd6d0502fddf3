/**
 * The engine's world on Linux: for each interface of a router and each version of IP that is spoken
 * there a raw VRRP socket and one for neighbours (ARP, or neighbour discovery), the latter for each
 * other device with a virtual address, one rtnetlink socket for requests and one for news, all in
 * one reactor.
 */

import { type IpAddress, type Ipv6, isIpv6 } from "#units/address";
import { after, type Instant, type Micros, micros } from "#units/time";
import type { FromEngine } from "#vrrp/engine/engine-link";
import {
  type AcceptFilter,
  type AddressGuard,
  type AddressLifetime,
  type Advertisement,
  ANY_DEVICE,
  type BfdPort,
  type Failure,
  type Fence,
  type Listening,
  OK,
  type Outcome,
  type RoutingTable,
  type VirtualMacDevices,
  type World,
  type WorldEvent,
} from "#vrrp/engine/world";
import type { IpVersion, VirtualAddress } from "#vrrp/router/config";
import { ETHER_TYPE_IPV6, etherTypeOf } from "#vrrp/wire/ethernet";
import { claimedAddresses } from "./address-claims.ts";
import type { AddressLifetimes } from "./address-lifetimes.ts";
import { BfdReceiver } from "./bfd-receiver.ts";
import { now, wallClock, workBound } from "./clock.ts";
import * as libc from "./ffi.ts";
import { KernelAccept } from "./kernel-accept.ts";
import { KernelFence } from "./kernel-fence.ts";
import type { LinePipe } from "./line-pipe.ts";
import {
  type NeighbourSocket,
  openNeighbourSender,
  openNeighbourSocket,
} from "./neighbour-socket.ts";
import {
  BATCH,
  IncomingPackets,
  Ipv6Packets,
  OutgoingPackets,
  type PacketSource,
} from "./packet-batch.ts";
import { textOf } from "./proc-files.ts";
import { PromoteSecondaries } from "./promote-secondaries.ts";
import type { Reactor } from "./reactor.ts";
import { KernelRouting } from "./routing-table.ts";
import type { Rtnetlink } from "./rtnetlink.ts";
import { NUD_FAILED, NUD_INCOMPLETE } from "./rtnetlink-messages.ts";
import { destroySocketsNow } from "./socket-destroy.ts";
import { LinuxVirtualMacs } from "./virtual-mac-devices.ts";
import { openVrrpSocket, type VrrpSocket } from "./vrrp-socket.ts";

/** What advertisements leave by. */
interface Sender {
  readonly version: IpVersion;
  /** Undefined if no router sends there. */
  readonly vrrp: VrrpSocket | undefined;
  /** Which of the advertisements being sent are for this socket. */
  readonly waiting: number[];
}

interface Port extends Sender {
  vrrp: VrrpSocket | undefined;
  neighbours: NeighbourSocket | undefined;
  readonly groups: Set<IpAddress>;
}

/** Both versions on one interface. */
interface Ports {
  /** Of the device. */
  readonly name: string;
  readonly 4: Port;
  readonly 6: Port;
}

const VERSIONS: readonly IpVersion[] = [4, 6];
const versionOf = (address: IpAddress): IpVersion => (isIpv6(address) ? 6 : 4);

const noPort = (version: IpVersion): Port => ({
  version,
  vrrp: undefined,
  neighbours: undefined,
  groups: new Set(),
  waiting: [],
});

/** True: the packet, which came before `at`, repeats another and is dealt with. */
type Repeats = (interfaceIndex: number, bytes: Uint8Array, at: Instant) => boolean;

/** A thousand connections; other routers' advertisements wait that long. */
const RESET_MOST: Micros = micros(10_000);
/** Where this process does not get the processor; the address stays as long. */
const RESET_LONGEST: Micros = micros(100_000);

/**
 * The kernel adds the route by which a new IPv6 address is reached a moment later (addrconf_wq):
 * after some 50 microseconds, or as long as a busy machine's kernel threads wait for a processor.
 */
const ANSWERS_WITHIN: Micros = micros(10_000);
const LOOK_AGAIN_NANOSECONDS = 50_000;

/** The errors of sending when the socket's device has been deleted. */
const GONE: readonly string[] = ["ENXIO", "ENODEV"];

export class LinuxWorld implements World {
  readonly guard: AddressGuard | undefined;
  readonly fence: Fence;
  readonly bfd: BfdPort;
  readonly routing: RoutingTable;
  readonly acceptFilter: AcceptFilter;
  readonly #rtnetlink: Rtnetlink;
  readonly #lifetimes: AddressLifetimes;
  readonly #reactor: Reactor;
  readonly #pipe: LinePipe;
  readonly #receive: (event: WorldEvent) => void;
  readonly #repeats: Repeats;
  readonly #ports = new Map<number, Ports>();
  readonly #promoting = new PromoteSecondaries();
  readonly #virtualMacs: LinuxVirtualMacs;
  readonly #senders = new Map<number, NeighbourSocket>();
  readonly #received = new IncomingPackets();
  readonly #sending = new OutgoingPackets();
  /** Made with the first socket of IPv6. */
  #received6: Ipv6Packets | undefined;
  /** IPv6 addresses that were set and are not known to answer yet, with their devices. */
  readonly #fresh = new Map<Ipv6, number>();
  #sending6: OutgoingPackets | undefined;

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
    this.routing = new KernelRouting(parts.rtnetlink);
    this.#lifetimes = parts.lifetimes;
    this.#pipe = parts.pipe;
    this.guard = parts.guard;
    const warn = (text: string): void =>
      parts.pipe.write({ type: "log", level: "warning", text }, true);
    this.fence = new KernelFence(parts.reactor, warn);
    this.acceptFilter = new KernelAccept(parts.reactor, warn);
    this.bfd = new BfdReceiver(parts.reactor, (bytes) => parts.receive({ kind: "bfd", bytes }));
    this.#receive = parts.receive;
    this.#repeats = parts.repeats;
    this.#virtualMacs = new LinuxVirtualMacs(parts.rtnetlink, {
      start: (port, device, base) => {
        const { fd } = port.socket.receiver;
        const isOpen = (): boolean => this.#virtualMacs.ports.get(device) === port;
        this.#reactor.addPackets(fd, () => this.#drain("packet", base, isOpen, fd, this.#received));
      },
      stop: ({ socket }) => this.#reactor.remove(socket.receiver.fd),
    });
  }

  get virtualMacs(): VirtualMacDevices {
    return this.#virtualMacs;
  }

  listen(interfaceIndex: number, name: string, wanted: Listening): Outcome {
    // The device was deleted and made anew with the same index, and the message about it was lost:
    // the sockets belong to the old device.
    if (this.#isOrphan(interfaceIndex)) this.unlisten(interfaceIndex);
    const known = this.#ports.get(interfaceIndex);
    const ports = known ?? { name, 4: noPort(4), 6: noPort(6) };
    this.#ports.set(interfaceIndex, ports);
    for (const version of VERSIONS) {
      const outcome = this.#open(ports[version], interfaceIndex, name, wanted);
      if (outcome.ok) continue;
      if (known === undefined) this.unlisten(interfaceIndex);
      return outcome;
    }
    return setGroups(ports, wanted);
  }

  #isOrphan(interfaceIndex: number): boolean {
    const ports = this.#ports.get(interfaceIndex);
    return (
      ports !== undefined && VERSIONS.some((one) => ports[one].neighbours?.isBound() === false)
    );
  }

  /** Opens those of its sockets that are wanted and do not exist yet. */
  #open(port: Port, interfaceIndex: number, name: string, wanted: Listening): Outcome {
    const { version } = port;
    const isOpen = (): boolean => this.#ports.get(interfaceIndex)?.[version] === port;
    if (wanted.vrrp.includes(version) && port.vrrp === undefined) {
      const opened = openVrrpSocket(interfaceIndex, name, version);
      if (!opened.ok) return opened;
      const { fd } = opened.value;
      port.vrrp = opened.value;
      const source = version === 4 ? this.#received : (this.#received6 ??= new Ipv6Packets());
      this.#reactor.addPackets(fd, () => this.#drain("packet", interfaceIndex, isOpen, fd, source));
    }
    const isHeard = wanted.neighbours.includes(version) && interfaceIndex !== ANY_DEVICE;
    if (isHeard && port.neighbours === undefined) {
      const opened = openNeighbourSocket(interfaceIndex, version);
      if (!opened.ok) return opened;
      const { fd } = opened.value;
      port.neighbours = opened.value;
      this.#reactor.addPackets(fd, () =>
        this.#drain("neighbour", interfaceIndex, isOpen, fd, this.#received),
      );
    }
    return OK;
  }

  unlisten(interfaceIndex: number): void {
    const ports = this.#ports.get(interfaceIndex);
    if (ports === undefined) return;
    this.#ports.delete(interfaceIndex);
    for (const version of VERSIONS) {
      const { vrrp, neighbours } = ports[version];
      for (const socket of [vrrp, neighbours]) {
        if (socket === undefined) continue;
        this.#reactor.remove(socket.fd);
        socket.close();
      }
    }
  }

  unixTime(): number {
    return wallClock();
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
    for (const ports of this.#ports.values())
      for (const version of VERSIONS)
        outcomes = this.#sendWaiting(ports[version], adverts, outcomes);
    for (const port of this.#virtualMacs.ports.values())
      outcomes = this.#sendWaiting(port, adverts, outcomes);
    return outcomes;
  }

  #portOf(advert: Advertisement | undefined): Sender | undefined {
    if (advert === undefined) return undefined;
    const { interfaceIndex, to } = advert;
    const version = versionOf(to);
    return (
      this.#virtualMacs.ports.get(interfaceIndex) ?? this.#ports.get(interfaceIndex)?.[version]
    );
  }

  #sendWaiting(
    { version, vrrp, waiting }: Sender,
    adverts: readonly Advertisement[],
    before: Outcome[] | undefined,
  ): Outcome[] | undefined {
    if (waiting.length === 0) return before;
    const sending = version === 4 ? this.#sending : (this.#sending6 ??= new OutgoingPackets(6));
    let outcomes = before;
    for (let from = 0; from < waiting.length && vrrp !== undefined; from += BATCH) {
      const end = Math.min(waiting.length, from + BATCH);
      for (let at = from; at < end; at++) {
        const advert = adverts[waiting[at] ?? -1];
        if (advert !== undefined) sending.add(advert.packet, advert.to);
      }
      const sent = sending.send(vrrp.fd);
      for (let at = from; at < end && sent !== undefined; at++) {
        outcomes ??= allSent(adverts);
        outcomes[waiting[at] ?? -1] = sent[at - from] ?? OK;
      }
    }
    waiting.length = 0;
    return outcomes;
  }

  isUnresolved(interfaceIndex: number, to: IpAddress): boolean {
    const entry = this.#rtnetlink.neighbour(interfaceIndex, to);
    return entry !== undefined && (entry.state & (NUD_INCOMPLETE | NUD_FAILED)) !== 0;
  }

  sendFrame(interfaceIndex: number, frame: Uint8Array): Outcome {
    // The kernel notes the socket's type of frames with what is sent: queues may look at it.
    const version = etherTypeOf(frame) === ETHER_TYPE_IPV6 ? 6 : 4;
    if (version === 6 && this.#fresh.size > 0) this.#awaitFresh();
    const listening = this.#ports.get(interfaceIndex)?.[version].neighbours;
    if (listening !== undefined) return listening.send(frame);
    // An address on a device that could not be listened on. The socket is kept: closing a packet
    // socket waits for every processor (synchronize_net), up to milliseconds.
    let sender = this.#senders.get(interfaceIndex);
    if (sender === undefined) {
      const opened = openNeighbourSender(interfaceIndex);
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

  /** Whether this machine is a router of IPv6 there, as the kernel says of itself. */
  forwardsIpv6(interfaceIndex: number): boolean {
    const name = this.#ports.get(interfaceIndex)?.name;
    return name !== undefined && textOf(`/proc/sys/net/ipv6/conf/${name}/forwarding`) === "1";
  }

  setAddress(interfaceIndex: number, address: VirtualAddress, seconds: number): Outcome {
    const outcome = this.#rtnetlink.setAddress(interfaceIndex, address, seconds);
    if (outcome.ok && isIpv6(address.address)) this.#fresh.set(address.address, interfaceIndex);
    return outcome;
  }

  /** Before an announcement: who hears it sends at once, and must not be sent away. */
  #awaitFresh(): void {
    const until = after(now(), ANSWERS_WITHIN);
    for (const [address, index] of this.#fresh)
      while (!this.#rtnetlink.isLocal(index, address) && now() < until)
        libc.ppoll(NOTHING_TO_POLL, 0, LOOK_AGAIN, null);
    this.#fresh.clear();
  }

  prolongAddresses(
    all: readonly AddressLifetime[],
    until?: Instant,
  ): readonly Outcome[] | undefined {
    return this.#lifetimes.set(all, until);
  }

  removeAddress(interfaceIndex: number, address: VirtualAddress): Outcome {
    if (isIpv6(address.address)) this.#fresh.delete(address.address);
    return this.#rtnetlink.removeAddress(interfaceIndex, address);
  }

  promoteSecondaries(devices: ReadonlySet<string>): Outcome {
    return this.#promoting.settle(devices);
  }

  claimed(): ReadonlySet<IpAddress> {
    return claimedAddresses();
  }

  resetConnections(addresses: readonly IpAddress[], ports: readonly number[] | undefined): Outcome {
    return destroySocketsNow({ addresses, ports }, workBound(RESET_MOST, RESET_LONGEST));
  }

  emit(message: FromEngine): void {
    this.#pipe.write(message, onlyInforms(message));
  }

  /**
   * Reads one batch before others have their turn, so that a flood on one interface does not
   * starve the rest. True: there may be more.
   */
  #drain(
    kind: "packet" | "neighbour",
    interfaceIndex: number,
    isOpen: () => boolean,
    fd: number,
    received: PacketSource,
  ): boolean {
    const count = received.receive(fd);
    // One reading of the clock for all that only repeat, up to one that may take time: they were
    // there before it.
    let at = count > 0 ? now() : NEVER;
    for (let place = 0; place < count; place++) {
      const bytes = received.packet(place);
      if (kind === "packet" && this.#repeats(interfaceIndex, bytes, at)) continue;
      this.#receive({ kind, interfaceIndex, bytes });
      // What was received may have ended the listening.
      if (!isOpen()) return false;
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
  return ["log", "drop", "snapshot", "brief"].includes(message.type);
}

const NEVER = 0 as Instant;
/** struct timespec */
const LOOK_AGAIN = Int32Array.of(0, 0, LOOK_AGAIN_NANOSECONDS, 0);
const NOTHING_TO_POLL = new Int32Array(2);

const allSent = (adverts: readonly Advertisement[]): Outcome[] => adverts.map(() => OK);

const notListening = (call: string): Failure => ({ ok: false, errno: "ENOTCONN", call });

/**
 * Groups that are no longer wanted are left first: the kernel allows a socket 20
 * (igmp_max_memberships).
 */
function setGroups(ports: Ports, { vrrp, groups }: Listening): Outcome {
  for (const version of vrrp) {
    const port = ports[version];
    for (const group of port.groups) {
      if (groups.includes(group)) continue;
      port.vrrp?.leaveGroup(group);
      port.groups.delete(group);
    }
  }
  const [first = OK] = groups.map((group) => joinGroup(ports[versionOf(group)], group));
  return first;
}

function joinGroup(port: Port, group: IpAddress): Outcome {
  if (port.groups.has(group)) return OK;
  const outcome = port.vrrp?.joinGroup(group) ?? notListening("IP_ADD_MEMBERSHIP");
  if (outcome.ok) port.groups.add(group);
  return outcome;
}
