/** What can happen to a router, and what follows. Both are plain data; the order of effects is part of the contract. */
import type { Ipv4, Mac } from "#units/address";
import type { Centis, Micros } from "#units/time";
import type { Priority } from "#units/vrrp";
import type { FaultCause, Reason } from "./reason.ts";
import type { AnnounceReason, PublicState, TrackerState } from "./state.ts";

export type RouterEvent =
  | { readonly kind: "startup" }
  /**
   * Startup after our own engine died as master: the supervisor has told the peers (priority 0) and still holds the
   * address, so this router waits the skew time like everyone who heard that.
   */
  | { readonly kind: "startupAfterRelease" }
  /** The clock has reached `deadline(state)`; harmless at any other time. */
  | { readonly kind: "timeReached" }
  /** A valid advertisement: every receive check has passed (see engine/receive.ts). */
  | {
      readonly kind: "advertReceived";
      readonly priority: Priority;
      readonly interval: Centis;
      readonly from: Ipv4;
    }
  | { readonly kind: "linkChanged"; readonly up: boolean }
  | { readonly kind: "sourceChanged"; readonly source: Ipv4 | undefined }
  | { readonly kind: "trackerChanged"; readonly index: number; readonly result: TrackerState }
  /** Somebody else sent gratuitous ARP, or an ARP answer, for one of our addresses. */
  | { readonly kind: "foreignAnnouncement"; readonly address: Ipv4; readonly mac?: Mac }
  /** Somebody else deleted our address and we have put it back (see engine/reconcile.ts). */
  | { readonly kind: "addressRestored"; readonly address: Ipv4 }
  /** The engine cannot keep the address (kernel refuses, or somebody keeps deleting it). */
  | { readonly kind: "faultRaised"; readonly cause: FaultCause }
  | { readonly kind: "faultLifted"; readonly cause: FaultCause["kind"] }
  /** The sync group moves as one: every member is ready to be master, or one had to give it up. */
  | {
      readonly kind: "groupTurned";
      readonly to: "master" | "backup";
      readonly group: string;
      readonly member: string;
    }
  /** While stopping: the platform sends to somebody else now (`moved`), or cannot say, and is not waited for. */
  | { readonly kind: "platformAnswered"; readonly moved: boolean }
  | { readonly kind: "stop" };

/** Those that only mean something in a phase. */
export type PhaseEvent = Extract<
  RouterEvent,
  {
    readonly kind:
      | "advertReceived"
      | "foreignAnnouncement"
      | "addressRestored"
      | "platformAnswered"
      | "timeReached";
  }
>;

export type RouterEffect =
  /** `to`: only this unicast peer; undefined: all peers or the group. */
  | { readonly kind: "sendAdvert"; readonly priority: Priority; readonly to?: Ipv4 }
  /** Add every address, excluded ones too, with the lease's lifetime. */
  | { readonly kind: "addAddresses" }
  /** Prolong the lease. Comes before the advertisement that entitles us. */
  | { readonly kind: "refreshAddresses" }
  /** Handing over: keep the address this long at the most, whatever happens to us. */
  | { readonly kind: "holdAddresses"; readonly micros: Micros }
  | { readonly kind: "removeAddresses" }
  /** Put `repeat` frames per address in the interface's announcer. */
  | { readonly kind: "announce"; readonly repeat: number; readonly why: AnnounceReason }
  /** Forget what the announcer has not sent yet. */
  | { readonly kind: "cancelAnnouncements" }
  | {
      readonly kind: "transition";
      readonly from: PublicState;
      readonly to: PublicState;
      readonly reason: Reason;
      readonly priority: Priority;
    }
  | {
      readonly kind: "priorityChanged";
      readonly from: Priority;
      readonly to: Priority;
      readonly tracker: string;
    }
  | { readonly kind: "report"; readonly report: Report };

/** Things an operator should know that are no change of state. */
export type Report =
  /** A master weaker than we are was heard while we are master (keepalived: notify_master_rx_lower_pri). */
  | {
      readonly kind: "weaker-master";
      readonly from: Ipv4;
      readonly theirs: Priority;
      readonly ours: Priority;
    }
  /** Same address and priority as ours: a loop or a copied configuration. */
  | { readonly kind: "own-address-heard"; readonly from: Ipv4 }
  /** nopreempt: a rival is given time to yield before we do. */
  | {
      readonly kind: "grace";
      readonly from: Ipv4;
      readonly theirs: Priority;
      readonly micros: number;
    }
  /** `hold_down`: after so many losses the weaker master is left alone so long. */
  | {
      readonly kind: "held-down";
      readonly from: Ipv4;
      readonly theirs: Priority;
      readonly ours: Priority;
      readonly losses: number;
      readonly micros: Micros;
    }
  /** MASTER, and a unicast peer has not answered ARP for so long: nothing we say reaches it. */
  | { readonly kind: "peer-unresolved"; readonly to: Ipv4; readonly micros: Micros }
  /** Somebody else's ARP says that our address is theirs: the first time, and when it has not for a while. */
  | {
      readonly kind: "address-claimed";
      readonly address: Ipv4;
      readonly mac: Mac | undefined;
    }
  | {
      readonly kind: "claims-ended";
      readonly address: Ipv4;
      readonly mac: Mac | undefined;
      readonly count: number;
      readonly micros: Micros;
    }
  /** The address is on a device where ARP cannot be listened for: nobody else's claim of it is noticed. */
  | {
      readonly kind: "claims-not-heard";
      readonly address: Ipv4;
      readonly interface: string;
      readonly error: string;
    }
  /** The end of a coordinated hand-over. */
  | { readonly kind: "handed-over"; readonly reason: Reason }
  | { readonly kind: "stalled-as-backup"; readonly micros: number }
  /** One of its addresses is on this machine, and Baton has not put it there. */
  | {
      readonly kind: "foreign-address";
      readonly address: Ipv4;
      readonly interface: string;
      /** This node owns the address, so this one goes with it. */
      readonly isOwner: boolean;
    }
  /** `cannotHear`: for this cause no advertisement would reach us either, so the silence proves nothing. */
  | {
      readonly kind: "no-owner";
      readonly noMasterMicros: number;
      readonly cannotHear?: FaultCause["kind"];
    };
