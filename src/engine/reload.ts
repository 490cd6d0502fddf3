/**
 * A changed configuration for a running router: state and timers stay, what follows from the configuration is made anew.
 * Addresses that are new are set and announced, those that are gone are removed; nothing else moves.
 */
import type { InstanceConfig } from "#core/config";
import { leaseFor } from "#core/lease";
import type { RouterState } from "#core/state";
import { strongestPeer } from "#core/step";
import { effectivePriority } from "#core/tracking";
import type { Instant } from "#units/time";
import type { Engine } from "./engine.ts";
import { configuredPeers, derived, type Instance, ownedAddresses } from "./instance.ts";
import { removeAddress } from "./perform.ts";

export function change(
  engine: Engine,
  instance: Instance,
  config: InstanceConfig,
  now: Instant,
): void {
  const before = instance.config;
  const trackers = config.router.trackers.map((tracker) => {
    const old = before.router.trackers.findIndex(
      (one) => one.kind === tracker.kind && one.name === tracker.name,
    );
    return (
      (old === -1 ? undefined : instance.state.trackers[old]) ??
      engine.trackerState(tracker.kind, tracker.name)
    );
  });
  const added = replaceAddresses(engine, instance, config);
  instance.config = config;
  Object.assign(instance, derived(config));
  for (const [address, peer] of configuredPeers(config)) {
    if (!instance.peers.has(address)) instance.peers.set(address, peer);
  }
  const state: RouterState = {
    ...instance.state,
    trackers,
    effectivePriority: effectivePriority(config.router, trackers),
  };
  instance.state = withInterval(state, config);
  instance.lease = leaseFor(
    config.router,
    strongestPeer(config.router, instance.state),
    engine.world.guard !== undefined,
  );
  // Fault by a new tracker, or a fault that is gone with an old one: the core looks again at any such event.
  const source = config.transport.source ?? instance.state.source;
  engine.apply(instance, { kind: "sourceChanged", source }, now);
  if (instance.state.phase.kind !== "master" || added.length === 0) return;
  for (const owned of added) {
    const index = engine.deviceOf(instance, owned.virtual.interface);
    if (index === undefined) continue;
    const outcome = engine.world.setAddress(index, owned.virtual, instance.lease.addressSeconds);
    owned.owned = outcome.ok;
    owned.error = outcome.ok ? undefined : `${outcome.call}: ${outcome.errno}`;
    if (outcome.ok)
      engine.announcements.request(instance, owned, index, config.router.announce.repeat, now);
  }
  engine.announcements.pump(now);
}

/** Keeps the records of addresses that stay, removes those that went; returns the new ones. */
function replaceAddresses(
  engine: Engine,
  instance: Instance,
  config: InstanceConfig,
): Instance["addresses"] {
  const wanted = ownedAddresses(config);
  const gone = instance.addresses.filter((old) => !wanted.some((one) => isSame(one, old)));
  engine.announcements.cancel(instance);
  for (const owned of gone) removeAddress(engine, instance, owned);
  const added: Instance["addresses"] = [];
  const list = wanted.map((one) => {
    const old = instance.addresses.find((known) => isSame(one, known));
    if (old === undefined) added.push(one);
    return old ?? one;
  });
  instance.addresses.splice(0, instance.addresses.length, ...list);
  return added;
}

const isSame = (a: Instance["addresses"][number], b: Instance["addresses"][number]): boolean =>
  a.key === b.key && JSON.stringify(a.virtual) === JSON.stringify(b.virtual);

/** Version 2 has no learned interval: a backup waits by the new one from the next advertisement on. */
function withInterval(state: RouterState, config: InstanceConfig): RouterState {
  const { phase } = state;
  if (phase.kind !== "backup" || config.router.version === 3) return state;
  return { ...state, phase: { ...phase, masterInterval: config.router.advertInterval } };
}
