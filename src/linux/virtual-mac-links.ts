/**
 * Devices with a virtual MAC address (VMAC): a macvlan in private mode on the interface of the
 * router, with the settings that keepalived gives it, so that the address is answered for with the
 * virtual MAC address and with no other.
 *
 *   device  arp_ignore 1             answers for its own addresses only
 *           accept_local 1           as keepalived
 *           rp_filter 0              requests come here, answers leave by the interface; 2 where
 *                                    `all` is 1, since the kernel takes the larger of both
 *           promote_secondaries 1    as keepalived
 *           drop_gratuitous_arp 1    see below
 *           no IPv6                  it would speak from the virtual MAC address by itself
 *   base    arp_ignore 1, arp_filter 1, where they are 0: it does not answer for the device
 *           arp_announce 2           see below
 *
 * Two of them are not keepalived's. drop_gratuitous_arp: who takes the address over announces it
 * from the same MAC address, by an ARP request that a former owner's kernel would answer, and the
 * switch would send everything to the former owner again. arp_announce: answers leave by the base,
 * which would ask for the client's MAC address in the name of the virtual address, and the client
 * would learn the base's own MAC address for it.
 *
 * The device's alias says that it is ours, for which address, and what of the base was changed:
 * `baton 10.0.0.100 arp_ignore=0 arp_filter=0 arp_announce=0`. So whoever removes the last one of a
 * base, also after a crash, puts back what was there. It all goes through rtnetlink, also where a
 * service manager has made /proc/sys read-only.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { type IpAddress, type Mac, printIp, readIp } from "#units/address";
import {
  type Failure,
  type LinkInfo,
  OK,
  type Outcome,
  type VirtualMacDevice,
} from "#vrrp/engine/world";
import * as abi from "./abi.ts";
import {
  appendMacvlan,
  beginLinkChange,
  beginNewLink,
  IFLA_ADDRESS,
  IFLA_IFNAME,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_LINK,
  IFLA_LINKINFO,
  IFLA_MACVLAN_MODE,
  macBytes,
  requestLinkDeletion,
} from "./link-messages.ts";
import { attributesOf, NLM_F_DUMP, textOf, u32Of } from "./netlink.ts";
import { type Result, success } from "./result.ts";
import type { Rtnetlink } from "./rtnetlink.ts";
import { linkOf, RTM_GETLINK, RTM_NEWLINK } from "./rtnetlink-messages.ts";

const IFLA_IFALIAS = 20;
const IFLA_AF_SPEC = 26;
const IFLA_INET_CONF = 1;
const IFLA_INET6_ADDR_GEN_MODE = 8;
const IN6_ADDR_GEN_MODE_NONE = 1;
const MACVLAN_MODE_PRIVATE = 1;
const NLA_F_NESTED = 0x8000;

/** linux/ip.h: IPV4_DEVCONF_* */
const DEVCONF = {
  rp_filter: 8,
  arp_filter: 13,
  arp_announce: 18,
  arp_ignore: 19,
  promote_secondaries: 20,
  accept_local: 23,
  drop_gratuitous_arp: 31,
} as const;
type Setting = keyof typeof DEVCONF;
export type Settings = Readonly<Partial<Record<Setting, number>>>;

/** Of the base: raised to these where they are less, and put back. */
const OF_BASE = { arp_ignore: 1, arp_filter: 1, arp_announce: 2 } as const;
type BaseSetting = keyof typeof OF_BASE;
const BASE_SETTINGS: readonly BaseSetting[] = ["arp_ignore", "arp_filter", "arp_announce"];

/** The first word of the alias of every device of ours. */
const MARK = "baton";

/** A device as far as it matters here. */
export interface VirtualMacLink {
  readonly link: LinkInfo;
  /** It is a macvlan in private mode on the device of this index. */
  readonly base: number | undefined;
  /** What its alias says, if that is one of ours. */
  readonly mark: VirtualMacMark | undefined;
  readonly settings: ReadonlyMap<number, number>;
}

