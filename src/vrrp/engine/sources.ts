/**
 * The address an instance's advertisements come from. Where the configuration names one that this
 * machine does not have, the instance is in FAULT and says so; it goes on when the machine has it.
 */
import type { IpAddress } from "#units/address";
import type { Instant } from "#units/time";
import { versionOf } from "../router/config.ts";
import type { FaultCause } from "../router/reason.ts";
import type { EngineContext } from "./context.ts";
import { type Instance, isRaised } from "./instance.ts";
import type { Steps } from "./steps.ts";
import { type AddressInfo, BATON_PROTO } from "./world.ts";

export class Sources {
  readonly #context: EngineContext;
  readonly #steps: Steps;

  constructor(context: EngineContext, steps: Steps) {
    this.#context = context;
    this.#steps = steps;
  }

  /** Undefined: there is none yet. */
  of(instance: Instance): IpAddress | undefined {
    const { transport } = instance.config;
    if (transport.source !== undefined) return transport.source;
    const { interfaces, instances } = this.#context;
    const version = versionOf(instance.config);
    // Kernels before 5.18 do not keep our mark: what another instance has set is known by its
    // record.
    return interfaces.primaryAddress(instance.interfaceIndex, version, (address) =>
      instances.lookup
        .byAddress(address)
        .some(
          (other) =>
            other === instance ||
            other.addresses.some((one) => one.owned && one.virtual.address === address),
        ),
    );
  }

  /**
   * `unicast_src_ip` has to be an address of this machine, of whichever interface: the peers'
   * answers go there. One of multicast need not be (keepalived's manual offers it to hide who is
   * speaking), unless `track_src_ip` wants it on the interface.
   */
  missing(instance: Instance): FaultCause | undefined {
    const { transport } = instance.config;
    const { kind, source } = transport;
    const isWanted = kind === "unicast" || transport.trackSource === true;
    if (source === undefined || !isWanted) return undefined;
    for (const { address, index } of this.#context.interfaces.addresses()) {
      const isUsable = kind === "unicast" || index === instance.interfaceIndex;
      if (address === source && isUsable) return undefined;
    }
    return { kind: "source-missing", address: source };
  }

  check(instance: Instance, now: Instant): void {
    const cause = this.missing(instance);
    if (cause !== undefined) this.#steps.apply(instance, { kind: "faultRaised", cause }, now);
    else if (isRaised(instance, "source-missing"))
      this.#steps.apply(instance, { kind: "faultLifted", cause: "source-missing" }, now);
  }

  /** @param changed the address that came or went; undefined: any may have */
  addressesChanged(now: Instant, changed?: AddressInfo): void {
    this.#configuredChanged(now, changed);
    for (const instance of this.#context.instances.all) {
      if (changed !== undefined && instance.interfaceIndex !== changed.index) continue;
      this.update(instance, now);
    }
  }

  #configuredChanged(now: Instant, changed: AddressInfo | undefined): void {
    for (const instance of this.#context.instances.all) {
      const { source } = instance.config.transport;
      if (source === undefined || (changed !== undefined && source !== changed.address)) continue;
      this.check(instance, now);
    }
  }

  /**
   * An address that was not there before. One of ours is nobody's source unless it is configured,
   * so there is no look at every router for each of a thousand take-overs.
   */
  addressAppeared(address: AddressInfo, now: Instant): void {
    if (this.#isOurs(address)) this.#configuredChanged(now, address);
    else this.addressesChanged(now, address);
  }

  /**
   * The same of one that went. `primaryAddress` passes over a secondary one and over those with our
   * mark, so what it finds is what it found.
   */
  addressGone(address: AddressInfo, now: Instant): void {
    if (address.secondary || address.proto === BATON_PROTO) this.#configuredChanged(now, address);
    else this.addressesChanged(now, address);
  }

  #isOurs({ address }: AddressInfo): boolean {
    return this.#context.instances.lookup
      .byAddress(address)
      .some(({ addresses }) =>
        addresses.some((one) => one.owned && one.virtual.address === address),
      );
  }

  update(instance: Instance, now: Instant): void {
    const source = this.of(instance);
    if (source !== instance.state.source)
      this.#steps.apply(instance, { kind: "sourceChanged", source }, now);
  }
}
