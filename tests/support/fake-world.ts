/**
 * A world for the engine that forgets nothing: every call is a line, the kernel is a map of
 * addresses that run out, and what the kernel would notify comes back as events at the next drain,
 * our own changes too. No clock: `now` is set.
 */

import { type IpAddress, type Ipv4, type Mac, printIp, readIpv4, readMac } from "#units/address";
import { assert } from "#units/assert";
import { type Instant, instant } from "#units/time";
import { type Datagram, parseDatagram } from "#vrrp/bfd/datagram";
import type { FromEngine } from "#vrrp/engine/engine-link";
import {
  type AddressGuard,
  type AddressInfo,
  type AddressLifetime,
  type Advertisement,
  BATON_PROTO,
  type BfdPort,
  type Failure,
  type Fence,
  type FenceEntry,
  type LinkInfo,
  type Listening,
  OK,
  type Outcome,
  type RoutingTable,
  sendEach,
  setEach,
  type Unanswered,
  type VirtualMacDevices,
  type World,
  type WorldEvent,
} from "#vrrp/engine/world";
import type { VirtualAddress } from "#vrrp/router/config";
import { type RoutingItem, textOf } from "#vrrp/router/routes";
import { isGratuitous, parseArp } from "#vrrp/wire/arp";
import { ETHER_TYPE_IPV6, etherTypeOf } from "#vrrp/wire/ethernet";
import { parseNeighbour } from "#vrrp/wire/neighbour";
import { parseAdvert } from "#vrrp/wire/parse-advert";

export const ip = (text: string): Ipv4 => {
  const address = readIpv4(text);
  assert(address !== undefined, `${text} is no address`);
  return address;
};

export const mac = (text: string): Mac => {
  const value = readMac(text);
  assert(value !== undefined, `${text} is no MAC`);
  return value;
};

export const ETH0: LinkInfo = {
  index: 2,
  name: "eth0",
  mac: mac("02:00:00:00:00:01"),
  mtu: 1500,
  up: true,
  arp: true,
  multicast: true,
};

/** An address of the machine itself. */
export const own = (index: number, address: string, prefix = 24): AddressInfo => ({
  index,
  address: ip(address),
  prefix,
  secondary: false,
  proto: 0,
});

interface KernelAddress {
  readonly info: AddressInfo;
  /** Undefined: for ever. */
  readonly expiresAt: Instant | undefined;
}

/** The same in every life. */
const indexFor = (name: string, base: number): number =>
  1_000 + base + Buffer.from(name).reduce((sum, byte) => (sum * 31 + byte) % 99_991, 7);

export class FakeWorld implements World {
  now: Instant = instant(0);
  /** Calendar minus clock, microseconds. */
  calendarOffset = 1_767_225_600_000_000;
  /** What the engine did, one line a call, oldest first. */
  calls: string[] = [];
  emitted: FromEngine[] = [];
  heard: ((message: FromEngine) => void) | undefined;
  /** What the kernel has to notify; see `Bench.drain`. */
  readonly pending: WorldEvent[] = [];
  readonly kernel: Map<string, KernelAddress> = new Map();
  /** errno with which the kernel refuses an address. */
  readonly refuses: Map<string, string> = new Map();
  /** errno of every packet sent from now on. */
  sendError: string | undefined;
  /** Neighbours without a MAC address in the kernel yet. */
  /** Indexes of devices that forward IPv6. */
  readonly forwarding: Set<number> = new Set();
  readonly unresolved: Set<string> = new Set();
  listenError: string | undefined;
  /** errno of listening for ARP only, by device name. */
  readonly arpListenErrors: Map<string, string> = new Map();
  guard: AddressGuard | undefined;
  /**
   * False: a kernel before 5.18, without IFA_PROTO; ours are primary addresses of subnets of their
   * own, too.
   */
  keepsMark = true;
  /** What `no_accept` keeps from answering: address and device. */
  unanswered: readonly string[] = [];
  /** The same, of an earlier run. */
  leftUnanswered: readonly IpAddress[] = [];
  refusesFilter: Failure | undefined;
  /** Devices with `promote_secondaries`. */
  promoting: readonly string[] = [];
  /** Addresses that other daemons of this network namespace own. */
  readonly claims: Set<IpAddress> = new Set();
  /** errno with which the guard refuses a call, by its name; see `addGuard`. */
  readonly guardRefuses: Map<keyof AddressGuard, string> = new Map();
  fence: Fence | undefined;
  /** In a world with routes; see `addRouting`. */
  routing: RoutingTable | undefined;
  /** The texts of routes and rules that are there. */
  readonly routed: Set<string> = new Set();
  /** errno with which the kernel refuses a route or rule, by its text. */
  readonly routingRefuses: Map<string, string> = new Map();
  /** In a world with BFD; see `addBfd`. */
  bfd: BfdPort | undefined;
  /** Whole packets of BFD, oldest first. */
  readonly bfdSent: Datagram[] = [];
  /** errno of opening the port of BFD, and of sending. */
  bfdOpenError: string | undefined;
  bfdSendError: string | undefined;
  /** In a world that resets connections in the call. */
  resetConnections: World["resetConnections"];
  /** Closed ports of addresses, as `192.0.2.100 tcp 3306` or with ` new` behind; see `addFence`. */
  readonly closed: Set<string> = new Set();
  /** errno with which the fence refuses a call, by its name. */
  readonly fenceRefuses: Map<keyof Fence, string> = new Map();
  virtualMacs: VirtualMacDevices | undefined;
  /** errno with which the kernel refuses such a device. */
  virtualMacRefused: string | undefined;
  /** Those there are, by name; see `addVirtualMacs`. */
  readonly devices: Map<string, LinkInfo> = new Map();
  readonly #groups = new Map<number, readonly IpAddress[]>();
  /** Where packets and frames go besides `calls`. */
  carry:
    | ((kind: "packet" | "neighbour", index: number, bytes: Uint8Array, to?: IpAddress) => void)
    | undefined;