export interface VirtualMacMark {
  /** The first one of its router. */
  readonly address: IpAddress | undefined;
  /** What was set on the base before. */
  readonly base: Settings;
}

export function printMark({ address, base }: VirtualMacMark): string {
  const settings = BASE_SETTINGS.flatMap((name) =>
    base[name] === undefined ? [] : [`${name}=${base[name]}`],
  );
  return [MARK, ...(address === undefined ? [] : [printIp(address)]), ...settings].join(" ");
}

/** Undefined: somebody else's. */
export function readMark(alias: string | undefined): VirtualMacMark | undefined {
  const [first, ...tokens] = alias?.split(" ") ?? [];
  if (first !== MARK) return undefined;
  const base: Partial<Record<Setting, number>> = {};
  for (const name of BASE_SETTINGS) {
    const word = tokens.find((one) => one.startsWith(`${name}=`));
    if (word === undefined) continue;
    const value = Number(word.slice(name.length + 1));
    if (Number.isInteger(value) && value >= 0) base[name] = value;
  }
  return { address: readIp(tokens[0] ?? ""), base };
}

/** Everything there is: devices of every kind, since a name may be another's. */
export function readLinks(rtnetlink: Rtnetlink): Result<readonly VirtualMacLink[]> {
  const found: VirtualMacLink[] = [];
  rtnetlink.start(RTM_GETLINK, NLM_F_DUMP).u32(0).u32(0).u32(0).u32(0);
  const outcome = rtnetlink.transact("RTM_GETLINK", ({ type, payload }) => {
    const one = type === RTM_NEWLINK ? virtualMacLinkOf(payload) : undefined;
    if (one !== undefined) found.push(one);
  });
  return outcome.ok ? success(found) : outcome;
}

export function virtualMacLinkOf(payload: Uint8Array): VirtualMacLink | undefined {
  const link = linkOf(payload);
  if (link === undefined) return undefined;
  const attributes = attributesOf(payload, 16);
  const info = attributesOf(attributes.get(IFLA_LINKINFO) ?? NONE, 0);
  const data = attributesOf(info.get(IFLA_INFO_DATA) ?? NONE, 0);
  const isPrivate =
    textOf(info.get(IFLA_INFO_KIND)) === "macvlan" &&
    u32Of(data.get(IFLA_MACVLAN_MODE)) === MACVLAN_MODE_PRIVATE;
  const families = attributesOf(attributes.get(IFLA_AF_SPEC) ?? NONE, 0);
  const inet = attributesOf(families.get(abi.AF_INET) ?? NONE, 0);
  return {
    link,
    base: isPrivate ? u32Of(attributes.get(IFLA_LINK)) : undefined,
    mark: readMark(textOf(attributes.get(IFLA_IFALIAS))),
    settings: settingsOf(inet.get(IFLA_INET_CONF) ?? NONE),
  };
}
const NONE = new Uint8Array(0);

/** An array of 32-bit numbers, in which the first setting is number 1. */
function settingsOf(bytes: Uint8Array): ReadonlyMap<number, number> {
  const settings = new Map<number, number>();
  for (let at = 0; at + 4 <= bytes.length; at += 4)
    settings.set(at / 4 + 1, u32Of(bytes.subarray(at)) ?? 0);
  return settings;
}

export interface OpenVirtualMac {
  readonly link: LinkInfo;
  /** What was set on the base before. */
  readonly before: Settings;
}

/**
 * Makes the device, or takes over one that is there as it should be, also one that keepalived has
 * left. One of ours that is not as it should be is made anew.
 *
 * @param isOurs whether a device of ours with this address may be taken: no other daemon has it
 * @param remembered what the base had before this process changed it: somebody may have removed the
 *   device that says so
 */
