/**
 * What the engine needs from the world, and what the world reports to the engine. Implemented by
 * `linux/` (real sockets and rtnetlink) and by `sim/` (virtual time). Everything is synchronous:
 * rtnetlink does its work inside the system call, and the engine has no event loop. A result that
 * is not success is a value, never an exception.
 */

import type { IpAddress, Ipv4, Mac } from "#units/address";
import type { Instant } from "#units/time";
import type { FencePort, IpVersion, VirtualAddress } from "../router/config.ts";
import type { RoutingItem } from "../router/routes.ts";
import type { FromEngine } from "./engine-link.ts";

/** The environment said no: `errno` is the symbolic name, `call` what was asked. */
export interface Failure {
  readonly ok: false;
  readonly errno: string;
  readonly call: string;
  /** The kernel's own text (extended acknowledgement), where it gives any. */
  readonly detail?: string;
}
export type Outcome = { readonly ok: true } | Failure;
export const OK: Outcome = { ok: true };

/** `setns: EPERM`, or with the kernel's own text `RTM_NEWLINK: EINVAL (Link not found)`. */
export function printFailure({ call, errno, detail }: Failure): string {
  return `${call}: ${errno}${detail === undefined ? "" : ` (${detail})`}`;
}

/** Of a removal: the address, or its device, is not there any more, which is what was wanted. */
export const isGone = ({ errno }: Failure): boolean =>
  errno === "EADDRNOTAVAIL" || errno === "ENODEV";

/**
 * In place of a device's index: packets of whatever device, sent by the one the routes say. The
 * kernel's indexes start at 1.
 */
export const ANY_DEVICE = 0;

/** A device as the kernel sees it. */
export interface LinkInfo {
  readonly index: number;
  readonly name: string;
  readonly mac: Mac;
  readonly mtu: number;
  /** IFF_UP and IFF_RUNNING: keepalived's condition for a working interface. */
  readonly up: boolean;
  readonly arp: boolean;
  readonly multicast: boolean;
}

export interface AddressInfo {
  readonly index: number;
  readonly address: IpAddress;
  readonly prefix: number;
  /** IFA_F_SECONDARY */
  readonly secondary: boolean;
  /** IFA_PROTO; `BATON_PROTO` marks the addresses that Baton added. */
  readonly proto: number;
  readonly label?: string;
  /** Its lifetime ends (no IFA_F_PERMANENT), as that of every address Baton adds. */
  readonly expires?: true;
  /** IFA_F_DADFAILED: another machine had it when the kernel looked. */
  readonly duplicate?: true;
}

/** IFA_PROTO of every address Baton adds: a later run recognises what a dead one left by it. */
export const BATON_PROTO = 0xba;

/** A whole IPv4 or IPv6 packet, which leaves by this interface. */
export interface Advertisement {
  readonly interfaceIndex: number;
  readonly packet: Uint8Array;
  readonly to: IpAddress;
}

/** `sendAdverts` of a world that sends one at a time. */
export function sendEach(
  adverts: readonly Advertisement[],
  send: (advert: Advertisement) => Outcome,
): readonly Outcome[] | undefined {
  const outcomes = adverts.map(send);
  return outcomes.every(({ ok }) => ok) ? undefined : outcomes;
}

/** An address that lasts `seconds` from now on; 0 means for ever. */
export interface AddressLifetime {
  readonly interfaceIndex: number;
  readonly address: VirtualAddress;
  readonly seconds: number;
}

/** `prolongAddresses` of a world that sets one at a time. */
export function setEach(
  all: readonly AddressLifetime[],
  set: (index: number, address: VirtualAddress, seconds: number) => Outcome,
): readonly Outcome[] | undefined {
  const outcomes = all.map((one) => set(one.interfaceIndex, one.address, one.seconds));
  return outcomes.every(({ ok }) => ok) ? undefined : outcomes;
}

/** What is heard on an interface. */
export interface Listening {
  /** Versions of IP in which advertisements are received; none where no router speaks. */
  readonly vrrp: readonly IpVersion[];
  /** Those in which claims of addresses are heard: ARP, neighbour discovery. */
  readonly neighbours: readonly IpVersion[];
  /** Multicast groups of these versions. */
  readonly groups: readonly IpAddress[];
}