  /** Multicast groups that are listened to, by device. */
  joined(): readonly string[] {
    const all = [...this.#groups].map(([index, groups]) =>
      groups.map((one) => `${index} ${printIp(one)}`),
    );
    return all.flat().toSorted();
  }

  /** Calls since the last time. */
  take(): string[] {
    const { calls } = this;
    this.calls = [];
    return calls;
  }

  takeEmitted(): FromEngine[] {
    const { emitted } = this;
    this.emitted = [];
    return emitted;
  }

  /** A guard in the kernel; `calls` has its calls. */
  addGuard(): void {
    const call = (name: keyof AddressGuard, more = ""): Outcome => {
      this.calls.push(`guard ${name}${more}`);
      const errno = this.guardRefuses.get(name);
      return errno === undefined ? OK : { ok: false, errno, call: "nf_tables" };
    };
    this.guard = {
      open: () => call("open"),
      prolong: (_, milliseconds) => call("prolong", ` ${milliseconds}`),
      close: () => call("close"),
      clean: () => call("clean"),
    };
  }

  /** Routes and rules of the kernel; `calls` has `route + TEXT`, and - for a removal. */
  addRouting(): void {
    const call = (item: RoutingItem, sign: "+" | "-"): Outcome => {
      const text = textOf(item);
      this.calls.push(`${item.kind} ${sign} ${text}`);
      const errno = sign === "+" ? this.routingRefuses.get(text) : undefined;
      const name = `RTM_${sign === "+" ? "NEW" : "DEL"}${item.kind.toUpperCase()}`;
      if (errno !== undefined) return { ok: false, errno, call: name };
      if (sign === "+") this.routed.add(text);
      else if (!this.routed.delete(text)) return { ok: false, errno: "ESRCH", call: name };
      return OK;
    };
    this.routing = {
      add: (item) => call(item, "+"),
      remove: (item) => call(item, "-"),
    };
  }

  /** The port of BFD; `calls` has when it is opened and closed, `bfdSent` what was sent. */
  addBfd(): void {
    const outcome = (errno: string | undefined, call: string): Outcome =>
      errno === undefined ? OK : { ok: false, errno, call };
    this.bfd = {
      open: () => {
        this.calls.push("bfd open");
        return outcome(this.bfdOpenError, "bind");
      },
      send: (packet) => {
        const parsed = parseDatagram(packet);
        assert(parsed.kind === "datagram", "the engine sent what it would not accept");
        this.bfdSent.push(parsed.datagram);
        return outcome(this.bfdSendError, "sendto");
      },
      close: () => void this.calls.push("bfd close"),
    };
  }

