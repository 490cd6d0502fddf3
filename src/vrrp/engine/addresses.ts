/**
 * One virtual address on this machine: set, prolonged, removed. A refusal of the kernel that
 * concerns the router becomes an event in `outcomes`; one that concerns only this machine is logged
 * and tried again.
 */
import { printIp } from "#units/address";
import type { Instant } from "#units/time";
import type { RouterEvent } from "../router/event.ts";
import { deviceOf, type EngineContext, isOwnedElsewhere, type Refused } from "./context.ts";
import { removeCopies } from "./foreign-addresses.ts";
import type { Guard } from "./guard.ts";
import type { AddressPlace, Instance, InstanceAddress } from "./instance.ts";
import type { OwnRemovals } from "./own-removals.ts";
import { scheduleRetry } from "./retry.ts";
import { type AddressLifetime, type Failure, isGone, type Outcome, printFailure } from "./world.ts";

/** Of a lifetime that is to be prolonged. */
interface Owner {
  readonly instance: Instance;
  readonly entry: InstanceAddress;
  /** Before this attempt. */
  readonly refreshedAt: Instant | undefined;
}

export class Addresses {
  readonly #context: EngineContext;
  readonly #guard: Guard;
  readonly #ownRemovals: OwnRemovals;

  constructor(context: EngineContext, guard: Guard, ownRemovals: OwnRemovals) {
    this.#context = context;
    this.#guard = guard;
    this.#ownRemovals = ownRemovals;
  }

  /** Adds or prolongs one, for so many seconds. */
  set(
    instance: Instance,
    entry: InstanceAddress,
    seconds: number,
    now: Instant,
    outcomes: RouterEvent[],
  ): void {
    const { virtual } = entry;
    const index = deviceOf(this.#context, instance, virtual.interface);
    const outcome: Outcome =
      index === undefined
        ? { ok: false, errno: "ENODEV", call: `RTM_NEWADDR on ${virtual.interface ?? "?"}` }
        : this.#context.world.setAddress(index, virtual, seconds);
    if (!outcome.ok) return this.#refused(instance, entry, outcome, now, outcomes);
    entry.owned = true;
    entry.index = index;
    if (entry.stuckOn !== undefined) {
      entry.stuckOn = undefined;
      if (instance.lease.guarantee !== "nftables") this.#guard.close(instance, [entry]);
    }
    entry.error = undefined;
  }

  /**
   * All addresses of instances that own them, each for the seconds of its lease.
   *
   * @param until no more is begun from then on; for those that are left `refreshedAt` stays
   */
  prolongAll(
    instances: readonly Instance[],
    now: Instant,
    refused: Refused[],
    until?: Instant,
  ): void {
    const lifetimes: AddressLifetime[] = [];
    const owners: Owner[] = [];
    for (const instance of instances) {
      const seconds = instance.lease.addressSeconds;
      const { refreshedAt } = instance;
      instance.refreshedAt = now;
      for (const entry of instance.addresses) {
        const { virtual } = entry;
        const index = deviceOf(this.#context, instance, virtual.interface);
        // It was never there, it is somewhere else now, or its removal is still to be tried.
        const isOrdinary = entry.owned && entry.index === index && entry.stuckOn === undefined;
        if (!isOrdinary || index === undefined)
          this.#setFor(instance, entry, seconds, now, refused);
        else {
          lifetimes.push({ interfaceIndex: index, address: virtual, seconds });
          owners.push({ instance, entry, refreshedAt });
        }
      }
    }
    if (lifetimes.length === 0) return;
    const answer = this.#context.world.prolongAddresses(lifetimes, until);
    if (answer === undefined) return;
    for (const left of owners.slice(answer.length)) left.instance.refreshedAt = left.refreshedAt;
    this.#takeOutcomes(owners, answer, now, refused);
  }

  #takeOutcomes(
    owners: readonly Owner[],
    outcomes: readonly Outcome[],
    now: Instant,
    refused: Refused[],
  ): void {
    for (const [place, outcome] of outcomes.entries()) {
      const owner = owners[place];
      if (owner === undefined || outcome.ok) continue;
      const events: RouterEvent[] = [];
      this.#refused(owner.instance, owner.entry, outcome, now, events);
      for (const event of events) refused.push({ instance: owner.instance, event });
    }
  }

  #setFor(
    instance: Instance,
    entry: InstanceAddress,
    seconds: number,
    now: Instant,
    refused: Refused[],
  ): void {
    const events: RouterEvent[] = [];
    this.set(instance, entry, seconds, now, events);
    for (const event of events) refused.push({ instance, event });
  }

  /** A master that cannot have the address is no master: FAULT, and another try after a while. */
  #refused(
    instance: Instance,
    entry: InstanceAddress,
    failure: Failure,
    now: Instant,
    outcomes: RouterEvent[],
  ): void {
    const error = printFailure(failure);
    const { address } = entry.virtual;
    if (entry.error !== error) {
      const text = `(${instance.config.router.name}) ${printIp(address)} cannot be added: ${error}`;
      this.#context.world.emit({ type: "log", level: "error", text });
    }
    entry.owned = false;
    entry.error = error;
    scheduleRetry(instance, now);
    outcomes.push({ kind: "faultRaised", cause: { kind: "address-rejected", address, error } });
  }

  /**
   * False: it stays, because another instance is entitled to it, or because the kernel refuses;
   * then it is blocked by the guard and tried again.
   */
  remove(instance: Instance, entry: InstanceAddress, now: Instant): boolean {
    const { world, interfaces } = this.#context;
    const { virtual } = entry;
    const wasOwned = entry.owned;
    const index = wasOwned ? entry.index : deviceOf(this.#context, instance, virtual.interface);
    entry.owned = false;
    entry.index = undefined;
    removeCopies(this.#context, instance, entry);
    // With a device its addresses go.
    if (index === undefined || interfaces.link(index) === undefined) return true;
    if (isOwnedElsewhere(this.#context, instance, index, virtual.address)) return false;
    const outcome = world.removeAddress(index, virtual);
    if (outcome.ok) this.#ownRemovals.expect({ index, ...virtual }, now);
    if (outcome.ok || !wasOwned || isGone(outcome)) return true;
    const name = instance.config.router.name;
    const text = `(${name}) ${printIp(virtual.address)} could not be removed: ${printFailure(outcome)}`;
    world.emit({ type: "log", level: "error", text });
    entry.stuckOn = index;
    this.#guard.block(instance, entry);
    scheduleRetry(instance, now);
    return false;
  }

  /** Tries again to remove those that the kernel would not remove. */
  removeStuck(instance: Instance, now: Instant): void {
    for (const entry of instance.addresses) {
      const index = entry.stuckOn;
      if (index === undefined) continue;
      const outcome = this.#context.world.removeAddress(index, entry.virtual);
      if (!outcome.ok && !isGone(outcome)) scheduleRetry(instance, now);
      else this.stuckIsGone(instance, { index, ...entry.virtual });
    }
  }

  /** Its lifetime is over, or somebody else removed what the kernel would not remove for us. */
  stuckIsGone(instance: Instance, gone: AddressPlace): void {
    for (const entry of instance.addresses) {
      const { address, prefix } = entry.virtual;
      if (entry.stuckOn !== gone.index || address !== gone.address || prefix !== gone.prefix)
        continue;
      entry.stuckOn = undefined;
      if (!entry.owned) this.#guard.close(instance, [entry]);
    }
  }
}
