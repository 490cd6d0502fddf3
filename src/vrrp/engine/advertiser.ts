/**
 * Our advertisements: a packet is made once for an instance and each of its destinations, and made
 * anew when it has something else to say; otherwise only its identification, and with `auth_hmac`
 * its signature, is another one.
 */
import { type IpAddress, isIpv6, printIp } from "#units/address";
import type { Instant } from "#units/time";
import { type Priority, RELEASE } from "#units/vrrp";
import type { InstanceConfig } from "../router/config.ts";
import { readU8 } from "../wire/bytes.ts";
import { emitAdvert } from "../wire/emit-advert.ts";
import { IPV4_HEADER_LENGTH } from "../wire/ipv4-fields.ts";
import { renewId } from "../wire/ipv4-rewrite.ts";
import { IPV6_HEADER_LENGTH } from "../wire/ipv6-fields.ts";
import { ADVERT_LENGTH_MAX, VRRP_OFFSET } from "../wire/vrrp-packet.ts";
import type { EngineContext } from "./context.ts";
import { type Instance, type PreparedAdverts, sendingIndex } from "./instance.ts";
import { NeighbourResolution } from "./neighbour-resolution.ts";
import { type Advertisement, type Failure, printFailure, type World } from "./world.ts";

const MINUTE = 60_000_000;

export class Advertiser {
  readonly #world: World;
  readonly #neighbours: NeighbourResolution;
  readonly #packet = new Uint8Array(ADVERT_LENGTH_MAX);
  /** Each has `waitingAdvert`, unless it was forgotten. */
  readonly #waiting: Instance[] = [];
  readonly #batch: Advertisement[] = [];
  readonly #senders: Instance[] = [];

  constructor(context: EngineContext) {
    this.#world = context.world;
    this.#neighbours = new NeighbourResolution(context);
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  isWaiting(instance: Instance): boolean {
    return instance.waitingAdvert !== undefined;
  }

  /** To all peers, or the group, with the next `flush`. */
  queue(instance: Instance, priority: Priority): void {
    if (instance.waitingAdvert === undefined) this.#waiting.push(instance);
    instance.waitingAdvert = priority;
  }

  /** What waits of this instance is not sent. */
  forget(instance: Instance): void {
    instance.waitingAdvert = undefined;
  }

  flush(now: Instant): void {
    if (this.#waiting.length === 0) return;
    for (let place = 0; place < this.#waiting.length; place++) this.#addWaiting(place);
    this.#waiting.length = 0;
    this.#sendBatch(now);
  }

  /** @param only to this address alone; undefined: to all peers, or the group */
  send(instance: Instance, priority: Priority, only: IpAddress | undefined, now: Instant): void {
    this.#add(instance, priority, only);
    this.#sendBatch(now);
  }

  /** To every peer but this one. */
  sendExcept(instance: Instance, priority: Priority, except: IpAddress, now: Instant): void {
    for (const to of destinationsOf(instance.config))
      if (to !== except) this.#add(instance, priority, to);
    this.#sendBatch(now);
  }

  #addWaiting(place: number): void {
    const instance = this.#waiting[place];
    const priority = instance?.waitingAdvert;
    if (instance === undefined || priority === undefined) return;
    instance.waitingAdvert = undefined;
    this.#add(instance, priority);
  }

  #add(instance: Instance, priority: Priority, only?: IpAddress): void {
    const prepared = this.#prepare(instance, priority, only);
    if (prepared === undefined) return;
    instance.lastSource = prepared.source;
    const { adverts } = prepared;
    for (let place = 0; place < adverts.length; place++) {
      const advert = adverts[place];
      if (advert === undefined) continue;
      instance.packetId = (instance.packetId + 1) & 0xffff;
      if (!isIpv6(advert.to)) renewId(advert.packet, 0, instance.packetId);
      this.#batch.push(advert);
      this.#senders.push(instance);
    }
    if (instance.signing?.signs === true) instance.signing.sign(adverts, this.#world.unixTime());
  }

  #prepare(
    instance: Instance,
    priority: Priority,
    only: IpAddress | undefined,
  ): PreparedAdverts | undefined {
    const { state, config, prepared } = instance;
    const interfaceIndex = sendingIndex(instance, only);
    const source = state.source ?? instance.lastSource;
    if (interfaceIndex === undefined || source === undefined) return undefined;
    const isSame =
      prepared?.config === config &&
      prepared.priority === priority &&
      prepared.source === source &&
      prepared.interfaceIndex === interfaceIndex;
    if (isSame && only === undefined) return prepared;
    const adverts: Advertisement[] = [];
    for (const to of only === undefined ? destinationsOf(config) : [only])
      adverts.push({ interfaceIndex, packet: this.#emit(instance, priority, source, to), to });
    const made = { config, interfaceIndex, source, priority, adverts };
    if (only === undefined) instance.prepared = made;
    return made;
  }

  #emit(instance: Instance, priority: Priority, source: IpAddress, to: IpAddress): Uint8Array {
    const { router, transport, checksum } = instance.config;
    const length = emitAdvert(this.#packet, {
      source,
      destination: to,
      ttl: transport.kind === "unicast" ? transport.ttl : 255,
      id: 0,
      version: router.version,
      vrid: router.vrid,
      priority,
      interval: router.advertInterval,
      addresses: instance.advertised,
      password: instance.password,
      checksum,
      isSigned: instance.signing?.signs === true,
    });
    return this.#packet.slice(0, length);
  }

  #sendBatch(now: Instant): void {
    const outcomes = this.#world.sendAdverts(this.#batch);
    for (let place = 0; place < this.#batch.length; place++) {
      const advert = this.#batch[place];
      const instance = this.#senders[place];
      if (advert === undefined || instance === undefined) continue;
      const outcome = outcomes?.[place];
      if (outcome?.ok === false) this.#notSent(instance, advert.to, outcome, now);
      else this.#sent(instance, advert, now);
    }
    this.#batch.length = 0;
    this.#senders.length = 0;
  }

  #sent(instance: Instance, advert: Advertisement, now: Instant): void {
    instance.counters.advert_sent += 1;
    if (isRelease(advert)) instance.counters.pri_zero_sent += 1;
    const source = instance.lastSource;
    if (source !== undefined) this.#neighbours.afterSending(instance, source, advert.to, now);
  }

  /** Counted always, logged at most once a minute. */
  #notSent(instance: Instance, to: IpAddress, failure: Failure, now: Instant): void {
    instance.counters.send_errors += 1;
    const { sendFailureLoggedAt } = instance;
    if (sendFailureLoggedAt !== undefined && now < sendFailureLoggedAt + MINUTE) return;
    instance.sendFailureLoggedAt = now;
    const { name } = instance.config.router;
    const text = `(${name}) advertisement to ${printIp(to)} not sent: ${printFailure(failure)}`;
    this.#world.emit({ type: "log", level: "warning", text });
  }
}

function isRelease({ packet, to }: Advertisement): boolean {
  const at = isIpv6(to) ? IPV6_HEADER_LENGTH : IPV4_HEADER_LENGTH;
  return readU8(packet, at + VRRP_OFFSET.priority) === RELEASE;
}

const destinationsOf = ({ transport }: InstanceConfig): readonly IpAddress[] =>
  transport.kind === "multicast"
    ? [transport.group]
    : transport.peers.map(({ address }) => address);
