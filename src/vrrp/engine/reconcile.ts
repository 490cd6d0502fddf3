/**
 * Somebody else removed our address (a network manager restarting, an operator, a script). It is
 * put back at once and announced; but two programs that undo each other's work for ever help
 * nobody, so after `FIGHT_MAX` removals of one address within `FIGHT_WINDOW` the instance goes to
 * FAULT, where another node may take over, and tries again later. Counted for each address: a
 * restart that flushes them all at once is one removal of each.
 */

import { printIp } from "#units/address";
import { type Instant, micros } from "#units/time";
import type { RouterEvent } from "../router/event.ts";
import type { Addresses } from "./addresses.ts";
import type { Announcements } from "./announcements.ts";
import { type EngineContext, heldUntil, ownsAddress } from "./context.ts";
import type { Instance, InstanceAddress } from "./instance.ts";
import type { Leases } from "./leases.ts";
import type { OwnRemovals } from "./own-removals.ts";
import { scheduleRetry } from "./retry.ts";
import type { Steps } from "./steps.ts";
import type { AddressInfo } from "./world.ts";

const FIGHT_MAX = 8;
const FIGHT_WINDOW = 10_000_000;
/** Linux may end a lifetime a fiftieth of a second early. */
const EARLY = 20_000;

interface ReconcilerParts {
  readonly context: EngineContext;
  readonly steps: Steps;
  readonly addresses: Addresses;
  readonly leases: Leases;
  readonly announcements: Announcements;
  readonly ownRemovals: OwnRemovals;
}

export class Reconciler {
  readonly #parts: ReconcilerParts;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }

  /** The kernel reports that an address is gone. */
  addressGone(gone: AddressInfo, now: Instant): void {
    const { context, addresses, ownRemovals } = this.#parts;
    if (ownRemovals.isOwn(gone, now)) return;
    const isOurDoing = ownRemovals.isFollowing(gone, now);
    for (const instance of context.instances.lookup.byAddress(gone.address)) {
      addresses.stuckIsGone(instance, gone);
      const entry = instance.addresses.find(
        (one) =>
          one.owned &&
          one.virtual.address === gone.address &&
          one.virtual.prefix === gone.prefix &&
          one.index === gone.index,
      );
      if (entry !== undefined) this.#putBack(instance, entry, isOurDoing, now);
    }
  }

  /**
   * After the kernel lost notifications: an address that should be there and is not was removed by
   * somebody.
   */
  checkStillThere(instance: Instance, now: Instant): void {
    for (const { owned, virtual, index } of instance.addresses) {
      if (!owned || index === undefined) continue;
      const { address, prefix } = virtual;
      let there = false;
      for (const one of this.#parts.context.interfaces.addresses()) {
        there ||= one.index === index && one.address === address && one.prefix === prefix;
      }
      if (!there) this.addressGone({ index, address, prefix, secondary: false, proto: 0 }, now);
    }
  }

  #putBack(instance: Instance, entry: InstanceAddress, isOurDoing: boolean, now: Instant): void {
    const { steps, leases } = this.#parts;
    // It may have been the kernel: the lifetime ran out because we did not run. Then we may have
    // stalled altogether.
    const { lease, refreshedAt, state } = instance;
    const hasLapsed =
      state.phase.kind === "master" &&
      refreshedAt !== undefined &&
      now - refreshedAt > lease.addressSeconds * 1_000_000 - EARLY;
    // Also from one that gives up in this very step, because it has stalled (sim seed 278583).
    if (!isOurDoing) entry.takenAt = now;
    steps.apply(instance, { kind: "timeReached" }, now);
    if (!mayHaveIt(instance, now)) return;
    const { address } = entry.virtual;
    const outcomes: RouterEvent[] = [];
    leases.add(instance, entry, now, outcomes);
    for (const event of outcomes) steps.apply(instance, event, now);
    if (outcomes.length > 0) return;
    if (hasLapsed) {
      const text = `${printIp(address)}: its lifetime ran out while this node did not run; put back in time`;
      this.#warn(instance, text);
    } else if (!isOurDoing && this.#isFight(instance, entry, now)) return;
    steps.apply(instance, { kind: "addressRestored", address }, now);
  }

  /** Counts a removal by somebody else. True: one too many, and the instance is in FAULT. */
  #isFight(instance: Instance, entry: InstanceAddress, now: Instant): boolean {
    const { address } = entry.virtual;
    instance.counters.address_restored += 1;
    entry.removals = [...entry.removals.filter((at) => now - at < FIGHT_WINDOW), now];
    const removals = entry.removals.length;
    if (removals < FIGHT_MAX) {
      const text = `${printIp(address)} was removed by somebody else; put back (${removals} within 10 s)`;
      this.#warn(instance, text);
      return false;
    }
    const within = micros(now - (entry.removals[0] ?? now));
    for (const one of instance.addresses) one.removals = [];
    scheduleRetry(instance, now);
    const cause = { kind: "address-fight", address, removals, within } as const;
    this.#parts.steps.apply(instance, { kind: "faultRaised", cause }, now);
    return true;
  }

  #warn({ config }: Instance, what: string): void {
    const text = `(${config.router.name}) ${what}`;
    this.#parts.context.world.emit({ type: "log", level: "warning", text });
  }

  /**
   * An address with a device of its own (`dev eth1`): the name belongs to another device now, or to
   * none.
   */
  devicesMoved(instance: Instance, now: Instant): void {
    const { context, steps, addresses, leases, announcements } = this.#parts;
    for (const entry of instance.addresses) {
      const name = entry.virtual.interface;
      if (!entry.owned || name === undefined) continue;
      if (context.interfaces.named(name)?.index === entry.index) continue;
      addresses.remove(instance, entry, now);
      if (!mayHaveIt(instance, now)) continue;
      const outcomes: RouterEvent[] = [];
      leases.add(instance, entry, now, outcomes);
      const { repeat } = instance.config.router.announce;
      // During a planned move it may be the successor's to announce.
      if (entry.owned && instance.state.phase.kind === "master")
        announcements.announce(instance, [entry], repeat, now);
      for (const event of outcomes) steps.apply(instance, event, now);
    }
  }
}

/**
 * A master, and one that an operator moves away: until a successor answers clients have nobody
 * else, and the move may be taken back (sim seed 276091). At its very end the kernel may have ended
 * the lifetime by itself. At a stop what is gone is gone.
 */
function mayHaveIt({ state: { phase } }: Instance, now: Instant): boolean {
  const until = heldUntil(phase);
  // With a gate also while it is demoted (sim seed 104227).
  return until === undefined ? ownsAddress(phase) : now < until - EARLY;
}
