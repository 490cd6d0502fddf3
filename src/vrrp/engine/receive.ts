/** From a parsed advertisement to an event for the router, or to a counted and told refusal. */

import { type Ipv4, ipv4 } from "#units/address";
import type { Instant } from "#units/time";
import type { RouterEvent } from "../router/event.ts";
import { checkAdvert } from "../wire/check-advert.ts";
import type { Advert, AdvertWarning, DropReason } from "../wire/vrrp-packet.ts";
import type { Engine } from "./engine.ts";
import { counterOf, type Instance, newPeer } from "./instance.ts";

const MINUTE = 60_000_000;
const STRANGERS_MAX = 32;

export function judge(
  engine: Engine,
  instance: Instance,
  bytes: Uint8Array,
  advert: Advert,
  now: Instant,
): RouterEvent | undefined {
  const skipsList = instance.config.skipCheckAdvAddr && instance.comparedMaster === advert.source;
  const expectation = skipsList
    ? { ...instance.expectation, addresses: undefined }
    : instance.expectation;
  const checked = checkAdvert(bytes, advert, expectation);
  if (checked.kind === "drop") {
    tellDrop(engine, instance, checked.drop, advert.source, now);
    return undefined;
  }
  instance.counters.advert_rcvd += 1;
  if (advert.priority === 0) instance.counters.pri_zero_rcvd += 1;
  else instance.comparedMaster = advert.source;
  remember(instance, advert, checked.checksum, now);
  for (const warning of checked.warnings) warn(engine, instance, warning, advert.source, now);
  const { priority, interval, source: from } = advert;
  return { kind: "advertReceived", priority, interval, from };
}

function remember(instance: Instance, advert: Advert, checksum: string, now: Instant): void {
  let peer = instance.peers.get(advert.source);
  if (peer === undefined) {
    // Multicast, or unicast without source check: strangers are worth seeing, but not without end.
    if (instance.peers.size >= STRANGERS_MAX) return;
    peer = newPeer(advert.source);
    instance.peers.set(advert.source, peer);
  }
  peer.heardAt = now;
  peer.priority = advert.priority;
  peer.checksum = checksum;
}

/** Counted always, told once a minute for each kind. */
export function tellDrop(
  engine: Engine,
  instance: Instance,
  drop: DropReason,
  source: Ipv4 | undefined,
  now: Instant,
): void {
  const counter = counterOf(drop.kind);
  if (counter !== undefined) instance.counters[counter] += 1;
  tellCounted(engine, instance, drop, source ?? ipv4(0), now);
}

function tellCounted(
  engine: Engine,
  instance: Instance,
  drop: DropReason | AdvertWarning,
  from: Ipv4,
  now: Instant,
): void {
  const memory = instance.drops.get(drop.kind) ?? { count: 0, toldAt: undefined };
  instance.drops.set(drop.kind, memory);
  memory.count += 1;
  if (memory.toldAt !== undefined && now < memory.toldAt + MINUTE) return;
  memory.toldAt = now;
  engine.emit({
    type: "drop",
    instance: instance.config.router.name,
    drop,
    from,
    count: memory.count,
  });
}

function warn(
  engine: Engine,
  instance: Instance,
  warning: AdvertWarning,
  from: Ipv4,
  now: Instant,
): void {
  if (warning.kind === "address-list-mismatch") instance.counters.addr_list_err += 1;
  tellCounted(engine, instance, warning, from, now);
}
