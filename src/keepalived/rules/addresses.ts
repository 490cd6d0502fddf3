/** Virtual addresses: families, doubles, hosts, subnets. */
import { type Ipv4, isInNetwork, isLinkLocal, printIpv4 } from "#units/address";
import { type Block, itemsOf, lastSetting, nameOf, placeOf } from "../blocks/block.ts";
import { addressesOf, addressOf, holderOf, isUnbound, peersOf } from "../model/effective.ts";
import type { Ip } from "../values/ip.ts";
import type { AddressItem } from "../values/value.ts";
import type { Rule, RuleContext } from "./rule.ts";

/** One byte counts the addresses of an advertisement. */
const ADDRESSES_MAX = 255;

export const checkAddresses: Rule = (context) => {
  const owners: Owners = new Map();
  for (const block of context.model.instances) {
    checkFamilies(context, block);
    checkAdvertisement(context, block);
    checkTwins(context, block, owners);
    checkHosts(context, block);
    checkSubnet(context, block);
    checkNeighbours(context, block);
    const count = addressesOf(block).length;
    if (count > ADDRESSES_MAX) {
      const facts = { instance: nameOf(block), count, max: ADDRESSES_MAX };
      context.report("VR2038", placeOf(block), facts);
    }
  }
};

/** By address: a map finds small integers faster than texts. */
type Owners = Map<number | string, { readonly block: Block; readonly item: AddressItem }[]>;

function both(block: Block): readonly AddressItem[] {
  const items = itemsOf(block, "virtual_ipaddress", "address");
  const excluded = itemsOf(block, "virtual_ipaddress_excluded", "address");
  return excluded.length === 0 ? items : [...items, ...excluded];
}

const family = (ip: Ip): "IPv4" | "IPv6" => (ip.family === 4 ? "IPv4" : "IPv6");

function checkFamilies({ report }: RuleContext, block: Block): void {
  // Where a brace is missing, addresses of one list stand in another.
  if (block.damaged) return;
  const items = itemsOf(block, "virtual_ipaddress", "address");
  const [first] = items;
  for (const { ip, token } of items) {
    if (first === undefined || ip.family === first.ip.family) continue;
    const facts = { address: token.text, family: family(ip), first: family(first.ip) };
    report("VR2008", token.span, facts, { related: [first.token.span] });
  }
}

/** Of 1,500 bytes: without the headers of IPv6 and VRRP, 16 for each address. */
const IPV6_ADDRESSES_MAX = 90;

/** What RFC 9568 5.2.9 wants first, and what one packet takes. */
function checkAdvertisement({ report }: RuleContext, block: Block): void {
  const items = addressesOf(block);
  const [first] = items;
  if (first?.ip.family !== 6) return;
  const instance = nameOf(block);
  if (!isLinkLocal(first.ip.value))
    report("VR3027", first.token.span, { instance, address: first.token.text });
  if (items.length > IPV6_ADDRESSES_MAX) {
    const facts = { instance, count: items.length, most: IPV6_ADDRESSES_MAX };
    report("VR3028", placeOf(block), facts);
  }
}

function checkTwins({ model, report }: RuleContext, block: Block, owners: Owners): void {
  for (const item of both(block)) {
    const { ip } = item;
    const key = ip.family === 4 ? ip.value | 0 : ip.text;
    const twins = owners.get(key);
    if (twins === undefined) {
      owners.set(key, [{ block, item }]);
      continue;
    }
    // On another interface it is another address to Linux.
    const device = holderOf(item, block, model);
    const twin = twins.find((one) => holderOf(one.item, one.block, model) === device);
    if (twin === undefined) {
      twins.push({ block, item });
      continue;
    }
    const related = [twin.item.token.span];
    const facts = { address: item.ip.text, first: nameOf(twin.block), second: nameOf(block) };
    report("VR2021", item.token.span, facts, { related });
  }
}

/**
 * The address of a node cannot be the one that moves between nodes. Priority 255 says that it is
 * meant.
 */
function checkHosts({ report }: RuleContext, block: Block): void {
  const hosts = new Map<string, "unicast_src_ip" | "mcast_src_ip" | "unicast_peer">();
  for (const role of ["unicast_src_ip", "mcast_src_ip"] as const) {
    const ip = addressOf(block, role);
    if (ip !== undefined && !hosts.has(ip.text)) hosts.set(ip.text, role);
  }
  for (const { ip } of peersOf(block)) {
    if (!hosts.has(ip.text)) hosts.set(ip.text, "unicast_peer");
  }
  if (hosts.size === 0) return;
  for (const item of both(block)) {
    const role = hosts.get(item.ip.text);
    if (role === undefined) continue;
    report("VR2022", item.token.span, { address: item.ip.text, role });
  }
}

/** A prefix that was written says which network the address is meant for. */
function checkSubnet({ report }: RuleContext, block: Block): void {
  const source = addressOf(block, "unicast_src_ip") ?? addressOf(block, "mcast_src_ip");
  // Without a device of its own there is no network to compare with.
  if (source?.family !== 4 || isUnbound(block)) return;
  for (const item of both(block)) {
    const { ip, prefix } = item;
    if (ip.family !== 4 || !item.prefixGiven || prefix >= 31 || item.interface !== undefined)
      continue;
    if (isInNetwork(source.value, ip.value, prefix)) continue;
    const place = lastSetting(block, "unicast_src_ip", "mcast_src_ip")?.args[0]?.span;
    const facts = {
      address: item.token.text,
      network: `${printIpv4(ip.value)}/${prefix}`,
      source: source.text,
    };
    report("VR3009", item.token.span, facts, place === undefined ? {} : { related: [place] });
  }
}

const NETWORK_BITS = 24;
const networkOf = (value: number): number => value >>> (32 - NETWORK_BITS);

/**
 * No prefix says where an address is meant to be, and it is not where all the others are:
 * `172.16.1.135` beside `172.16.0.14` and `172.16.0.16`. In a larger network it may be right, so
 * this is a remark.
 */
function checkNeighbours({ report }: RuleContext, block: Block): void {
  if (isUnbound(block)) return;
  const hosts = ["unicast_src_ip", "mcast_src_ip"].flatMap((word) => {
    const ip = addressOf(block, word);
    const span = lastSetting(block, word)?.args[0]?.span;
    return ip?.family === 4 && span !== undefined ? [{ value: ip.value, span }] : [];
  });
  const peers = peersOf(block).flatMap(({ ip, token }) =>
    ip.family === 4 ? [{ value: ip.value, span: token.span }] : [],
  );
  const [first, ...rest] = [...hosts, ...peers];
  if (first === undefined) return;
  const network = networkOf(first.value);
  if (rest.some(({ value }) => networkOf(value) !== network)) return;
  for (const item of both(block)) {
    const { ip } = item;
    const isBare = !item.prefixGiven && item.interface === undefined && item.peer === undefined;
    if (ip.family !== 4 || !isBare || networkOf(ip.value) === network) continue;
    const base = ((network << (32 - NETWORK_BITS)) >>> 0) as Ipv4;
    const facts = { address: ip.text, network: `${printIpv4(base)}/${NETWORK_BITS}` };
    report("VR3023", item.token.span, facts, { related: [first.span] });
  }
}