export function openVirtualMac(
  rtnetlink: Rtnetlink,
  device: VirtualMacDevice,
  base: LinkInfo,
  isOurs: (address: IpAddress) => boolean,
  remembered?: Settings,
): Result<OpenVirtualMac> {
  const all = readLinks(rtnetlink);
  if (!all.ok) return all;
  const { name, mac } = device;
  const found = all.value.find(({ link }) => link.name === name);
  const isWanted = found?.base === base.index && found.link.mac === mac;
  if (found !== undefined && !isWanted) {
    if (found.mark === undefined || !isFree(found.mark, isOurs)) return taken(name);
    const removed = removeVirtualMac(rtnetlink, found);
    if (!removed.ok) return removed;
  }
  if (!isWanted) {
    const made = create(rtnetlink, name, mac, base.index);
    if (!made.ok) return made;
  }
  const before = (isWanted ? found?.mark?.base : undefined) ?? remembered;
  const outcome = setUp(rtnetlink, device, base, before);
  if (outcome.ok || isWanted) return outcome;
  // Half of it answers with the wrong MAC address.
  const half = linkNamed(rtnetlink, name);
  if (half.ok) void removeVirtualMac(rtnetlink, half.value);
  return outcome;
}

const isFree = ({ address }: VirtualMacMark, isOurs: (address: IpAddress) => boolean): boolean =>
  address === undefined || isOurs(address);

const taken = (name: string): Failure => ({
  ok: false,
  errno: "EEXIST",
  call: "RTM_NEWLINK",
  detail: `another device is called ${name}`,
});

function setUp(
  rtnetlink: Rtnetlink,
  { name, addresses }: VirtualMacDevice,
  base: LinkInfo,
  known: Settings | undefined,
): Result<OpenVirtualMac> {
  const all = readLinks(rtnetlink);
  if (!all.ok) return all;
  const own = all.value.find(({ link }) => link.name === name);
  const lower = all.value.find(({ link }) => link.index === base.index);
  if (own === undefined || lower === undefined)
    return { ok: false, errno: "ENODEV", call: "RTM_GETLINK" };
  const [other] = markedOn(all.value, base.index).filter((one) => one !== own);
  const before = known ?? other?.mark?.base ?? changesOf(lower);
  const mark = { address: addresses[0], base: before };
  const steps: readonly (() => Outcome)[] = [
    () => describe(rtnetlink, own.link.index, printMark(mark), ofDevice()),
    () => set(rtnetlink, base.index, raised(before)),
    () => withoutIpv6(rtnetlink, own.link),
    () => bringUp(rtnetlink, own.link.index),
  ];
  for (const step of steps) {
    const outcome = step();
    if (!outcome.ok) return outcome;
  }
  const now = linkNamed(rtnetlink, name);
  return now.ok ? success({ link: now.value.link, before }) : now;
}

/** What has to be changed of the base, with what is there. */
function changesOf({ settings }: VirtualMacLink): Settings {
  const changes: Partial<Record<BaseSetting, number>> = {};
  for (const name of BASE_SETTINGS) {
    const value = settings.get(DEVCONF[name]);
    if (value !== undefined && value < OF_BASE[name]) changes[name] = value;
  }
  return changes;
}

function raised(before: Settings): Settings {
  const wanted: Partial<Record<BaseSetting, number>> = {};
  for (const name of BASE_SETTINGS) if (before[name] !== undefined) wanted[name] = OF_BASE[name];
  return wanted;
}

const ofDevice = (): Settings => ({
  arp_ignore: 1,
  accept_local: 1,
  rp_filter: isStrictEverywhere() ? 2 : 0,
  promote_secondaries: 1,
  drop_gratuitous_arp: 1,
});

const markedOn = (all: readonly VirtualMacLink[], base: number): readonly VirtualMacLink[] =>
  all.filter((one) => one.base === base && one.mark !== undefined);

