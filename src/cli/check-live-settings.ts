/**
 * `--live`: the kernel's settings (/proc/sys) against what the configuration needs of them.
 * Only a value that breaks something here is reported, with the line that corrects it: most
 * entries of the usual "VRRP sysctl" lists make no difference.
 *
 * For one interface the kernel takes the greater of `all` and the interface's own value
 * (arp_ignore, arp_announce, rp_filter), or either of them (arp_filter, accept_local,
 * promote_secondaries): Documentation/networking/ip-sysctl.
 */

import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import type { Facts } from "#diagnostics/facts";
import type { Span } from "#diagnostics/source";
import { type Block, hasSetting, nameOf, placeOf } from "#keepalived/blocks/block";
import {
  addressesOf,
  addressOf,
  excludedOf,
  familyOf,
  groupOf,
  holderOf,
  interfaceOf,
  isUnbound,
  peersOf,
} from "#keepalived/model/effective";
import type { Model } from "#keepalived/model/model";
import type { AddressItem } from "#keepalived/values/value";
import { type IpAddress, isInNetwork, netmask, printIp, readIpv4 } from "#units/address";

/** An address of this machine, with its network. */
export interface OwnAddress {
  readonly interface: string;
  readonly address: IpAddress;
  readonly prefix: number;
}

/** What these rules ask a machine; a test provides its own. */
export interface Kernel {
  /**
   * The value of a key, named as `sysctl` names it. Undefined if the kernel does not have the
   * key.
   */
  readonly setting: (key: string) => number | undefined;
  readonly addresses: readonly OwnAddress[];
  /** The interface by which packets to an address leave. Undefined if there is no route. */
  readonly routeTo: (address: IpAddress) => string | undefined;
}

type Effect = Facts["VR5112"]["effect"];

export function assessSettings(model: Model, machine: Kernel): readonly AnyFinding[] {
  const found: AnyFinding[] = [];
  const seen = new Set<string>();
  const report = (place: Span, settings: readonly Setting[], effect: Effect): void => {
    const key = settings.map((one) => one.key).join(" ") + effect.kind;
    if (settings.length === 0 || seen.has(key)) return;
    seen.add(key);
    found.push(finding("VR5112", place, { settings, effect }));
  };
  for (const instance of model.instances) {
    if (isUnbound(instance)) assessUnbound(instance, model, machine, report);
    const device = interfaceOf(instance);
    if (device === undefined || familyOf(instance) === 6) continue;
    // A missing interface has been reported already.
    if (machine.setting(keyOf(device, "arp_ignore")) === undefined) continue;
    const context = { instance, device, machine, report };
    for (const item of [...addressesOf(instance), ...excludedOf(instance)]) {
      if (item.ip.family === 4) assessAddress(context, item, item.ip.value);
    }
    assessPeers(context);
  }
  assessForwarding(model, machine, report);
  assessSecondaries(model, machine, report);
  assessMemberships(model, machine, report);
  const [first] = model.instances.flatMap((instance) => addressesOf(instance));
  if (first !== undefined && machine.setting("net.ipv4.ip_nonlocal_bind") === 0) {
    found.push(finding("VR5117", first.token.span, { address: first.ip.text }));
  }
  return found;
}

/** A key, its present value, and the value that it should have. */
type Setting = Facts["VR5112"]["settings"][number];
type Report = (place: Span, settings: readonly Setting[], effect: Effect) => void;

interface Context {
  readonly instance: Block;
  readonly device: string;
  readonly machine: Kernel;
  readonly report: Report;
}

/** In a sysctl key, a dot inside an interface's name is written as a slash. */
const keyOf = (device: string, word: string): string =>
  `net.ipv4.conf.${device.replaceAll(".", "/")}.${word}`;

function effective(machine: Kernel, device: string, word: string): number | undefined {
  const own = machine.setting(keyOf(device, word));
  return own === undefined ? undefined : Math.max(own, machine.setting(keyOf("all", word)) ?? 0);
}

/** Where the greater value wins, setting the interface's own value is enough. */
const raised = (machine: Kernel, device: string, word: string, wanted: number): Setting[] => {
  const key = keyOf(device, word);
  return [{ key, value: machine.setting(key) ?? 0, wanted }];
};

