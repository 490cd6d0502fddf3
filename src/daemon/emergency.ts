/**
 * The engine is dead and owned addresses. The supervisor does what the engine would have done at a stop: priority 0, keep the
 * address until the successor is heard, remove it. Bounded by one skew time and one interval, like core/leave.ts.
 *
 * A new engine is started meanwhile; if it becomes MASTER because nobody else did, the address stays (`taken`).
 */

import { now } from "#linux/clock";
import { type NftGuard, openNftGuard } from "#linux/nft-guard";
import type { Rtnetlink } from "#linux/rtnetlink";
import { openVrrpSocket, type VrrpSocket } from "#linux/vrrp-socket";
import { type Ipv4, printIpv4 } from "#units/address";
import { after, fromCentis, type Instant, type Micros, micros } from "#units/time";
import { RELEASE } from "#units/vrrp";
import { derived } from "#vrrp/engine/instance";
import { pairUp } from "#vrrp/engine/pairing";
import {
  type AddressInfo,
  ANY_DEVICE,
  BATON_PROTO,
  type LinkInfo,
  printFailure,
} from "#vrrp/engine/world";
import type { InstanceConfig, VirtualAddress } from "#vrrp/router/config";
import { LINGER, skew } from "#vrrp/router/timing";
import { type AdvertExpectation, checkAdvert } from "#vrrp/wire/check-advert";
import { emitAdvert } from "#vrrp/wire/emit-advert";
import { parseAdvert } from "#vrrp/wire/parse-advert";
import { ADVERT_LENGTH_MAX } from "#vrrp/wire/vrrp-packet";
import type { Log } from "./log.ts";
import type { Words } from "./words.ts";

interface Placed {
  readonly interfaceIndex: number;
  readonly address: VirtualAddress;
}

interface Holding {
  readonly name: string;
  readonly config: InstanceConfig;
  readonly source: Ipv4;
  readonly socket: VrrpSocket;
  readonly expectation: AdvertExpectation;
  readonly placed: readonly Placed[];
  readonly until: Instant;
  removeAt: Instant | undefined;
}

/** What the kernel says at the moment of the death. */
interface Machine {
  readonly links: readonly LinkInfo[];
  readonly addresses: readonly AddressInfo[];
  /** Of everything that is handed over. */
  readonly configs: readonly InstanceConfig[];
}

const POLL_MS = 1;

export class Emergency {
  readonly #rtnetlink: Rtnetlink;
  readonly #log: Log;
  readonly #words: Words;
  readonly #holding = new Set<Holding>();
  readonly #packet = new Uint8Array(65_536);
  #whenFinished: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #openGuard: NftGuard | undefined;

  constructor(rtnetlink: Rtnetlink, log: Log, words: Words) {
    this.#rtnetlink = rtnetlink;
    this.#log = log;
    this.#words = words;
  }