/** Removes it, and with the last one of its base what was set there. */
export function removeVirtualMac(
  rtnetlink: Rtnetlink,
  { link, base, mark }: VirtualMacLink,
): Outcome {
  const outcome = requestLinkDeletion(rtnetlink, link.index, `RTM_DELLINK(${link.name})`);
  if (!outcome.ok && outcome.errno !== "ENODEV") return outcome;
  if (base === undefined || mark === undefined || Object.keys(mark.base).length === 0) return OK;
  const all = readLinks(rtnetlink);
  if (!all.ok) return all;
  const lower = all.value.find((one) => one.link.index === base);
  if (lower === undefined || markedOn(all.value, base).length > 0) return OK;
  // What somebody has changed since then is his.
  const back: Partial<Record<BaseSetting, number>> = {};
  for (const name of BASE_SETTINGS) {
    const value = mark.base[name];
    const isOurs = lower.settings.get(DEVCONF[name]) === OF_BASE[name];
    if (value !== undefined && isOurs) back[name] = value;
  }
  return set(rtnetlink, base, back);
}

export function linkNamed(rtnetlink: Rtnetlink, name: string): Result<VirtualMacLink> {
  const all = readLinks(rtnetlink);
  if (!all.ok) return all;
  const found = all.value.find(({ link }) => link.name === name);
  return found === undefined ? { ok: false, errno: "ENODEV", call: "RTM_GETLINK" } : success(found);
}

function create(rtnetlink: Rtnetlink, name: string, mac: Mac, base: number): Outcome {
  const builder = beginNewLink(rtnetlink)
    .attributeText(IFLA_IFNAME, name)
    .attribute(IFLA_ADDRESS, macBytes(mac));
  appendMacvlan(builder, base, MACVLAN_MODE_PRIVATE);
  return rtnetlink.transact(`RTM_NEWLINK(macvlan ${name})`);
}

/** While it is down, so that it has said nothing before. */
function describe(rtnetlink: Rtnetlink, index: number, alias: string, settings: Settings): Outcome {
  beginLinkChange(rtnetlink, index).attributeText(IFLA_IFALIAS, alias);
  appendSettings(rtnetlink, settings);
  return rtnetlink.transact("RTM_SETLINK(VMAC)");
}

function set(rtnetlink: Rtnetlink, index: number, settings: Settings): Outcome {
  if (Object.keys(settings).length === 0) return OK;
  void beginLinkChange(rtnetlink, index);
  appendSettings(rtnetlink, settings);
  return rtnetlink.transact("RTM_SETLINK(IFLA_INET_CONF)");
}

function appendSettings({ builder }: Rtnetlink, settings: Settings): void {
  builder
    .nest(IFLA_AF_SPEC | NLA_F_NESTED)
    .nest(abi.AF_INET | NLA_F_NESTED)
    .nest(IFLA_INET_CONF | NLA_F_NESTED);
  for (const [name, number] of Object.entries(DEVCONF)) {
    const value = settings[name as Setting];
    if (value !== undefined) builder.attributeU32(number, value);
  }
  builder.end().end().end();
}

function bringUp(rtnetlink: Rtnetlink, index: number): Outcome {
  void beginLinkChange(rtnetlink, index, abi.IFF_UP, abi.IFF_UP);
  return rtnetlink.transact("RTM_SETLINK(up)");
}

function isStrictEverywhere(): boolean {
  try {
    return readFileSync("/proc/sys/net/ipv4/conf/all/rp_filter", "utf8").trim() === "1";
  } catch {
    return false;
  }
}

/**
 * No link-local address, and then none at all, which rtnetlink has no setting for. Refused where
 * the kernel has no IPv6, and where /proc/sys may not be written to.
 */
function withoutIpv6(rtnetlink: Rtnetlink, { index, name }: LinkInfo): Outcome {
  beginLinkChange(rtnetlink, index)
    .nest(IFLA_AF_SPEC | NLA_F_NESTED)
    .nest(abi.AF_INET6 | NLA_F_NESTED)
    .attributeU8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE)
    .end()
    .end();
  // As above.
  void rtnetlink.transact("RTM_SETLINK(IFLA_INET6_ADDR_GEN_MODE)");
  try {
    writeFileSync(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, "1");
  } catch {
    // As above.
  }
  return OK;
}
