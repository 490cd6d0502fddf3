/**
 * Why a router changed state: the rule and the numbers that were compared, as data. `diagnostics/`
 * makes the sentences in English and Chinese, so that `status`, `explain`, the log and tests all
 * show what was decided.
 */
import type { IpAddress } from "#units/address";
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
      /** Since the master's last advertisement, or since we began to wait for one. */
      readonly noAdvertFor: Micros;
      readonly lastHeard: { readonly from: IpAddress; readonly priority: Priority } | undefined;
      readonly downTimerAdverts: number;
      readonly interval: Centis;
      readonly skew: Micros;
    }
  /** RFC 9568 6.4.2 (450): the master still advertises, is weaker, and preemption is on. */
  | {
      readonly kind: "preempts";
      readonly over: { readonly from: IpAddress; readonly priority: Priority };
      readonly ours: Priority;
      /** `preempt_delay`, which is over; 0: not configured. */
      readonly delay: Micros;
      /** Hold-down, which is over; 0: not held down. */
      readonly held: Micros;
    }
  /**
   * The master sent priority 0; `immediate`: it is our only peer, so the skew time is not waited.
   */
  | {
      readonly kind: "master-released";
      readonly from: IpAddress | undefined;
      readonly immediate: boolean;
    }
  /** RFC 9568 6.4.3: a better master was heard. */
  | {
      readonly kind: "higher-priority";
      readonly from: IpAddress;
      readonly theirs: Priority;
      readonly ours: Priority;
    }
  | {
      readonly kind: "higher-address";
      readonly from: IpAddress;
      readonly ours: IpAddress;
      readonly priority: Priority;
    }
  /** `nopreempt`: as an unconfirmed master we yield to one that was master before us. */
  | {
      readonly kind: "unconfirmed-yields";
      readonly from: IpAddress;
      readonly theirs: Priority;
      readonly ours: Priority;
    }
  /**
   * `nopreempt`: the master we replaced when its advertisements stopped is alive and keeps the
   * address.
   */
  | { readonly kind: "master-was-alive"; readonly from: IpAddress; readonly after: Micros }
  /** This process did not run until a peer may have taken over. */
  | { readonly kind: "stalled"; readonly stalled: Micros; readonly allowed: Micros }
  /** The link was down for less than the peers' detection time. */
  | { readonly kind: "link-back-in-time"; readonly away: Micros; readonly allowed: Micros }
  | { readonly kind: "fault"; readonly causes: readonly FaultCause[] }
  | { readonly kind: "fault-cleared"; readonly masterDown: Micros }
  /** What a stop did with the address; `none`: this node did not own it. */
  | { readonly kind: "stopping"; readonly address: "kept" | "removed" | "none" }
  | { readonly kind: "successor-heard"; readonly from: IpAddress; readonly after: Micros }
  /**
   * `havip`: the platform moved the address; `platform-late`: it had not within `handover_wait`.
   */
  | { readonly kind: "platform-moved"; readonly from: IpAddress; readonly after: Micros }
  | { readonly kind: "platform-late"; readonly from: IpAddress; readonly waited: Micros }
  | { readonly kind: "no-successor"; readonly waited: Micros }
  /** An operator asked for a move, and this router was heard as its successor. */
  | { readonly kind: "switched"; readonly to: IpAddress; readonly after: Micros }
  /** An operator wanted the address gone, and nobody has taken it over. */
  | { readonly kind: "gave-up"; readonly waited: Micros }
  | { readonly kind: "stopped" }
  /** The sync group moved because of another member. */
  | { readonly kind: "group"; readonly group: string; readonly member: string }
  /** `gate`: the promotion was refused, or had no answer in time; after how long. */
  | { readonly kind: "promotion-refused"; readonly outcome: GateEnd; readonly after: Micros }
  /** `gate`: another master has everything that our data has, and more. */
  | { readonly kind: "data-behind"; readonly from: IpAddress }
  /** `gate`: which of two masters has the better data is not known, and the other one stays. */
  | { readonly kind: "data-unknown"; readonly from: IpAddress };

/** How a promotion or demotion failed: it answered so, or not in time. */
export type GateEnd = "refused" | "late";

/** Why a gate promotes. "master-down": the master's advertisements have ended. */
export type PromoteReason = "master-down" | "released" | "taken-back" | "group" | "operator";

/**
 * Why a gate demotes. "engine-died" and "rejoin" are the supervisor's own: it demotes for an engine
 * that has died, and asks a former primary whether it follows.
 */
export type DemoteReason =
  | "switch"
  | "stop"
  | "maintenance"
  | "fault"
  | "stalled"
  | "rival"
  | "group"
  | "refused"
  | "engine-died"
  | "rejoin";

export type FaultCause =
  | { readonly kind: "link-down" }
  | { readonly kind: "no-source-address" }
  | { readonly kind: "interface-missing" }
  /** `unicast_fault_no_peer`, and there is no peer. */
  | { readonly kind: "no-peer" }
  /** A socket on the interface could not be opened: the call that failed and its errno. */
  | { readonly kind: "cannot-listen"; readonly error: string }
  /** No interface of this machine has the address of `unicast_src_ip`. */
  | { readonly kind: "source-missing"; readonly address: IpAddress }
  | { readonly kind: "tracker"; readonly tracker: string; readonly name: string }
  | { readonly kind: "address-rejected"; readonly address: IpAddress; readonly error: string }
  /**
   * The kernel neither prolongs the nftables lease nor removes its rule, so this machine may not be
   * answering for the address.
   */
  | { readonly kind: "lease-refused"; readonly error: string }
  /** `use_vmac`: a device with a virtual MAC address cannot be made. */
  | { readonly kind: "vmac-refused"; readonly device: string; readonly error: string }
  /** `gate`: the kernel does not close or open the fence, so the address may not be served. */
  | { readonly kind: "fence-refused"; readonly error: string }
  /** `gate` with `on_refusal fault`. */
  | { readonly kind: "promotion-refused"; readonly outcome: GateEnd }
  | {
      readonly kind: "address-fight";
      readonly address: IpAddress;
      readonly removals: number;
      readonly within: Micros;
    }
  /**
   * `link`: that member has only lost its link, and may be back before a peer can have taken over.
   */
  | {
      readonly kind: "group";
      readonly group: string;
      readonly member: string;
      readonly link?: true;
    };
