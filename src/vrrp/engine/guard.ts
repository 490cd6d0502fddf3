/**
 * The sub-second lease (linux/nft-guard.ts) as a router uses it: open, prolong, close, and what
 * follows when the kernel refuses.
 *
 * An address with a rule that nobody prolongs does not answer on its own machine, so a refusal is
 * never passed over:
 *
 *   refused open, prolong   the rule is taken away and the address goes on under its lifetime
 *                           alone; status shows the weaker guarantee, and the rule is tried again
 *                           after `TRY_AGAIN`
 *   refused close           owner: FAULT, for the address may not answer here; a peer takes over
 *                           otherwise, the address being gone already: logged
 */

import { type IpAddress, printIp } from "#units/address";
import { after, type Instant, micros } from "#units/time";
import type { RouterEvent } from "../router/event.ts";
import { leaseFor } from "../router/lease.ts";
import { strongestPeer } from "../router/step.ts";
import { type EngineContext, isGuardedElsewhere, masterOf } from "./context.ts";
import type { Instance, InstanceAddress } from "./instance.ts";
import { scheduleRetry } from "./retry.ts";
import { type Failure, printFailure } from "./world.ts";

const TRY_AGAIN = micros(60_000_000);

const addressesOf = (entries: readonly InstanceAddress[]): IpAddress[] =>
  entries.map((one) => one.virtual.address);

/**
 * Microseconds since a master's last advertisement. Peers count from it, so a lease that is set
 * between two of them (an address put back, added by a reload, moved to another device) lasts only
 * as long as the others still do (sim seed 96515).
 */
export function sinceAdvert({ state }: Instance, now: Instant): number {
  const master = masterOf(state.phase);
  return master === undefined ? 0 : Math.max(0, now - master.lastAdvertAt);
}

/** The time after a refusal is over, and a rule would be the better guarantee. */
export const isGuardDue = ({ guardRefusedAt }: Instance, now: Instant): boolean =>
  guardRefusedAt !== undefined && now >= after(guardRefusedAt, TRY_AGAIN);

export class Guard {
  readonly #context: EngineContext;
  readonly #all: IpAddress[] = [];

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /**
   * Works out the instance's lease anew, by what is known of its peers now; without the guard while
   * the kernel has refused it a short time ago.
   */
  renewLease(instance: Instance, now: Instant): void {
    const { router } = instance.config;
    const mayGuard = instance.guardRefusedAt === undefined || isGuardDue(instance, now);
    const hasGuard = this.#context.world.guard !== undefined && mayGuard;
    instance.guardedAt = undefined;
    instance.lease = leaseFor(router, strongestPeer(router, instance.state), hasGuard);
  }

  /**
   * Lets the addresses answer under the sub-second lease, where that is the guarantee. Harmless
   * when open already.
   */
  open(instance: Instance, now: Instant, outcomes: RouterEvent[]): void {
    const { guard } = this.#context.world;
    const { lease } = instance;
    if (lease.guarantee !== "nftables" || guard === undefined) return;
    const outcome = guard.open(addressesOf(instance.addresses));
    if (!outcome.ok) return this.lose(instance, outcome, now, outcomes);
    const left = lease.micros - sinceAdvert(instance, now);
    this.prolong(instance, Math.max(1, Math.floor(left / 1_000)), now, outcomes);
    if (instance.lease.guarantee === "nftables") instance.guardRefusedAt = undefined;
  }

  prolong(instance: Instance, milliseconds: number, now: Instant, outcomes: RouterEvent[]): void {
    const { guard } = this.#context.world;
    if (instance.lease.guarantee !== "nftables" || guard === undefined) return;
    instance.guardedAt = undefined;
    const outcome = guard.prolong(addressesOf(instance.addresses), milliseconds);
    if (!outcome.ok) this.lose(instance, outcome, now, outcomes);
  }

  /** Of instances with the same lease, for the whole of it, with one request for all of them. */
  prolongAll(instances: readonly Instance[], now: Instant): Failure | undefined {
    const { guard } = this.#context.world;
    const [first] = instances;
    if (guard === undefined || first === undefined) return undefined;
    this.#all.length = 0;
    for (const { addresses } of instances)
      for (const { virtual } of addresses) this.#all.push(virtual.address);
    const outcome = guard.prolong(this.#all, Math.floor(first.lease.micros / 1_000));
    for (const instance of instances) instance.guardedAt = outcome.ok ? now : undefined;
    return outcome.ok ? undefined : outcome;
  }

  /**
   * The addresses are gone. A rule that stays would keep them from answering for whoever adds them
   * here next.
   */
  close(instance: Instance, gone: readonly InstanceAddress[]): void {
    const failure = this.#tryClose(instance, gone);
    if (failure === undefined) return;
    const text = `(${instance.config.router.name}) the rule of the sub-second lease stays, and the addresses it names do not answer on this machine until it is gone: ${printFailure(failure)}`;
    this.#context.world.emit({ type: "log", level: "error", text });
  }

  #tryClose(instance: Instance, gone: readonly InstanceAddress[]): Failure | undefined {
    const free = addressesOf(gone).filter(
      (address) => !isGuardedElsewhere(this.#context, instance, address),
    );
    if (free.length === 0) return undefined;
    const outcome = this.#context.world.guard?.close(free);
    return outcome === undefined || outcome.ok ? undefined : outcome;
  }

  /**
   * The kernel refused to remove an address that we give up: at least it does not answer, where
   * there is a guard.
   */
  block(instance: Instance, { virtual: { address } }: InstanceAddress): void {
    const { guard } = this.#context.world;
    if (guard === undefined || isGuardedElsewhere(this.#context, instance, address)) return;
    const opened = guard.open([address]);
    const outcome = opened.ok ? guard.prolong([address], 0) : opened;
    if (outcome.ok) return;
    const text = `(${instance.config.router.name}) ${printIp(address)} cannot be blocked either: ${printFailure(outcome)}`;
    this.#context.world.emit({ type: "log", level: "error", text });
  }

  /**
   * An owner goes on without the rule. Where the rule cannot be taken away the address may not
   * answer, so the instance goes to FAULT and a peer takes over.
   */
  end(instance: Instance, now: Instant, outcomes: RouterEvent[]): void {
    const failure = this.#tryClose(instance, instance.addresses);
    if (failure === undefined) return;
    // The rule that stays is as good as one that opens: the next try begins with it.
    instance.guardRefusedAt = undefined;
    scheduleRetry(instance, now);
    const cause = { kind: "lease-refused", error: printFailure(failure) } as const;
    outcomes.push({ kind: "faultRaised", cause });
  }

  /** Goes on without it. */
  lose(instance: Instance, failure: Failure, now: Instant, outcomes: RouterEvent[]): void {
    const isNew = instance.guardRefusedAt === undefined;
    instance.guardRefusedAt = now;
    this.renewLease(instance, now);
    if (isNew) {
      const text = `(${instance.config.router.name}) no sub-second lease: ${printFailure(failure)}`;
      this.#context.world.emit({ type: "log", level: "warning", text });
    }
    this.end(instance, now, outcomes);
  }
}
