/**
 * The lease (router/lease.ts) of all addresses of an instance: taken when it becomes master,
 * prolonged with every advertisement, limited when it hands over, given up. Two layers: the
 * addresses' own lifetimes (addresses.ts), and the guard where the kernel has it (guard.ts).
 */
import { after, type Instant, type Micros, micros } from "#units/time";
import type { RouterEvent } from "../router/event.ts";
import { lifetimeLeft, mustProlong, mustRefresh, mustRefreshNow } from "../router/lease.ts";
import { strongestPeer } from "../router/step.ts";
import { masterDown } from "../router/timing.ts";
import type { Addresses } from "./addresses.ts";
import { heldUntil, ownsAddress, type Refused } from "./context.ts";
import { type Guard, isGuardDue, sinceAdvert } from "./guard.ts";
import type { Instance, InstanceAddress } from "./instance.ts";

/** Of this length before an instance is due no request is begun that can wait. */
const BEFORE = micros(-2_000);

function needs(
  must: typeof mustRefresh,
  { lease, refreshedAt, config, state }: Instance,
  now: Instant,
): boolean {
  // It may have been made to give up meanwhile.
  if (!ownsAddress(state.phase)) return false;
  return refreshedAt === undefined || must(lease, config.router.advertInterval, now - refreshedAt);
}

function needsGuard({ lease, guardedAt, config }: Instance, now: Instant): boolean {
  if (lease.guarantee !== "nftables") return false;
  const { advertInterval } = config.router;
  return guardedAt === undefined || mustProlong(lease, advertInterval, now - guardedAt, now);
}
const leaseMillis = ({ lease }: Instance): number => Math.floor(lease.micros / 1_000);

export class Leases {
  readonly #addresses: Addresses;
  readonly #guard: Guard;
  readonly #waiting: Instance[] = [];
  readonly #backstops: Instance[] = [];

  constructor(addresses: Addresses, guard: Guard) {
    this.#addresses = addresses;
    this.#guard = guard;
  }

  /** Becoming master: adds every address. */
  take(instance: Instance, now: Instant, outcomes: RouterEvent[]): void {
    this.#guard.renewLease(instance, now);
    this.#guard.open(instance, now, outcomes);
    this.#setAll(instance, instance.lease.addressSeconds, now, outcomes);
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /**
   * Called before each advertisement: peers that hear it leave us the address as long. `prolong`
   * follows, for many instances at once.
   */
  queue(instance: Instance, now: Instant, outcomes: RouterEvent[]): void {
    this.#shorten(instance, now, outcomes);
    this.#waiting.push(instance);
  }

  /** Prolongs what the kernel ends in time, of all that wait. */
  prolong(now: Instant, refused: Refused[]): void {
    const all = this.#waiting.splice(0);
    this.#prolongGuards(
      all.filter((one) => needsGuard(one, now)),
      now,
      refused,
    );
    for (const instance of all) {
      if (instance.lease.guarantee === "address-lifetime") this.#refresh(instance, now, refused);
      else this.#backstops.push(instance);
    }
  }

  /**
   * Lifetimes that are a backstop. They last long beyond the next advertisement, so those that are
   * being sent need not wait for the many requests that this may be. Nor need the next ones: each
   * request may wait in the kernel for another program's, so what can be left to the instance's
   * next advertisement is, when somebody is due soon.
   *
   * @param nextDue when the next instance is due
   */
  prolongBackstops(now: Instant, nextDue: Instant | undefined, refused: Refused[]): void {
    const all = this.#backstops;
    let count = 0;
    for (const instance of all) if (needs(mustRefresh, instance, now)) all[count++] = instance;
    all.length = count;
    if (count > 0) this.#prolong(all.splice(0), now, nextDue, refused);
  }

