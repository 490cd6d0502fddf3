/** Instances by what a packet or a piece of kernel news names. Made anew when instances come, go or change interface. */
import type { Ipv4 } from "#units/address";
import type { Advert } from "#wire/vrrp-packet";
import type { Instance } from "./instance.ts";

const NONE: readonly Instance[] = [];

export class Lookup {
  readonly #byRouter = new Map<number, Instance[]>();
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
  }

  /** More than one when unicast and multicast use the same VRID on an interface. */
  byRouter(interfaceIndex: number, vrid: number): readonly Instance[] {
    return this.#byRouter.get(keyOf(interfaceIndex, vrid)) ?? NONE;
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
  if (isFor(advert, instance)) return true;
  for (const other of instances) if (isFor(advert, other)) return false;
  return true;
}

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

function add<K>(map: Map<K, Instance[]>, key: K, instance: Instance): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [instance]);
  else if (list.at(-1) !== instance) list.push(instance);
}