/** Where a smaller value is needed, `all` may have to be set too. */
function lowered(machine: Kernel, device: string, word: string, wanted: number): Setting[] {
  return [keyOf("all", word), keyOf(device, word)]
    .map((key) => ({ key, value: machine.setting(key) ?? 0, wanted }))
    .filter(({ value }) => value > wanted);
}

function assessAddress(
  { device, machine, report }: Context,
  item: AddressItem,
  address: IpAddress,
): void {
  const place = item.token.span;
  const holder = item.interface ?? device;
  const ignore = effective(machine, device, "arp_ignore") ?? 0;
  const text = item.ip.text;
  if (ignore === 8) {
    report(place, lowered(machine, device, "arp_ignore", 0), {
      kind: "never-answers",
      address: text,
    });
  } else if (ignore === 3 && item.scope === 254) {
    const effect = { kind: "host-scope", address: text } as const;
    report(place, lowered(machine, device, "arp_ignore", 0), effect);
  } else if ((ignore === 1 || ignore === 2) && holder !== device) {
    const effect = { kind: "held-elsewhere", address: text, holder, interface: device } as const;
    report(place, lowered(machine, device, "arp_ignore", 0), effect);
  }
  // If two interfaces are in one network, each answers for the other's addresses with its own
  // MAC.
  const near = machine.addresses.filter(
    (one) => one.prefix < 32 && isInNetwork(address, one.address, one.prefix),
  );
  if (!near.some((one) => one.interface === holder)) return;
  for (const other of near) {
    if (other.interface === holder) continue;
    const facts = { address: text, other: other.interface, interface: holder };
    const answers =
      effective(machine, other.interface, "arp_ignore") === 0 &&
      effective(machine, other.interface, "arp_filter") === 0;
    if (answers) {
      const settings = raised(machine, other.interface, "arp_ignore", 1);
      report(place, settings, { kind: "other-answers", ...facts });
    }
    if ((effective(machine, other.interface, "arp_announce") ?? 2) < 2) {
      const settings = raised(machine, other.interface, "arp_announce", 2);
      report(place, settings, { kind: "other-asks", ...facts });
    }
    if ((effective(machine, holder, "arp_filter") ?? 0) > 0) {
      const settings = lowered(machine, holder, "arp_filter", 0);
      report(place, settings, { kind: "answers-by-route", ...facts });
    }
  }
}

/**
 * An instance without an interface is checked on the device of each address; on which device
 * its peers are heard is not known.
 */
function assessUnbound(instance: Block, model: Model, machine: Kernel, report: Report): void {
  for (const item of [...addressesOf(instance), ...excludedOf(instance)]) {
    const device = holderOf(item, instance, model);
    if (item.ip.family !== 4 || device === undefined) continue;
    if (machine.setting(keyOf(device, "arp_ignore")) === undefined) continue;
    assessAddress({ instance, device, machine, report }, item, item.ip.value);
  }
}

function assessPeers({ instance, device, machine, report }: Context): void {
  for (const { ip, token } of peersOf(instance)) {
    if (ip.family !== 4) continue;
    const peer = ip.value;
    const local = machine.addresses.some(({ address }) => address === peer);
    const source = addressOf(instance, "unicast_src_ip")?.text;
    if (local) {
      // A peer that is this router itself is reported elsewhere (VR2020).
      if (source === ip.text || effective(machine, device, "accept_local") !== 0) continue;
      const settings = raised(machine, device, "accept_local", 1);
      report(token.span, settings, { kind: "local-peer", address: ip.text, interface: device });
      continue;
    }
    const route = machine.routeTo(peer);
    if (route === device || effective(machine, device, "rp_filter") !== 1) continue;
    const effect = { kind: "peer-elsewhere", address: ip.text, interface: device, route } as const;
    report(token.span, raised(machine, device, "rp_filter", 2), effect);
  }
}

/**
 * Checked only where the machine is clearly a gateway: it has routes of its own, or one group
 * on several interfaces.
 */
