/**
 * Devices with a virtual address that no router need speak on (`virtual_ipaddress { 10.0.0.1/24 dev eth1 }`). Somebody else's
 * claim of the address is an ARP frame there, so ARP is listened for on them too.
 *
 * A device that cannot be listened on keeps its addresses: without that evidence they are still better than none. It is told
 * once and tried again.
 */

import { after, fromSeconds, type Instant } from "#units/time";
import type { Engine } from "./engine.ts";
import type { Failure, LinkInfo } from "./world.ts";

const RETRY = fromSeconds(60);

export class AddressDevices {
  /** Indexes that are listened on because of an address. */
  readonly #heard = new Set<number>();
  /** Names of those that refused, and were told. */
  readonly #refused = new Set<string>();

  /** The world has stopped to listen there. */
  forget(index: number): void {
    this.#heard.delete(index);
  }

  isHeard(index: number): boolean {
    return this.#heard.has(index);
  }

  /** After devices or addresses have come or gone. */
  settle(engine: Engine, now: Instant): void {
    const wanted = new Map<number, LinkInfo>();
    for (const name of engine.lookup.devices) {
      const link = engine.interfaces.named(name);
      if (link?.arp === true) wanted.set(link.index, link);
    }
    for (const index of this.#heard) {
      if (wanted.has(index)) continue;
      this.#heard.delete(index);
      if (!engine.instances.some((one) => one.interfaceIndex === index))
        engine.world.unlisten(index);
    }
    for (const [index, link] of wanted) {
      if (!this.#heard.has(index)) this.#listen(engine, link, now);
    }
  }

  #listen(engine: Engine, { index, name }: LinkInfo, now: Instant): void {
    const outcome = engine.world.listen(index, name, undefined);
    if (!outcome.ok) return this.#refuse(engine, name, outcome, now);
    this.#heard.add(index);
    this.#refused.delete(name);
  }

  #refuse(engine: Engine, name: string, { call, errno }: Failure, now: Instant): void {
    for (const instance of engine.instances) {
      const owned = instance.addresses.find(({ virtual }) => virtual.interface === name);
      if (owned === undefined) continue;
      instance.retryAt ??= after(now, RETRY);
      engine.reschedule(instance);
      if (this.#refused.has(name)) continue;
      const report = {
        kind: "claims-not-heard",
        address: owned.virtual.address,
        interface: name,
        error: `${call}: ${errno}`,
      } as const;
      engine.emit({ type: "report", instance: instance.config.router.name, report });
    }
    this.#refused.add(name);
  }
}
