/**
 * What a dead engine left: addresses with our mark, and elements of the guard. Swept at the start
 * of an engine, before its routers begin. Left alone are those that another daemon of this network
 * namespace owns, and those that the supervisor still holds for the dead one.
 *
 * A kernel that does not keep our mark is helped by a list (src/daemon/owned-places.ts). An address
 * of that list that has no end by now is somebody else's: all of ours end.
 */

import { type IpAddress, printIp } from "#units/address";
import { unansweredOf } from "./acceptance.ts";
import type { EngineContext } from "./context.ts";
import type { Leftover } from "./engine-link.ts";
import { fenceOf, isSameEntry } from "./fences.ts";
import { type AddressInfo, BATON_PROTO, isGone, printFailure } from "./world.ts";

/**
 * @param resume names of the instances with addresses that are still held
 * @param listed what is ours without a mark
 */
export function sweepLeftovers(
  { world, interfaces, instances }: EngineContext,
  resume: readonly string[],
  listed: readonly Leftover[] = [],
): void {
  const held = new Set<IpAddress>();
  for (const { config, addresses } of instances.all) {
    if (!resume.includes(config.router.name)) continue;
    for (const { virtual } of addresses) held.add(virtual.address);
  }
  const claimed = world.claimed();
  // The claims on addresses of ours are our own.
  const isKept = (address: IpAddress): boolean =>
    held.has(address) || (claimed.has(address) && instances.lookup.byAddress(address).length === 0);
  const stays = new Set<IpAddress>();
  for (const found of interfaces.addresses()) {
    const { index, address, prefix } = found;
    if (!isOurs(found, listed) || isKept(address)) continue;
    const outcome = world.removeAddress(index, { address, prefix, scope: 0 });
    if (outcome.ok || isGone(outcome)) continue;
    stays.add(address);
    const text = `${printIp(address)}, left by an earlier run, could not be removed: ${printFailure(outcome)}`;
    world.emit({ type: "log", level: "error", text });
  }
  // An address that could not be removed had better not answer until its lifetime ends.
  const cleaned = world.guard?.clean((address) => isKept(address) || stays.has(address));
  if (cleaned !== undefined && !cleaned.ok) {
    const text = `rules of the sub-second lease, left by an earlier run, could not be removed: ${printFailure(cleaned)}`;
    world.emit({ type: "log", level: "error", text });
  }
  sweepFences({ world, instances }, isKept);
  sweepVirtualMacs({ world, instances }, isKept);
  sweepFilter({ world, instances }, claimed);
}

function sweepVirtualMacs(
  { world, instances }: Pick<EngineContext, "world" | "instances">,
  isKept: (address: IpAddress) => boolean,
): void {
  const configured = new Set(
    instances.all.flatMap(({ config }) => config.vmacs?.map(({ name }) => name) ?? []),
  );
  const cleaned = world.virtualMacs?.clean(
    (name, address) => configured.has(name) || (address !== undefined && isKept(address)),
  );
  if (cleaned === undefined || cleaned.ok) return;
  const text = `devices of virtual MAC addresses, left by an earlier run, could not be removed: ${printFailure(cleaned)}`;
  world.emit({ type: "log", level: "error", text });
}

/**
 * What is configured with `no_accept` keeps it. Addresses of ours without it answer from now on,
 * also those that are held.
 */
function sweepFilter(
  { world, instances }: Pick<EngineContext, "world" | "instances">,
  claimed: ReturnType<EngineContext["world"]["claimed"]>,
): void {
  const wanted = new Set(
    instances.all.flatMap(({ config }) => unansweredOf(config).map(({ address }) => address)),
  );
  const cleaned = world.acceptFilter?.clean(
    ({ address }) =>
      wanted.has(address) ||
      (claimed.has(address) && instances.lookup.byAddress(address).length === 0),
  );
  if (cleaned === undefined || cleaned.ok) return;
  const text = `rules of no_accept, left by an earlier run, could not be removed: ${printFailure(cleaned)}`;
  world.emit({ type: "log", level: "error", text });
}

/** What is configured with a fence keeps it until its router opens it. */
function sweepFences(
  { world, instances }: Pick<EngineContext, "world" | "instances">,
  isKept: (address: IpAddress) => boolean,
): void {
  const configured = instances.all.flatMap(({ config }) => fenceOf(config));
  const cleaned = world.fence?.clean(
    (entry) => isKept(entry.address) || configured.some((one) => isSameEntry(one, entry)),
  );
  if (cleaned === undefined || cleaned.ok) return;
  const text = `fences left by an earlier run could not be removed: ${printFailure(cleaned)}`;
  world.emit({ type: "log", level: "error", text });
}

function isOurs(found: AddressInfo, listed: readonly Leftover[]): boolean {
  const { index, address, prefix, proto, expires } = found;
  if (proto === BATON_PROTO) return true;
  if (proto !== 0 || expires !== true) return false;
  return listed.some(
    (one) => one.index === index && one.address === address && one.prefix === prefix,
  );
}
