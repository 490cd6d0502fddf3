/**
 * What the shadow has found: a decision that keepalived took, what Baton would have decided, and
 * whether a difference is one that is known (docs/shadow.md has a section for each).
 */
import type { IpAddress, Mac } from "#units/address";
import type { Instant, Micros } from "#units/time";
import type { Priority } from "#units/vrrp";
import type { Reason } from "#vrrp/router/reason";
import type { PublicState } from "#vrrp/router/state";
import type { AdvertWarning, DropReason } from "#vrrp/wire/vrrp-packet";

/**
 * `same`: Baton would have done the same. `expected`: Baton differs on purpose, and `section` says
 * why. `unexplained`: nobody knows why yet.
 */
export type Verdict = "same" | "expected" | "unexplained";

/** Headings of docs/shadow.md. */
export type Section =
  | "planned-stop"
  | "the-only-peer"
  | "link-flap"
  | "nopreempt"
  | "stalled-owner"
  | "dead-owner"
  | "weaker-master"
  | "unknown-peers"
  | "empty-advertisements"
  | "claims";

export type What =
  /** Within the tolerance; `micros`: how much later than Baton, negative for earlier. */
  | { readonly kind: "took-over"; readonly micros: number; readonly reason: Reason }
  | { readonly kind: "took-over-later"; readonly micros: Micros; readonly reason: Reason }
  /** Later, because it waited as if priority 0 had not been sent. */
  | { readonly kind: "priority-0-ignored"; readonly micros: Micros; readonly reason: Reason }
  /** Baton was in `state` for `reason`, and would have waited for `micros` more, if it knows. */
  | {
      readonly kind: "took-over-earlier";
      readonly micros: Micros | undefined;
      readonly state: PublicState;
      readonly reason: Reason;
    }
  /** The same with `nopreempt`, while the master advertised. */
  | { readonly kind: "preempted"; readonly over: IpAddress; readonly theirs: Priority }
  | {
      readonly kind: "did-not-take-over";
      readonly micros: Micros;
      readonly reason: Reason;
      /** Who did instead. */
      readonly instead: IpAddress | undefined;
    }
  | { readonly kind: "gave-up"; readonly reason: Reason }
  /** Priority 0, for a reason that cannot be seen from outside. */
  | { readonly kind: "released" }
  /** Baton would have given the address up this long before. */
  | { readonly kind: "did-not-yield"; readonly micros: Micros; readonly reason: Reason }
  /** Baton would have kept the address. */
  | {
      readonly kind: "yielded";
      readonly to: IpAddress;
      readonly theirs: Priority;
      readonly ours: Priority;
    }
  /** Neither priority 0 nor a better master. */
  | { readonly kind: "stopped-advertising"; readonly ended: boolean }
  | { readonly kind: "returned"; readonly away: Micros; readonly other: IpAddress }
  /** The address is still on this machine, although another router owns it. */
  | { readonly kind: "address-kept"; readonly owner: IpAddress }
  | {
      readonly kind: "address-answered";
      readonly address: IpAddress;
      readonly mac: Mac;
      readonly owner: IpAddress;
      /** The router with this MAC address, if it was seen. */
      readonly from: IpAddress | undefined;
    }
  | {
      readonly kind: "no-owner";
      readonly micros: Micros;
      readonly after: "priority-0" | "no-advertisement";
      readonly from: IpAddress;
      readonly to: IpAddress;
    }
  | {
      readonly kind: "two-owners";
      readonly micros: Micros;
      readonly a: IpAddress;
      readonly b: IpAddress;
      readonly goesOn: boolean;
    }
  /** Its own advertisement; the interval in microseconds. */
  | {
      readonly kind: "not-as-configured";
      readonly field: "version" | "interval" | "priority";
      readonly found: number;
      readonly least: number;
      readonly most: number;
    }
  | {
      readonly kind: "refused";
      readonly why: DropReason | AdvertWarning;
      readonly from: IpAddress;
      /** So far, of this kind. */
      readonly count: number;
    };

export type WhatKind = What["kind"];

export interface Finding {
  readonly at: Instant;
  /** Numbers in the capture of the packets that show it; none of a live one. */
  readonly packets: readonly number[];
  /** The router that is compared; undefined: what concerns all of them. */
  readonly node: IpAddress | undefined;
  readonly instance: string;
  readonly verdict: Verdict;
  readonly section: Section | undefined;
  readonly what: What;
}
