/**
 * Instances by what a packet or a notification of the kernel names. Made anew when instances come,
 * go or change interface.
 */

import type { IpAddress } from "#units/address";
import { type Centis, centis } from "#units/time";
import { type InstanceConfig, type IpVersion, versionOf } from "../router/config.ts";
import { type Instance, isUnbound } from "./instance.ts";
import { ANY_DEVICE } from "./world.ts";

const NONE: readonly Instance[] = [];
/** Of version 2: 255 seconds. */
const LONGEST = centis(25_500);

export class Lookup {
  readonly #byRouter = new Map<number, Instance[]>();
  /** Those of `#byRouter`, and those that get a copy of the same packet by another socket. */
  readonly #sharing = new Map<number, readonly Instance[]>();
  /** By interface and `routerNumber`, those that share them with nobody. */
  readonly #alone = new Map<number, (Instance | undefined)[]>();
  /** Packets of one interface come together: the one asked for last. */
  #interfaceIndex = -1;
  #row: readonly (Instance | undefined)[] = NONE;
  readonly #byAddress = new Map<IpAddress, Instance[]>();
  readonly #devices = new Set<string>();
  #shortest = LONGEST;

  constructor(instances: readonly Instance[]) {
    for (const instance of instances) {
      const { interfaceIndex, config } = instance;
      const { phase } = instance.state;
      this.learnInterval(config.router.advertInterval);
      if (phase.kind === "backup") this.learnInterval(phase.masterInterval);
      if (interfaceIndex !== undefined)
        add(this.#byRouter, keyOf(interfaceIndex, routerOf(config)), instance);
      for (const { virtual } of instance.addresses) {
        add(this.#byAddress, virtual.address, instance);
        if (virtual.interface !== undefined) this.#devices.add(virtual.interface);
      }
    }
    if (instances.some(isUnbound)) this.#findSharing(instances);
    for (const [key, [first, ...others]] of this.#byRouter) {
      const { interfaceIndex, router } = partsOf(key);
      const row =
        this.#alone.get(interfaceIndex) ?? Array<Instance | undefined>(ROUTERS).fill(undefined);
      this.#alone.set(interfaceIndex, row);
      row[router] = others.length === 0 ? first : undefined;
    }
  }

  /** A router that is bound to no device gets a copy of what those on its device receive. */
  #findSharing(instances: readonly Instance[]): void {
    const byNumber = new Map<number, Instance[]>();
    for (const instance of instances) {
      if (instance.interfaceIndex !== undefined) add(byNumber, routerOf(instance.config), instance);
    }
    for (const key of this.#byRouter.keys()) {
      const { interfaceIndex, router } = partsOf(key);
      const all = byNumber.get(router) ?? NONE;
      const isNear = (one: Instance): boolean =>
        one.interfaceIndex === interfaceIndex || isUnbound(one);
      this.#sharing.set(key, interfaceIndex === ANY_DEVICE ? all : all.filter(isNear));
    }
  }

  /**
   * The only one of `byRouter`; undefined where there are several, or none.
   *
   * @param router its `routerNumber`
   */
  only(interfaceIndex: number, router: number): Instance | undefined {
    if (interfaceIndex !== this.#interfaceIndex) {
      this.#interfaceIndex = interfaceIndex;
      this.#row = this.#alone.get(interfaceIndex) ?? NONE;
    }
    return this.#row[router];
  }

  /** More than one when unicast and multicast use the same VRID on an interface. */
  byRouter(interfaceIndex: number, router: number): readonly Instance[] {
    return this.#byRouter.get(keyOf(interfaceIndex, router)) ?? NONE;
  }

  /** Those a packet for `byRouter` may be meant for: also those that get another copy of it. */
  sharing(interfaceIndex: number, router: number): readonly Instance[] {
    const key = keyOf(interfaceIndex, router);
    return (
      this.#sharing.get(key) ??
      this.#byRouter.get(key) ??
      this.#byRouter.get(keyOf(ANY_DEVICE, router)) ??
      NONE
    );
  }

  /** The shortest interval that counts for any of the instances, their masters' included. */
  get shortestInterval(): Centis {
    return this.#shortest;
  }

  /** A master of one of the instances has this interval. */
  learnInterval(interval: Centis): void {
    if (interval < this.#shortest) this.#shortest = interval;
  }

  /** Names of the devices that an address has of its own (`dev eth1`). */
  get devices(): ReadonlySet<string> {
    return this.#devices;
  }

  /** Those with this virtual address, on whatever device. */
  byAddress(address: IpAddress): readonly Instance[] {
    return this.#byAddress.get(address) ?? NONE;
  }
}

/** A VRID is one byte, and its routers of IPv4 and of IPv6 are two (RFC 9568 section 1.2). */
const VRIDS = 256;
const ROUTERS = 2 * VRIDS;

/** Of a router on its interface: the VRID, behind those of IPv4 for IPv6. */
export const routerNumber = (vrid: number, version: IpVersion): number =>
  version === 6 ? VRIDS + vrid : vrid;

const routerOf = (config: InstanceConfig): number =>
  routerNumber(config.router.vrid, versionOf(config));

const keyOf = (interfaceIndex: number, router: number): number => interfaceIndex * ROUTERS + router;
const partsOf = (key: number): { readonly interfaceIndex: number; readonly router: number } => ({
  interfaceIndex: Math.floor(key / ROUTERS),
  router: key % ROUTERS,
});

function add<K>(map: Map<K, Instance[]>, key: K, instance: Instance): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [instance]);
  else if (list.at(-1) !== instance) list.push(instance);
}
