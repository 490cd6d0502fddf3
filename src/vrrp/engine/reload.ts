/**
 * Changed configurations for running routers: state and timers stay, what follows from the
 * configuration is made anew. Addresses that are new are set and announced, those that are gone are
 * removed; nothing else moves.
 *
 * All changed instances are taken together: first every one gets its new list, then what nobody is
 * entitled to any more is removed, then what is new is set. So an address that moves from one
 * instance to another stays where it is (keepalived #2364: moving addresses or swapping VRIDs may
 * lose one).
 */

import type { IpAddress } from "#units/address";
import type { Instant } from "#units/time";
import type { InstanceConfig } from "../router/config.ts";
import type { RouterEvent } from "../router/event.ts";
import { reconfigure } from "../router/reconfigure.ts";
import type { TrackerState } from "../router/state.ts";
import type { AddressDevices } from "./address-devices.ts";
import type { Announcements } from "./announcements.ts";
import { type EngineContext, ownsAddress } from "./context.ts";
import { fenceOf } from "./fences.ts";
import type { Gates } from "./gates.ts";
import type { Guard } from "./guard.ts";
import {
  changeSigning,
  configuredPeers,
  derived,
  type Instance,
  type InstanceAddress,
  instanceAddresses,
  type PeerMemory,
} from "./instance.ts";
import type { Leases } from "./leases.ts";
import type { Routing } from "./routing.ts";
import type { SocketBindings } from "./socket-bindings.ts";
import type { Sources } from "./sources.ts";
import type { Steps } from "./steps.ts";
import type { Trackers } from "./trackers.ts";
import type { VirtualMacs } from "./virtual-macs.ts";
import type { FenceEntry } from "./world.ts";

/** A running instance, and the other configuration it is to have. */
export interface ChangedInstance {
  readonly instance: Instance;
  readonly config: InstanceConfig;
}

interface ReloaderParts {
  readonly context: EngineContext;
  readonly steps: Steps;
  readonly leases: Leases;
  readonly gates: Gates;
  readonly guard: Guard;
  readonly announcements: Announcements;
  readonly addressDevices: AddressDevices;
  readonly bindings: SocketBindings;
  readonly sources: Sources;
  readonly trackers: Trackers;
  readonly virtualMacs: VirtualMacs;
  readonly routing: Routing;
}

/** What the new configuration of an instance has changed. */
interface Move {
  readonly instance: Instance;
  readonly gone: readonly InstanceAddress[];
  readonly added: readonly InstanceAddress[];
  readonly wasGuarded: boolean;
  /** The ports that were fenced. */
  readonly fenced: readonly FenceEntry[];
  readonly hasOtherGroup: boolean;
}

export class Reloader {
  readonly #parts: ReloaderParts;

  constructor(parts: ReloaderParts) {
    this.#parts = parts;
  }

  /**
   * Returns the addresses that each of them has more than before. Devices of those that begin are
   * made here as well.
   */
  change(changes: readonly ChangedInstance[], now: Instant): Pick<Move, "instance" | "added">[] {
    const { context, leases, announcements, addressDevices, bindings, virtualMacs } = this.#parts;
    const moves = changes.map((change) => this.#adopt(change, now));
    context.instances.lookupChanged();
    virtualMacs.open();
    addressDevices.settle(now);
    // Once all have their new configuration, so that no group is left or kept by mistake.
    for (const { instance, hasOtherGroup } of moves)
      if (hasOtherGroup) bindings.open(instance, now);
    // Only what is owned: an address that a backup no longer has may be somebody else's here.
    for (const { instance, gone } of moves) {
      const owned = gone.filter((entry) => entry.owned);
      leases.remove(instance, owned, now);
    }
    for (const move of moves) this.#carryOn(move, now);
    announcements.pump(now);
    return moves;
  }

  #adopt({ instance, config }: ChangedInstance, now: Instant): Move {
    const { context, guard, announcements } = this.#parts;
    const { config: old } = instance;
    const { gone, added } = replaceAddresses(instance, config);
    const wasGuarded = instance.lease.guarantee === "nftables";
    const fenced = fenceOf(old);
    announcements.cancel(gone);
    const trackers = this.#trackerStates(instance, config);
    instance.config = config;
    Object.assign(instance, derived(config));
    changeSigning(instance);
    changePeers(instance, configuredPeers(old), configuredPeers(config));
    const { effectivePriority: from } = instance.state;
    instance.state = reconfigure(old.router, config.router, instance.state, trackers, now);
    const { effectivePriority: to } = instance.state;
    if (from !== to) {
      const { name } = config.router;
      const tracker = undefined;
      context.world.emit({ type: "priorityChanged", instance: name, from, to, tracker });
    }
    guard.renewLease(instance, now);
    // What the kernel refused may be right now.
    if (instance.retryAt !== undefined) {
      instance.retryAt = now;
      instance.retryDelay = 0;
    }
    const hasOtherGroup = groupOf(config) !== groupOf(old);
    return { instance, gone, added, wasGuarded, fenced, hasOtherGroup };
  }

