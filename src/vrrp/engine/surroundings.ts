/**
 * What the machine has (devices, source addresses, results of checks), found for the routers that depend on it: as the state
 * one starts with, and as events when it changes.
 */

import type { Ipv4 } from "#units/address";
import type { Instant } from "#units/time";
import type { RouterState, TrackerState } from "../router/state.ts";
import type { Engine } from "./engine.ts";
import { checkSource, checkSources, listen, missingSource } from "./footing.ts";
import { type Instance, isUnbound } from "./instance.ts";
import { announce } from "./perform.ts";
import { devicesMoved } from "./reconcile.ts";
import { type AddressInfo, ANY_DEVICE, type LinkInfo } from "./world.ts";

export function trackerState(engine: Engine, kind: string, name: string): TrackerState {
  if (kind === "interface") {
    const link = engine.interfaces.named(name);
    return link?.up === true ? "up" : "down";
  }
  return engine.results.get(`${kind}/${name}`) ?? "unknown";
}

/** Where it speaks and listens now. */
function indexOf({ interfaces }: Engine, { config }: Instance): number | undefined {
  return config.interface === undefined ? ANY_DEVICE : interfaces.named(config.interface)?.index;
}

/** No device of its own can be down where there is none: that of an address is tracked as such. */
function isLinkUp({ interfaces }: Engine, instance: Instance): boolean {
  return isUnbound(instance) || interfaces.link(instance.interfaceIndex)?.up === true;
}

/** Finds their interfaces and listens on them. */
export function attach(engine: Engine, instances: readonly Instance[], now: Instant): void {
  for (const instance of instances) instance.interfaceIndex = indexOf(engine, instance);
  engine.instancesChanged();
  for (const instance of instances) listen(engine, instance, now);
}

export function surroundingsOf(
  engine: Engine,
  instance: Instance,
): Pick<RouterState, "linkUp" | "source" | "raised"> {
  const isThere =
    isUnbound(instance) || engine.interfaces.link(instance.interfaceIndex) !== undefined;
  const source = missingSource(engine, instance);
  const raised = instance.state.raised.filter(({ kind }) => kind === "cannot-listen");
  if (!isThere) raised.push({ kind: "interface-missing" });
  if (source !== undefined) raised.push(source);
  return {
    linkUp: isLinkUp(engine, instance),
    source: sourceOf(engine, instance),
    raised,
  };
}

/** Where an instance's advertisements come from. */
export function sourceOf(engine: Engine, instance: Instance): Ipv4 | undefined {
  const { source } = instance.config.transport;
  if (source !== undefined) return source;
  // Kernels before 5.18 do not keep our mark: what another instance has set is known by its record.
  return engine.interfaces.primaryAddress(instance.interfaceIndex, (address) =>
    engine.lookup
      .byAddress(address)
      .some(
        (other) =>
          other === instance ||
          other.addresses.some((one) => one.owned && one.virtual.address === address),
      ),
  );
}

export function interfacesChanged(engine: Engine, now: Instant): void {
  engine.addressDevices.settle(engine, now);
  for (const instance of engine.instances) {
    const index = indexOf(engine, instance);
    if (index !== instance.interfaceIndex) {
      if (instance.interfaceIndex !== undefined) leaveDevice(engine, instance, now);
      const link = engine.interfaces.link(index);
      if (link !== undefined) enterDevice(engine, instance, link, now);
    }
    devicesMoved(engine, instance, now);
    const up = isLinkUp(engine, instance);
    if (up !== instance.state.linkUp) engine.apply(instance, { kind: "linkChanged", up }, now);
    for (const [index, tracker] of instance.config.router.trackers.entries()) {
      if (tracker.kind !== "interface") continue;
      const result = trackerState(engine, "interface", tracker.name);
      if (result !== instance.state.trackers[index]) {
        engine.apply(instance, { kind: "trackerChanged", index, result }, now);
      }
    }
  }
}

/**
 * The interface has another name, or the name belongs to another device (replaced, moved to another namespace and back).
 * Whoever owned the address gives up first, on the device where the address still is and through the sockets that are
 * still on it; only then is the device forgotten.
 */
function leaveDevice(engine: Engine, instance: Instance, now: Instant): void {
  const { interfaceIndex } = instance;
  const isGone = engine.interfaces.link(interfaceIndex) === undefined;
  // Nothing can be said through a device that is gone, and its addresses went with it.
  if (isGone) detach(engine, instance);
  engine.apply(instance, { kind: "faultRaised", cause: { kind: "interface-missing" } }, now);
  if (!isGone) detach(engine, instance);
  if (interfaceIndex !== undefined) engine.stopListening(interfaceIndex);
}

function detach(engine: Engine, instance: Instance): void {
  instance.interfaceIndex = undefined;
  engine.instancesChanged();
}

function enterDevice(engine: Engine, instance: Instance, link: LinkInfo, now: Instant): void {
  attach(engine, [instance], now);
  checkSource(engine, instance, now);
  engine.apply(instance, { kind: "linkChanged", up: link.up }, now);
  engine.apply(instance, { kind: "sourceChanged", source: sourceOf(engine, instance) }, now);
  engine.apply(instance, { kind: "faultLifted", cause: "interface-missing" }, now);
}

/** Clients send to the MAC address they know. */
export function macChanged(engine: Engine, index: number, now: Instant): void {
  for (const instance of engine.instances) {
    if (instance.state.phase.kind !== "master") continue;
    const there = instance.addresses.filter((one) => one.owned && one.index === index);
    announce(engine, instance, there, instance.config.router.announce.repeat, now);
  }
}

/** @param changed the address that came or went; undefined: any may have */
export function sourcesChanged(engine: Engine, now: Instant, changed?: AddressInfo): void {
  checkSources(engine, now, changed?.address);
  for (const instance of engine.instances) {
    if (changed !== undefined && instance.interfaceIndex !== changed.index) continue;
    const source = sourceOf(engine, instance);
    if (source !== instance.state.source)
      engine.apply(instance, { kind: "sourceChanged", source }, now);
  }
}

export function trackerChanged(
  engine: Engine,
  kind: string,
  name: string,
  result: TrackerState,
  now: Instant,
): void {
  for (const instance of engine.instances) {
    for (const [index, tracker] of instance.config.router.trackers.entries()) {
      if (tracker.kind === kind && tracker.name === name) {
        engine.apply(instance, { kind: "trackerChanged", index, result }, now);
      }
    }
  }
}
