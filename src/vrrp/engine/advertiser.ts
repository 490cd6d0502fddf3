/** Our advertisements: written into one buffer, and sent to the group or to each peer. */
import { type Ipv4, printIpv4 } from "#units/address";
import type { Instant } from "#units/time";
import type { Priority } from "#units/vrrp";
import { emitAdvert } from "../wire/emit-advert.ts";
import { ADVERT_LENGTH_MAX } from "../wire/vrrp-packet.ts";
import type { EngineContext } from "./context.ts";
import type { Instance } from "./instance.ts";
import { NeighbourResolution } from "./neighbour-resolution.ts";
import { type Failure, printFailure, type World } from "./world.ts";

const MINUTE = 60_000_000;

export class Advertiser {
  readonly #world: World;
  readonly #neighbours: NeighbourResolution;
  readonly #packet = new Uint8Array(ADVERT_LENGTH_MAX);

  constructor(context: EngineContext) {
    this.#world = context.world;
    this.#neighbours = new NeighbourResolution(context);
  }

  /** @param only to this address alone; undefined: to all peers, or the group */
  send(instance: Instance, priority: Priority, only: Ipv4 | undefined, now: Instant): void {
    const { transport } = instance.config;
    if (only !== undefined) this.#sendTo(instance, priority, only, now);
    else if (transport.kind === "multicast") this.#sendTo(instance, priority, transport.group, now);
    else for (const peer of transport.peers) this.#sendTo(instance, priority, peer.address, now);
  }

  #sendTo(instance: Instance, priority: Priority, to: Ipv4, now: Instant): void {
    const { interfaceIndex, state, config } = instance;
    const source = state.source ?? instance.lastSource;
    if (interfaceIndex === undefined || source === undefined) return;
    instance.lastSource = source;
    const { router, transport } = config;
    instance.packetId = (instance.packetId + 1) & 0xffff;
    const length = emitAdvert(this.#packet, {
      source,
      destination: to,
      ttl: transport.kind === "unicast" ? transport.ttl : 255,
      id: instance.packetId,
      version: router.version,
      vrid: router.vrid,
      priority,
      interval: router.advertInterval,
      addresses: instance.advertised,
      password: instance.password,
      checksum: config.checksum,
    });
    const packet = this.#packet.subarray(0, length);
    const outcome = this.#world.sendAdvert(interfaceIndex, packet, to);
    if (!outcome.ok) return this.#notSent(instance, to, outcome, now);
    instance.counters.advert_sent += 1;
    if (priority === 0) instance.counters.pri_zero_sent += 1;
    this.#neighbours.afterSending(instance, source, to, now);
  }

  /** Counted always, logged at most once a minute. */
  #notSent(instance: Instance, to: Ipv4, failure: Failure, now: Instant): void {
    instance.counters.send_errors += 1;
    const { sendFailureLoggedAt } = instance;
    if (sendFailureLoggedAt !== undefined && now < sendFailureLoggedAt + MINUTE) return;
    instance.sendFailureLoggedAt = now;
    const { name } = instance.config.router;
    const text = `(${name}) advertisement to ${printIpv4(to)} not sent: ${printFailure(failure)}`;
    this.#world.emit({ type: "log", level: "warning", text });
  }
}
