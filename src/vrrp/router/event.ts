/**
 * What can happen to a router, and what follows. Both are plain data; the order of effects is part
 * of the contract.
 */
import type { IpAddress, Mac } from "#units/address";
import type { Centis, Instant, Micros } from "#units/time";
import type { Priority } from "#units/vrrp";
import type { DemoteReason, FaultCause, GateEnd, PromoteReason, Reason } from "./reason.ts";
import type {
  AnnounceReason,
  Maintenance,
  PublicState,
  SwitchOrder,
  TrackerState,
} from "./state.ts";

export type RouterEvent =
  | { readonly kind: "startup" }
  /**
   * Startup after our own engine died as master. The supervisor has sent priority 0 and still holds
   * the address, so this router waits the skew time, like every peer that heard it.
   */
  | { readonly kind: "startupAfterRelease" }
  /**
   * The clock has reached `deadline(state)`. Harmless at any other time. With `sooner`, a part of
   * an interval (0 to 1): the advertisement after the one that is due comes so much sooner, once,
   * because too many routers are due together. With `parts`: it comes with those of other routers,
   * less than a part of an interval sooner (`alignToPart`). With `readAt`: until then everything
   * had been read that had come; a deadline that has passed since waited for the work of other
   * routers.
   */
  | {
      readonly kind: "timeReached";
      readonly sooner?: number;
      readonly parts?: number;
      readonly readAt?: Instant;
    }
  /** A valid advertisement: every receive check has passed (see engine/receive.ts). */
  | {
      readonly kind: "advertReceived";
      readonly priority: Priority;
      readonly interval: Centis;
      readonly from: IpAddress;
    }
  /** `since`: it has been so for a while, and counts only now (`interface_up_down_delays`). */
  | { readonly kind: "linkChanged"; readonly up: boolean; readonly since?: Instant }
  | { readonly kind: "sourceChanged"; readonly source: IpAddress | undefined }
  | { readonly kind: "trackerChanged"; readonly index: number; readonly result: TrackerState }
  /** Somebody else sent gratuitous ARP, or an ARP answer, for one of our addresses. */
  | { readonly kind: "foreignAnnouncement"; readonly address: IpAddress; readonly mac?: Mac }
  /** Another program deleted our address and the engine has put it back (engine/reconcile.ts). */
  | { readonly kind: "addressRestored"; readonly address: IpAddress }
  /** The engine cannot keep the address: the kernel refuses it, or another program deletes it. */
  | { readonly kind: "faultRaised"; readonly cause: FaultCause }
  | { readonly kind: "faultLifted"; readonly cause: FaultCause["kind"] }
  /** A sync group moves as one: all members can be master, or one of them no longer is. */
  | {
      readonly kind: "groupTurned";
      readonly to: "master" | "backup";
      readonly group: string;
      readonly member: string;
    }
  /**
   * During a hand-over: the platform now forwards to the successor (`moved`), or it gives no answer
   * and is no longer waited for.
   */
  | { readonly kind: "platformAnswered"; readonly moved: boolean }
  /**
   * An operator asks a master without a rival to move the address (switch.ts). `to`: unicast, to
   * this peer alone. `leastWait`: the members of a sync group wait as long as the slowest of them.
   * `force`: the address goes even if nobody takes over.
   */
  | ({ readonly kind: "switchAsked" } & SwitchOrder)
  /** It may preempt again; a move that is under way is taken back. */
  | { readonly kind: "switchBack" }
  /** Undefined: over. */
  | { readonly kind: "maintenanceChanged"; readonly mode: Maintenance | undefined }
  /** Of the promotion or demotion with this number; of any other one it changes nothing. */
  | { readonly kind: "gateAnswered"; readonly run: number; readonly outcome: "done" | "refused" }
  | { readonly kind: "eligibleChanged"; readonly eligible: boolean }
  | { readonly kind: "probeAnswered"; readonly run: number; readonly by: "nobody" | "somebody" }
  | { readonly kind: "dataCompared"; readonly run: number; readonly result: DataComparison }
  /** No running connection is left. */
  | { readonly kind: "drained"; readonly run: number }
  /**
   * After a planned demotion: another node's service has been promoted. Where the network answers
   * ARP itself its announcement of the address is not heard here.
   */
  | { readonly kind: "successorServes" }
  /** Another member of its sync group has begun a demotion of what they share. */
  | { readonly kind: "unitDemoted" }
  /**
   * A person wants this node promoted whatever its data lacks: it is eligible, no refusal holds it
   * back, and of two masters it is the one.
   *
   * `isForced`: also while somebody answers for the address (`takeover_probe`) who is no master.
   */
  | { readonly kind: "promoteAsked"; readonly isForced?: true }
  | { readonly kind: "stop" };

