/**
 * A virtual address on this machine that Baton has not put there: added by hand, by a network manager, by another program.
 * The machine answers for it, whoever owns it by VRRP, so it is reported, counted and shown by `status`.
 *
 * On a node that does not own it, it is left alone: it may be meant so. One that appears while this node owns the address
 * (`ip addr add` on another device, or with another prefix, often after `ip addr del`) is a copy of ours, and goes when
 * ours goes: otherwise the machine would answer on beside the next owner.
 *
 * Left out are devices without ARP and the loopback device (a real server of LVS has the address there on purpose), and
 * the address owner's (priority 255), whose own address it is.
 */

import { type Ipv4, printIpv4 } from "#units/address";
import { after, type Instant, micros } from "#units/time";
import type { Engine } from "./engine.ts";
import { describe } from "./guard.ts";
import type { AddressPlace, Instance, OwnedAddress } from "./instance.ts";
import type { AddressInfo } from "./world.ts";
import { BATON_PROTO } from "./world.ts";

const isSamePlace = (a: AddressPlace, b: AddressPlace): boolean =>
  a.index === b.index && a.address === b.address && a.prefix === b.prefix;

/** The kernel has it, it is not ours, and it is where clients would reach it. */
export function isForeign(engine: Engine, found: AddressInfo): boolean {
  // Also another daemon's, which answers for it by its own right.
  if (found.proto === BATON_PROTO) return false;
  const link = engine.interfaces.link(found.index);
  // The loopback device has a MAC address of zeros.
  if (link === undefined || !link.arp || link.mac === 0) return false;
  for (const instance of engine.lookup.byAddress(found.address)) {
    if (instance.config.router.priority === 255) return false;
    for (const { owned, index, virtual } of instance.addresses) {
      const { address, prefix } = virtual;
      if (owned && index !== undefined && isSamePlace({ index, address, prefix }, found))
        return false;
    }
  }
  return true;
}

/** The kernel reports the two halves of a move (removed here, added there) one right after the other. */
const MOVE = micros(1_000_000);

/** An address has appeared that was not there before. */
export function addressAppeared(engine: Engine, found: AddressInfo, now: Instant): void {
  const instances = engine.lookup.byAddress(found.address);
  if (instances.length === 0 || !isForeign(engine, found)) return;
  for (const instance of instances) {
    instance.counters.foreign_address += 1;
    const { index, address, prefix } = found;
    const owned = instance.addresses.find(
      (one) => one.virtual.address === address && (one.owned || wasMoved(one, now)),
    );
    if (owned !== undefined && !owned.copies.some((one) => isSamePlace(one, found)))
      owned.copies.push({ index, address, prefix });
    // Moved away from an owner that had to give up by it: the copy goes as it would have gone with the address.
    if (owned?.owned === false) removeCopies(engine, instance, owned);
    const report = {
      kind: "foreign-address",
      address,
      interface: engine.interfaces.link(index)?.name ?? "?",
      isOwner: owned !== undefined,
    } as const;
    engine.emit({ type: "report", instance: instance.config.router.name, report });
  }
}

function wasMoved({ takenAt }: OwnedAddress, now: Instant): boolean {
  return takenAt !== undefined && now <= after(takenAt, MOVE);
}

/** After the configuration, or after lost notifications: those that are there. */
export function findForeignAddresses(engine: Engine, now: Instant): void {
  for (const found of engine.interfaces.addresses()) addressAppeared(engine, found, now);
}

/** Gone with ours. Those that another instance is entitled to stay. */
export function removeCopies(engine: Engine, instance: Instance, owned: OwnedAddress): void {
  for (const copy of owned.copies.splice(0)) {
    if (engine.ownedElsewhere(instance, copy.index, copy.address)) continue;
    const outcome = engine.world.removeAddress(copy.index, { ...copy, scope: 0 });
    if (outcome.ok || outcome.errno === "EADDRNOTAVAIL" || outcome.errno === "ENODEV") continue;
    const where = engine.interfaces.link(copy.index)?.name ?? "?";
    const text = `(${instance.config.router.name}) ${printIpv4(copy.address)} on ${where} could not be removed: ${describe(outcome)}`;
    engine.emit({ type: "log", level: "error", text });
  }
}

/** Names of the devices it is on without our doing, for `status`. */
export function foreignDevices(engine: Engine, address: Ipv4): readonly string[] {
  const names = new Set<string>();
  for (const found of engine.interfaces.addresses()) {
    if (found.address !== address || !isForeign(engine, found)) continue;
    names.add(engine.interfaces.link(found.index)?.name ?? "?");
  }
  return [...names];
}
