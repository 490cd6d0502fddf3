/** Carries out what a router decided. Results that matter to it come back as events in `follow`. */

import { type Ipv4, printIpv4 } from "#units/address";
import { type Instant, micros } from "#units/time";
import type { Priority } from "#units/vrrp";
import { available, spend } from "../router/allowance.ts";
import type { Report, RouterEffect, RouterEvent } from "../router/event.ts";
import { strongestPeer } from "../router/step.ts";
import { masterDown } from "../router/timing.ts";
import { emitAdvert } from "../wire/emit-advert.ts";
import { ADVERT_LENGTH_MAX } from "../wire/vrrp-packet.ts";
import type { Engine } from "./engine.ts";
import { removeCopies } from "./foreign-addresses.ts";
import {
  closeGuard,
  describe,
  isGuardDue,
  openGuard,
  prolongGuard,
  renewLease,
  silence,
} from "./guard.ts";
import { about, type Instance, type OwnedAddress } from "./instance.ts";
import { forgetUnresolved, resolvePeer } from "./resolve.ts";
import { scheduleRetry } from "./retry.ts";
import type { Failure } from "./world.ts";

const packet = new Uint8Array(ADVERT_LENGTH_MAX);

/** A backstop lifetime needs no refresh at every sub-second advertisement. */
const BACKSTOP_REFRESH = 500_000;
const MINUTE = 60_000_000;

export function perform(
  engine: Engine,
  instance: Instance,
  effect: RouterEffect,
  now: Instant,
  follow: RouterEvent[],
): void {
  switch (effect.kind) {
    case "sendAdvert":
      return sendAdvert(engine, instance, effect.priority, effect.to, now);
    case "addAddresses":
      renewLease(engine, instance, now);
      openGuard(engine, instance, now, follow);
      return setAddresses(engine, instance, instance.lease.addressSeconds, now, follow);
    case "refreshAddresses":
      return refresh(engine, instance, now, follow);
    case "holdAddresses":
      prolongGuard(engine, instance, Math.ceil(effect.micros / 1_000), now, follow);
      return setAddresses(engine, instance, Math.ceil(effect.micros / 1_000_000), now, follow);
    case "removeAddresses":
      return removeAddresses(engine, instance, now);
    case "announce":
      return announce(engine, instance, instance.addresses, effect.repeat, now);
    case "cancelAnnouncements":
      return engine.announcements.cancel(instance.addresses);
    case "transition": {
      if (effect.to === "MASTER") instance.counters.become_master += 1;
      forgetUnresolved(instance);
      if (effect.from === "MASTER") instance.counters.release_master += 1;
      const { kind: _, ...rest } = effect;
      return engine.emit({
        type: "transition",
        ...about(instance),
        ...rest,
        at: now,
      });
    }
    case "priorityChanged": {
      const { kind: _, ...rest } = effect;
      return engine.emit({
        type: "priorityChanged",
        instance: instance.config.router.name,
        ...rest,
      });
    }
    case "report":
      if (!mayReport(instance, effect.report.kind, now)) return;
      return engine.emit({
        type: "report",
        ...about(instance),
        report: effect.report,
      });
  }
}

export function announce(
  engine: Engine,
  instance: Instance,
  addresses: readonly OwnedAddress[],
  repeat: number,
  now: Instant,
): void {
  for (const owned of addresses) {
    const index = engine.deviceOf(instance, owned.virtual.interface);
    if (index !== undefined) engine.announcements.request(instance, owned, index, repeat, now);
  }
  engine.announcements.pump(now);
}

function sendAdvert(
  engine: Engine,
  instance: Instance,
  priority: Priority,
  only: Ipv4 | undefined,
  now: Instant,
): void {
  const { transport } = instance.config;
  if (only !== undefined) return sendTo(engine, instance, priority, only, now);
  if (transport.kind === "multicast")
    return sendTo(engine, instance, priority, transport.group, now);
  for (const peer of transport.peers) sendTo(engine, instance, priority, peer.address, now);
}

function sendTo(
  engine: Engine,
  instance: Instance,
  priority: Priority,
  to: Ipv4,
  now: Instant,
): void {
  const { interfaceIndex, state, config } = instance;
  const source = state.source ?? instance.lastSource;
  if (interfaceIndex === undefined || source === undefined) return;
  instance.lastSource = source;
  const { router, transport } = config;
  instance.packetId = (instance.packetId + 1) & 0xffff;
  const length = emitAdvert(packet, {
    source,
    destination: to,
    ttl: transport.kind === "unicast" ? transport.ttl : 255,
    id: instance.packetId,
    version: router.version,
    vrid: router.vrid,
    priority,
    interval: router.advertInterval,
    addresses: instance.advertised,
    password: instance.password,
    checksum: config.checksum,
  });
  const outcome = engine.world.sendAdvert(interfaceIndex, packet.subarray(0, length), to);
  if (outcome.ok) {
    instance.counters.advert_sent += 1;
    if (priority === 0) instance.counters.pri_zero_sent += 1;
    return resolvePeer(engine, instance, source, to, now);
  }
  instance.counters.send_errors += 1;
  if (instance.toldSendFailureAt !== undefined && now < instance.toldSendFailureAt + MINUTE) return;
  instance.toldSendFailureAt = now;
  const text = `(${router.name}) advertisement to ${printIpv4(to)} not sent: ${describe(outcome)}`;
  engine.emit({ type: "log", level: "warning", text });
}

