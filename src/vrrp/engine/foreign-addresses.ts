/**
 * A virtual address on this machine that Baton has not put there: added by hand, by a network
 * manager, by another program. The machine answers for it, whoever owns it by VRRP, so it is
 * reported, counted and shown by `status`.
 *
 * On a node that does not own it, it is left alone: it may be meant so. One that appears while this
 * node owns the address (`ip addr add` on another device, or with another prefix, often after `ip
 * addr del`) is a copy of ours, and goes when ours goes: otherwise the machine would answer on
 * beside the next owner. The same while the supervisor holds the address for an engine that died
 * (vrrp/supervisor/copies.ts).
 *
 * Left out are devices without ARP and the loopback device (a real server of LVS has the address
 * there on purpose), and the address owner (priority 255), which has the address by itself.
 */

import { type IpAddress, printIp } from "#units/address";
import { after, type Instant, micros } from "#units/time";
import { type EngineContext, isOwnedElsewhere } from "./context.ts";
import type { AddressPlace, Instance, InstanceAddress } from "./instance.ts";
import { type AddressInfo, BATON_PROTO, isGone, printFailure } from "./world.ts";

const isSamePlace = (a: AddressPlace, b: AddressPlace): boolean =>
  a.index === b.index && a.address === b.address && a.prefix === b.prefix;

/** The kernel has it, it is not ours, and it is where clients would reach it. */
function isForeign({ interfaces, instances }: EngineContext, found: AddressInfo): boolean {
  // Also another daemon's, which answers for it by its own right.
  if (found.proto === BATON_PROTO) return false;
  const link = interfaces.link(found.index);
  // The loopback device has a MAC address of zeros.
  if (link === undefined || !link.arp || link.mac === 0) return false;
  for (const instance of instances.lookup.byAddress(found.address)) {
    if (instance.config.router.priority === 255) return false;
    for (const { owned, index, virtual } of instance.addresses) {
      const { address, prefix } = virtual;
      if (owned && index !== undefined && isSamePlace({ index, address, prefix }, found))
        return false;
    }
  }
  return true;
}

/** The kernel reports the two halves of a move (removed here, added there) one after the other. */
const MOVE = micros(1_000_000);

/** An address has appeared that was not there before. */
export function addressAppeared(context: EngineContext, found: AddressInfo, now: Instant): void {
  const instances = context.instances.lookup.byAddress(found.address);
  if (instances.length === 0 || !isForeign(context, found)) return;
  for (const instance of instances) {
    const { index, address, prefix } = found;
    const isHeld = isHeldFor(instance, found, now);
    const entry = instance.addresses.find(
      (one) => one.virtual.address === address && (one.owned || isHeld || wasMoved(one, now)),
    );
    if (entry !== undefined && !entry.copies.some((one) => isSamePlace(one, found)))
      entry.copies.push({ index, address, prefix });
    // Moved away from an owner that had to give up by it: the copy goes as it would have gone with
    // the address.
    if (entry?.owned === false && !isHeld) removeCopies(context, instance, entry);
    report(context, instance, found, entry !== undefined);
  }
}

function report(
  { world, interfaces }: EngineContext,
  instance: Instance,
  { index, address, prefix }: AddressInfo,
  isOwner: boolean,
): void {
  instance.counters.foreign_address += 1;
  const name = interfaces.link(index)?.name ?? "?";
  const found = { kind: "foreign-address", address, interface: name, index, prefix } as const;
  const { router } = instance.config;
  world.emit({ type: "report", instance: router.name, report: { ...found, isOwner } });
}

/**
 * Our address is held for the engine that died, and this one is not among those that were beside it
 * before it was ours. The supervisor removes it with ours, or we do if we become MASTER.
 */
function isHeldFor(instance: Instance, found: AddressInfo, now: Instant): boolean {
  return isHeld(instance, now) && !instance.spared.some((one) => isSamePlace(one, found));
}

const isHeld = ({ heldUntil }: Instance, now: Instant): boolean =>
  heldUntil !== undefined && now <= heldUntil;

/**
 * MASTER for the first time. What was found while the address was held is a copy of ours, unless
 * the hand-over had ended by then: it went with the address.
 */
export function endOfHold(instance: Instance, now: Instant): void {
  if (!isHeld(instance, now)) for (const { copies } of instance.addresses) copies.length = 0;
  instance.heldUntil = undefined;
  instance.spared = [];
}

function wasMoved({ takenAt }: InstanceAddress, now: Instant): boolean {
  return takenAt !== undefined && now <= after(takenAt, MOVE);
}

/**
 * Those that are there when an instance begins, or when a reload brings an address of it. They were
 * there before this node could own it, so an owner leaves them where they are, too.
 */
export function findForeignAddresses(
  context: EngineContext,
  instance: Instance,
  begun: readonly InstanceAddress[],
  now: Instant,
): void {
  for (const found of context.interfaces.addresses()) {
    const { index, address, prefix } = found;
    const entry = begun.find(({ virtual }) => virtual.address === address);
    if (entry === undefined || !isForeign(context, found)) continue;
    const isCopy = isHeldFor(instance, found, now);
    if (isCopy) entry.copies.push({ index, address, prefix });
    report(context, instance, found, isCopy);
  }
}

/** Gone with ours. Those that another instance is entitled to stay. */
export function removeCopies(
  context: EngineContext,
  instance: Instance,
  entry: InstanceAddress,
): void {
  for (const copy of entry.copies.splice(0)) {
    if (isOwnedElsewhere(context, instance, copy.index, copy.address)) continue;
    const outcome = context.world.removeAddress(copy.index, { ...copy, scope: 0 });
    if (outcome.ok || isGone(outcome)) continue;
    const where = context.interfaces.link(copy.index)?.name ?? "?";
    const text = `(${instance.config.router.name}) ${printIp(copy.address)} on ${where} could not be removed: ${printFailure(outcome)}`;
    context.world.emit({ type: "log", level: "error", text });
  }
}

/** Names of the devices it is on without our doing, for `status`. */
export function foreignDevices(context: EngineContext, address: IpAddress): readonly string[] {
  const names = new Set<string>();
  for (const found of context.interfaces.addresses()) {
    if (found.address !== address || !isForeign(context, found)) continue;
    names.add(context.interfaces.link(found.index)?.name ?? "?");
  }
  return [...names];
}