function assessForwarding(model: Model, machine: Kernel, report: Report): void {
  if (machine.setting("net.ipv4.ip_forward") !== 0) return;
  const devices = new Map<string, string>();
  for (const instance of model.instances) {
    const group = groupOf(instance, model);
    const device = interfaceOf(instance);
    if (device === undefined) continue;
    const key = group === undefined ? undefined : nameOf(group);
    const before = key === undefined ? undefined : devices.get(key);
    const gateway =
      (before !== undefined && before !== device) || hasSetting(instance, "virtual_routes");
    if (key !== undefined) devices.set(key, device);
    if (!gateway) continue;
    const settings = [{ key: "net.ipv4.ip_forward", value: 0, wanted: 1 }];
    report(placeOf(instance), settings, { kind: "no-forwarding", instance: nameOf(instance) });
    return;
  }
}

/**
 * The kernel removes the other addresses of a network together with the first one, unless they
 * are promoted. This affects two instances with addresses in the same network if the interface
 * has no address of its own in it.
 */
function assessSecondaries(model: Model, machine: Kernel, report: Report): void {
  const holders = new Map<string, { readonly instance: Block; readonly address: string }>();
  for (const instance of model.instances) {
    for (const item of addressesOf(instance)) {
      const { ip, prefix, token } = item;
      const device = holderOf(item, instance, model);
      if (ip.family !== 4 || device === undefined || prefix === 32) continue;
      const network = `${printIp((ip.value & netmask(prefix)) as IpAddress)}/${prefix}`;
      const own = machine.addresses.some(
        (one) =>
          one.interface === device &&
          one.prefix === prefix &&
          isInNetwork(ip.value, one.address, prefix) &&
          one.address !== ip.value,
      );
      if (own) continue;
      const key = `${device} ${network}`;
      const first = holders.get(key);
      if (first === undefined) holders.set(key, { instance, address: ip.text });
      else if (first.instance !== instance) {
        if (effective(machine, device, "promote_secondaries") !== 0) continue;
        const settings = raised(machine, device, "promote_secondaries", 1);
        const facts = { address: first.address, also: ip.text, interface: device };
        report(token.span, settings, { kind: "secondaries-go", ...facts });
      }
    }
  }
}

/** One socket for each interface joins the groups of all its instances. */
function assessMemberships(model: Model, machine: Kernel, report: Report): void {
  const key = "net.ipv4.igmp_max_memberships";
  const value = machine.setting(key);
  if (value === undefined) return;
  const groups = new Map<string, { readonly names: Set<string>; readonly first: Block }>();
  for (const instance of model.instances) {
    const device = interfaceOf(instance);
    if (device === undefined || peersOf(instance).length > 0 || familyOf(instance) === 6) continue;
    const joined = groups.get(device) ?? { names: new Set(), first: instance };
    groups.set(device, joined);
    joined.names.add(addressOf(instance, "mcast_dst_ip")?.text ?? "");
  }
  for (const [device, { names, first }] of groups) {
    if (names.size <= value) continue;
    const effect = { kind: "too-many-groups", interface: device } as const;
    report(placeOf(first), [{ key, value, wanted: names.size }], effect);
  }
}

/** Reads lines as in /proc/net/route; the longest prefix comes first. */
export function readRoutes(text: string): (address: IpAddress) => string | undefined {
  const routes = text
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [device, destination, , , , , metric, mask] = line.split("\t");
      if (device === undefined || destination === undefined || mask === undefined) return [];
      const prefix = swapped(mask).toString(2).replaceAll("0", "").length;
      return [{ device, network: swapped(destination), prefix, metric: Number(metric) }];
    })
    .toSorted((a, b) => b.prefix - a.prefix || a.metric - b.metric);
  return (address) =>
    routes.find(({ network, prefix }) => isInNetwork(address, network, prefix))?.device;
}

/**
 * The kernel prints network order as a number of this machine, which is little-endian wherever
 * Baton runs.
 */
function swapped(hex: string): IpAddress {
  const bytes = hex.match(/../g)?.toReversed() ?? [];
  return (
    readIpv4(bytes.map((byte) => String(Number.parseInt(byte, 16))).join(".")) ?? (0 as IpAddress)
  );
}
