/** Instances by what a packet or a piece of kernel news names. Made anew when instances come, go or change interface. */

import type { Ipv4 } from "#units/address";
import type { Advert } from "../wire/vrrp-packet.ts";
import { type Instance, isUnbound } from "./instance.ts";
import { ANY_DEVICE } from "./world.ts";

const NONE: readonly Instance[] = [];

export class Lookup {
  readonly #byRouter = new Map<number, Instance[]>();
  /** Also those that the same packet comes to by another socket. */
  readonly #sharing = new Map<number, readonly Instance[]>();
  readonly #byAddress = new Map<Ipv4, Instance[]>();
  readonly #devices = new Set<string>();

  constructor(instances: readonly Instance[]) {
    for (const instance of instances) {
      const { interfaceIndex, config } = instance;
      if (interfaceIndex !== undefined) {
        add(this.#byRouter, keyOf(interfaceIndex, config.router.vrid), instance);
      }
      for (const { virtual } of instance.addresses) {
        add(this.#byAddress, virtual.address, instance);
        if (virtual.interface !== undefined) this.#devices.add(virtual.interface);
      }
    }
    if (instances.some(isUnbound)) this.#findSharing(instances);
  }

  /** A packet that comes to a router bound to no device comes to those on its device too, in a copy of its own. */
  #findSharing(instances: readonly Instance[]): void {
    const byVrid = new Map<number, Instance[]>();
    for (const instance of instances) {
      if (instance.interfaceIndex !== undefined) add(byVrid, instance.config.router.vrid, instance);
    }
    for (const key of this.#byRouter.keys()) {
      const { interfaceIndex, vrid } = partsOf(key);
      const all = byVrid.get(vrid) ?? NONE;
      const isNear = (one: Instance): boolean =>
        one.interfaceIndex === interfaceIndex || isUnbound(one);
      this.#sharing.set(key, interfaceIndex === ANY_DEVICE ? all : all.filter(isNear));
    }
  }

  /** More than one when unicast and multicast use the same VRID on an interface. */
  byRouter(interfaceIndex: number, vrid: number): readonly Instance[] {
    return this.#byRouter.get(keyOf(interfaceIndex, vrid)) ?? NONE;
  }

  /** Whose a packet for `byRouter` may be: these, and those that have another copy of it. */
  sharing(interfaceIndex: number, vrid: number): readonly Instance[] {
    const key = keyOf(interfaceIndex, vrid);
    return (
      this.#sharing.get(key) ??
      this.#byRouter.get(key) ??
      this.#byRouter.get(keyOf(ANY_DEVICE, vrid)) ??
      NONE
    );
  }

  /** Names of the devices that an address asks for by itself. */
  get devices(): ReadonlySet<string> {
    return this.#devices;
  }

  /** Those with this virtual address, on whatever device. */
  byAddress(address: Ipv4): readonly Instance[] {
    return this.#byAddress.get(address) ?? NONE;
  }
}

/** Of several instances of a VRID on an interface: is the advertisement this one's? What is nobody's is everybody's to refuse. */
export function isMeant(
  advert: Advert,
  instance: Instance,
  instances: readonly Instance[],
): boolean {
  if (isElsewhere(advert, instance, instances)) return false;
  if (isFor(advert, instance)) return true;
  for (const other of instances) if (isFor(advert, other)) return false;
  return true;
}

/** Sent to the address of one that is bound to no device, which has its own copy: what is wrong with it is its to refuse. */
function isElsewhere(
  { destination }: Advert,
  instance: Instance,
  instances: readonly Instance[],
): boolean {
  const own = instance.config.transport.source ?? instance.state.source;
  if (own === destination || isUnbound(instance)) return false;
  for (const other of instances) {
    if (isUnbound(other) && other.config.transport.source === destination) return true;
  }
  return false;
}

/** Is it sent to where this one is spoken to? One that is bound to no device is so by its address alone. */
export function isAddressedTo(bytes: Uint8Array, { config: { transport } }: Instance): boolean {
  const { source } = transport;
  if (source === undefined || bytes.length < IPV4_HEADER_LENGTH) return false;
  for (let place = 0; place < 4; place++) {
    if (bytes[DESTINATION_AT + place] !== ((source >>> (24 - 8 * place)) & 0xff)) return false;
  }
  return true;
}

const DESTINATION_AT = 16;
const IPV4_HEADER_LENGTH = 20;

function isFor({ source, destination }: Advert, { config: { transport } }: Instance): boolean {
  if (transport.kind === "multicast") return destination === transport.group;
  // 224.0.0.0/4
  if (destination >>> 28 === 0xe) return false;
  if (transport.source !== undefined && destination !== transport.source) return false;
  for (const peer of transport.peers) if (peer.address === source) return true;
  return false;
}

/** A VRID is one byte. */
const keyOf = (interfaceIndex: number, vrid: number): number => interfaceIndex * 256 + vrid;
const partsOf = (key: number): { readonly interfaceIndex: number; readonly vrid: number } => ({
  interfaceIndex: Math.floor(key / 256),
  vrid: key % 256,
});

function add<K>(map: Map<K, Instance[]>, key: K, instance: Instance): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [instance]);
  else if (list.at(-1) !== instance) list.push(instance);
}