/** Which of two nodes has data that the other lacks; "diverged": both have. */
export type DataComparison = "ours" | "theirs" | "equal" | "diverged" | "unknown";

/** The events that each phase handles itself. */
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

export type TimeReached = Extract<RouterEvent, { kind: "timeReached" }>;

export type RouterEffect =
  /**
   * `to`: only this unicast peer; `except`: every unicast peer but this one; neither: all peers or
   * the group.
   */
  | {
      readonly kind: "sendAdvert";
      readonly priority: Priority;
      readonly to?: IpAddress;
      readonly except?: IpAddress;
    }
  /** Add every address, excluded ones too, with the lease's lifetime. */
  | { readonly kind: "addAddresses" }
  /**
   * Prolong the lease. Comes before the advertisement: peers count their wait from that, so the
   * lease ends first.
   */
  | { readonly kind: "refreshAddresses" }
  /** Hand-over: the kernel keeps the address at most this long, whatever happens to the process. */
  | { readonly kind: "holdAddresses"; readonly micros: Micros }
  | { readonly kind: "removeAddresses" }
  /** Queue `repeat` gratuitous ARP frames for each address in the interface's announcer. */
  | { readonly kind: "announce"; readonly repeat: number; readonly why: AnnounceReason }
  /** Drop what the announcer has not sent yet. */
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
  | { readonly kind: "report"; readonly report: Report }
  /**
   * `gate`: what it starts is answered by `gateAnswered` with the same number. `micros`: how long
   * its answer is waited for. `peer`: the router that was heard last, or is heard.
   */
  | {
      readonly kind: "promote";
      readonly run: number;
      readonly reason: PromoteReason;
      readonly peer: IpAddress | undefined;
      readonly micros: Micros;
    }
  /** `isPlanned`: the release waits for it; otherwise the address has gone already. */
  | {
      readonly kind: "demote";
      readonly run: number;
      readonly reason: DemoteReason;
      readonly isPlanned: boolean;
      readonly peer: IpAddress | undefined;
      readonly micros: Micros;
    }
  /** Nobody waits for this promotion or demotion any more: it is ended. */
  | { readonly kind: "cancelGate"; readonly run: number }
  /** `only`: packets of new connections alone are dropped. */
  | { readonly kind: "closeFence"; readonly only?: "new" }
  | { readonly kind: "openFence" }
  /** Does anybody answer for the address? Answered by `probeAnswered`. */
  | { readonly kind: "probe"; readonly run: number; readonly how: "arp" | "service" }
  /** Answered by `dataCompared`. */
  | {
      readonly kind: "compare";
      readonly run: number;
      readonly peer: IpAddress;
      readonly micros: Micros;
    }
  /** Answered by `drained` when no running connection is left; nobody waits longer than this. */
  | { readonly kind: "drain"; readonly run: number; readonly micros: Micros }
  /**
   * Comes before `removeAddresses`: the address that a reset is sent from must be there. With
   * `stays` it is for some time yet, and requests that are being answered may end first.
   */
  | { readonly kind: "resetConnections"; readonly stays?: true };

/**
 * Why a planned move has ended where it began. "stalled": this process did not run for so long that
 * it gave the address up without knowing a successor.
 */
export type TakenBack =
  | "no-successor"
  | "successor-gone"
  | "recalled"
  | "group"
  | "stalled"
  /** `gate`: the demotion was refused, or had no answer in time. */
  | "demotion-refused"
  | "demotion-late";

/**
 * `gate`: why a backup does not take an address that nobody owns. "not-known": whether it is
 * eligible. "refused": a promotion was, a short time ago. "demoting": that is not over yet.
 */
export type HeldBack = "not-eligible" | "not-known" | "refused" | "demoting";

