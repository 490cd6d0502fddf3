/**
 * What an operator may want to know later: one thing that happened on one node. The same shape
 * everywhere, as JSON: in the file, over HTTP, and as the lines of `baton events --json`.
 */
import type { Language } from "#diagnostics/diagnostic";
import type { Reason } from "#vrrp/router/reason";
import type { PublicState } from "#vrrp/router/state";
import type { Caller } from "./caller.ts";

export const EVENT_KINDS = [
  "state",
  "group",
  "priority",
  "check",
  "reload",
  "announcement",
  "conflict",
  "cloud",
  "stall",
  "engine",
  "notify",
  "operator",
  "maintenance",
  "daemon",
  "alert",
  "gate",
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** From the least important to the most. */
export const EVENT_SEVERITIES = ["info", "warning", "error"] as const;
export type EventSeverity = (typeof EVENT_SEVERITIES)[number];

/** Members of JSON: what it says follows from another member. */
export type Details = Readonly<Record<string, unknown>>;

/**
 * "proved": a former primary has shown that it may be promoted again.
 */
export type GateNews =
  | "promote"
  | "demote"
  | "rejoin"
  | "eligible"
  | "proved"
  | "takeover-refused"
  | "data-compared";

/** What programs need of an event of each kind; `text` says it to people. */
export interface EventData {
  /** An instance changed its state. `reason` as in `status --json`. */
  readonly state: {
    readonly from: PublicState;
    readonly to: PublicState;
    readonly reason: Reason;
    readonly priority: number;
  };
  /** All members of a sync group go to a state. */
  readonly group: { readonly to: PublicState };
  /** Effective priority; without `tracker` by a reload. */
  readonly priority: {
    readonly from: number;
    readonly to: number;
    readonly tracker?: string | undefined;
  };
  /** A check script's result is another than before. */
  readonly check: {
    readonly script: string;
    readonly result: "up" | "down";
    /** Its exit status, or what ended it. */
    readonly exit?: number | string | undefined;
  };
  readonly reload: {
    readonly outcome: "done" | "refused";
    /** What was refused, as `baton check` prints it. */
    readonly findings?: readonly string[] | undefined;
    /** Findings that are left out here. */
    readonly more?: number | undefined;
  };
  /** Gratuitous ARP, again for a reason. */
  readonly announcement: { readonly cause: string } & Details;
  /** Another machine uses our addresses, our router or our name. `report` as the engine says. */
  readonly conflict: { readonly report: string } & Details;
  /** What the platform says of the owner. */
  readonly cloud: {
    readonly platform: string;
    readonly address: string;
  } & Details;
  /** This node did not run for a while. */
  readonly stall: { readonly microseconds: number } & Details;
  readonly engine: {
    readonly what: "started" | "ended" | "unresponsive" | "answers" | "handed-over" | "other";
    readonly pid?: number | undefined;
    readonly how?: string | undefined;
  };
  readonly notify: {
    readonly command: readonly string[];
    readonly state: string;
    readonly exit: number | string;
    readonly milliseconds: number;
  };
  readonly operator: {
    readonly action: string;
    readonly by: Caller;
    readonly why?: string | undefined;
    readonly outcome: string;
  } & Details;
  readonly maintenance: { readonly on: boolean } & Details;
  readonly daemon: { readonly what: string } & Details;
  readonly alert: { readonly outcome: string } & Details;
  /** A promotion, a demotion, or whether there may be one. `what` says which. */
  readonly gate: { readonly what: GateNews; readonly outcome?: string } & Details;
}

export type EventText = Readonly<Record<Language, string>>;

/** What somebody records; node, time and number are added. */
export interface NewEventOf<K extends EventKind> {
  readonly kind: K;
  readonly severity: EventSeverity;
  readonly instance?: string | undefined;
  readonly group?: string | undefined;
  readonly text: EventText;
  readonly data: EventData[K];
  /** When it happened; undefined: now. */
  readonly at?: Date | undefined;
}
/** Of any kind; kind and data belong together. */
export type NewEvent = { readonly [K in EventKind]: NewEventOf<K> }[EventKind];

/** Recorded, and not in the file yet. */
export interface UnnumberedOf<K extends EventKind> {
  /** `2026-11-30T17:26:25.123456Z`: the node's wall clock, microseconds. */
  readonly at: string;
  /** The node's host name. */
  readonly node: string;
  readonly kind: K;
  readonly severity: EventSeverity;
  readonly instance?: string;
  readonly group?: string;
  readonly text: EventText;
  readonly data: EventData[K];
}
export type Unnumbered = { readonly [K in EventKind]: UnnumberedOf<K> }[EventKind];

export interface EventRecordOf<K extends EventKind> extends UnnumberedOf<K> {
  /** Grows within a node's file, and is never used again. */
  readonly id: number;
}
export type EventRecord = { readonly [K in EventKind]: EventRecordOf<K> }[EventKind];