  /** Names of those of a configuration whose address is still held for the dead engine; a reload may have renamed them. */
  heldOf(configs: readonly InstanceConfig[]): readonly string[] {
    return [...this.#heldFor(configs).keys()].map(({ router }) => router.name);
  }

  #heldFor(configs: readonly InstanceConfig[]): ReadonlyMap<InstanceConfig, Holding> {
    const byConfig = new Map([...this.#holding].map((held) => [held.config, held]));
    const found = new Map<InstanceConfig, Holding>();
    for (const [config, old] of pairUp([...byConfig.keys()], configs)) {
      const held = byConfig.get(old);
      if (held !== undefined) found.set(config, held);
    }
    return found;
  }

  /** Everything the dead engine may have been master of, at once. */
  handOver(configs: readonly InstanceConfig[]): void {
    const links = this.#rtnetlink.links();
    const addresses = this.#rtnetlink.addresses();
    if (!links.ok || !addresses.ok) {
      const failure = links.ok ? addresses : links;
      if (!failure.ok)
        this.#log("error", `${this.#words.cannotHandOver}: ${printFailure(failure)}`);
      return;
    }
    const held = [...this.#holding].map(({ config }) => config);
    const all = [...held, ...configs];
    const machine = { links: links.value, addresses: addresses.value, configs: all };
    for (const config of configs) this.#release(config, machine);
    this.#poll();
  }

  /** A new engine owns the address again. */
  taken(config: InstanceConfig): void {
    const held = this.#heldFor([config]).get(config);
    if (held !== undefined) this.#drop(held);
  }

  /** Resolves when nothing is held any more. */
  async finished(): Promise<void> {
    if (this.#holding.size === 0) return;
    await new Promise<void>((resolve) => this.#whenFinished.push(resolve));
  }

  #release(config: InstanceConfig, machine: Machine): void {
    const { name, handover } = config.router;
    const earlier = this.#heldFor([config]).get(config);
    if (earlier !== undefined) this.#drop(earlier);
    const placed = whatIsHere(config, machine);
    const link = deviceOf(config, machine, placed);
    // An engine that hung before it died has lost its lease: somebody else may own the address now.
    if (link === undefined || placed.length === 0) {
      this.#remove(name, placed);
      this.#closeGuard(name, config, machine);
      this.#log("warning", `(${name}) ${this.#words.diedAsMaster}: ${this.#words.leaseWasOver}`);
      return;
    }
    const opened = openVrrpSocket(link.index, link.name);
    const source = config.transport.source ?? primaryOf(link.index, machine);
    if (!opened.ok || source === undefined) {
      const why = opened.ok ? this.#words.noSource : printFailure(opened);
      this.#log("error", `(${name}) ${this.#words.cannotHandOver}: ${why}; removing VIPs`);
      if (opened.ok) opened.value.close();
      this.#remove(name, placed);
      return;
    }
    const socket = opened.value;
    if (handover === "break-before-make") {
      this.#remove(name, placed);
      this.#sendRelease(config, source, socket);
      socket.close();
      this.#log("warning", `(${name}) ${this.#words.diedAsMaster}: removed VIPs, sent 0 priority`);
      return;
    }
    // Listening first: with one peer the successor's advertisement is back within a millisecond.
    if (config.transport.kind === "multicast") {
      const joined = socket.joinGroup(config.transport.group);
      // The successor is not heard then, and the hand-over takes all the time it may.
      if (!joined.ok) this.#log("warning", `(${name}) ${printFailure(joined)}`);
    }
    this.#sendRelease(config, source, socket);
    const { version, advertInterval } = { ...config.router };
    const wait = micros(skew({ version }, advertInterval, 1) + fromCentis(advertInterval) + LINGER);
    this.#prolong(name, placed, wait);
    const { expectation } = derived(config);
    const until = after(now(), wait);
    const removeAt = undefined;
    const held = { name, config, source, socket, expectation, placed, until, removeAt };
    this.#holding.add(held);
    this.#log("warning", `(${name}) ${this.#words.diedAsMaster}: sent 0 priority`);
  }

  /** The lease of the dead engine must not end in the middle of the hand-over, and not last longer either. */
  #prolong(name: string, placed: readonly Placed[], wait: Micros): void {
    const seconds = Math.ceil(wait / 1_000_000) + 1;
    for (const { interfaceIndex, address } of placed) {
      const outcome = this.#rtnetlink.setAddress(interfaceIndex, address, seconds);
      if (outcome.ok) continue;
      this.#log("warning", `(${name}) ${printIpv4(address.address)}: ${printFailure(outcome)}`);
    }
  }

  #sendRelease(config: InstanceConfig, source: Ipv4, socket: VrrpSocket): void {
    const { router, transport } = config;
    const packet = new Uint8Array(ADVERT_LENGTH_MAX);
    const { advertised, password } = derived(config);
    const targets =
      transport.kind === "unicast" ? transport.peers.map((one) => one.address) : [transport.group];
    for (const destination of targets) {
      const length = emitAdvert(packet, {
        source,
        destination,
        ttl: transport.kind === "unicast" ? transport.ttl : 255,
        id: 0,
        version: router.version,
        vrid: router.vrid,
        priority: RELEASE,
        interval: router.advertInterval,
        addresses: advertised,
        password,
        checksum: config.checksum,
      });
      const sent = socket.send(packet.subarray(0, length), destination);
      if (sent.ok) continue;
      const where = `(${router.name}) 0 priority to ${printIpv4(destination)}`;
      this.#log("warning", `${where}: ${printFailure(sent)}`);
    }
  }

  #poll(): void {
    clearTimeout(this.#timer);
    for (const held of this.#holding) {
      if (held.removeAt === undefined && this.#successorHeard(held)) {
        const linger = micros(Math.min(LINGER, fromCentis(held.config.router.advertInterval) / 2));
        held.removeAt = after(now(), linger);
      }
      if (now() < (held.removeAt ?? held.until)) continue;
      this.#remove(held.name, held.placed);
      this.#drop(held);
      const end = this.#words.removedForEngine(held.removeAt !== undefined);
      this.#log("info", `(${held.name}) removing VIPs. ${end}`);
    }
    if (this.#holding.size > 0) this.#timer = setTimeout(() => this.#poll(), POLL_MS);
  }

  #successorHeard(held: Holding): boolean {
    for (;;) {
      const length = held.socket.receive(this.#packet);
      if (length <= 0) return false;
      const parsed = parseAdvert(this.#packet, 0, length);
      if (parsed.kind !== "advert") continue;
      const { vrid, priority, source, destination } = parsed.advert;
      // Whatever comes to this machine comes by a socket of no device.
      if (held.config.interface === undefined && destination !== held.source) continue;
      if (vrid !== held.config.router.vrid || priority === 0 || source === held.source) continue;
      const checked = checkAdvert(
        this.#packet.subarray(0, length),
        parsed.advert,
        held.expectation,
      );
      if (checked.kind === "accepted") return true;
    }
  }

  #drop(held: Holding): void {
    held.socket.close();
    this.#holding.delete(held);
    if (this.#holding.size > 0) return;
    const waiting = this.#whenFinished;
    this.#whenFinished = [];
    for (const resolve of waiting) resolve();
  }

  /** The newest first: the primary one of a subnet takes the others with it. What stays keeps its guard. */
  #remove(name: string, placed: readonly Placed[]): void {
    const gone: Ipv4[] = [];
    for (const { interfaceIndex, address } of placed.toReversed()) {
      const outcome = this.#rtnetlink.removeAddress(interfaceIndex, address);
      if (outcome.ok) gone.push(address.address);
      else this.#log("error", `(${name}) ${printIpv4(address.address)}: ${printFailure(outcome)}`);
    }
    this.#unguard(name, gone);
  }

  /** The kernel has taken the addresses already, and nobody else here will take the rules that silence them. */
  #closeGuard(name: string, config: InstanceConfig, { addresses }: Machine): void {
    const here = new Set(addresses.map(({ address }) => address));
    const own = [...config.addresses, ...config.excludedAddresses].map(({ address }) => address);
    this.#unguard(
      name,
      own.filter((address) => !here.has(address)),
    );
  }

  #unguard(name: string, gone: readonly Ipv4[]): void {
    const guard = this.#guard();
    if (guard === undefined || gone.length === 0) return;
    const elsewhere = this.#oursHere();
    const outcome = guard.close(gone.filter((address) => !elsewhere.has(address)));
    if (!outcome.ok) this.#log("error", `(${name}) ${printFailure(outcome)}`);
  }

