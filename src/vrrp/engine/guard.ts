/**
 * The sub-second lease (linux/nft-guard.ts) as a router uses it: open, prolong, close, and what follows when the kernel
 * refuses.
 *
 * An address with a rule that nobody prolongs is silent on its own machine, so a refusal is never passed over:
 *
 *   refused open, prolong   the rule is taken away and the address goes on under its lifetime alone; status names the
 *                           weaker guarantee, and the rule is tried again after `TRY_AGAIN`
 *   refused close           as owner: FAULT, for the address may be silent here; a peer takes over
 *                           otherwise (the address is gone already): reported
 */

import { type Ipv4, printIpv4 } from "#units/address";
import { after, type Instant, micros } from "#units/time";
import type { RouterEvent } from "../router/event.ts";
import { leaseFor, lifetimeLeft } from "../router/lease.ts";
import { strongestPeer } from "../router/step.ts";
import type { Engine } from "./engine.ts";
import type { Instance, OwnedAddress } from "./instance.ts";
import { scheduleRetry } from "./retry.ts";
import type { Failure } from "./world.ts";

const TRY_AGAIN = micros(60_000_000);

export const describe = (failure: Failure): string =>
  `${failure.call}: ${failure.errno}${failure.detail === undefined ? "" : ` (${failure.detail})`}`;

const addressesOf = (owned: readonly OwnedAddress[]): Ipv4[] =>
  owned.map((one) => one.virtual.address);

/** By what is known of the peers now; without a rule while the kernel has refused one a short time ago. */
export function renewLease(engine: Engine, instance: Instance, now: Instant): void {
  const { router } = instance.config;
  const { guardRefusedAt } = instance;
  const mayGuard = guardRefusedAt === undefined || now >= after(guardRefusedAt, TRY_AGAIN);
  const hasGuard = engine.world.guard !== undefined && mayGuard;
  instance.lease = leaseFor(router, strongestPeer(router, instance.state), hasGuard);
}

/** The time after a refusal is over, and a rule would be the better guarantee. */
export const isGuardDue = ({ guardRefusedAt }: Instance, now: Instant): boolean =>
  guardRefusedAt !== undefined && now >= after(guardRefusedAt, TRY_AGAIN);

/**
 * Peers count from the last advertisement, so a lease that is set between two of them (an address put back, added by a
 * reload, moved to another device) lasts only as long as the others still do (simulator, seed 96515).
 */
function sinceAdvert({ state }: Instance, now: Instant): number {
  return state.phase.kind === "master" ? Math.max(0, now - state.phase.lastAdvertAt) : 0;
}

/** The lifetime in seconds for an address that is set now. */
export const lifetimeNow = (instance: Instance, now: Instant): number =>
  lifetimeLeft(instance.lease, sinceAdvert(instance, now));

/** Lets the addresses answer under the sub-second lease, where that is the guarantee. Harmless when open already. */
export function openGuard(
  engine: Engine,
  instance: Instance,
  now: Instant,
  follow: RouterEvent[],
): void {
  const { guard } = engine.world;
  const { lease } = instance;
  if (lease.guarantee !== "nftables" || guard === undefined) return;
  const outcome = guard.open(addressesOf(instance.addresses));
  if (!outcome.ok) return lose(engine, instance, outcome, now, follow);
  const left = lease.micros - sinceAdvert(instance, now);
  prolongGuard(engine, instance, Math.max(1, Math.floor(left / 1_000)), now, follow);
  if (instance.lease.guarantee === "nftables") instance.guardRefusedAt = undefined;
}

export function prolongGuard(
  engine: Engine,
  instance: Instance,
  milliseconds: number,
  now: Instant,
  follow: RouterEvent[],
): void {
  const { guard } = engine.world;
  if (instance.lease.guarantee !== "nftables" || guard === undefined) return;
  const outcome = guard.prolong(addressesOf(instance.addresses), milliseconds);
  if (!outcome.ok) lose(engine, instance, outcome, now, follow);
}

/** The addresses are gone. A rule that stays would silence them for whoever adds them here next. */
export function closeGuard(
  engine: Engine,
  instance: Instance,
  gone: readonly OwnedAddress[],
): void {
  const failure = close(engine, instance, gone);
  if (failure !== undefined) reportStays(engine, instance, failure);
}

function close(
  engine: Engine,
  instance: Instance,
  gone: readonly OwnedAddress[],
): Failure | undefined {
  const free = addressesOf(gone).filter((address) => !engine.guardedElsewhere(instance, address));
  if (free.length === 0) return undefined;
  const outcome = engine.world.guard?.close(free);
  return outcome === undefined || outcome.ok ? undefined : outcome;
}

/** The kernel refused to remove an address that we give up: it does not answer, at least, where there is a guard. */
export function silence(engine: Engine, instance: Instance, owned: OwnedAddress): void {
  const { guard } = engine.world;
  const { address } = owned.virtual;
  if (guard === undefined || engine.guardedElsewhere(instance, address)) return;
  const opened = guard.open([address]);
  const outcome = opened.ok ? guard.prolong([address], 0) : opened;
  if (outcome.ok) return;
  const text = `(${instance.config.router.name}) ${printIpv4(address)} cannot be silenced either: ${describe(outcome)}`;
  engine.emit({ type: "log", level: "error", text });
}

function reportStays(engine: Engine, instance: Instance, failure: Failure): void {
  const text = `(${instance.config.router.name}) the rule of the sub-second lease stays, and the addresses it names do not answer on this machine until it is gone: ${describe(failure)}`;
  engine.emit({ type: "log", level: "error", text });
}

/** An owner goes on without the rule; where it cannot be taken away the address may be silent, and a peer takes over. */
export function endGuard(
  engine: Engine,
  instance: Instance,
  now: Instant,
  follow: RouterEvent[],
): void {
  const failure = close(engine, instance, instance.addresses);
  if (failure === undefined) return;
  // The rule that stays is as good as one that opens: the next try begins with it.
  instance.guardRefusedAt = undefined;
  scheduleRetry(instance, now);
  const cause = { kind: "lease-refused", error: describe(failure) } as const;
  follow.push({ kind: "faultRaised", cause });
}

function lose(
  engine: Engine,
  instance: Instance,
  failure: Failure,
  now: Instant,
  follow: RouterEvent[],
): void {
  const isNew = instance.guardRefusedAt === undefined;
  instance.guardRefusedAt = now;
  renewLease(engine, instance, now);
  if (isNew) {
    const text = `(${instance.config.router.name}) no sub-second lease: ${describe(failure)}`;
    engine.emit({ type: "log", level: "warning", text });
  }
  endGuard(engine, instance, now, follow);
}
