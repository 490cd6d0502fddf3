/**
 * The engine is dead and owned addresses. The keeper does what it would have done at a stop: priority 0, keep the address
 * until the successor is heard, remove it. Bounded by one skew time and one interval, like the engine's own hand-over.
 */
import type { InstanceConfig } from "#core/config";
import { LINGER, skew } from "#core/timing";
import { now } from "#linux/clock";
import { printFailure } from "#linux/result";
import type { Rtnetlink } from "#linux/rtnetlink";
import { openVrrpSocket, type VrrpSocket } from "#linux/vrrp-socket";
import type { LinkInfo } from "#ports/world";
import { BATON_PROTO } from "#ports/world";
import { type Ipv4, printIpv4 } from "#units/address";
import { after, fromCentis, type Instant, micros } from "#units/time";
import { RELEASE } from "#units/vrrp";
import { emitAdvert } from "#wire/emit-advert";
import { parseAdvert } from "#wire/parse-advert";
import { passwordData } from "#wire/password";
import { ADVERT_LENGTH_MAX } from "#wire/vrrp-packet";
import type { Log } from "./log.ts";

interface Holding {
  readonly config: InstanceConfig;
  readonly interfaceIndex: number;
  readonly source: Ipv4;
  readonly socket: VrrpSocket;
  readonly until: Instant;
  removeAt: Instant | undefined;
}

const POLL_MS = 1;

export class Emergency {
  readonly #rtnetlink: Rtnetlink;
  readonly #log: Log;
  readonly #holding = new Map<string, Holding>();
  readonly #packet = new Uint8Array(65_536);
  #timer: NodeJS.Timeout | undefined;

  constructor(rtnetlink: Rtnetlink, log: Log) {
    this.#rtnetlink = rtnetlink;
    this.#log = log;
  }

  /** Names of the instances whose address is still held for the dead engine. */
  get held(): readonly string[] {
    return [...this.#holding.keys()];
  }

  /** Everything the dead engine was master of, at once. */
  handOver(configs: readonly InstanceConfig[]): void {
    const links = this.#rtnetlink.links();
    if (!links.ok) {
      this.#log("error", `hand-over for the dead engine: ${printFailure(links)}`);
      return;
    }
    for (const config of configs) this.#release(config, links.value);
    this.#poll();
  }

  /** A new engine owns the address again. */
  taken(name: string): void {
    this.#holding.get(name)?.socket.close();
    this.#holding.delete(name);
  }

  /** Waits no longer. */
  finish(): void {
    for (const [name, held] of this.#holding) this.#remove(name, held);
    clearTimeout(this.#timer);
  }

  #release(config: InstanceConfig, links: readonly LinkInfo[]): void {
    const { name } = config.router;
    const link = links.find((one) => one.name === config.interface);
    const source =
      link === undefined ? undefined : (config.transport.source ?? this.#primary(link.index));
    if (link === undefined || source === undefined) return;
    const opened = openVrrpSocket(link.index, link.name);
    if (!opened.ok) {
      this.#log("error", `(${name}) hand-over for the dead engine: ${printFailure(opened)}`);
      this.#removeAddresses(config, link.index);
      return;
    }
    const socket = opened.value;
    const breaksFirst = config.router.handover === "break-before-make";
    if (breaksFirst) this.#removeAddresses(config, link.index);
    this.#sendRelease(config, source, socket);
    this.#log("warning", `(${name}) the engine died as MASTER: sent 0 priority for it`);
    if (breaksFirst) {
      socket.close();
      return;
    }
    if (config.transport.kind === "multicast") socket.joinGroup(config.transport.group);
    const interval = config.router.advertInterval;
    const wait = micros(skew(config.router, interval, 1) + fromCentis(interval));
    this.#holding.set(name, {
      config,
      interfaceIndex: link.index,
      source,
      socket,
      until: after(now(), wait),
      removeAt: undefined,
    });
  }

  #primary(index: number): Ipv4 | undefined {
    const addresses = this.#rtnetlink.addresses();
    if (!addresses.ok) return undefined;
    return addresses.value.find(
      (one) => one.index === index && !one.secondary && one.proto !== BATON_PROTO,
    )?.address;
  }

  #sendRelease(config: InstanceConfig, source: Ipv4, socket: VrrpSocket): void {
    const { router, transport, authentication } = config;
    const packet = new Uint8Array(ADVERT_LENGTH_MAX);
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
        addresses: config.addresses.map((one) => one.address),
        password: authentication === undefined ? undefined : passwordData(authentication.secret),
        checksum: config.checksum,
      });
      const sent = socket.send(packet.subarray(0, length), destination);
      if (!sent.ok) {
        const text = `(${router.name}) 0 priority to ${printIpv4(destination)}: ${printFailure(sent)}`;
        this.#log("warning", text);
      }
    }
  }

  #poll(): void {
    clearTimeout(this.#timer);
    const at = now();
    for (const [name, held] of this.#holding) {
      if (held.removeAt === undefined && this.#successorHeard(held))
        held.removeAt = after(now(), LINGER);
      if (at >= (held.removeAt ?? held.until)) this.#remove(name, held);
    }
    if (this.#holding.size > 0) this.#timer = setTimeout(() => this.#poll(), POLL_MS);
  }

  #successorHeard(held: Holding): boolean {
    for (;;) {
      const length = held.socket.receive(this.#packet);
      if (length <= 0) return false;
      const parsed = parseAdvert(this.#packet, 0, length);
      if (parsed.kind !== "advert" || parsed.advert.checksum.kind === "broken") continue;
      const { vrid, priority, source } = parsed.advert;
      if (vrid === held.config.router.vrid && priority > 0 && source !== held.source) return true;
    }
  }

  #remove(name: string, held: Holding): void {
    this.#removeAddresses(held.config, held.interfaceIndex);
    held.socket.close();
    this.#holding.delete(name);
    const end =
      held.removeAt === undefined ? "nobody took over in time" : "the successor was heard";
    this.#log("info", `(${name}) removing VIPs of the dead engine: ${end}`);
  }

  #removeAddresses(config: InstanceConfig, interfaceIndex: number): void {
    const links = this.#rtnetlink.links();
    for (const address of [...config.addresses, ...config.excludedAddresses]) {
      const named = links.ok
        ? links.value.find((one) => one.name === address.interface)?.index
        : undefined;
      const outcome = this.#rtnetlink.removeAddress(named ?? interfaceIndex, address);
      if (outcome.ok) continue;
      this.#log(
        "error",
        `(${config.router.name}) ${printIpv4(address.address)}: ${printFailure(outcome)}`,
      );
    }
  }
}
