/**
 * Devices with a virtual address that no router need speak on (`virtual_ipaddress { 10.0.0.1/24 dev
 * eth1 }`). Somebody else's claim of the address is an ARP frame there, or a neighbour's message,
 * so these are listened for on them too.
 *
 * A device that cannot be listened on keeps its addresses: without that evidence they are still
 * better than none. It is reported once and tried again.
 */

import { after, fromSeconds, type Instant } from "#units/time";
import type { EngineContext } from "./context.ts";
import { listeningOn } from "./listening.ts";
import { type Failure, type LinkInfo, printFailure } from "./world.ts";

const RETRY = fromSeconds(60);

export class AddressDevices {
  readonly #context: EngineContext;
  /** Indexes that are listened on because of an address. */
  readonly #heard = new Set<number>();
  /** Names of those that refused, and were reported. */
  readonly #refused = new Set<string>();

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** The world has stopped to listen there. */
  forget(index: number): void {
    this.#heard.delete(index);
  }

  isHeard(index: number): boolean {
    return this.#heard.has(index);
  }

  /** After devices or addresses have come or gone. */
  settle(now: Instant): void {
    const { world, interfaces, instances } = this.#context;
    const wanted = new Map<number, LinkInfo>();
    for (const name of instances.lookup.devices) {
      const link = interfaces.named(name);
      if (link?.arp === true) wanted.set(link.index, link);
    }
    for (const index of this.#heard) {
      if (wanted.has(index)) continue;
      this.#heard.delete(index);
      if (!instances.all.some((one) => one.interfaceIndex === index)) world.unlisten(index);
    }
    for (const [index, link] of wanted) {
      if (!this.#heard.has(index)) this.#listen(link, now);
    }
  }

  #listen({ index, name }: LinkInfo, now: Instant): void {
    const { world, instances } = this.#context;
    const outcome = world.listen(index, name, listeningOn(index, name, instances.all));
    if (!outcome.ok) return this.#refuse(name, outcome, now);
    this.#heard.add(index);
    this.#refused.delete(name);
  }

  #refuse(name: string, failure: Failure, now: Instant): void {
    const { world, instances } = this.#context;
    for (const instance of instances.all) {
      const entry = instance.addresses.find(({ virtual }) => virtual.interface === name);
      if (entry === undefined) continue;
      instance.retryAt ??= after(now, RETRY);
      instances.reschedule(instance);
      if (this.#refused.has(name)) continue;
      const report = {
        kind: "claims-not-heard",
        address: entry.virtual.address,
        interface: name,
        error: printFailure(failure),
      } as const;
      world.emit({ type: "report", instance: instance.config.router.name, report });
    }
    this.#refused.add(name);
  }
}
