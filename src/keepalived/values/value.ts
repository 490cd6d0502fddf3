/** Arguments after reading: one shape for each kind of argument in the tables. */
import type { Secret } from "#units/secret";
import type { VirtualRoute, VirtualRule } from "#vrrp/router/routes";
import type { Token } from "../lines/tokens.ts";
import type { Ip } from "./ip.ts";

export type Value =
  | { readonly kind: "flag" }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "number"; readonly value: number | undefined }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "secret"; readonly secret: Secret }
  | { readonly kind: "secrets"; readonly secrets: readonly Secret[] }
  | { readonly kind: "texts"; readonly values: readonly string[] }
  | { readonly kind: "address"; readonly ip: Ip }
  | { readonly kind: "command"; readonly command: ScriptCommand | undefined }
  | { readonly kind: "user"; readonly user: string; readonly group: string | undefined }
  | { readonly kind: "weight"; readonly weight: number; readonly reverse: boolean }
  | { readonly kind: "list"; readonly items: readonly ListItem[] }
  | { readonly kind: "block" };

/** A program as keepalived would run it: split without a shell. */
export interface ScriptCommand {
  readonly argv: readonly string[];
  readonly user: string | undefined;
  readonly group: string | undefined;
  /** In seconds, of a keyword with one. */
  readonly timeout?: number;
}

export type ListItem =
  | AddressItem
  | PeerItem
  | TrackedItem
  | RouteItem
  | RuleItem
  | { readonly kind: "name"; readonly token: Token }
  | DelayItem
  | { readonly kind: "raw"; readonly token: Token; readonly texts: readonly string[] };

export interface AddressItem {
  readonly kind: "address";
  readonly token: Token;
  readonly ip: Ip;
  readonly prefix: number;
  readonly prefixGiven: boolean;
  readonly interface: string | undefined;
  readonly label: string | undefined;
  readonly scope: number;
  readonly broadcast: Ip | undefined;
  readonly peer: Ip | undefined;
  readonly deprecated: boolean;
  readonly noTrack: boolean;
  /** `preferred_lft forever`: chosen as a source even where keepalived would not have it. */
  readonly preferred: boolean;
  /** Kernel flags of an IPv6 address. */
  readonly flags: readonly AddressFlag[];
  /** `use_vmac`: on a device with a virtual MAC address, on its interface. */
  readonly vmac: boolean;
  /** Kernel flags that Baton does not set, with their places. */
  readonly others: readonly Token[];
}

export type AddressFlag = "home" | "mngtmpaddr" | "noprefixroute" | "-nodad";

export interface PeerItem {
  readonly kind: "peer";
  readonly token: Token;
  readonly ip: Ip;
  readonly minTtl: number | undefined;
  readonly maxTtl: number | undefined;
}

/** Of `interface_up_down_delays`, in seconds. */
export interface DelayItem {
  readonly kind: "delay";
  /** The interface. */
  readonly token: Token;
  readonly down: number;
  readonly up: number;
}

export interface TrackedItem {
  readonly kind: "tracked";
  readonly token: Token;
  readonly weight: number | undefined;
  readonly reverse: boolean | undefined;
}

export interface RouteItem {
  readonly kind: "route";
  readonly token: Token;
  readonly route: VirtualRoute;
}

/** A rule as it is read: without a priority it gets one of the whole file (plan/routing.ts). */
export type ReadRule = Omit<VirtualRule, "priority"> & { readonly priority: number | undefined };

export interface RuleItem {
  readonly kind: "rule";
  readonly token: Token;
  readonly rule: ReadRule;
}