  /** Devices with virtual MAC addresses; `calls` has its calls. */
  addVirtualMacs(): void {
    this.virtualMacs = {
      open: ({ name, mac }, base) => {
        this.calls.push(`vmac open ${name} on ${base.name}`);
        const errno = this.virtualMacRefused;
        if (errno !== undefined) return { ok: false, errno, call: "RTM_NEWLINK" };
        const known = this.devices.get(name);
        const link = { ...base, index: known?.index ?? indexFor(name, base.index), name, mac };
        this.devices.set(name, link);
        return { ok: true, link };
      },
      close: (name) => {
        this.calls.push(`vmac close ${name}`);
        this.devices.delete(name);
        return OK;
      },
      clean: () => OK,
    };
  }

  /** A fence in the kernel; `calls` has its calls, `closed` what it has closed. */
  addFence(): void {
    const name = ({ address, protocol, port }: FenceEntry): string =>
      `${printIp(address)} ${protocol} ${port}`;
    const forget = (entry: FenceEntry): void => {
      this.closed.delete(name(entry));
      for (const mode of ["new", "held"]) this.closed.delete(`${name(entry)} ${mode}`);
    };
    const call = (kind: keyof Fence, run: () => void): Outcome => {
      this.calls.push(`fence ${kind}`);
      const errno = this.fenceRefuses.get(kind);
      if (errno !== undefined) return { ok: false, errno, call: "nf_tables" };
      run();
      return OK;
    };
    const entries = new Map<string, FenceEntry>();
    this.fence = {
      close: (all, which) =>
        call("close", () => {
          for (const one of all) {
            forget(one);
            entries.set(name(one), one);
            this.closed.add(which === "all" ? name(one) : `${name(one)} ${which}`);
          }
        }),
      open: (all) => call("open", () => all.forEach(forget)),
      clean: (isKept) =>
        call("clean", () => {
          for (const one of entries.values()) if (!isKept(one)) forget(one);
        }),
    };
  }

  /** Is the address on an interface, with its lifetime not over? */
  has(address: string): boolean {
    for (const [, { info, expiresAt }] of this.kernel) {
      if (info.address === ip(address) && (expiresAt === undefined || expiresAt > this.now))
        return true;
    }
    return false;
  }

  /** Somebody else deletes an address: no call of ours, only the news. */
  deleteAddress(address: string): void {
    for (const [key, { info }] of this.kernel) {
      if (info.address !== ip(address)) continue;
      this.kernel.delete(key);
      this.pending.push({ kind: "addressGone", address: info });
    }
  }

  /** Addresses go at the end of their lifetime, and the kernel notifies it. */
  expire(): void {
    for (const [key, { info, expiresAt }] of this.kernel) {
      if (expiresAt === undefined || expiresAt > this.now) continue;
      this.kernel.delete(key);
      this.pending.push({ kind: "addressGone", address: info });
    }
  }

  nextExpiry(): Instant | undefined {
    const all = [...this.kernel.values()].flatMap(({ expiresAt }) => expiresAt ?? []);
    return all.length === 0 ? undefined : instant(Math.min(...all));
  }

  listen(interfaceIndex: number, name: string, wanted: Listening): Outcome {
    const { vrrp, groups } = wanted;
    const heard = vrrp.length === 0 ? wanted.neighbours.map((one) => NEIGHBOURS[one]) : groups;
    const what = heard.map((one) => (vrrp.length === 0 ? one : printIp(one as IpAddress)));
    this.calls.push(`listen ${name}/${interfaceIndex} ${what.join(" ")}`.trimEnd());
    const errno = vrrp.length === 0 ? this.arpListenErrors.get(name) : this.listenError;
    if (errno === undefined && vrrp.length > 0) this.#groups.set(interfaceIndex, groups);
    return errno === undefined ? OK : { ok: false, errno, call: "socket" };
  }

  unlisten(interfaceIndex: number): void {
    this.calls.push(`unlisten ${interfaceIndex}`);
    this.#groups.delete(interfaceIndex);
  }

  sendAdverts(adverts: readonly Advertisement[]): readonly Outcome[] | undefined {
    return sendEach(adverts, (advert) => this.#sendAdvert(advert));
  }

  #sendAdvert({ interfaceIndex, packet, to }: Advertisement): Outcome {
    const parsed = parseAdvert(packet);
    assert(parsed.kind === "advert", "the engine sent what it would not accept");
    const { vrid, priority } = parsed.advert;
    this.calls.push(`advert vrid ${vrid} priority ${priority} to ${printIp(to)}`);
    if (this.sendError !== undefined) return { ok: false, errno: this.sendError, call: "sendto" };
    this.carry?.("packet", interfaceIndex, packet, to);
    return OK;
  }

