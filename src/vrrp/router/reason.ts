/**
 * Why a router changed state: the rule and the numbers that were compared, as data. Sentences in English and
 * Chinese are made from it by `diagnostics/`, so `status`, `explain`, logs and tests all print what was decided.
 */
import type { Ipv4 } from "#units/address";
import type { Centis, Micros } from "#units/time";
import type { Priority } from "#units/vrrp";

export type Reason =
  | { readonly kind: "not-started" }
  | { readonly kind: "started"; readonly masterDown: Micros }
  | { readonly kind: "waiting-for-first-result"; readonly tracker: string }
  /** RFC 9568 6.4.1: priority 255 owns the address. */
  | { readonly kind: "address-owner" }
  /** RFC 9568 6.4.2: Active_Down_Timer fired. */
  | {
      readonly kind: "master-down";
      readonly noAdvertFor: Micros;
      readonly lastHeard: { readonly from: Ipv4; readonly priority: Priority } | undefined;
      readonly downTimerAdverts: number;
      readonly interval: Centis;
      readonly skew: Micros;
    }
  /** RFC 9568 6.4.2 (450): the master goes on advertising, is weaker than we are, and preemption is on. */
  | {
      readonly kind: "preempts";
      readonly over: { readonly from: Ipv4; readonly priority: Priority };
      readonly ours: Priority;
      /** `preempt_delay`, over by now; 0 when none is configured. */
      readonly delay: Micros;
      /** Of `hold_down`, over by now; 0 when we were not held down. */
      readonly held: Micros;
    }
  /** The master said priority 0; `immediate` when it is our only peer, so no order of successors is needed. */
  | {
      readonly kind: "master-released";
      readonly from: Ipv4 | undefined;
      readonly immediate: boolean;
    }
  /** RFC 9568 6.4.3: a better master was heard. */
  | {
      readonly kind: "higher-priority";
      readonly from: Ipv4;
      readonly theirs: Priority;
      readonly ours: Priority;
    }
  | {
      readonly kind: "higher-address";
      readonly from: Ipv4;
      readonly ours: Ipv4;
      readonly priority: Priority;
    }
  /** nopreempt: we became master without having heard anybody, and somebody was there before. */
  | {
      readonly kind: "unconfirmed-yields";
      readonly from: Ipv4;
      readonly theirs: Priority;
      readonly ours: Priority;
    }
  /** nopreempt: the master we replaced because it was silent is alive; the address is still its own. */
  | { readonly kind: "master-was-alive"; readonly from: Ipv4; readonly after: Micros }
  /** We did not run for so long that a peer may own the address now. */
  | { readonly kind: "stalled"; readonly stalled: Micros; readonly allowed: Micros }
  /** The link was away for less than the peers' detection time. */
  | { readonly kind: "link-back-in-time"; readonly away: Micros; readonly allowed: Micros }
  | { readonly kind: "fault"; readonly causes: readonly FaultCause[] }
  | { readonly kind: "fault-cleared"; readonly masterDown: Micros }
  | { readonly kind: "stopping" }
  | { readonly kind: "successor-heard"; readonly from: Ipv4; readonly after: Micros }
  /** `havip`: the platform moved the address, or had not when the time for it was over. */
  | { readonly kind: "platform-moved"; readonly from: Ipv4; readonly after: Micros }
  | { readonly kind: "platform-late"; readonly from: Ipv4; readonly waited: Micros }
  | { readonly kind: "no-successor"; readonly waited: Micros }
  | { readonly kind: "stopped" }
  /** Another member of the sync group decided. */
  | { readonly kind: "group"; readonly group: string; readonly member: string };

export type FaultCause =
  | { readonly kind: "link-down" }
  | { readonly kind: "no-source-address" }
  | { readonly kind: "interface-missing" }
  /** Sockets on the interface: the call that failed and its errno. */
  | { readonly kind: "cannot-listen"; readonly error: string }
  /** `unicast_src_ip`, and no interface of this machine has it. */
  | { readonly kind: "source-missing"; readonly address: Ipv4 }
  | { readonly kind: "tracker"; readonly tracker: string; readonly name: string }
  | { readonly kind: "address-rejected"; readonly address: Ipv4; readonly error: string }
  /** The kernel neither prolongs the sub-second lease nor takes its rule away: the address may be silent here. */
  | { readonly kind: "lease-refused"; readonly error: string }
  | {
      readonly kind: "address-fight";
      readonly address: Ipv4;
      readonly removals: number;
      readonly within: Micros;
    }
  /** `link`: that member has lost its link and nothing else, so it may be back before anybody can have taken over. */
  | {
      readonly kind: "group";
      readonly group: string;
      readonly member: string;
      readonly link?: true;
    };