export interface World {
  /**
   * Starts to receive on an interface. Harmless when done already, and what is received already
   * goes on: `groups` are all that are wanted there, others are left. The outcome is that of the
   * first; the rest are joined as far as the kernel lets us. `ANY_DEVICE` has VRRP packets only.
   */
  listen(interfaceIndex: number, name: string, wanted: Listening): Outcome;
  /** Of both kinds. */
  unlisten(interfaceIndex: number): void;
  /**
   * In their order on each interface. Undefined: all were sent; otherwise the outcome of each.
   * Packets may not be kept after the call.
   */
  sendAdverts(adverts: readonly Advertisement[]): readonly Outcome[] | undefined;
  /**
   * What was sent to it waits in the kernel, which asks for its MAC address once a second (ARP):
   * too seldom for an interval of a tenth. False if the address is known, or behind a router.
   */
  isUnresolved(interfaceIndex: number, to: IpAddress): boolean;
  /** The device forwards IPv6 (its `forwarding`), which its neighbours are to know. */
  forwardsIpv6(interfaceIndex: number): boolean;
  /** `frame` is a whole Ethernet frame. May not be kept after the call. */
  sendFrame(interfaceIndex: number, frame: Uint8Array): Outcome;
  /** Adds, or prolongs when it is there already. `seconds` 0 means for ever. */
  setAddress(interfaceIndex: number, address: VirtualAddress, seconds: number): Outcome;
  /**
   * As `setAddress`, of addresses that we have set already: many with one request, and without news
   * of it. Undefined: all were set; otherwise the outcome of each.
   *
   * @param until no more is begun from then on, and there are fewer outcomes: any of these requests
   *   may wait for another program that changes addresses or routes, as long as that takes
   */
  prolongAddresses(
    all: readonly AddressLifetime[],
    until?: Instant,
  ): readonly Outcome[] | undefined;
  removeAddress(interfaceIndex: number, address: VirtualAddress): Outcome;
  /** `promote_secondaries` is set on these devices, and what was set on others is put back. */
  promoteSecondaries(devices: ReadonlySet<string>): Outcome;
  /** Addresses that a running daemon of this network namespace, this one included, may own. */
  claimed(): { has(address: IpAddress): boolean };
  /** Undefined where such devices cannot be made. */
  readonly virtualMacs?: VirtualMacDevices | undefined;
  /** The sub-second lease; undefined where the kernel has none. */
  readonly guard: AddressGuard | undefined;
  /** Undefined where the kernel has none: then nothing with a fence may be served. */
  readonly fence?: Fence | undefined;
  /** `no_accept`; undefined: nothing is filtered, and nobody misses it. */
  readonly acceptFilter?: AcceptFilter | undefined;
  /**
   * Ends the connections of these addresses and ports (undefined: every port), so that their
   * clients connect again: before the address is removed, or they do not hear of it. No longer than
   * some milliseconds: ETIMEDOUT, and the rest is left. Undefined: nobody can.
   */
  readonly resetConnections?:
    | ((addresses: readonly IpAddress[], ports: readonly number[] | undefined) => Outcome)
    | undefined;
  /** Undefined where nobody can: then sessions stay down. */
  readonly bfd?: BfdPort | undefined;
  /**
   * Microseconds since 1970 by the calendar clock, which may be set forwards and back: only for
   * what two machines have to compare.
   */
  unixTime(): number;
  /** Undefined: nobody adds routes and rules (a simulated world, one that only watches). */
  readonly routing?: RoutingTable | undefined;
  /** To the supervisor. */
  emit(message: FromEngine): void;
}

/** BFD control packets of all sessions (RFC 5881). */
export interface BfdPort {
  /** Starts to receive them, as events of kind "bfd". */
  open(): Outcome;
  /** A whole IPv4 packet; source 0 is replaced by the kernel. May not be kept after the call. */
  send(packet: Uint8Array, to: Ipv4): Outcome;
  close(): void;
}

/** A device for the virtual addresses of a router, with a MAC address that moves with them. */
export interface VirtualMacDevice {
  readonly name: string;
  readonly mac: Mac;
  /** Those of its router: a later run knows by the first whether another daemon has the device. */
  readonly addresses: readonly IpAddress[];
}