  isUnresolved(_interfaceIndex: number, to: IpAddress): boolean {
    return this.unresolved.has(printIp(to));
  }

  forwardsIpv6(interfaceIndex: number): boolean {
    return this.forwarding.has(interfaceIndex);
  }

  sendFrame(interfaceIndex: number, frame: Uint8Array): Outcome {
    this.calls.push(
      etherTypeOf(frame) === ETHER_TYPE_IPV6 ? printNeighbour(frame) : printArp(frame),
    );
    if (this.sendError !== undefined) return { ok: false, errno: this.sendError, call: "sendto" };
    this.carry?.("neighbour", interfaceIndex, frame);
    return OK;
  }

  setAddress(interfaceIndex: number, virtual: VirtualAddress, seconds: number): Outcome {
    const { address, prefix } = virtual;
    const text = `${printIp(address)}/${prefix}`;
    this.calls.push(`set ${text} for ${seconds} s`);
    const errno = this.refuses.get(printIp(address));
    if (errno !== undefined) return { ok: false, errno, call: "RTM_NEWADDR" };
    const label = virtual.label === undefined ? {} : { label: virtual.label };
    const info: AddressInfo = {
      index: interfaceIndex,
      address,
      prefix,
      secondary: this.keepsMark,
      proto: this.keepsMark ? BATON_PROTO : 0,
      ...label,
    };
    const expiresAt = seconds === 0 ? undefined : instant(this.now + seconds * 1_000_000);
    this.kernel.set(`${interfaceIndex} ${text}`, { info, expiresAt });
    this.pending.push({ kind: "address", address: info });
    return OK;
  }

  prolongAddresses(
    all: readonly AddressLifetime[],
    until?: Instant,
  ): readonly Outcome[] | undefined {
    if (until !== undefined && this.now >= until) return [];
    return setEach(all, (index, address, seconds) => this.setAddress(index, address, seconds));
  }

  removeAddress(interfaceIndex: number, virtual: VirtualAddress): Outcome {
    const text = `${printIp(virtual.address)}/${virtual.prefix}`;
    this.calls.push(`remove ${text}`);
    const known = this.kernel.get(`${interfaceIndex} ${text}`);
    if (known === undefined) return { ok: false, errno: "EADDRNOTAVAIL", call: "RTM_DELADDR" };
    this.kernel.delete(`${interfaceIndex} ${text}`);
    this.pending.push({ kind: "addressGone", address: known.info });
    return OK;
  }

  readonly acceptFilter = {
    set: (all: readonly Unanswered[]): Outcome => {
      this.calls.push(`accept filter ${all.length}`);
      if (this.refusesFilter !== undefined) return this.refusesFilter;
      this.unanswered = all.map((one) => `${printIp(one.address)} ${one.interface}`);
      return OK;
    },
    clean: (isKept: (one: Unanswered) => boolean): Outcome => {
      const left = this.leftUnanswered.map((one) => ({ address: one, interface: "" }));
      this.leftUnanswered = left.filter(isKept).map(({ address }) => address);
      return OK;
    },
  };

  promoteSecondaries(devices: ReadonlySet<string>): Outcome {
    this.promoting = [...devices];
    return OK;
  }

  claimed(): ReadonlySet<IpAddress> {
    return this.claims;
  }

  unixTime(): number {
    return this.now + this.calendarOffset;
  }

  emit(message: FromEngine): void {
    this.emitted.push(structuredClone(message));
    this.heard?.(message);
  }
}

const NEIGHBOURS = { 4: "arp", 6: "nd" } as const;

function printArp(frame: Uint8Array): string {
  const parsed = parseArp(frame);
  assert(parsed.kind === "arp", "the engine sent no ARP");
  const { operation, senderAddress, targetAddress } = parsed.arp;
  const other = isGratuitous(parsed.arp) ? "" : ` for ${printIp(targetAddress)}`;
  return `arp ${operation} ${printIp(senderAddress)}${other}`;
}

function printNeighbour(frame: Uint8Array): string {
  const parsed = parseNeighbour(frame);
  assert(parsed.kind === "neighbour", "the engine sent no neighbour discovery");
  const { neighbour } = parsed;
  if (neighbour.kind === "solicitation")
    return `nd solicitation ${neighbour.source} for ${neighbour.target}`;
  const { router, solicited, override } = neighbour;
  const flags = [
    router ? " router" : "",
    solicited ? " solicited" : "",
    override ? " override" : "",
  ];
  return `nd advertisement ${neighbour.target}${flags.join("")}`;
}
