/** Reasons in English. */

import { type Mac, printIp, printMac } from "#units/address";
import { fromCentis, micros } from "#units/time";
import type { Report, TakenBack } from "#vrrp/router/event";
import type { FaultCause, Reason } from "#vrrp/router/reason";
import { duration } from "../numbers.ts";
import { gateReason, gateReport, heldBack, promotionFault } from "./gate.ts";

export function reason(why: Reason): string {
  switch (why.kind) {
    case "not-started":
      return "not started yet";
    case "started":
      return `at its start a node is BACKUP: it takes over if it hears no master for ${duration(why.masterDown)}`;
    case "waiting-for-first-result":
      return `waiting for the first result of \`${why.tracker}\` before taking part in an election`;
    case "address-owner":
      return "priority 255 makes this node the owner of the address, so it is master without an election";
    case "master-down":
      return masterDown(why);
    case "preempts":
      return preempts(why);
    case "master-released":
      return released(why);
    case "higher-priority":
      return `${printIp(why.from)} advertises priority ${why.theirs}, above our ${why.ours}`;
    case "higher-address":
      return `${printIp(why.from)} has the same priority ${why.priority} and a higher address than our ${printIp(why.ours)}`;
    case "unconfirmed-yields":
      return `we became master without having heard a peer, and ${printIp(why.from)} (priority ${why.theirs}, ours ${why.ours}) was master before us: with nopreempt the unconfirmed master yields`;
    case "master-was-alive":
      return `${printIp(why.from)}, which we replaced ${duration(why.after)} ago when its advertisements stopped, is still master: with nopreempt it keeps the address`;
    case "stalled":
      return `this node did not run for ${duration(why.stalled)}, longer than the ${duration(why.allowed)} after which a peer may own the address`;
    case "link-back-in-time":
      return `the link was down for only ${duration(why.away)}, and no peer can have taken over in less than ${duration(why.allowed)}`;
    case "fault":
      return why.causes.length === 0
        ? "not able to own the address"
        : why.causes.map(fault).join("; ");
    case "fault-cleared":
      return `all faults are cleared: it takes over if it hears no master for ${duration(why.masterDown)}`;
    case "stopping":
      return stopping(why.address);
    case "successor-heard":
      return `${printIp(why.from)} took over ${duration(why.after)} after we gave the address up, so it was removed here`;
    case "platform-moved":
      return `${printIp(why.from)} took over, and the cloud had moved the address ${duration(why.after)} after we gave it up; until then this node answered for it`;
    case "platform-late":
      return `${printIp(why.from)} took over, but the cloud had not moved the address within ${duration(why.waited)}; it was removed here all the same`;
    case "no-successor":
      return `nobody took over within ${duration(why.waited)}, so the address was removed without a successor`;
    case "switched":
      return `an operator moved the address to ${printIp(why.to)}, which took over ${duration(why.after)} after it was asked`;
    case "gave-up":
      return `an operator had the address given up, and nobody took it over within ${duration(why.waited)}`;
    case "stopped":
      return "stopped";
    case "group":
      return `\`${why.member}\` of sync group \`${why.group}\` changed, and the group moves together`;
    case "promotion-refused":
    case "data-behind":
    case "data-unknown":
      return gateReason(why);
  }
}

function stopping(address: Extract<Reason, { kind: "stopping" }>["address"]): string {
  switch (address) {
    case "kept":
      return "priority 0 was sent, and the address stays here until the successor is heard";
    case "removed":
      return "the address was removed and priority 0 was sent (`handover break_before_make`)";
    case "none":
      return "this node did not own the address";
  }
}

function masterDown(why: Extract<Reason, { kind: "master-down" }>): string {
  const rule = `${why.downTimerAdverts} × ${duration(fromCentis(why.interval))} + ${duration(why.skew)} skew`;
  if (why.lastHeard === undefined) {
    return `no master was heard for ${duration(why.noAdvertFor)} (${rule})`;
  }
  const { from, priority } = why.lastHeard;
  return `no advertisement of the master ${printIp(from)} (priority ${priority}) for ${duration(why.noAdvertFor)} (${rule})`;
}

function preempts({ over, ours, delay, held }: Extract<Reason, { kind: "preempts" }>): string {
  const master = `${printIp(over.from)} is master with priority ${over.priority}, ours is ${ours}`;
  if (held > delay) return `${master}, and the hold-down of ${duration(held)} is over`;
  return delay > 0
    ? `${master}, and the preempt_delay of ${duration(delay)} is over`
    : `${master}, and the stronger router preempts`;
}

function released(why: Extract<Reason, { kind: "master-released" }>): string {
  const who = why.from === undefined ? "our own engine, which ended," : printIp(why.from);
  return why.immediate
    ? `${who} gave up the address with priority 0, and we are its only peer`
    : `${who} gave up the address with priority 0, and our skew time ended first`;
}

export function fault(cause: FaultCause): string {
  switch (cause.kind) {
    case "link-down":
      return "the link is down";
    case "no-source-address":
      return "the interface has no address to send from";
    case "interface-missing":
      return "the interface does not exist";
    case "no-peer":
      return "there is no unicast peer, and `unicast_fault_no_peer` makes that a fault";
    case "cannot-listen":
      return `packets can be neither sent nor received on the interface: ${cause.error}`;
    case "source-missing":
      return `no interface of this machine has ${printIp(cause.address)}, which \`unicast_src_ip\` names`;
    case "tracker":
      return `${tracked(cause.tracker)} \`${cause.name}\` failed`;
    case "address-rejected":
      return `the kernel refused ${printIp(cause.address)}: ${cause.error}`;
    case "vmac-refused":
      return `\`${cause.device}\`, the device with the virtual MAC address, cannot be made: ${cause.error}`;
    case "lease-refused":
      return `the kernel neither prolongs the lease of the address nor removes its rule, so this node may not answer for it: ${cause.error}`;
    case "address-fight":
      return `something else removed ${printIp(cause.address)} ${cause.removals} times within ${duration(cause.within)}`;
    case "group":
      return `\`${cause.member}\` of sync group \`${cause.group}\` is in FAULT`;
    case "fence-refused":
    case "promotion-refused":
      return promotionFault(cause);
  }
}