  #prolong(
    all: readonly Instance[],
    now: Instant,
    nextDue: Instant | undefined,
    refused: Refused[],
  ): void {
    const urgent: Instance[] = [];
    const others: Instance[] = [];
    for (const one of all) (needs(mustRefreshNow, one, now) ? urgent : others).push(one);
    if (urgent.length > 0) this.#addresses.prolongAll(urgent, now, refused);
    const until = nextDue === undefined ? undefined : after(nextDue, BEFORE);
    if (others.length > 0) this.#addresses.prolongAll(others, now, refused, until);
  }

  #refresh(instance: Instance, now: Instant, refused: Refused[]): void {
    const outcomes: RouterEvent[] = [];
    this.#setAll(instance, instance.lease.addressSeconds, now, outcomes);
    for (const event of outcomes) refused.push({ instance, event });
  }

  #prolongGuards(waiting: Instance[], now: Instant, refused: Refused[]): void {
    while (waiting.length > 0) {
      const micros = waiting[0]?.lease.micros;
      const same: Instance[] = [];
      let left = 0;
      for (const instance of waiting) {
        if (instance.lease.micros === micros) same.push(instance);
        else waiting[left++] = instance;
      }
      waiting.length = left;
      this.#prolongSame(same, now, refused);
    }
  }

  /** If the kernel refuses it for all, each is asked for by itself. */
  #prolongSame(same: readonly Instance[], now: Instant, refused: Refused[]): void {
    const failure = this.#guard.prolongAll(same, now);
    if (failure === undefined) return;
    for (const instance of same) {
      const outcomes: RouterEvent[] = [];
      if (same.length === 1) this.#guard.lose(instance, failure, now, outcomes);
      else this.#guard.prolong(instance, leaseMillis(instance), now, outcomes);
      for (const event of outcomes) refused.push({ instance, event });
    }
  }

  /**
   * If a stronger peer has been heard meanwhile, it would take over sooner than was assumed, and
   * the lease gets shorter. Also where the guard may be tried again.
   */
  #shorten(instance: Instance, now: Instant, outcomes: RouterEvent[]): void {
    const { router } = instance.config;
    const peer = strongestPeer(router, instance.state);
    const takeOver = masterDown(router, router.advertInterval, Math.min(peer, 254));
    if (takeOver >= instance.lease.takeOverMicros && !isGuardDue(instance, now)) return;
    this.#guard.renewLease(instance, now);
    this.#guard.open(instance, now, outcomes);
  }

  /** Handing over: for this long at the most, whatever happens to this process. */
  limit(instance: Instance, micros: Micros, now: Instant, outcomes: RouterEvent[]): void {
    this.#guard.prolong(instance, Math.ceil(micros / 1_000), now, outcomes);
    this.#setAll(instance, Math.ceil(micros / 1_000_000), now, outcomes);
  }

  /** Removes every address. */
  giveUp(instance: Instance, now: Instant): void {
    instance.refreshedAt = undefined;
    // What was added first is the primary address of its subnet, with which the kernel removes the
    // others: it goes last.
    this.remove(instance, instance.addresses.toReversed(), now);
  }

  /** Some of its addresses, and the guard's rules for those that are gone. */
  remove(instance: Instance, entries: readonly InstanceAddress[], now: Instant): void {
    const gone = entries.filter((entry) => this.#addresses.remove(instance, entry, now));
    this.#guard.close(instance, gone);
  }

  /**
   * One address between two advertisements, or during a planned move, for as long as the others
   * still last.
   */
  add(instance: Instance, entry: InstanceAddress, now: Instant, outcomes: RouterEvent[]): void {
    const held = heldUntil(instance.state.phase);
    const seconds =
      held === undefined
        ? lifetimeLeft(instance.lease, sinceAdvert(instance, now))
        : Math.max(1, Math.ceil((held - now) / 1_000_000));
    this.#addresses.set(instance, entry, seconds, now, outcomes);
  }

  #setAll(instance: Instance, seconds: number, now: Instant, outcomes: RouterEvent[]): void {
    instance.refreshedAt = now;
    for (const entry of instance.addresses)
      this.#addresses.set(instance, entry, seconds, now, outcomes);
  }
}
