/**
 * The state of the interfaces, found for the routers that depend on it: as what an instance starts
 * with, and as events when it changes.
 */
import type { Instant } from "#units/time";
import type { RouterState } from "../router/state.ts";
import type { AddressDevices } from "./address-devices.ts";
import type { Announcements } from "./announcements.ts";
import type { EngineContext } from "./context.ts";
import { type Instance, isUnbound } from "./instance.ts";
import type { Reconciler } from "./reconcile.ts";
import type { SocketBindings } from "./socket-bindings.ts";
import type { Sources } from "./sources.ts";
import type { Steps } from "./steps.ts";
import type { Trackers } from "./trackers.ts";
import type { VirtualMacs } from "./virtual-macs.ts";
import { ANY_DEVICE, type LinkInfo } from "./world.ts";

interface InterfaceStateParts {
  readonly context: EngineContext;
  readonly steps: Steps;
  readonly announcements: Announcements;
  readonly addressDevices: AddressDevices;
  readonly bindings: SocketBindings;
  readonly sources: Sources;
  readonly trackers: Trackers;
  readonly reconciler: Reconciler;
  readonly virtualMacs: VirtualMacs;
}

export class InterfaceState {
  readonly #parts: InterfaceStateParts;

  constructor(parts: InterfaceStateParts) {
    this.#parts = parts;
  }

  /** Finds the interfaces of these instances and listens on them. */
  attach(instances: readonly Instance[], now: Instant): void {
    const { context, bindings } = this.#parts;
    for (const instance of instances) instance.interfaceIndex = this.#indexOf(instance);
    context.instances.lookupChanged();
    for (const instance of instances) bindings.open(instance, now);
  }

  /** The index of the interface it is configured for, by the name the interface has now. */
  #indexOf({ config }: Instance): number | undefined {
    const { interfaces } = this.#parts.context;
    return config.interface === undefined ? ANY_DEVICE : interfaces.named(config.interface)?.index;
  }

  /** An unbound instance has no link that could be down: one of an address is a tracker. */
  #isLinkUp(instance: Instance): boolean {
    const { interfaces } = this.#parts.context;
    return isUnbound(instance) || interfaces.link(instance.interfaceIndex)?.up === true;
  }

  /** What an attached instance starts with. */
  initial(instance: Instance): Pick<RouterState, "linkUp" | "source" | "raised"> {
    const { context, sources, virtualMacs } = this.#parts;
    const isThere =
      isUnbound(instance) || context.interfaces.link(instance.interfaceIndex) !== undefined;
    const missing = sources.missing(instance);
    const raised = instance.state.raised.filter(({ kind }) => kind === "cannot-listen");
    if (!isThere) raised.push({ kind: "interface-missing" });
    if (missing !== undefined) raised.push(missing);
    const refused = virtualMacs.fault(instance);
    if (refused !== undefined) raised.push(refused);
    return { linkUp: this.#isLinkUp(instance), source: sources.of(instance), raised };
  }

  /**
   * After interfaces have come, gone or changed.
   *
   * @param late this link has been so since then already
   */
  changed(now: Instant, late?: { readonly index: number; readonly since: Instant }): void {
    const { context, steps, addressDevices, trackers, reconciler, virtualMacs } = this.#parts;
    virtualMacs.open();
    addressDevices.settle(now);
    for (const instance of context.instances.all) {
      const index = this.#indexOf(instance);
      if (index !== instance.interfaceIndex) {
        if (instance.interfaceIndex !== undefined) this.#leave(instance, now);
        const link = context.interfaces.link(index);
        if (link !== undefined) this.#enter(instance, link, now);
      }
      virtualMacs.check(instance, now);
      reconciler.devicesMoved(instance, now);
      const up = this.#isLinkUp(instance);
      if (up !== instance.state.linkUp) {
        const isLate = late !== undefined && late.index === instance.interfaceIndex;
        const since = isLate ? { since: late.since } : {};
        steps.apply(instance, { kind: "linkChanged", up, ...since }, now);
      }
      trackers.interfacesChanged(instance, now);
    }
    virtualMacs.close();
  }

  /**
   * The interface has another name, or the name belongs to another device (replaced, moved to
   * another namespace and back). An owner of the address gives up first, on the device where the
   * address still is and through the sockets that are still on it; only then is the device
   * forgotten.
   */
  #leave(instance: Instance, now: Instant): void {
    const { context, steps, bindings } = this.#parts;
    const { interfaceIndex } = instance;
    const isGone = context.interfaces.link(interfaceIndex) === undefined;
    // Nothing can be sent through a device that is gone, and its addresses went with it.
    if (isGone) this.#detach(instance);
    steps.apply(instance, { kind: "faultRaised", cause: { kind: "interface-missing" } }, now);
    if (!isGone) this.#detach(instance);
    if (interfaceIndex !== undefined) bindings.left(interfaceIndex);
  }

  #detach(instance: Instance): void {
    instance.interfaceIndex = undefined;
    this.#parts.context.instances.lookupChanged();
  }

  #enter(instance: Instance, link: LinkInfo, now: Instant): void {
    const { steps, sources } = this.#parts;
    this.attach([instance], now);
    sources.check(instance, now);
    steps.apply(instance, { kind: "linkChanged", up: link.up }, now);
    steps.apply(instance, { kind: "sourceChanged", source: sources.of(instance) }, now);
    steps.apply(instance, { kind: "faultLifted", cause: "interface-missing" }, now);
  }

  /** Clients send to the MAC address they know. */
  macChanged(index: number, now: Instant): void {
    const { context, announcements } = this.#parts;
    for (const instance of context.instances.all) {
      if (instance.state.phase.kind !== "master") continue;
      const there = instance.addresses.filter((one) => one.owned && one.index === index);
      const { repeat } = instance.config.router.announce;
      announcements.announce(instance, there, repeat, now);
    }
  }
}
