/**
 * Routes and policy rules as rtnetlink messages (linux/rtnetlink.h, linux/fib_rules.h). Names are
 * asked of a resolver, which notes what it does not know.
 */
import { isIpv6, writeIp } from "#units/address";
import type {
  Gateway,
  NumberRange,
  Realms,
  RouteMetric,
  RouteType,
  VirtualRoute,
  VirtualRule,
} from "#vrrp/router/routes";
import * as abi from "./abi.ts";
import { ipProtocol, type NameKind, numberOf } from "./iproute-names.ts";
import type { MessageBuilder } from "./netlink.ts";
import { RT_TABLE_MAIN, RTPROT_KEEPALIVED } from "./rtnetlink-messages.ts";

export const RTA = {
  dst: 1,
  src: 2,
  oif: 4,
  gateway: 5,
  priority: 6,
  prefsrc: 7,
  metrics: 8,
  multipath: 9,
  flow: 11,
  table: 15,
  via: 18,
  pref: 20,
  expires: 23,
  ttlPropagate: 26,
} as const;
/** IP6_RT_PRIO_USER */
const IPV6_METRIC = 1_024;
const RTAX_LOCK = 1;
const RTNH_F_ONLINK = 4;
const RT_TABLE_LOCAL = 255;
const RT_SCOPE_HOST = 254;
const RT_SCOPE_LINK = 253;
const RTN: Readonly<Record<RouteType, number>> = {
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
  nat: 10,
  xresolve: 11,
};
const PREFERENCE = { medium: 0, high: 1, low: 3 } as const;

export const FRA = {
  dst: 1,
  src: 2,
  iifname: 3,
  goto: 4,
  priority: 6,
  fwmark: 10,
  flow: 11,
  tunnelId: 12,
  suppressGroup: 13,
  suppressPrefix: 14,
  table: 15,
  fwmask: 16,
  oifname: 17,
  l3mdev: 19,
  users: 20,
  protocol: 21,
  ipProtocol: 22,
  sourcePorts: 23,
  destinationPorts: 24,
} as const;
const FR_ACT = { table: 1, goto: 2, nop: 3, blackhole: 6, unreachable: 7, prohibit: 8 } as const;
const FIB_RULE_INVERT = 2;

/** Turns names into numbers; what it does not know is listed in `unknown`, and is 0. */
export class RoutingNames {
  readonly unknown: string[] = [];
  readonly #indexOf: (device: string) => number | undefined;

  constructor(indexOf: (device: string) => number | undefined) {
    this.#indexOf = indexOf;
  }

  device(name: string): number {
    return this.#found(this.#indexOf(name), `no device ${name}`);
  }

  number(kind: NameKind, name: number | string): number {
    return this.#found(numberOf(kind, name), `${name} is not in ${kind} of iproute2`);
  }

  ipProtocol(name: number | string): number {
    return this.#found(ipProtocol(name), `no IP protocol ${name}`);
  }

  #found(value: number | undefined, otherwise: string): number {
    if (value === undefined) this.unknown.push(otherwise);
    return value ?? 0;
  }
}

/** What numbers a route has where nothing is written: those of `ip route`, scope as keepalived. */
function defaultScope(type: RouteType | undefined): number {
  if (type === "local" || type === "nat") return RT_SCOPE_HOST;
  return type === "broadcast" || type === "multicast" || type === "anycast" ? RT_SCOPE_LINK : 0;
}

const defaultTable = (type: RouteType | undefined): number =>
  type === "local" || type === "broadcast" || type === "anycast" || type === "nat"
    ? RT_TABLE_LOCAL
    : RT_TABLE_MAIN;

/** struct rtmsg, see rtnetlink-messages.ts. The rest of a RTM_NEWROUTE or RTM_DELROUTE. */
export function appendRoute(
  builder: MessageBuilder,
  route: VirtualRoute,
  names: RoutingNames,
): void {
  const table =
    route.table === undefined ? defaultTable(route.type) : names.number("rt_tables", route.table);
  const scope =
    route.scope === undefined ? defaultScope(route.type) : names.number("rt_scopes", route.scope);
  const protocol =
    route.protocol === undefined ? RTPROT_KEEPALIVED : names.number("rt_protos", route.protocol);
  builder
    .u8(route.version === 6 ? abi.AF_INET6 : abi.AF_INET)
    .u8(route.to?.prefix ?? 0)
    .u8(route.from?.prefix ?? 0)
    .u8(route.tos === undefined ? 0 : names.number("rt_dsfield", route.tos))
    .u8(table < 256 ? table : 0)
    .u8(protocol)
    .u8(route.version === 6 ? 0 : scope)
    .u8(route.type === undefined ? 1 : RTN[route.type])
    .u32(route.onlink === true ? RTNH_F_ONLINK : 0)
    .attributeU32(RTA.table, table);
  if (route.to !== undefined) builder.attributeIp(RTA.dst, route.to.address);
  if (route.from !== undefined) builder.attributeIp(RTA.src, route.from.address);
  appendGateway(builder, route, route.version, names);
  // Also where none is written: a removal without one would take whatever metric it finds.
  const metric = route.version === 6 ? route.metric || IPV6_METRIC : route.metric;
  if (metric !== undefined) builder.attributeU32(RTA.priority, metric);
  if (route.source !== undefined) builder.attributeIp(RTA.prefsrc, route.source);
  if (route.realms !== undefined) appendRealms(builder, RTA.flow, route.realms, names);
  if (route.metrics !== undefined) appendMetrics(builder, route.metrics);
  if (route.nexthops !== undefined) appendNexthops(builder, route, names);
  if (route.expires !== undefined) builder.attributeU32(RTA.expires, route.expires);
  if (route.preference !== undefined) builder.attributeU8(RTA.pref, PREFERENCE[route.preference]);
  if (route.ttlPropagate !== undefined)
    builder.attributeU8(RTA.ttlPropagate, route.ttlPropagate ? 1 : 0);
}

