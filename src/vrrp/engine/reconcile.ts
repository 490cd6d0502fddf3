/**
 * Somebody else removed our address (a network manager restarting, an operator, a script). It is put back at once and
 * announced; but two programs that undo each other's work for ever help nobody, so after `FIGHT_MAX` removals of one
 * address within `FIGHT_WINDOW` the instance goes to FAULT, where another node may take over, and tries again later.
 * Counted for each address: a restart that flushes them all at once is one removal of each.
 */

import { printIpv4 } from "#units/address";
import { type Instant, micros } from "#units/time";
import type { RouterEvent } from "../router/event.ts";
import type { Engine } from "./engine.ts";
import { isRaised, listen } from "./footing.ts";
import { closeGuard, lifetimeNow } from "./guard.ts";
import type { AddressPlace, Instance, OwnedAddress } from "./instance.ts";
import { announce, removeAddress, setAddress } from "./perform.ts";
import { scheduleRetry } from "./retry.ts";
import type { AddressInfo } from "./world.ts";

const FIGHT_MAX = 8;
const FIGHT_WINDOW = 10_000_000;
/** Linux may end a lifetime a fiftieth of a second early. */
const EARLY = 20_000;

export function addressRemoved(engine: Engine, gone: AddressInfo, now: Instant): void {
  if (engine.ownRemovals.isOwn(gone, now)) return;
  const isOurDoing = engine.ownRemovals.isFollowing(gone, now);
  for (const instance of engine.lookup.byAddress(gone.address)) {
    stuckIsGone(engine, instance, gone);
    const owned = instance.addresses.find(
      (one) =>
        one.owned &&
        one.virtual.address === gone.address &&
        one.virtual.prefix === gone.prefix &&
        one.index === gone.index,
    );
    if (owned !== undefined) putBack(engine, instance, owned, isOurDoing, now);
  }
}

/** Its lifetime is over, or somebody else removed what the kernel would not remove for us. */
function stuckIsGone(engine: Engine, instance: Instance, gone: AddressPlace): void {
  for (const owned of instance.addresses) {
    const { address, prefix } = owned.virtual;
    if (owned.stuckOn !== gone.index || address !== gone.address || prefix !== gone.prefix)
      continue;
    owned.stuckOn = undefined;
    if (!owned.owned) closeGuard(engine, instance, [owned]);
  }
}

function removeStuck(engine: Engine, instance: Instance, now: Instant): void {
  for (const owned of instance.addresses) {
    const index = owned.stuckOn;
    if (index === undefined) continue;
    const outcome = engine.world.removeAddress(index, owned.virtual);
    if (!outcome.ok && outcome.errno !== "EADDRNOTAVAIL" && outcome.errno !== "ENODEV")
      scheduleRetry(instance, now);
    else stuckIsGone(engine, instance, { index, ...owned.virtual });
  }
}

/** After the kernel lost notifications: an address that should be there and is not was removed by somebody. */
export function checkStillThere(engine: Engine, instance: Instance, now: Instant): void {
  for (const { owned, virtual, index } of instance.addresses) {
    if (!owned || index === undefined) continue;
    const { address, prefix } = virtual;
    let there = false;
    for (const one of engine.interfaces.addresses()) {
      there ||= one.index === index && one.address === address && one.prefix === prefix;
    }
    if (!there) addressRemoved(engine, { index, address, prefix, secondary: false, proto: 0 }, now);
  }
}

function putBack(
  engine: Engine,
  instance: Instance,
  owned: OwnedAddress,
  isOurDoing: boolean,
  now: Instant,
): void {
  // It may have been the kernel: the lifetime ran out because we did not run. Then we may have stalled altogether.
  const { lease, refreshedAt } = instance;
  const hasLapsed =
    refreshedAt !== undefined && now - refreshedAt > lease.addressSeconds * 1_000_000 - EARLY;
  engine.apply(instance, { kind: "timeReached" }, now);
  if (instance.state.phase.kind !== "master") return;
  const { address } = owned.virtual;
  if (!isOurDoing && !hasLapsed) owned.takenAt = now;
  const follow: RouterEvent[] = [];
  setAddress(engine, instance, owned, lifetimeNow(instance, now), now, follow);
  for (const event of follow) engine.apply(instance, event, now);
  if (follow.length > 0) return;
  const { name } = instance.config.router;
  if (hasLapsed) {
    const text = `(${name}) ${printIpv4(address)}: its lifetime ran out while this node did not run; put back in time`;
    engine.emit({ type: "log", level: "warning", text });
    engine.apply(instance, { kind: "addressRestored", address }, now);
    return;
  }
  if (isOurDoing) return engine.apply(instance, { kind: "addressRestored", address }, now);
  instance.counters.address_restored += 1;
  owned.removals = [...owned.removals.filter((at) => now - at < FIGHT_WINDOW), now];
  const removals = owned.removals.length;
  if (removals >= FIGHT_MAX) {
    const within = micros(now - (owned.removals[0] ?? now));
    for (const one of instance.addresses) one.removals = [];
    scheduleRetry(instance, now);
    const cause = { kind: "address-fight", address, removals, within } as const;
    engine.apply(instance, { kind: "faultRaised", cause }, now);
    return;
  }
  const text = `(${name}) ${printIpv4(address)} was removed by somebody else; put back (${removals} within 10 s)`;
  engine.emit({ type: "log", level: "warning", text });
  engine.apply(instance, { kind: "addressRestored", address }, now);
}

/** An address with a device of its own (`dev eth1`): the name belongs to another device now, or to none. */
export function devicesMoved(engine: Engine, instance: Instance, now: Instant): void {
  for (const owned of instance.addresses) {
    const name = owned.virtual.interface;
    if (!owned.owned || name === undefined) continue;
    if (engine.interfaces.named(name)?.index === owned.index) continue;
    removeAddress(engine, instance, owned, now);
    if (instance.state.phase.kind !== "master") continue;
    const follow: RouterEvent[] = [];
    setAddress(engine, instance, owned, lifetimeNow(instance, now), now, follow);
    if (owned.owned)
      announce(engine, instance, [owned], instance.config.router.announce.repeat, now);
    for (const event of follow) engine.apply(instance, event, now);
  }
}

/** The waiting time after a refusal or a fight is over: what can be tried is, the causes are lifted, the election decides. */
export function retryDue(engine: Engine, instance: Instance, now: Instant): void {
  instance.retryAt = undefined;
  removeStuck(engine, instance, now);
  if (isRaised(instance, "cannot-listen")) listen(engine, instance, now);
  engine.addressDevices.settle(engine, now);
  engine.apply(instance, { kind: "faultLifted", cause: "address-rejected" }, now);
  engine.apply(instance, { kind: "faultLifted", cause: "lease-refused" }, now);
  engine.apply(instance, { kind: "faultLifted", cause: "address-fight" }, now);
}