/** They outlive this process. The VRRP packets that one receives are reported as its base's. */
export interface VirtualMacDevices {
  /**
   * Makes it on this link, or takes over one that is there. Harmless when done already: then it is
   * made again what it should be.
   */
  open(
    device: VirtualMacDevice,
    base: LinkInfo,
  ): { readonly ok: true; readonly link: LinkInfo } | Failure;
  /** Removes it, and puts back what was changed for it. */
  close(name: string): Outcome;
  /** Removes what earlier processes left, unless it is to be kept. */
  clean(isKept: (name: string, address: IpAddress | undefined) => boolean): Outcome;
}

/** Routes and policy rules of the kernel. `indexOf`: the device's index; undefined: no such one. */
export interface RoutingTable {
  /** One that carries our mark and is there already is replaced; somebody else's: EEXIST. */
  add(item: RoutingItem, indexOf: (device: string) => number | undefined): Outcome;
  remove(item: RoutingItem, indexOf: (device: string) => number | undefined): Outcome;
}

/** Packets to this port of the address. */
export interface FenceEntry extends FencePort {
  readonly address: IpAddress;
}

/**
 * What is kept out. "new": connections that begin. "all": every packet. "held": every packet, and
 * the ends of connections that the service sends are held back, so that a client does not connect
 * again while nobody is open; it is reset later.
 */
export type FenceMode = "all" | "new" | "held";

/**
 * Kernel rules that drop packets to ports of addresses while this node has the address; what leaves
 * passes. They outlive this process.
 */
export interface Fence {
  /** Takes the place of the mode before; harmless when closed so already. */
  close(entries: readonly FenceEntry[], which: FenceMode): Outcome;
  /** Whoever closed them. */
  open(entries: readonly FenceEntry[]): Outcome;
  /** Opens what earlier processes closed, unless it is to be kept. */
  clean(isKept: (entry: FenceEntry) => boolean): Outcome;
}

/** An address that this node holds without answering for it. */
export interface Unanswered {
  readonly address: IpAddress;
  /** The device it is on; counts for link-local addresses alone. */
  readonly interface: string;
}

/**
 * Kernel rules that drop what this node itself would receive for an address or send from it; ARP,
 * neighbour discovery and what is forwarded pass. They outlive this process.
 */
export interface AcceptFilter {
  /** Of all that this process has put there, these and no others are from now on. */
  set(all: readonly Unanswered[]): Outcome;
  /** Removes what earlier processes left, unless it is to be kept. */
  clean(isKept: (one: Unanswered) => boolean): Outcome;
}

/**
 * A kernel rule that lets an address answer only while it is prolonged (nftables set element with a
 * timeout).
 */
export interface AddressGuard {
  open(addresses: readonly IpAddress[]): Outcome;
  prolong(addresses: readonly IpAddress[], milliseconds: number): Outcome;
  /** Also those that an earlier process opened. */
  close(addresses: readonly IpAddress[]): Outcome;
  /** Removes what earlier processes left, unless it is to be kept. */
  clean(isKept: (address: IpAddress) => boolean): Outcome;
}

/** What the world reports to the engine. Bytes are only valid during the call. */
export type WorldEvent =
  /** A whole IPv4 packet with protocol 112, or an IPv6 packet with that next header. */
  | { readonly kind: "packet"; readonly interfaceIndex: number; readonly bytes: Uint8Array }
  /** A whole Ethernet frame: ARP, or a neighbour solicitation or advertisement. */
  | { readonly kind: "neighbour"; readonly interfaceIndex: number; readonly bytes: Uint8Array }
  /** A whole IPv4 packet with UDP to the port of BFD. */
  | { readonly kind: "bfd"; readonly bytes: Uint8Array }
  | { readonly kind: "link"; readonly link: LinkInfo }
  | { readonly kind: "linkGone"; readonly index: number; readonly name: string }
  | { readonly kind: "address"; readonly address: AddressInfo }
  | { readonly kind: "addressGone"; readonly address: AddressInfo }
  /** The kernel dropped notifications and everything was read anew: these are all there are now. */
  | {
      readonly kind: "resync";
      readonly links: readonly LinkInfo[];
      readonly addresses: readonly AddressInfo[];
    };