/** What an operator should know and what is no change of state. */
export type Report =
  /** As master, a weaker master was heard (keepalived: `notify_master_rx_lower_pri`). */
  | {
      readonly kind: "weaker-master";
      readonly from: IpAddress;
      readonly theirs: Priority;
      readonly ours: Priority;
    }
  /** An advertisement with our own address and priority: a loop, or a copied configuration. */
  | { readonly kind: "own-address-heard"; readonly from: IpAddress }
  /** `nopreempt`: how long the other master is probed before we yield to it. */
  | {
      readonly kind: "grace";
      readonly from: IpAddress;
      readonly theirs: Priority;
      readonly micros: number;
    }
  /** `hold_down`: after this many losses the weaker master is not preempted for this long. */
  | {
      readonly kind: "held-down";
      readonly from: IpAddress;
      readonly theirs: Priority;
      readonly ours: Priority;
      readonly losses: number;
      readonly micros: Micros;
    }
  /** As master, a unicast peer has not answered ARP for this long: no advertisement reaches it. */
  | { readonly kind: "peer-unresolved"; readonly to: IpAddress; readonly micros: Micros }
  /** Another machine's ARP claims our address; `claims-ended`: it no longer does (claim.ts). */
  | {
      readonly kind: "address-claimed";
      readonly address: IpAddress;
      readonly mac: Mac | undefined;
    }
  | {
      readonly kind: "claims-ended";
      readonly address: IpAddress;
      readonly mac: Mac | undefined;
      readonly count: number;
      readonly micros: Micros;
    }
  /**
   * ARP cannot be received on the address's device, so a claim by another machine goes unnoticed.
   */
  | {
      readonly kind: "claims-not-heard";
      readonly address: IpAddress;
      readonly interface: string;
      readonly error: string;
    }
  /** A planned move that an operator asked for; `to`: only this peer was asked. */
  | { readonly kind: "switch-begun"; readonly to: IpAddress | undefined }
  /**
   * The end of a planned move: the successor, the time since it was asked for, and how long both
   * answered for the address.
   */
  | {
      readonly kind: "switched";
      readonly to: IpAddress;
      readonly priority: Priority;
      readonly took: Micros;
      readonly both: Micros;
      readonly platform: "waiting" | "moved" | "not-awaited";
    }
  | { readonly kind: "switch-taken-back"; readonly why: TakenBack; readonly waited: Micros }
  /** The end of a coordinated hand-over. */
  | { readonly kind: "handed-over"; readonly reason: Reason }
  | { readonly kind: "stalled-as-backup"; readonly micros: number }
  /** One of our virtual addresses is on this machine, and Baton has not added it. */
  | {
      readonly kind: "foreign-address";
      readonly address: IpAddress;
      readonly interface: string;
      /** Of the device, and of the address as it is there. */
      readonly index: number;
      readonly prefix: number;
      /** This node owns the address: it is removed together with ours. */
      readonly isOwner: boolean;
    }
  /** `cannotHear`: why no advertisement could have reached us, so that none proves nothing. */
  | {
      readonly kind: "no-owner";
      readonly noMasterMicros: number;
      readonly cannotHear?: FaultCause["kind"];
      /** A backup that would take the address, but for this. */
      readonly heldBack?: HeldBack;
    }
  /** `gate`: elected; the promotion has begun. */
  | { readonly kind: "promotion-begun"; readonly reason: PromoteReason; readonly run: number }
  | { readonly kind: "promoted"; readonly run: number; readonly took: Micros }
  /** `follows`: and for `hold` microseconds if that is set. */
  | {
      readonly kind: "promotion-failed";
      readonly run: number;
      readonly outcome: GateEnd;
      readonly took: Micros;
      readonly follows: "backup" | "fault" | "serve";
      readonly hold: Micros;
    }
  | {
      readonly kind: "demotion-begun";
      readonly reason: DemoteReason;
      readonly isPlanned: boolean;
      readonly run: number;
    }
  | {
      readonly kind: "demoted";
      readonly isPlanned: boolean;
      readonly run: number;
      readonly took: Micros;
    }
  | {
      readonly kind: "demotion-failed";
      readonly isPlanned: boolean;
      readonly run: number;
      readonly outcome: GateEnd;
      readonly took: Micros;
    }
  /** The master's advertisements have ended, but somebody still answers for the address. */
  | {
      readonly kind: "takeover-refused";
      readonly how: "arp" | "service";
      readonly noAdvertFor: Micros;
    }
  /** Two masters, and what their data says. `isOpen`: this node serves the address. */
  | {
      readonly kind: "data-compared";
      readonly from: IpAddress;
      readonly result: DataComparison;
      readonly isOpen: boolean;
    };
