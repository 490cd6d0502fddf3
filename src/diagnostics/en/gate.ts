/** What a gate did, in English. */

import { printIp } from "#units/address";
import type { DataComparison, HeldBack, Report } from "#vrrp/router/event";
import type { DemoteReason, FaultCause, GateEnd, PromoteReason, Reason } from "#vrrp/router/reason";
import { duration } from "../numbers.ts";

type Of<T extends { readonly kind: string }, K extends T["kind"]> = Extract<
  T,
  { readonly kind: K }
>;
export type GateReason = Of<Reason, "promotion-refused" | "data-behind" | "data-unknown">;
export type GateReport = Of<
  Report,
  | "promotion-begun"
  | "promoted"
  | "promotion-failed"
  | "demotion-begun"
  | "demoted"
  | "demotion-failed"
  | "takeover-refused"
  | "data-compared"
>;

const failed = (outcome: GateEnd): string =>
  outcome === "refused" ? "was refused" : "had no answer in time";

export function gateReason(why: GateReason): string {
  switch (why.kind) {
    case "promotion-refused":
      return `the promotion ${failed(why.outcome)} (after ${duration(why.after)}), so this node does not take the address`;
    case "data-behind":
      return `${printIp(why.from)} is master too and has everything that the data here has, and more: it keeps the address`;
    case "data-unknown":
      return `${printIp(why.from)} is master too and stays, and the data of the two could not be compared, or has diverged: this node gives the address up`;
  }
}

export function promotionFault(
  cause: Of<FaultCause, "fence-refused" | "promotion-refused">,
): string {
  return cause.kind === "fence-refused"
    ? `the kernel refused to drop or pass packets to the ports of \`fence\`: ${cause.error}`
    : `the promotion ${failed(cause.outcome)}`;
}

export function heldBack(why: HeldBack): string {
  switch (why) {
    case "not-eligible":
      return "its gate says that it is not eligible";
    case "not-known":
      return "its gate does not know yet whether it is eligible";
    case "refused":
      return "its promotion was refused a short time ago";
    case "demoting":
      return "its demotion is not over yet";
  }
}

function promoteReason(why: PromoteReason): string {
  switch (why) {
    case "master-down":
      return "the master's advertisements have ended";
    case "released":
      return "the master gave the address up";
    case "taken-back":
      return "a planned move is taken back";
    case "group":
      return "its sync group takes over";
    case "operator":
      return "an operator asked for it";
  }
}

function demoteReason(why: DemoteReason): string {
  switch (why) {
    case "switch":
      return "an operator moves the address";
    case "stop":
      return "it stops";
    case "maintenance":
      return "an operator wants maintenance";
    case "fault":
      return "it is in FAULT";
    case "stalled":
      return "it did not run for too long";
    case "rival":
      return "another master keeps the address";
    case "group":
      return "its sync group gives up";
    case "refused":
      return "its promotion failed";
    case "engine-died":
      return "its engine ended";
    case "rejoin":
      return "it is to follow the owner";
  }
}

function comparison(result: DataComparison): string {
  switch (result) {
    case "ours":
      return "this node has everything that the other one has, and more";
    case "theirs":
      return "the other node has everything that this one has, and more";
    case "equal":
      return "both have the same";
    case "diverged":
      return "each has something that the other lacks";
    case "unknown":
      return "they could not be compared";
  }
}

const afterFailure = ({ follows, hold }: Of<Report, "promotion-failed">): string => {
  if (follows === "serve") return "the address is served all the same (`on_refusal serve`)";
  return `${follows === "fault" ? "FAULT" : "this node does not take the address"} for ${duration(hold)}`;
};

export function gateReport(what: GateReport): string {
  switch (what.kind) {
    case "promotion-begun":
      return `elected, since ${promoteReason(what.reason)}: the promotion runs, and the address follows it`;
    case "promoted":
      return `promoted within ${duration(what.took)}`;
    case "promotion-failed":
      return `the promotion ${failed(what.outcome)} after ${duration(what.took)}: ${afterFailure(what)}`;
    case "demotion-begun":
      return `this node is demoted, since ${demoteReason(what.reason)}${what.isPlanned ? "; the address goes when that is done" : ""}`;
    case "demoted":
      return `demoted within ${duration(what.took)}`;
    case "demotion-failed":
      return `the demotion ${failed(what.outcome)} after ${duration(what.took)}${what.isPlanned ? "" : ": the fence stays closed"}`;
    case "takeover-refused":
      return what.how === "arp"
        ? `no advertisement for ${duration(what.noAdvertFor)}, but another machine still answers ARP for the address: this node does not take it`
        : `no advertisement for ${duration(what.noAdvertFor)}, but the service still answers at the address: this node does not take it`;
    case "data-compared": {
      const known = `${printIp(what.from)} is master too, and their data was compared: ${comparison(what.result)}`;
      return what.isOpen
        ? `${known}; this node serves the address`
        : `${known}; this node does not serve the address`;
    }
  }
}
