/**
 * Effects and reports as one short line each, for vectors and transcripts: made to be read and
 * written by people.
 */

import { type IpAddress, type Mac, printIp, printMac } from "#units/address";
import type { Report, RouterEffect } from "#vrrp/router/event";

export function printEffect(effect: RouterEffect): string {
  switch (effect.kind) {
    case "sendAdvert": {
      const to = effect.to === undefined ? "" : ` to ${printIp(effect.to)}`;
      const not = effect.except === undefined ? "" : ` not to ${printIp(effect.except)}`;
      return `advert ${effect.priority}${to}${not}`;
    }
    case "addAddresses":
      return "add addresses";
    case "refreshAddresses":
      return "refresh addresses";
    case "holdAddresses":
      return `hold addresses ${effect.micros}`;
    case "removeAddresses":
      return "remove addresses";
    case "announce":
      return `announce ${effect.repeat} ${effect.why}`;
    case "cancelAnnouncements":
      return "cancel announcements";
    case "transition":
      return `${effect.from} -> ${effect.to} ${effect.reason.kind} at ${effect.priority}`;
    case "priorityChanged":
      return `priority ${effect.from} -> ${effect.to} by ${effect.tracker}`;
    case "report":
      return `report ${printReport(effect.report)}`;
    case "promote":
      return `promote #${effect.run} ${effect.reason}${near(effect.peer)} within ${effect.micros}`;
    case "demote":
      return `demote #${effect.run} ${effect.reason}${effect.isPlanned ? " planned" : ""}${near(effect.peer)} within ${effect.micros}`;
    case "cancelGate":
      return `cancel #${effect.run}`;
    case "closeFence":
      return effect.only === undefined ? "close fence" : "close fence to new connections";
    case "openFence":
      return "open fence";
    case "probe":
      return `probe #${effect.run} by ${effect.how}`;
    case "compare":
      return `compare #${effect.run} with ${printIp(effect.peer)} within ${effect.micros}`;
    case "drain":
      return `drain #${effect.run} within ${effect.micros}`;
    case "resetConnections":
      return effect.stays === true ? "reset connections, soon" : "reset connections";
  }
}

const near = (peer: IpAddress | undefined): string =>
  peer === undefined ? "" : ` (${printIp(peer)})`;

const by = (mac: Mac | undefined): string => (mac === undefined ? "" : ` by ${printMac(mac)}`);

export function printReport(report: Report): string {
  switch (report.kind) {
    case "weaker-master":
      return `weaker-master ${printIp(report.from)} at ${report.theirs}, we are at ${report.ours}`;
    case "own-address-heard":
      return `own-address-heard ${printIp(report.from)}`;
    case "grace":
      return `grace ${report.micros} for ${printIp(report.from)} at ${report.theirs}`;
    case "held-down":
      return `held-down ${report.micros} after ${report.losses} losses, ${printIp(report.from)} is at ${report.theirs}, we are at ${report.ours}`;
    case "peer-unresolved":
      return `peer-unresolved ${printIp(report.to)} for ${report.micros}`;
    case "foreign-address":
      return `foreign-address ${printIp(report.address)} on ${report.interface}${report.isOwner ? ", owned here" : ""}`;
    case "claims-not-heard":
      return `claims-not-heard ${printIp(report.address)} on ${report.interface}: ${report.error}`;
    case "address-claimed":
      return `address-claimed ${printIp(report.address)}${by(report.mac)}`;
    case "claims-ended":
      return `claims-ended ${printIp(report.address)}${by(report.mac)} after ${report.count} in ${report.micros}`;
    case "switch-begun":
      return `switch-begun${report.to === undefined ? "" : ` to ${printIp(report.to)}`}`;
    case "switched":
      return `switched to ${printIp(report.to)} at ${report.priority}, took ${report.took}, both ${report.both}${report.platform === "not-awaited" ? "" : `, platform ${report.platform}`}`;
    case "switch-taken-back":
      return `switch-taken-back ${report.why} after ${report.waited}`;
    case "handed-over":
      return `handed-over ${report.reason.kind}`;
    case "stalled-as-backup":
      return `stalled-as-backup ${report.micros}`;
    case "no-owner":
      return `no-owner ${report.noMasterMicros}${report.heldBack === undefined ? "" : `, ${report.heldBack}`}`;
    case "promotion-begun":
      return `promotion-begun #${report.run} ${report.reason}`;
    case "promoted":
      return `promoted #${report.run} in ${report.took}`;
    case "promotion-failed":
      return `promotion-failed #${report.run} ${report.outcome} after ${report.took}, then ${report.follows} for ${report.hold}`;
    case "demotion-begun":
      return `demotion-begun #${report.run} ${report.reason}`;
    case "demoted":
      return `demoted #${report.run} in ${report.took}`;
    case "demotion-failed":
      return `demotion-failed #${report.run} ${report.outcome} after ${report.took}`;
    case "takeover-refused":
      return `takeover-refused by ${report.how} after ${report.noAdvertFor}`;
    case "data-compared":
      return `data-compared ${printIp(report.from)} ${report.result}, ${report.isOpen ? "open" : "closed"}`;
  }
}