/** A stronger rival has been heard meanwhile: if we are gone it takes over sooner than we assumed. */
function shortenLease(
  engine: Engine,
  instance: Instance,
  now: Instant,
  follow: RouterEvent[],
): void {
  const { router } = instance.config;
  const peer = strongestPeer(router, instance.state);
  const takeOver = masterDown(router, router.advertInterval, Math.min(peer, 254));
  if (takeOver >= instance.lease.takeOverMicros && !isGuardDue(instance, now)) return;
  renewLease(engine, instance, now);
  openGuard(engine, instance, now, follow);
}

function refresh(engine: Engine, instance: Instance, now: Instant, follow: RouterEvent[]): void {
  shortenLease(engine, instance, now, follow);
  prolongGuard(engine, instance, Math.floor(instance.lease.micros / 1_000), now, follow);
  // As it is now: the kernel may have refused the guard.
  const { lease, refreshedAt } = instance;
  const isEnough = refreshedAt !== undefined && now < refreshedAt + BACKSTOP_REFRESH;
  if (lease.guarantee !== "address-lifetime" && isEnough) return;
  setAddresses(engine, instance, lease.addressSeconds, now, follow);
}

function setAddresses(
  engine: Engine,
  instance: Instance,
  seconds: number,
  now: Instant,
  follow: RouterEvent[],
): void {
  instance.refreshedAt = now;
  for (const owned of instance.addresses) setAddress(engine, instance, owned, seconds, now, follow);
}

/** Adds or prolongs one. A refusal becomes an event in `follow`. */
export function setAddress(
  engine: Engine,
  instance: Instance,
  owned: OwnedAddress,
  seconds: number,
  now: Instant,
  follow: RouterEvent[],
): void {
  const { virtual } = owned;
  const index = engine.deviceOf(instance, virtual.interface);
  const outcome =
    index === undefined
      ? ({
          ok: false,
          errno: "ENODEV",
          call: `RTM_NEWADDR on ${virtual.interface ?? "?"}`,
        } as const)
      : engine.world.setAddress(index, virtual, seconds);
  if (!outcome.ok) return refused(engine, instance, owned, outcome, now, follow);
  owned.owned = true;
  owned.index = index;
  if (owned.stuckOn !== undefined) {
    owned.stuckOn = undefined;
    if (instance.lease.guarantee !== "nftables") closeGuard(engine, instance, [owned]);
  }
  owned.error = undefined;
}

/** A master that cannot have the address is no master: FAULT, and another try after a while. */
function refused(
  engine: Engine,
  instance: Instance,
  owned: OwnedAddress,
  failure: Failure,
  now: Instant,
  follow: RouterEvent[],
): void {
  const error = describe(failure);
  const { address } = owned.virtual;
  if (owned.error !== error) {
    const text = `(${instance.config.router.name}) ${printIpv4(address)} cannot be added: ${error}`;
    engine.emit({ type: "log", level: "error", text });
  }
  owned.owned = false;
  owned.error = error;
  scheduleRetry(instance, now);
  follow.push({ kind: "faultRaised", cause: { kind: "address-rejected", address, error } });
}

function removeAddresses(engine: Engine, instance: Instance, now: Instant): void {
  instance.refreshedAt = undefined;
  // What was added first is the primary one of its subnet, and the kernel removes the others with it: so it goes last.
  const newestFirst = instance.addresses.toReversed();
  const gone = newestFirst.filter((owned) => removeAddress(engine, instance, owned, now));
  closeGuard(engine, instance, gone);
}

/** False: it stays, for another instance is entitled to it, or because the kernel refuses; then it is tried again. */
export function removeAddress(
  engine: Engine,
  instance: Instance,
  owned: OwnedAddress,
  now: Instant,
): boolean {
  const { virtual } = owned;
  const wasOwned = owned.owned;
  const index = wasOwned ? owned.index : engine.deviceOf(instance, virtual.interface);
  owned.owned = false;
  owned.index = undefined;
  removeCopies(engine, instance, owned);
  // With a device its addresses go.
  if (index === undefined || engine.interfaces.link(index) === undefined) return true;
  if (engine.ownedElsewhere(instance, index, virtual.address)) return false;
  const outcome = engine.world.removeAddress(index, virtual);
  if (outcome.ok) engine.ownRemovals.expect({ index, ...virtual }, now);
  // Not there any more is what we want: its lease ran out, or its device is gone.
  if (outcome.ok || !wasOwned || outcome.errno === "EADDRNOTAVAIL" || outcome.errno === "ENODEV")
    return true;
  const name = instance.config.router.name;
  const text = `(${name}) ${printIpv4(virtual.address)} could not be removed: ${describe(outcome)}`;
  engine.emit({ type: "log", level: "error", text });
  owned.stuckOn = index;
  silence(engine, instance, owned);
  scheduleRetry(instance, now);
  return false;
}

/** What a packet can cause. The supervisor logs each kind once a minute, but runs a script for some. */
const PROVOKED: readonly Report["kind"][] = [
  "weaker-master",
  "own-address-heard",
  "grace",
  "held-down",
];
const REPORTS = { most: 5, each: micros(1_000_000) } as const;

function mayReport(instance: Instance, kind: Report["kind"], now: Instant): boolean {
  if (!PROVOKED.includes(kind)) return true;
  const { reports } = instance;
  const allowance = reports.get(kind);
  if (available(REPORTS, allowance, now) === 0) return false;
  reports.set(kind, spend(REPORTS, allowance, 1, now));
  return true;
}
