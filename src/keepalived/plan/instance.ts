/** One `vrrp_instance` block to the configuration of a router and of its instance. */

import { type IpAddress, isLinkLocal, readIp } from "#units/address";
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
  accepts,
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
  isOwner,
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
import { signingOf } from "../model/signing.ts";
import { addressVmac } from "../model/vmac.ts";
import type { Ip } from "../values/ip.ts";
import type { AddressItem } from "../values/value.ts";
import { announceOf, arpForm, pacingOf } from "./announce.ts";
import { planGate, routerGate } from "./gate.ts";
import { holdDownOf } from "./hold-down.ts";
import { cutPassword } from "./password.ts";
import { routingOf } from "./routing.ts";
import type { HavipPlan } from "./run-plan.ts";
import { trackersOf, tracksPrimary } from "./trackers.ts";
import { planVmacs } from "./vmac.ts";

const MULTICAST_GROUPS = { 4: "224.0.0.18", 6: "ff02::12" } as const;
/** Of unicast without `unicast_ttl`: over IPv6 keepalived leaves it to the kernel. */
const UNICAST_TTL = { 4: 255, 6: 64 } as const;

/** Undefined: keepalived would not run it. */
export function planInstance(
  instance: Block,
  model: Model,
  havip: HavipPlan | undefined,
): InstanceConfig | undefined {
  const device = interfaceOf(instance);
  const id = routerIdOf(instance);
  if (id === undefined) return undefined;
  if (device === undefined && !isUnbound(instance)) return undefined;
  const version = versionOf(instance, model);
  const group = groupOf(instance, model);
  const gate = (group && planGate(group, model)) ?? planGate(instance, model);
  const password = passwordOf(instance, model);
  const signing = signingOf(instance, model);
  const isPlain = signing === undefined && version === 2;
  const plain = password?.kind === "pass" && isPlain ? password.secret : undefined;
  return {
    router: {
      ...planRouter(instance, model, id),
      ...waitOf(havip),
      ...(gate === undefined ? {} : { gate: routerGate(gate) }),
    },
    ...(familyOf(instance) === 6 ? { family: 6 } : {}),
    ...(device === undefined ? {} : { interface: device }),
    transport: transportOf(instance, model),
    ...planVmacs(instance, model),
    ...(plain === undefined
      ? {}
      : { authentication: { kind: "pass", secret: cutPassword(plain) } as const }),
    ...(signing === undefined ? {} : { signing }),
    checksum: checksumOf(instance, model),
    addresses: planAddresses(addressesOf(instance), instance, model),
    excludedAddresses: planAddresses(excludedOf(instance), instance, model),
    skipCheckAdvAddr: inheritedFlag(instance, model, "skip_check_adv_addr") ?? false,
    arp: arpForm(instance, model),
    pacing: pacingOf(instance, model),
    ...(booleanOf(instance, "promote_secondaries") === true ? { promoteSecondaries: true } : {}),
    ...(accepts(instance, model) ? {} : { accept: false }),
    ...(group === undefined ? {} : { group: nameOf(group) }),
    ...(gate === undefined || gate.fence.length === 0 ? {} : { fence: gate.fence }),
    ...routingOf(instance, model),
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
    ...unusualOf(instance, model),
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

/** What nearly no file has. */
function unusualOf(
  instance: Block,
  model: Model,
): Pick<RouterConfig, "delayAfterBoot" | "lacksPeer" | "ownerIgnoresAdverts"> {
  const delay = numberOf(model.globals, "vrrp_delay_after_boot") ?? 0;
  const lacksPeer = hasSetting(instance, "unicast_fault_no_peer") && !isUnicast(instance);
  const ignores = isOwner(instance) && inheritedFlag(instance, model, "owner_ignore_adverts");
  return {
    ...(delay > 0 ? { delayAfterBoot: fromSeconds(delay) } : {}),
    ...(lacksPeer ? { lacksPeer: true } : {}),
    ...(ignores === true ? { ownerIgnoresAdverts: true } : {}),
  };
}

function transportOf(instance: Block, model: Model): Transport {
  const family = familyOf(instance);
  const own = (ip: Ip | undefined): IpAddress | undefined =>
    ip?.family === family ? ip.value : undefined;
  const source = own(sourceOf(instance));
  if (isUnicast(instance)) {
    return {
      kind: "unicast",
      ...(source === undefined ? {} : { source }),
      peers: peersOf(instance).map(
        ({ ip, minTtl, maxTtl }): UnicastPeer => ({
          address: ip.value,
          ...(minTtl === undefined ? {} : { minTtl }),
          ...(maxTtl === undefined ? {} : { maxTtl }),
        }),
      ),
      ttl: numberOf(instance, "unicast_ttl") ?? UNICAST_TTL[family],
      checkSource: inheritedFlag(instance, model, "check_unicast_src") ?? true,
    };
  }
  const group =
    own(addressOf(instance, "mcast_dst_ip")) ??
    own(addressOf(model.globals, `vrrp_mcast_group${family}`)) ??
    (readIp(MULTICAST_GROUPS[family]) as IpAddress);
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
    const broadcast = item.broadcast?.family === 4 ? item.broadcast.value : undefined;
    const peer = item.peer?.family === item.ip.family ? item.peer.value : undefined;
    const vmac = addressVmac(item, instance, model)?.name;
    const holder = vmac ?? holderOf(item, instance, model);
    addresses.push({
      address: item.ip.value,
      prefix: item.prefix,
      ...(holder === undefined || holder === device ? {} : { interface: holder }),
      ...(item.label === undefined ? {} : { label: item.label }),
      scope: item.scope,
      ...(broadcast === undefined ? {} : { broadcast }),
      ...(peer === undefined ? {} : { peer }),
      ...(isDeprecated(item) ? { deprecated: true } : {}),
      ...flagsOf(item),
    });
  }
  return addresses;
}

/** An IPv6 address that only this machine would use as a source is not to be chosen as one. */
function isDeprecated({ ip, prefix, deprecated, preferred }: AddressItem): boolean {
  if (deprecated || preferred) return deprecated;
  return ip.family === 6 && (prefix === 128 || isLinkLocal(ip.value));
}

function flagsOf({ flags }: AddressItem): Partial<VirtualAddress> {
  if (flags.length === 0) return {};
  return {
    ...(flags.includes("home") ? { home: true } : {}),
    ...(flags.includes("mngtmpaddr") ? { manageTemporary: true } : {}),
    ...(flags.includes("noprefixroute") ? { noPrefixRoute: true } : {}),
    ...(flags.includes("-nodad") ? { detectDuplicates: true } : {}),
  };
}