function appendGateway(
  builder: MessageBuilder,
  gateway: Gateway,
  version: 4 | 6,
  names: RoutingNames,
): void {
  const { via, interface: device } = gateway;
  appendVia(builder, via, version);
  if (device !== undefined) builder.attributeU32(RTA.oif, names.device(device));
}

/** One of the other family has its own attribute: struct rtvia, family u16 and address. */
function appendVia(builder: MessageBuilder, via: Gateway["via"], version: 4 | 6): void {
  if (via === undefined) return;
  if (isIpv6(via) === (version === 6)) {
    builder.attributeIp(RTA.gateway, via);
    return;
  }
  const bytes = new Uint8Array(isIpv6(via) ? 18 : 6);
  bytes[0] = isIpv6(via) ? abi.AF_INET6 : abi.AF_INET;
  writeIp(via, bytes, 2);
  builder.attribute(RTA.via, bytes);
}

function appendRealms(
  builder: MessageBuilder,
  type: number,
  { from, to }: Realms,
  names: RoutingNames,
): void {
  const high = names.number("rt_realms", from);
  builder.attributeU32(type, high * 65_536 + names.number("rt_realms", to));
}

function appendMetrics(builder: MessageBuilder, metrics: readonly RouteMetric[]): void {
  let locks = 0;
  builder.nest(RTA.metrics);
  for (const { kind, value, isLocked } of metrics) {
    if (isLocked === true) locks |= 1 << kind;
    if (typeof value === "number") builder.attributeU32(kind, value);
    else builder.attributeText(kind, value);
  }
  if (locks !== 0) builder.attributeU32(RTAX_LOCK, locks);
  builder.end();
}

/** struct rtnexthop for each: length u16, flags u8, weight - 1 u8, device i32, attributes. */
function appendNexthops(
  builder: MessageBuilder,
  { nexthops = [], version }: VirtualRoute,
  names: RoutingNames,
): void {
  builder.nest(RTA.multipath);
  for (const { via, interface: device, onlink, weight = 1 } of nexthops) {
    builder.hop(
      onlink === true ? RTNH_F_ONLINK : 0,
      weight - 1,
      device === undefined ? 0 : names.device(device),
    );
    appendVia(builder, via, version);
    builder.end();
  }
  builder.end();
}

/**
 * struct fib_rule_hdr: family u8, destination length u8, source length u8, tos u8, table u8, two
 * unused, action u8, flags u32. The rest of a RTM_NEWRULE or RTM_DELRULE.
 */
export function appendRule(builder: MessageBuilder, rule: VirtualRule, names: RoutingNames): void {
  const { action } = rule;
  const table = action.kind === "table" ? names.number("rt_tables", action.table) : 0;
  builder
    .u8(rule.version === 6 ? abi.AF_INET6 : abi.AF_INET)
    .u8(rule.to?.prefix ?? 0)
    .u8(rule.from?.prefix ?? 0)
    .u8(rule.tos === undefined ? 0 : names.number("rt_dsfield", rule.tos))
    .u8(table < 256 ? table : 0)
    .u8(0)
    .u8(0)
    .u8(FR_ACT[action.kind])
    .u32(rule.isInverted === true ? FIB_RULE_INVERT : 0)
    .attributeU32(FRA.priority, rule.priority)
    .attributeU8(
      FRA.protocol,
      rule.protocol === undefined ? RTPROT_KEEPALIVED : names.number("rt_protos", rule.protocol),
    );
  if (table !== 0) builder.attributeU32(FRA.table, table);
  if (action.kind === "goto") builder.attributeU32(FRA.goto, action.priority);
  if (rule.to !== undefined) builder.attributeIp(FRA.dst, rule.to.address);
  if (rule.from !== undefined) builder.attributeIp(FRA.src, rule.from.address);
  if (rule.inputInterface !== undefined) builder.attributeText(FRA.iifname, rule.inputInterface);
  if (rule.outputInterface !== undefined) builder.attributeText(FRA.oifname, rule.outputInterface);
  if (rule.mark !== undefined)
    builder.attributeU32(FRA.fwmark, rule.mark.value).attributeU32(FRA.fwmask, rule.mark.mask);
  if (rule.realms !== undefined) appendRealms(builder, FRA.flow, rule.realms, names);
  if (rule.tunnelId !== undefined) builder.attributeBe64(FRA.tunnelId, rule.tunnelId);
  if (rule.suppressGroup !== undefined)
    builder.attributeU32(FRA.suppressGroup, names.number("group", rule.suppressGroup));
  if (rule.suppressPrefix !== undefined)
    builder.attributeU32(FRA.suppressPrefix, rule.suppressPrefix);
  if (rule.l3mdev === true) builder.attributeU8(FRA.l3mdev, 1);
  if (rule.users !== undefined) builder.attributeU32(FRA.users, rule.users.from, rule.users.to);
  if (rule.ipProtocol !== undefined)
    builder.attributeU8(FRA.ipProtocol, names.ipProtocol(rule.ipProtocol));
  appendPorts(builder, FRA.sourcePorts, rule.sourcePorts);
  appendPorts(builder, FRA.destinationPorts, rule.destinationPorts);
}

/** struct fib_rule_port_range: first and last, each u16. */
function appendPorts(builder: MessageBuilder, type: number, ports: NumberRange | undefined): void {
  if (ports !== undefined) builder.attributeU32(type, ports.from + ports.to * 65_536);
}