  /** The rule is for the address, wherever it is: on another device a new engine may own it by now. */
  #oursHere(): ReadonlySet<Ipv4> {
    const found = this.#rtnetlink.addresses();
    const all = found.ok ? found.value : [];
    const ours = all.filter(
      ({ proto, expires }) => proto === BATON_PROTO || (proto === 0 && expires === true),
    );
    return new Set(ours.map(({ address }) => address));
  }

  /** Opened when it is needed; where the kernel has none there is nothing to close either. */
  #guard(): NftGuard | undefined {
    if (this.#openGuard !== undefined) return this.#openGuard;
    const opened = openNftGuard();
    if (opened.ok) this.#openGuard = opened.value;
    return this.#openGuard;
  }
}

/**
 * Those of the instance's addresses that are on this machine: where they belong, or with our mark on whatever device, unless
 * another instance has the same address there.
 */
function whatIsHere(config: InstanceConfig, machine: Machine): readonly Placed[] {
  return [...config.addresses, ...config.excludedAddresses].flatMap((address) => {
    const index = indexOf(config, address, machine);
    const isAnothers = (at: number): boolean =>
      machine.configs.some((other) =>
        [...other.addresses, ...other.excludedAddresses].some(
          (one) => one.address === address.address && indexOf(other, one, machine) === at,
        ),
      );
    return machine.addresses
      .filter((one) => one.address === address.address && one.prefix === address.prefix)
      .filter((one) => one.index === index || (one.proto === BATON_PROTO && !isAnothers(one.index)))
      .map((one) => ({ interfaceIndex: one.index, address }));
  });
}

/** Of the device where an instance's address belongs. */
function indexOf(
  config: InstanceConfig,
  address: VirtualAddress,
  { links }: Machine,
): number | undefined {
  const device = address.interface ?? config.interface;
  return links.find(({ name }) => name === device)?.index;
}

/** The instance's interface, or where its addresses are if it has another name by now. */
function deviceOf(
  config: InstanceConfig,
  { links }: Machine,
  placed: readonly Placed[],
): Pick<LinkInfo, "index" | "name"> | undefined {
  if (config.interface === undefined) return { index: ANY_DEVICE, name: "" };
  const own = placed.find(({ address }) => address.interface === undefined);
  return (
    links.find((one) => one.name === config.interface) ??
    links.find((one) => one.index === own?.interfaceIndex)
  );
}

function primaryOf(index: number, { addresses }: Machine): Ipv4 | undefined {
  return addresses.find((one) => one.index === index && !one.secondary && one.proto !== BATON_PROTO)
    ?.address;
}