  /** Trackers that stay keep the state the router has been given. */
  #trackerStates({ config: old, state }: Instance, { router }: InstanceConfig): TrackerState[] {
    return router.trackers.map(({ kind, name }) => {
      const place = old.router.trackers.findIndex((one) => one.kind === kind && one.name === name);
      const known = place === -1 ? undefined : state.trackers[place];
      return known ?? this.#parts.trackers.stateOf(kind, name);
    });
  }

  #carryOn({ instance, added, wasGuarded, fenced }: Move, now: Instant): void {
    const { steps, guard, sources, gates } = this.#parts;
    // Before an address that is new answers.
    const refused: RouterEvent[] = [];
    gates.reloaded(instance, fenced, now, refused);
    for (const event of refused) steps.apply(instance, event, now);
    gates.settle(steps, instance, now);
    // Fault by a new tracker, or a fault that is gone with an old one: the core looks again at any
    // such event.
    const source = sources.of(instance);
    steps.apply(instance, { kind: "sourceChanged", source }, now);
    sources.check(instance, now);
    const { phase } = instance.state;
    const isSwitching = phase.kind === "switching";
    if (!ownsAddress(phase) && !isSwitching) return;
    const outcomes: RouterEvent[] = [];
    if (ownsAddress(phase)) this.#parts.routing.change(instance);
    const isGuarded = instance.lease.guarantee === "nftables";
    // Nobody prolongs it any more, also if a planned move is taken back.
    if (wasGuarded && !isGuarded) guard.end(instance, now, outcomes);
    else if (isSwitching) return;
    else if (added.length > 0 || !wasGuarded) guard.open(instance, now, outcomes);
    this.#add(instance, added, now, outcomes);
    for (const event of outcomes) steps.apply(instance, event, now);
  }

  #add(
    instance: Instance,
    added: readonly InstanceAddress[],
    now: Instant,
    outcomes: RouterEvent[],
  ): void {
    if (added.length === 0) return;
    const { leases, announcements } = this.#parts;
    for (const entry of added) leases.add(instance, entry, now, outcomes);
    announcements.announce(instance, added, instance.config.router.announce.repeat, now);
  }
}

/** The multicast group a router listens to. */
const groupOf = ({ transport }: InstanceConfig): IpAddress | undefined =>
  transport.kind === "multicast" ? transport.group : undefined;

/**
 * Who is no peer any more is forgotten, also as the master that was heard; what is known of the
 * others stays.
 */
function changePeers(
  instance: Instance,
  before: ReadonlyMap<IpAddress, PeerMemory>,
  wanted: ReadonlyMap<IpAddress, PeerMemory>,
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

/** Keeps what is known of addresses that stay. */
function replaceAddresses(
  instance: Instance,
  config: InstanceConfig,
): { readonly gone: readonly InstanceAddress[]; readonly added: readonly InstanceAddress[] } {
  const wanted = instanceAddresses(config);
  const gone = instance.addresses.filter((old) => !wanted.some((one) => isSame(one, old)));
  const added: InstanceAddress[] = [];
  const list = wanted.map((one) => {
    const old = instance.addresses.find((known) => isSame(one, known));
    if (old === undefined) added.push(one);
    return old ?? one;
  });
  instance.addresses.splice(0, instance.addresses.length, ...list);
  return { gone, added };
}

const isSame = (a: InstanceAddress, b: InstanceAddress): boolean =>
  a.key === b.key && JSON.stringify(a.virtual) === JSON.stringify(b.virtual);
