/**
 * Changed configurations for running routers: state and timers stay, what follows from the configuration is made anew.
 * Addresses that are new are set and announced, those that are gone are removed; nothing else moves.
 *
 * All changed instances are taken together: first every one gets its new list, then what nobody is entitled to any more is
 * removed, then what is new is set. So an address that moves from one instance to another stays where it is (keepalived
 * #2364: moving addresses or swapping VRIDs may lose one).
 */

import type { Ipv4 } from "#units/address";
import type { Instant } from "#units/time";
import type { InstanceConfig } from "../router/config.ts";
import type { RouterEvent } from "../router/event.ts";
import { reconfigure } from "../router/reconfigure.ts";
import type { TrackerState } from "../router/state.ts";
import type { Engine } from "./engine.ts";
import { checkSource, listen } from "./footing.ts";
import { closeGuard, endGuard, lifetimeNow, openGuard, renewLease } from "./guard.ts";
import {
  configuredPeers,
  derived,
  type Instance,
  type OwnedAddress,
  ownedAddresses,
  type PeerMemory,
} from "./instance.ts";
import { announce, removeAddress, setAddress } from "./perform.ts";
import { sourceOf, trackerState } from "./surroundings.ts";

export interface Change {
  readonly instance: Instance;
  readonly config: InstanceConfig;
}

export function change(engine: Engine, changes: readonly Change[], now: Instant): void {
  const moves = changes.map(({ instance, config }) => {
    const { gone, added } = replaceAddresses(instance, config);
    const wasGuarded = instance.lease.guarantee === "nftables";
    const wasHeardBy = groupOf(instance.config);
    engine.announcements.cancel(gone);
    adopt(engine, instance, config, now);
    return { instance, gone, added, wasGuarded, isElsewhere: groupOf(config) !== wasHeardBy };
  });
  engine.instancesChanged();
  engine.addressDevices.settle(engine, now);
  // Once all have their new configuration, so that nobody's group is left or kept by mistake.
  for (const { instance, isElsewhere } of moves) if (isElsewhere) listen(engine, instance, now);
  for (const { instance, gone } of moves) remove(engine, instance, gone, now);
  for (const { instance, added, wasGuarded } of moves) {
    // Fault by a new tracker, or a fault that is gone with an old one: the core looks again at any such event.
    engine.apply(instance, { kind: "sourceChanged", source: sourceOf(engine, instance) }, now);
    checkSource(engine, instance, now);
    if (instance.state.phase.kind !== "master") continue;
    const follow: RouterEvent[] = [];
    if (wasGuarded && instance.lease.guarantee !== "nftables")
      endGuard(engine, instance, now, follow);
    else if (added.length > 0 || !wasGuarded) openGuard(engine, instance, now, follow);
    add(engine, instance, added, now, follow);
    for (const event of follow) engine.apply(instance, event, now);
  }
  engine.announcements.pump(now);
}

/** The multicast group a router listens to. */
const groupOf = ({ transport }: InstanceConfig): Ipv4 | undefined =>
  transport.kind === "multicast" ? transport.group : undefined;

function adopt(engine: Engine, instance: Instance, config: InstanceConfig, now: Instant): void {
  const { config: old } = instance;
  const before = old.router;
  const { router } = config;
  const trackers = router.trackers.map(({ kind, name }): TrackerState => {
    const place = before.trackers.findIndex((one) => one.kind === kind && one.name === name);
    const known = place === -1 ? undefined : instance.state.trackers[place];
    return known ?? trackerState(engine, kind, name);
  });
  instance.config = config;
  Object.assign(instance, derived(config));
  changePeers(instance, configuredPeers(old), configuredPeers(config));
  const { effectivePriority: from } = instance.state;
  instance.state = reconfigure(before, router, instance.state, trackers, now);
  const { effectivePriority: to } = instance.state;
  if (from !== to) {
    const { name } = router;
    engine.emit({ type: "priorityChanged", instance: name, from, to, tracker: undefined });
  }
  renewLease(engine, instance, now);
  // What the kernel refused may be right now.
  if (instance.retryAt !== undefined) {
    instance.retryAt = now;
    instance.retryDelay = 0;
  }
}

/** Who is no peer any more is forgotten, also as the master that was heard; what is known of the others stays. */
function changePeers(
  instance: Instance,
  before: ReadonlyMap<Ipv4, PeerMemory>,
  wanted: ReadonlyMap<Ipv4, PeerMemory>,
): void {
  for (const address of before.keys()) {
    if (wanted.has(address)) continue;
    instance.peers.delete(address);
    if (instance.state.heard?.from === address)
      instance.state = { ...instance.state, heard: undefined };
  }
  for (const [address, peer] of wanted) {
    if (!instance.peers.has(address)) instance.peers.set(address, peer);
  }
}

/** Keeps the records of addresses that stay. */
function replaceAddresses(
  instance: Instance,
  config: InstanceConfig,
): { readonly gone: readonly OwnedAddress[]; readonly added: readonly OwnedAddress[] } {
  const wanted = ownedAddresses(config);
  const gone = instance.addresses.filter((old) => !wanted.some((one) => isSame(one, old)));
  const added: OwnedAddress[] = [];
  const list = wanted.map((one) => {
    const old = instance.addresses.find((known) => isSame(one, known));
    if (old === undefined) added.push(one);
    return old ?? one;
  });
  instance.addresses.splice(0, instance.addresses.length, ...list);
  return { gone, added };
}

const isSame = (a: OwnedAddress, b: OwnedAddress): boolean =>
  a.key === b.key && JSON.stringify(a.virtual) === JSON.stringify(b.virtual);

/** Only what we had ourselves: an address that a backup no longer backs may be somebody else's on this machine. */
function remove(
  engine: Engine,
  instance: Instance,
  gone: readonly OwnedAddress[],
  now: Instant,
): void {
  const removed = gone.filter(
    (owned) => owned.owned && removeAddress(engine, instance, owned, now),
  );
  closeGuard(engine, instance, removed);
}

function add(
  engine: Engine,
  instance: Instance,
  added: readonly OwnedAddress[],
  now: Instant,
  follow: RouterEvent[],
): void {
  if (added.length === 0) return;
  for (const owned of added) {
    setAddress(engine, instance, owned, lifetimeNow(instance, now), now, follow);
  }
  announce(engine, instance, added, instance.config.router.announce.repeat, now);
}
