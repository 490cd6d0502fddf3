/**
 * Routes and policy rules that come and go with the addresses of a router (`virtual_routes`,
 * `virtual_rules`): plain data, as read from the configuration. A pure router does not look at
 * them.
 */
import type { IpAddress } from "#units/address";

export interface Network {
  readonly address: IpAddress;
  readonly prefix: number;
}

/** A number, or a name of /etc/iproute2, which the machine that uses it knows. */
export type Named = number | string;

/** Types of `ip route`; undefined: unicast. */
export type RouteType =
  | "local"
  | "broadcast"
  | "anycast"
  | "multicast"
  | "blackhole"
  | "unreachable"
  | "prohibit"
  | "throw"
  | "nat"
  | "xresolve";

/** Of accounting; 0: none. */
export interface Realms {
  readonly from: Named;
  readonly to: Named;
}

export interface Gateway {
  /** May be of the other family than the destination (RFC 5549). */
  readonly via?: IpAddress;
  readonly interface?: string;
  /** Reached although no network of the device has it. */
  readonly onlink?: true;
}

export interface Nexthop extends Gateway {
  /** 1 to 256. */
  readonly weight?: number;
}

/** RTAX_* of linux/rtnetlink.h in the kernel's units. */
export interface RouteMetric {
  readonly kind: number;
  readonly value: number | string;
  /** The kernel does not change it. */
  readonly isLocked?: true;
}

export interface VirtualRoute extends Gateway {
  /** As written, for messages. */
  readonly text: string;
  readonly version: 4 | 6;
  readonly type?: RouteType;
  /** Undefined: default. */
  readonly to?: Network;
  /** IPv6 only: for packets from there. */
  readonly from?: Network;
  /** Address that packets of this machine get. */
  readonly source?: IpAddress;
  readonly tos?: Named;
  readonly table?: Named;
  readonly protocol?: Named;
  readonly scope?: Named;
  readonly metric?: number;
  readonly realms?: Realms;
  /** Seconds; IPv6 only. */
  readonly expires?: number;
  readonly preference?: "low" | "medium" | "high";
  readonly ttlPropagate?: boolean;
  readonly metrics?: readonly RouteMetric[];
  /** At least one; then the route has no gateway of its own. */
  readonly nexthops?: readonly Nexthop[];
  /** Beside one with the same destination and metric. */
  readonly isAppended?: true;
  readonly noTrack?: true;
}

export type RuleAction =
  | { readonly kind: "table"; readonly table: Named }
  | { readonly kind: "goto"; readonly priority: number }
  | { readonly kind: "nop" | "blackhole" | "unreachable" | "prohibit" };

/** Both ends included. */
export interface NumberRange {
  readonly from: number;
  readonly to: number;
}

export interface VirtualRule {
  /** As written, for messages. */
  readonly text: string;
  readonly version: 4 | 6;
  readonly action: RuleAction;
  readonly priority: number;
  readonly isInverted?: true;
  readonly from?: Network;
  readonly to?: Network;
  readonly tos?: Named;
  readonly realms?: Realms;
  readonly mark?: { readonly value: number; readonly mask: number };
  readonly inputInterface?: string;
  readonly outputInterface?: string;
  readonly suppressPrefix?: number;
  readonly suppressGroup?: Named;
  readonly tunnelId?: number;
  readonly users?: NumberRange;
  readonly l3mdev?: true;
  readonly protocol?: Named;
  readonly ipProtocol?: Named;
  readonly sourcePorts?: NumberRange;
  readonly destinationPorts?: NumberRange;
  readonly noTrack?: true;
}

/** What is added after the addresses and removed before them. */
export type RoutingItem =
  | { readonly kind: "route"; readonly route: VirtualRoute }
  | { readonly kind: "rule"; readonly rule: VirtualRule };

export const textOf = (item: RoutingItem): string =>
  item.kind === "route" ? item.route.text : item.rule.text;