function tracked(kind: string): string {
  const names: Readonly<Record<string, string>> = {
    script: "the check",
    interface: "tracked interface",
    file: "tracked file",
    process: "tracked process",
    bfd: "BFD session",
  };
  return names[kind] ?? kind;
}

/** Of `cannotHear`. */
const HEARS_NOTHING: Partial<Readonly<Record<FaultCause["kind"], string>>> = {
  "link-down": "its link is down",
  "interface-missing": "its interface is missing",
  "cannot-listen": "its sockets cannot be opened",
  "source-missing": "it has lost its own source address",
  "no-source-address": "it has lost its own source address",
};

const claimant = (mac: Mac | undefined): string =>
  mac === undefined ? "somebody else" : `the machine with MAC address ${printMac(mac)}`;

function takenBack(why: TakenBack): string {
  switch (why) {
    case "no-successor":
      return "no other router advertised, so the address stays here";
    case "successor-gone":
      return "the successor gave the address up again, so it stays here";
    case "recalled":
      return "the operator has recalled it, so the address stays here";
    case "group":
      return "another member of the sync group has no successor, so all stay here";
    case "stalled":
      return "this node did not run for so long that somebody else may be the owner, so the address was removed here";
    case "demotion-refused":
      return "the gate refused to demote this node, so the address stays here";
    case "demotion-late":
      return "the gate did not demote this node in time, so the address stays here";
  }
}

export function report(what: Report): string {
  switch (what.kind) {
    case "weaker-master":
      return what.theirs === what.ours
        ? `${printIp(what.from)} acts as master too, with our priority ${what.ours} and a lower address; we announce the address again`
        : `${printIp(what.from)} acts as master too, with priority ${what.theirs} below our ${what.ours}; we announce the address again`;
    case "own-address-heard":
      return `an advertisement came from our own address ${printIp(what.from)} with our priority: a loop in the network, or a copied configuration`;
    case "grace":
      return `${printIp(what.from)} (priority ${what.theirs}) acts as master too; with nopreempt it has ${duration(micros(what.micros))} to yield before we do`;
    case "held-down":
      return `this node lost the address or failed ${what.losses} times in a row, so it does not preempt the weaker master ${printIp(what.from)} (priority ${what.theirs}, ours ${what.ours}) for ${duration(what.micros)}`;
    case "peer-unresolved":
      return `peer ${printIp(what.to)} has not answered ARP for ${duration(what.micros)}, so no advertisement reaches it: it is off, or \`unicast_peer\` names a wrong address; if it runs, it will own the address too`;
    case "claims-not-heard":
      return `ARP cannot be received on \`${what.interface}\` (${what.error}): this node will not notice if another machine claims ${printIp(what.address)}`;
    case "address-claimed":
      return `${claimant(what.mac)} claims ${printIp(what.address)} by ARP, and this node owns it: clients may send there; we announce it again, less and less often while that goes on`;
    case "claims-ended":
      return `${claimant(what.mac)} has not claimed ${printIp(what.address)} for 30 s; before that it did so ${what.count} times within ${duration(what.micros)}`;
    case "switch-begun":
      return what.to === undefined
        ? "an operator asks for a move: priority 0 was sent, and this node answers for the address until a successor does"
        : `an operator asks for a move to ${printIp(what.to)}: priority 0 was sent to it alone, and this node answers for the address until it does`;
    case "switched":
      return what.platform === "waiting"
        ? `${printIp(what.to)} (priority ${what.priority}) took over, but the cloud had not moved the address ${duration(what.both)} later; it was removed here all the same`
        : `${printIp(what.to)} (priority ${what.priority}) took over ${duration(what.took)} after the move was asked for; both answered for ${duration(what.both)}`;
    case "switch-taken-back":
      return `the move was taken back after ${duration(what.waited)}: ${takenBack(what.why)}`;
    case "handed-over":
      return `the hand-over is complete: ${reason(what.reason)}`;
    case "stalled-as-backup":
      return `this node did not run for ${duration(micros(what.micros))}; that time does not count against the master`;
    case "foreign-address": {
      const where = `${printIp(what.address)} is on \`${what.interface}\``;
      return what.isOwner
        ? `${where} of this machine too, and Baton did not put it there; it will be removed when this node gives the address up`
        : `${where} of this machine although this node does not own it, and Baton did not put it there: the machine answers for it beside the owner until somebody removes it`;
    }
    case "no-owner":
      if (what.cannotHear !== undefined)
        return `this node has heard no router for ${duration(micros(what.noMasterMicros))} and cannot take the address, but it could not hear one either (${HEARS_NOTHING[what.cannotHear] ?? what.cannotHear}): whether another node serves the address is not known here`;
      return what.heldBack === undefined
        ? `no router has advertised the address for ${duration(micros(what.noMasterMicros))}, and this node cannot take it: nobody serves it`
        : `no router has advertised the address for ${duration(micros(what.noMasterMicros))}, and this node does not take it (${heldBack(what.heldBack)}): nobody serves it`;
    case "promotion-begun":
    case "promoted":
    case "promotion-failed":
    case "demotion-begun":
    case "demoted":
    case "demotion-failed":
    case "takeover-refused":
    case "data-compared":
      return gateReport(what);
  }
}
