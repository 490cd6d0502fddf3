/**
 * Which reports of the engine suggest that this node is not the only owner: they put the
 * cloud's last answer in doubt.
 */

import { printIp } from "#units/address";
import type { Report } from "#vrrp/router/event";
import type { ContrarySign } from "./agreement-state.ts";

export interface Sign {
  readonly sign: ContrarySign;
  /** Undefined if the sign concerns all addresses of the instance. */
  readonly address: string | undefined;
}

export function signIn(report: Report): Sign | undefined {
  switch (report.kind) {
    case "weaker-master":
    case "grace":
    case "data-compared":
      return { sign: "rival-master", address: undefined };
    case "address-claimed":
    case "claims-ended":
      return { sign: "foreign-announcement", address: printIp(report.address) };
    case "claims-not-heard":
    case "demoted":
    case "demotion-begun":
    case "demotion-failed":
    case "foreign-address":
    case "handed-over":
    case "held-down":
    case "no-owner":
    case "own-address-heard":
    case "peer-unresolved":
    case "promoted":
    case "promotion-begun":
    case "promotion-failed":
    case "stalled-as-backup":
    case "switch-begun":
    case "switched":
    case "switch-taken-back":
    case "takeover-refused":
      return undefined;
  }
}
