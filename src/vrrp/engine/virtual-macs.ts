/**
 * Devices with a virtual MAC address (`use_vmac`): those of a router are there as long as the
 * router and the interface below are, whoever is master. The router's addresses name them as their
 * devices (keepalived/plan), so they are set, announced and removed there like others with a device
 * of their own.
 *
 * One that somebody removes, sets down or gives another MAC address is made again at once. Where
 * it cannot be made the router is in FAULT, and it is tried again.
 */
import type { IpAddress } from "#units/address";
import type { Instant } from "#units/time";
import type { VmacConfig } from "../router/config.ts";
import type { FaultCause } from "../router/reason.ts";
import type { EngineContext } from "./context.ts";
import { type Instance, isRaised } from "./instance.ts";
import { scheduleRetry } from "./retry.ts";
import type { Steps } from "./steps.ts";
import { type LinkInfo, printFailure } from "./world.ts";

interface OpenDevice {
  readonly index: number;
  /** The index of the interface below. */
  readonly base: number;
  readonly config: VmacConfig;
  /** It is down although its base is up, and was made again for that. */
  isDown: boolean;
}

interface Wanted {
  readonly config: VmacConfig;
  readonly base: LinkInfo;
}

const NONE: readonly VmacConfig[] = [];

export class VirtualMacs {
  readonly #context: EngineContext;
  readonly #steps: Steps;
  /** By name. */
  readonly #open = new Map<string, OpenDevice>();
  /** Why one could not be made, by name. */
  readonly #errors = new Map<string, string>();

  constructor(context: EngineContext, steps: Steps) {
    this.#context = context;
    this.#steps = steps;
  }

  /** Makes those that are wanted; before addresses are set, or instances hear of their links. */
  open(): void {
    for (const instance of this.#context.instances.all) {
      for (const wanted of this.#wantedBy(instance))
        if (!this.#isAsWanted(wanted)) this.#make(instance, wanted);
      const { advertisesBy } = instance.config;
      if (advertisesBy !== undefined) instance.vmacIndex = this.#open.get(advertisesBy)?.index;
    }
  }

  /** Removes those that nobody wants any more; after their addresses have gone. */
  close(): void {
    if (this.#open.size === 0) return;
    const wanted = new Set<string>();
    for (const instance of this.#context.instances.all)
      for (const { config } of this.#wantedBy(instance)) wanted.add(config.name);
    for (const name of this.#open.keys()) if (!wanted.has(name)) this.#remove(name);
  }

  /**
   * An address of ours is gone from a device: perhaps the device was removed, which the kernel
   * reports afterwards. True: it was, and is there again under another index.
   */
  isReplaced(index: number, address: IpAddress): boolean {
    const name = this.#nameOf(index);
    if (name === undefined) return false;
    for (const instance of this.#context.instances.all) {
      const wanted = this.#wantedBy(instance).find(({ config }) => config.name === name);
      const isOwned = instance.addresses.some(
        (one) => one.owned && one.index === index && one.virtual.address === address,
      );
      if (wanted === undefined || !isOwned) continue;
      this.#make(instance, wanted);
      if (this.#open.get(name)?.index === index) return false;
      this.#context.interfaces.removeLink(index);
      return true;
    }
    return false;
  }

  #nameOf(index: number): string | undefined {
    for (const [name, device] of this.#open) if (device.index === index) return name;
    return undefined;
  }

  /** Undefined: its devices are there, or it wants none. */
  fault({ config: { vmacs = NONE } }: Instance): FaultCause | undefined {
    for (const { name } of vmacs) {
      const error = this.#errors.get(name);
      if (error !== undefined) return { kind: "vmac-refused", device: name, error };
    }
    return undefined;
  }

  /** After `open`. */
  check(instance: Instance, now: Instant): void {
    const cause = this.fault(instance);
    const isFaulty = isRaised(instance, "vmac-refused");
    if (cause !== undefined && instance.retryAt === undefined) {
      scheduleRetry(instance, now);
      this.#context.instances.reschedule(instance);
    }
    if (cause !== undefined && !isFaulty)
      this.#steps.apply(instance, { kind: "faultRaised", cause }, now);
    if (cause === undefined && isFaulty)
      this.#steps.apply(instance, { kind: "faultLifted", cause: "vmac-refused" }, now);
  }

  #wantedBy({ config: { vmacs = NONE }, state }: Instance): readonly Wanted[] {
    if (vmacs.length === 0 || state.phase.kind === "stopped") return [];
    return vmacs.flatMap((config) => {
      const base = this.#context.interfaces.named(config.base);
      return base === undefined ? [] : [{ config, base }];
    });
  }

  #isAsWanted({ config, base }: Wanted): boolean {
    const known = this.#open.get(config.name);
    const link = this.#context.interfaces.link(known?.index);
    if (known === undefined || link === undefined) return false;
    if (known.base !== base.index || link.mac !== config.mac || link.name !== config.name)
      return false;
    const isDown = base.up && !link.up;
    const wasDown = known.isDown;
    known.isDown = isDown;
    return !isDown || wasDown;
  }

  #make(instance: Instance, { config, base }: Wanted): void {
    const { world, interfaces } = this.#context;
    const { name, mac } = config;
    const known = this.#open.get(name);
    if (known !== undefined && (known.base !== base.index || known.config.mac !== mac))
      this.#remove(name);
    const addresses = instance.addresses.map(({ virtual }) => virtual.address);
    const outcome = world.virtualMacs?.open({ name, mac, addresses }, base) ?? NOBODY;
    if (!outcome.ok) {
      this.#open.delete(name);
      return this.#report(instance, name, printFailure(outcome));
    }
    const { link } = outcome;
    this.#errors.delete(name);
    // One that was removed, which the kernel has not reported yet, must not be found by its name.
    if (known !== undefined && known.index !== link.index) interfaces.removeLink(known.index);
    const isDown = base.up && !link.up;
    this.#open.set(name, { index: link.index, base: base.index, config, isDown });
    interfaces.setLink(link);
  }

  #report({ config: { router } }: Instance, name: string, error: string): void {
    if (this.#errors.get(name) === error) return;
    this.#errors.set(name, error);
    const text = `(${router.name}) ${name}, a device with a virtual MAC address, cannot be made: ${error}`;
    this.#context.world.emit({ type: "log", level: "error", text });
  }

  #remove(name: string): void {
    const { world, interfaces } = this.#context;
    const index = this.#open.get(name)?.index;
    this.#open.delete(name);
    if (index !== undefined) interfaces.removeLink(index);
    const outcome = world.virtualMacs?.close(name) ?? NOBODY;
    if (outcome.ok) return;
    const text = `${name}, a device with a virtual MAC address, cannot be removed: ${printFailure(outcome)}`;
    world.emit({ type: "log", level: "error", text });
  }
}

const NOBODY = { ok: false, errno: "EOPNOTSUPP", call: "RTM_NEWLINK(macvlan)" } as const;
