/** One `vrrp_instance` block to the configuration of a router and of its instance. */

import { type Ipv4, readIpv4 } from "#units/address";
import { centis, fromSeconds } from "#units/time";
import { priority, vrid } from "#units/vrrp";
import type {
  InstanceConfig,
  RouterConfig,
  Transport,
  UnicastPeer,
  VirtualAddress,
} from "#vrrp/router/config";
import { type Block, booleanOf, hasSetting, nameOf, numberOf, textOf } from "../blocks/block.ts";
import {
  addressesOf,
  addressOf,
  downTimerOf,
  excludedOf,
  familyOf,
  groupOf,
  holderOf,
  inheritedFlag,
  interfaceOf,
  intervalOf,
  isStrict,
  isUnbound,
  isUnicast,
  passwordOf,
  peersOf,
  preemptDelayOf,
  preempts,
  priorityOf,
  routerIdOf,
  sourceOf,
  versionOf,
} from "../model/effective.ts";
import type { Model } from "../model/model.ts";
import type { Ip } from "../values/ip.ts";
import type { AddressItem } from "../values/value.ts";
import { announceOf, arpForm, pacingOf } from "./announce.ts";
import { planGate, routerGate } from "./gate.ts";
import { holdDownOf } from "./hold-down.ts";
import { cutPassword } from "./password.ts";
import type { HavipPlan } from "./run-plan.ts";
import { trackersOf, tracksPrimary } from "./trackers.ts";

const MULTICAST_GROUP = "224.0.0.18";

/** Undefined: keepalived would not run it, or it is IPv6. */
export function planInstance(
  instance: Block,
  model: Model,
  havip: HavipPlan | undefined,
): InstanceConfig | undefined {
  const device = interfaceOf(instance);
  const id = routerIdOf(instance);
  if (id === undefined || familyOf(instance) === 6) return undefined;
  if (device === undefined && !isUnbound(instance)) return undefined;
  const version = versionOf(instance, model);
  const group = groupOf(instance, model);
  const gate = (group && planGate(group, model)) ?? planGate(instance, model);
  const password = passwordOf(instance, model);
  const plain = password?.kind === "pass" && version === 2 ? password.secret : undefined;
  return {
    router: {
      ...planRouter(instance, model, id),
      ...waitOf(havip),
      ...(gate === undefined ? {} : { gate: routerGate(gate) }),
    },
    ...(device === undefined ? {} : { interface: device }),
    transport: transportOf(instance, model),
    ...(plain === undefined
      ? {}
      : { authentication: { kind: "pass", secret: cutPassword(plain) } as const }),
    checksum: checksumOf(instance, model),
    addresses: planAddresses(addressesOf(instance), instance, model),
    excludedAddresses: planAddresses(excludedOf(instance), instance, model),
    skipCheckAdvAddr: inheritedFlag(instance, model, "skip_check_adv_addr") ?? false,
    arp: arpForm(instance, model),
    pacing: pacingOf(instance, model),
    ...(booleanOf(instance, "promote_secondaries") === true ? { promoteSecondaries: true } : {}),
    ...(group === undefined ? {} : { group: nameOf(group) }),
    ...(gate === undefined || gate.fence.length === 0 ? {} : { fence: gate.fence }),
  };
}

const waitOf = (havip: HavipPlan | undefined): Pick<RouterConfig, "handoverWait"> =>
  havip === undefined || havip.handoverWait === 0 ? {} : { handoverWait: havip.handoverWait };

function planRouter(instance: Block, model: Model, id: number): RouterConfig {
  const handover = textOf(instance, "handover") ?? textOf(model.globals, "handover");
  const holdDown = holdDownOf(instance);
  const strict = isStrict(instance, model);
  return {
    name: nameOf(instance),
    vrid: vrid(id),
    version: versionOf(instance, model),
    priority: priority(priorityOf(instance)),
    advertInterval: centis(intervalOf(instance, model)),
    preempt: preempts(instance, model),
    preemptDelay: fromSeconds(preemptDelayOf(instance, model)),
    ...(holdDown === undefined ? {} : { holdDown }),
    startupDelay: fromSeconds(numberOf(model.globals, "vrrp_startup_delay") ?? 0),
    downTimerAdverts: downTimerOf(instance, model),
    peerCount: peersOf(instance).length,
    lowerPrioNoAdvert: strict || (inheritedFlag(instance, model, "lower_prio_no_advert") ?? false),
    higherPrioSendAdvert:
      !strict && (inheritedFlag(instance, model, "higher_prio_send_advert") ?? false),
    handover: handover === "break_before_make" ? "break-before-make" : "make-before-break",
    announce: announceOf(instance, model),
    trackers: trackersOf(instance, model),
    trackPrimary: tracksPrimary(instance),
  };
}

const v4 = (ip: Ip | undefined): Ipv4 | undefined => (ip?.family === 4 ? ip.value : undefined);

function transportOf(instance: Block, model: Model): Transport {
  if (isUnicast(instance)) {
    const source = v4(sourceOf(instance));
    return {
      kind: "unicast",
      ...(source === undefined ? {} : { source }),
      peers: peersOf(instance).flatMap(({ ip, minTtl, maxTtl }): UnicastPeer[] => {
        if (ip.family !== 4) return [];
        return [
          {
            address: ip.value,
            ...(minTtl === undefined ? {} : { minTtl }),
            ...(maxTtl === undefined ? {} : { maxTtl }),
          },
        ];
      }),
      ttl: numberOf(instance, "unicast_ttl") ?? 255,
      checkSource: inheritedFlag(instance, model, "check_unicast_src") ?? true,
    };
  }
  const source = v4(sourceOf(instance));
  const group =
    v4(addressOf(instance, "mcast_dst_ip")) ??
    v4(addressOf(model.globals, "vrrp_mcast_group4")) ??
    (readIpv4(MULTICAST_GROUP) as Ipv4);
  const tracks = source !== undefined && hasSetting(instance, "track_src_ip");
  return {
    kind: "multicast",
    ...(source === undefined ? {} : { source }),
    group,
    ...(tracks ? { trackSource: true } : {}),
  };
}

function checksumOf(instance: Block, model: Model): InstanceConfig["checksum"] {
  const bare =
    booleanOf(instance, "v3_checksum_as_v2") ?? booleanOf(model.globals, "v3_checksum_as_v2");
  return bare === true ? "no-pseudo-header" : "pseudo-header";
}

function planAddresses(
  items: readonly AddressItem[],
  instance: Block,
  model: Model,
): readonly VirtualAddress[] {
  const device = interfaceOf(instance);
  const addresses: VirtualAddress[] = [];
  for (const item of items) {
    if (item.ip.family !== 4) continue;
    const broadcast = v4(item.broadcast);
    const peer = v4(item.peer);
    const holder = holderOf(item, instance, model);
    addresses.push({
      address: item.ip.value,
      prefix: item.prefix,
      ...(holder === undefined || holder === device ? {} : { interface: holder }),
      ...(item.label === undefined ? {} : { label: item.label }),
      scope: item.scope,
      ...(broadcast === undefined ? {} : { broadcast }),
      ...(peer === undefined ? {} : { peer }),
      ...(item.deprecated ? { deprecated: true } : {}),
    });
  }
  return addresses;
}
